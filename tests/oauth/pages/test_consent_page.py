"""The page on which a person decides: what it says, what it takes, and what it refuses."""

from typing import Any

import pytest

from contract.oauth import PENDING_REQUEST_LIFETIME_S
from oauth.protocol.scopes import KNOWN_SCOPES
from oauth.store.tables import GRANTS, USERS
from tests.oauth.pages.conftest import House
from tests.oauth.pages.town import ADA, ADA_ID, BOB, BOB_ID, NORTH, SOUTH
from tests.oauth.pages.visit import PASSWORD, Shown, Visit
from tests.oauth.protocol.world import ISSUER, App, Verifier, told


async def asked(house: House, visit: Visit, app: App | None = None, **changes: str | None) -> Shown:
    """What is shown to somebody who is logged in."""
    app = app or await house.world.an_app()
    return await visit.consent_page(house.world.question(app, **changes))


async def granted(house: House) -> list[tuple[int, int]]:
    """Who has allowed anything in which business."""
    async with house.world.desk.database.read() as connection:
        found = await connection.execute(GRANTS.select().with_only_columns(GRANTS.c.user_id, GRANTS.c.business_id))
        return [(user, business) for user, business in found]


async def test_says_who_asks_for_what_for_whom_and_where_the_answer_goes(house: House) -> None:
    app = await house.world.an_app(name="Mail Robot", owner=SOUTH)
    page = await asked(house, await house.visitor(BOB), app, scope="contacts:read deals:read")
    assert page.heading == "Mail Robot asks for access"
    for said in ("South Ltd", "app.example", "See all contacts", "See all deals", "North &amp; Sons", "Bob Hale"):
        assert said in page.text
    assert "See all notes" not in page.text


async def test_what_an_app_calls_itself_is_no_html(house: House) -> None:
    app = await house.world.an_app(name="<script>alert(1)</script>")
    page = await asked(house, await house.visitor(BOB), app)
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_allowing_gives_a_code_that_is_worth_tokens(house: House) -> None:
    app, verifier, visit = await house.world.an_app(), Verifier(), await house.visitor(BOB)
    page = await visit.consent_page(house.world.question(app, verifier, scope="contacts:read"))
    answer = await visit.submit(page.form("/consent"), decision="allow")
    members = told(answer.location)
    assert (members["iss"], members["state"]) == (ISSUER, "s-1")
    tokens = await house.world.redeem(app, members["code"], verifier)
    assert (tokens.status, tokens.json["scope"]) == (200, "contacts:read")
    assert await granted(house) == [(BOB_ID, NORTH)]


async def test_denying_is_told_and_gives_nothing(house: House) -> None:
    visit = await house.visitor(BOB)
    page = await asked(house, visit)
    answer = await visit.submit(page.form("/consent"), decision="deny")
    assert told(answer.location) == {
        "error": "access_denied",
        "error_description": "The user did not allow it.",
        "state": "s-1",
        "iss": ISSUER,
    }
    assert await granted(house) == []


async def test_a_form_without_an_answer_allows_nothing(house: House) -> None:
    visit = await house.visitor(BOB)
    page = await asked(house, visit)
    assert told((await visit.submit(page.form("/consent"))).location)["error"] == "access_denied"


@pytest.mark.parametrize("state", ["a b+c%2F&=#é'\\\"<>", "x" * 1000])
async def test_state_comes_back_as_it_was(house: House, state: str) -> None:
    visit = await house.visitor(BOB)
    page = await asked(house, visit, state=state)
    answer = await visit.submit(page.form("/consent"), decision="allow")
    assert told(answer.location)["state"] == state


async def test_denying_comes_first_for_whoever_uses_the_keyboard(house: House) -> None:
    page = await asked(house, await house.visitor(BOB))
    assert page.form("/consent").buttons == [("decision", "deny"), ("decision", "allow")]


async def test_who_is_in_several_businesses_chooses_one(house: House) -> None:
    visit = await house.visitor(ADA)
    page = await asked(house, visit, scope="contacts:read")
    south = house.world.desk.ids.seal_business("biz", SOUTH)
    assert all(said in page.text for said in ("North &amp; Sons", "South Ltd", "In which business?"))
    unchosen = await visit.submit(page.form("/consent"), decision="allow")
    assert (unchosen.status, "Choose the business" in unchosen.text) == (400, True)
    await visit.submit(unchosen.form("/consent"), decision="allow", business=south)
    assert await granted(house) == [(ADA_ID, SOUTH)]


async def test_a_business_of_others_cannot_be_chosen(house: House) -> None:
    visit = await house.visitor(ADA)
    page = await asked(house, visit, scope="contacts:read")
    for business in (house.world.desk.ids.seal_business("biz", 3), "biz_nonsense", str(NORTH)):
        assert (await visit.submit(page.form("/consent"), decision="allow", business=business)).status == 400
    assert await granted(house) == []


async def test_what_the_role_does_not_give_is_told_and_not_given(house: House) -> None:
    app, verifier, visit = await house.world.an_app(), Verifier(), await house.visitor(BOB)
    page = await visit.consent_page(house.world.question(app, verifier, scope="contacts:read contacts:write"))
    beyond = page.text.partition("your role does not")[2]
    assert "Create and change contacts" in beyond
    assert "See all contacts" not in beyond
    answer = await visit.submit(page.form("/consent"), decision="allow")
    tokens = await house.world.redeem(app, told(answer.location)["code"], verifier)
    assert tokens.json["scope"] == "contacts:read"


async def test_what_one_of_the_businesses_does_not_give_is_told_beside_it(house: House) -> None:
    page = await asked(house, await house.visitor(ADA), scope="contacts:read contacts:write")
    assert "South Ltd<small>your role there: viewer; left out: Create and change contacts</small>" in page.text
    assert "North &amp; Sons<small>your role there: admin</small>" in page.text


async def test_who_can_give_nothing_of_it_can_only_deny(house: House) -> None:
    visit = await house.visitor(BOB)
    page = await asked(house, visit, scope="tokens:manage")
    assert page.form("/consent").buttons == [("decision", "deny")]
    assert (await visit.submit(page.form("/consent"), decision="allow")).status == 400
    assert await granted(house) == []


async def test_another_users_request_is_refused(house: House) -> None:
    owner, stranger = await house.visitor(ADA), await house.visitor(BOB)
    page = await asked(house, owner, scope="contacts:read")
    word = page.form("/consent").fields["request"]
    assert (await stranger.get(f"/consent?request={word}")).status == 403
    own = (await asked(house, stranger, scope="contacts:read")).form("/consent")
    assert (await stranger.submit(own, request=word, decision="allow")).status == 403
    assert await granted(house) == []


async def test_a_request_is_decided_once(house: House) -> None:
    visit = await house.visitor(BOB)
    form = (await asked(house, visit)).form("/consent")
    assert (await visit.submit(form, decision="deny")).status == 303
    assert (await visit.submit(form, decision="allow")).status == 400
    assert await granted(house) == []


async def test_a_request_ends_after_ten_minutes(house: House) -> None:
    visit = await house.visitor(BOB)
    form = (await asked(house, visit)).form("/consent")
    house.world.clock.pass_s(PENDING_REQUEST_LIFETIME_S)
    page = await visit.submit(form, decision="allow")
    assert (page.status, page.heading) == (400, "This request has ended")


FORGED: dict[str, dict[str, Any]] = {
    "has no word": {"fields": {"csrf": ""}},
    "has another session's word": {"fields": {"csrf": "another"}},
    "comes from another site": {"headers": {"Sec-Fetch-Site": "cross-site"}},
    "comes from another site and hides its origin": {"headers": {"Sec-Fetch-Site": "cross-site", "Origin": None}},
    "has another origin": {"headers": {"Origin": "https://app.example"}},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
async def test_refuses_a_decision_that(house: House, forged: dict[str, Any]) -> None:
    visit, other = await house.visitor(BOB), await house.visitor(ADA)
    form = (await asked(house, visit)).form("/consent")
    changed = dict(forged.get("fields", {}))
    if changed.get("csrf") == "another":
        changed["csrf"] = (await other.get("/connected-apps")).form("/logout").fields["csrf"]
    fields = form.fields | {"decision": "allow"} | changed
    page = await visit.post("/consent", fields, **forged.get("headers", {}))
    assert (page.status, await granted(house)) == (403, [])
    assert (await visit.submit(form, decision="allow")).status == 303


async def test_no_parameter_of_the_request_is_read_from_the_form(house: House) -> None:
    app, visit = await house.world.an_app(), await house.visitor(BOB)
    page = await asked(house, visit, app, scope="contacts:read")
    assert set(page.form("/consent").fields) == {"csrf", "request"}
    evil = {
        "redirect_uri": "https://evil.example/",
        "scope": " ".join(KNOWN_SCOPES),
        "state": "x",
        "client_id": "other",
    }
    answer = await visit.submit(page.form("/consent"), decision="allow", **evil)
    assert answer.location.startswith(f"{app.callback}?code=")
    assert told(answer.location)["state"] == "s-1"


async def test_who_is_deactivated_between_the_pages_gives_nothing(house: House) -> None:
    visit = await house.visitor(BOB)
    form = (await asked(house, visit)).form("/consent")
    async with house.world.desk.database.write() as connection:
        await connection.execute(USERS.update().where(USERS.c.email == BOB).values(active=False))
    answer = await visit.submit(form, decision="allow")
    assert answer.location == f"/login?to={form.fields['request']}"
    assert await granted(house) == []


async def test_who_is_logged_out_between_the_pages_decides_after_the_login(house: House) -> None:
    visit = await house.visitor(BOB)
    form = (await asked(house, visit)).form("/consent")
    visit.cookies.clear()
    assert (await visit.submit(form, decision="allow")).location == f"/login?to={form.fields['request']}"
    answer = await visit.log_in(BOB, to=form.fields["request"])
    page = await visit.get(answer.location)
    assert page.heading == "An app asks for access"
    assert await granted(house) == []


async def test_it_can_be_left_to_another_account(house: House) -> None:
    visit = await house.visitor(ADA)
    page = await asked(house, visit)
    word = page.form("/consent").fields["request"]
    assert (await visit.submit(page.form("/logout"))).location == f"/login?to={word}&again=1"
    page = await visit.get((await visit.log_in(BOB, to=word)).location)
    assert "Bob Hale" in page.text


async def test_the_way_of_a_browser_that_is_not_logged_in_yet(house: House) -> None:
    app, visit = await house.world.an_app(name="Mail Robot"), house.visit()
    page = await visit.consent_page(house.world.question(app))
    assert (page.status, page.heading) == (200, "Log in")
    assert "<strong>Mail Robot</strong>" in page.text
    answer = await visit.submit(page.form("/login"), email=BOB, password=PASSWORD)
    assert (await visit.get(answer.location)).heading == "Mail Robot asks for access"


async def test_an_apps_mistake_is_told_to_it_after_the_login_alone(house: House) -> None:
    app, visit = await house.world.an_app(), house.visit()
    page = await visit.consent_page(house.world.question(app, scope="nonsense"))
    assert page.heading == "Log in"
    answer = await visit.submit(page.form("/login"), email=BOB, password=PASSWORD)
    assert told((await visit.get(answer.location)).location)["error"] == "invalid_scope"


HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


async def test_a_page_lets_nothing_in_and_its_form_is_answered_by_the_app_alone(house: House) -> None:
    visit, query = await house.visitor(BOB), house.world.question(await house.world.an_app())
    with_the_app, without = f"{POLICY} https://app.example", POLICY
    for policy, page in (
        (with_the_app, await visit.consent_page(query)),
        # What is wrong with a request is told to the app right after the login.
        (with_the_app, await house.visit().consent_page(query)),
        (without, await visit.get("/connected-apps")),
        (without, await visit.get("/consent?request=x")),
    ):
        assert page.headers["content-security-policy"] == policy
        assert {name: page.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/login", "/logout", "/consent", "/connected-apps", "/login/callback", "/authorize"])
async def test_what_is_no_way_to_ask_is_a_page_with_the_same_headers(house: House, path: str) -> None:
    page = await house.visit().send("PUT", path)
    assert page.status == 405
    assert page.headers["Allow"].startswith("GET")
    assert page.headers["content-security-policy"] == POLICY
