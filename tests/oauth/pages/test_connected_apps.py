"""What a person has allowed, and how they take it back."""

from tests.oauth.pages.conftest import House
from tests.oauth.pages.town import ADA, BOB, NORTH, SOUTH
from tests.oauth.pages.visit import Visit
from tests.oauth.protocol.world import App, Verifier, told


async def allow(
    house: House, visit: Visit, app: App, scope: str = "contacts:read", business: int = NORTH
) -> dict[str, str]:
    """The tokens of a consent."""
    verifier = Verifier()
    page = await visit.consent_page(house.world.question(app, verifier, scope=scope))
    sealed = house.world.desk.ids.seal_business("biz", business)
    answer = await visit.submit(page.form("/consent"), decision="allow", business=sealed)
    return (await house.world.redeem(app, told(answer.location)["code"], verifier)).json


async def test_lists_what_was_allowed_and_nothing_else(house: House) -> None:
    visit = await house.visitor(ADA)
    assert "No app may act for you" in (await visit.get("/connected-apps")).text
    await allow(house, visit, await house.world.an_app(name="Mail Robot", owner=SOUTH))
    page = await visit.get("/connected-apps")
    for said in ("Mail Robot", "South Ltd", "North &amp; Sons", "See all contacts"):
        assert said in page.text
    assert "See all deals" not in page.text
    assert "Mail Robot" not in (await (await house.visitor(BOB)).get("/connected-apps")).text


async def test_an_app_is_listed_once_however_often_it_was_allowed(house: House) -> None:
    visit, app = await house.visitor(ADA), await house.world.an_app(name="Mail Robot")
    for scope in ("contacts:read", "deals:read"):
        await allow(house, visit, app, scope)
    page = await visit.get("/connected-apps")
    assert page.text.count("<article") == 1
    assert all(said in page.text for said in ("See all contacts", "See all deals"))


async def test_all_that_came_of_a_consent_ends_with_it(house: House) -> None:
    visit, app = await house.visitor(ADA), await house.world.an_app()
    ended, kept = await allow(house, visit, app), await allow(house, visit, app, business=SOUTH)
    page = await visit.get("/connected-apps")
    north = house.world.desk.ids.seal_business("biz", NORTH)
    form = next(form for form in page.forms if form.fields.get("business") == north)
    answer = await visit.submit(form)
    assert answer.location == "/connected-apps?done=1"
    assert (await visit.get(answer.location)).text.count("<article") == 1
    assert (await house.world.introspect(app, ended["access_token"]))["active"] is False
    assert (await house.world.refresh(app, ended["refresh_token"])).error == "invalid_grant"
    assert len(await house.world.revoked()) == 1
    assert (await house.world.introspect(app, kept["access_token"]))["active"] is True


async def test_nobody_withdraws_what_another_allowed(house: House) -> None:
    ada, bob, app = await house.visitor(ADA), await house.visitor(BOB), await house.world.an_app()
    tokens = await allow(house, ada, app)
    theirs = next(form for form in (await ada.get("/connected-apps")).forms if "app" in form.fields)
    csrf = (await bob.get("/connected-apps")).form("/logout").fields["csrf"]
    assert (await bob.submit(theirs)).status == 403
    assert (await bob.submit(theirs, csrf=csrf)).status == 303
    assert (await house.world.introspect(app, tokens["access_token"]))["active"] is True


async def test_what_names_no_business_withdraws_nothing(house: House) -> None:
    visit, app = await house.visitor(ADA), await house.world.an_app()
    tokens = await allow(house, visit, app)
    form = next(form for form in (await visit.get("/connected-apps")).forms if "app" in form.fields)
    for business in ("", "biz_nonsense", str(NORTH)):
        assert (await visit.submit(form, business=business)).status == 303
    assert (await house.world.introspect(app, tokens["access_token"]))["active"] is True
