"""Personal access tokens on a page: shown once, for admins alone, each business for itself."""

import re

import jwt
import pytest

from tests.oauth.pages.conftest import House
from tests.oauth.pages.town import ADA, ADA_ID, BOB, NORTH, SOUTH
from tests.oauth.pages.visit import Form, Shown, Visit

PATH = "/access-tokens"
NEW = {"name": "Nightly export", "days": "30", "scope contacts:read": "1"}


def form(page: Shown, action: str) -> Form:
    """The page's first form that does that."""
    return next(form for form in page.forms if form.fields.get("action") == action)


def secret(page: Shown) -> str:
    """What is shown once."""
    found = re.search(r'<code class="secret">([^<]+)</code>', page.text)
    assert found, page.text
    return found[1]


async def make(visit: Visit, **changes: str) -> Shown:
    page = await visit.get(PATH)
    return await visit.submit(form(page, "create"), **NEW | changes)


async def test_a_token_says_what_was_ticked_and_for_how_long(house: House) -> None:
    visit = await house.visitor(ADA)
    claims = jwt.decode(secret(await make(visit)), options={"verify_signature": False})
    assert (claims["scope"], claims["token_kind"]) == ("contacts:read", "pat")
    assert claims["exp"] - claims["iat"] == 30 * 24 * 3600
    assert claims["sub"] == house.world.desk.ids.seal("usr", NORTH, ADA_ID)


async def test_a_token_is_shown_once(house: House) -> None:
    visit = await house.visitor(ADA)
    made = await make(visit)
    claims = jwt.decode(secret(made), options={"verify_signature": False})
    page = await visit.get(PATH)
    assert "Nightly export" in page.text
    assert secret(made) not in page.text
    assert claims["jti"] not in page.text + made.text
    assert made.headers["cache-control"] == "no-store"


FAULTS = {
    "no name": ({"name": " "}, "Give the token a name"),
    "too long a name": ({"name": "x" * 101}, "Give the token a name"),
    "nothing ticked": ({"scope contacts:read": ""}, "Tick at least one"),
    "only a word that is no scope": ({"scope contacts:read": "", "scope nonsense": "1"}, "Tick at least one"),
}


@pytest.mark.parametrize(("changes", "words"), FAULTS.values(), ids=FAULTS.keys())
async def test_makes_none_of(house: House, changes: dict[str, str], words: str) -> None:
    visit = await house.visitor(ADA)
    page = await make(visit, **changes)
    assert page.status == 400
    assert words in page.text
    assert "There is no token yet" in page.text


async def test_what_was_filled_in_is_still_there_after_a_mistake(house: House) -> None:
    page = await make(await house.visitor(ADA), **{"scope contacts:read": ""})
    assert form(page, "create").fields["name"] == "Nightly export"
    assert '<option value="30" selected>' in page.text


async def test_all_that_is_wrong_is_told_at_once(house: House) -> None:
    page = await make(await house.visitor(ADA), **{"name": "", "scope contacts:read": ""})
    assert "Give the token a name" in page.text
    assert "Tick at least one" in page.text
    assert page.text.count(" autofocus") == 1


async def test_a_replaced_token_and_its_successor_overlap(house: House) -> None:
    visit, world = await house.visitor(ADA), house.world
    first = secret(await make(visit))
    page = await visit.submit(form(await visit.get(PATH), "rotate"), overlap="3600")
    assert secret(page) != first
    jti = jwt.decode(first, options={"verify_signature": False})["jti"]
    assert jti in await world.revoked()
    assert (await visit.get(PATH)).text.count(">active<") == 2
    world.clock.pass_s(3600)
    assert (await visit.get(PATH)).text.count(">active<") == 1


async def test_a_revoked_token_is_in_the_log_and_says_so(house: House) -> None:
    visit = await house.visitor(ADA)
    claims = jwt.decode(secret(await make(visit)), options={"verify_signature": False})
    answer = await visit.submit(form(await visit.get(PATH), "revoke"))
    assert claims["jti"] in await house.world.revoked()
    page = await visit.get(answer.location)
    assert "The token is revoked." in page.text
    assert ">revoked<" in page.text


async def test_it_is_for_admins(house: House) -> None:
    visit = await house.visitor(BOB)
    assert (await visit.get(PATH)).status == 403
    csrf = (await visit.get("/connected-apps")).form("/logout").fields["csrf"]
    assert (await visit.post(PATH, {"csrf": csrf, "action": "create", **NEW})).status == 403


async def test_nobody_is_an_admin_where_they_are_none(house: House) -> None:
    visit = await house.visitor(ADA)
    south = house.world.desk.ids.seal_business("biz", SOUTH)
    assert (await visit.get(f"{PATH}?business={south}")).status == 404
    page = await visit.get(PATH)
    assert (await visit.submit(form(page, "create"), business=south, **NEW)).status == 404


async def test_another_businesss_token_is_not_there(house: House) -> None:
    visit = await house.visitor(ADA)
    await make(visit)
    ids = house.world.desk.ids
    revoke = form(await visit.get(PATH), "revoke")
    for stranger in (ids.seal("tok", SOUTH, 1), ids.seal("tok", NORTH, 999), "tok_nonsense", ""):
        assert (await visit.submit(revoke, id=stranger)).status == 404


async def test_a_forged_form_does_nothing(house: House) -> None:
    visit = await house.visitor(ADA)
    page = await visit.get(PATH)
    fields = form(page, "create").fields | NEW
    assert (await visit.post(PATH, fields | {"csrf": "x"})).status == 403
    assert (await visit.post(PATH, fields, **{"Sec-Fetch-Site": "cross-site"})).status == 403
    assert "There is no token yet" in (await visit.get(PATH)).text


async def test_who_is_not_logged_in_comes_back_after_the_login(house: House) -> None:
    visit = house.visit()
    assert (await visit.get(PATH)).location == "/login?to=access-tokens"
    assert (await visit.log_in(ADA, to="access-tokens")).location == PATH
