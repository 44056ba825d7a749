"""A business's own apps on a page: registered, given another secret, deleted."""

import re

import pytest

from tests.oauth.pages.conftest import House
from tests.oauth.pages.test_tokens_page import form, secret
from tests.oauth.pages.town import ADA, BOB, SOUTH
from tests.oauth.pages.visit import Shown, Visit

PATH = "/apps"
SERVICE = {"name": "Sync", "kind": "service", "service_role": "viewer", "scope contacts:read": "1"}
WEB = {"name": "Mail Robot", "kind": "web", "redirect_uris": "https://app.example/cb", "scope contacts:read": "1"}


async def register(visit: Visit, wanted: dict[str, str], **changes: str) -> Shown:
    page = await visit.get(PATH)
    return await visit.submit(form(page, "create"), **wanted | changes)


def client_id(page: Shown) -> str:
    return page.text.partition("Its client id is <code>")[2].partition("<")[0]


async def test_a_service_gets_tokens_with_the_secret_that_was_shown(house: House) -> None:
    page = await register(await house.visitor(ADA), SERVICE)
    fields = {"grant_type": "client_credentials", "client_id": client_id(page), "client_secret": secret(page)}
    assert (await house.world.send("/token", fields)).status == 200


async def test_a_secret_is_shown_once(house: House) -> None:
    visit = await house.visitor(ADA)
    made = await register(visit, WEB)
    page = await visit.get(PATH)
    assert client_id(made) in page.text
    assert secret(made) not in page.text


async def test_an_app_on_a_device_has_no_secret(house: House) -> None:
    visit = await house.visitor(ADA)
    made = await register(visit, WEB, kind="native", redirect_uris="com.example.app:/cb\nhttp://127.0.0.1/cb")
    assert client_id(made).startswith("cli_")
    assert 'class="secret"' not in made.text
    assert not [form for form in (await visit.get(PATH)).forms if form.fields.get("action") == "rotate"]


FAULTS = {
    "no name": ({"name": ""}, "Give the app a name"),
    "no kind": ({"kind": "other"}, "Choose what kind"),
    "nothing ticked": ({"scope contacts:read": ""}, "Tick at least one"),
    "no address": ({"redirect_uris": ""}, "a place to send them back to"),
    "an address over http": (
        {"redirect_uris": "http://app.example/"},
        "The address http://app.example/ must begin with https.",
    ),
    "too many addresses": ({"redirect_uris": "\n".join(f"https://app.example/{n}" for n in range(11))}, "at most 10"),
    "a service without a role": ({"kind": "service", "redirect_uris": ""}, "acts as a user of this role"),
}


@pytest.mark.parametrize(("changes", "words"), FAULTS.values(), ids=FAULTS.keys())
async def test_registers_none_with(house: House, changes: dict[str, str], words: str) -> None:
    page = await register(await house.visitor(ADA), WEB, **changes)
    assert page.status == 400
    assert words in page.text
    assert "There is no app yet" in page.text


async def test_all_that_is_wrong_is_told_at_once_each_beside_its_field_with_the_focus_on_the_first(
    house: House,
) -> None:
    addresses = "http://evil.example/cb\nhttps://app.example/cb#part"
    wrong = {"name": "", "redirect_uris": addresses, "scope contacts:read": ""}
    page = await register(await house.visitor(ADA), WEB, **wrong)
    assert page.status == 400
    assert "Nothing was saved. 3 things have to be corrected." in page.text
    beside = dict(re.findall(r'<small class="wrong" id="(\w+)-fault">([^<]*)</small>', page.text))
    assert beside == {
        "name": "Give the app a name of up to 100 characters.",
        "redirect_uris": "The address http://evil.example/cb must begin with https. "
        "The address https://app.example/cb#part must not have a fragment (RFC 6749 §3.1.2).",
        "scopes": "Tick at least one thing that the app may ask for.",
    }
    marked = dict(
        re.findall(r'<(?:input|textarea) id="(\w+)"[^>]* aria-invalid="true" aria-describedby="([^"]+)"', page.text)
    )
    assert marked == {"name": "name-fault", "redirect_uris": "redirect_uris-fault uris-note"}
    assert re.findall(r'<\w+ id="(\w+)"[^>]* autofocus', page.text) == ["name"]
    assert page.text.count(" autofocus") == 1
    assert addresses in page.text
    assert re.search(r'value="web" required checked', page.text)


async def test_a_form_without_a_fault_marks_nothing(house: House) -> None:
    page = await (await house.visitor(ADA)).get(PATH)
    assert not re.search(r'aria-invalid|autofocus|class="wrong"', page.text)


async def test_a_role_that_does_not_allow_a_scope_is_named_with_it(house: House) -> None:
    page = await register(await house.visitor(ADA), SERVICE, **{"scope contacts:delete": "1"})
    assert "The role viewer does not allow this: " in page.text


async def test_who_is_no_admin_finds_the_way_on(house: House) -> None:
    visit = await house.visitor(BOB)
    for path in (PATH, "/access-tokens"):
        page = await visit.get(path)
        assert (page.status, page.heading) == (403, "This page is for admins")
        assert page.text.count('href="/connected-apps"') == 2  # in the navigation, and as the way on
        assert (await visit.get("/connected-apps")).status == 200
        [_, other] = [form for form in page.forms if form.action == "/logout"]
        assert other.fields["to"] == path.removeprefix("/")
    location = (await visit.submit(other)).location
    assert location == "/login?to=access-tokens&again=1"
    assert (await visit.get(location)).heading == "Log in"


async def test_the_old_secret_goes_on_for_the_overlap(house: House) -> None:
    visit = await house.visitor(ADA)
    made = await register(visit, SERVICE)
    page = await visit.submit(form(await visit.get(PATH), "rotate"), overlap="3600")
    form_of = {"grant_type": "client_credentials", "client_id": client_id(made)}
    both = (secret(made), secret(page))
    assert len(set(both)) == 2
    answers = [await house.world.send("/token", form_of | {"client_secret": each}) for each in both]
    assert [answer.status for answer in answers] == [200, 200]
    house.world.clock.pass_s(3600)
    answers = [await house.world.send("/token", form_of | {"client_secret": each}) for each in both]
    assert [answer.status for answer in answers] == [401, 200]


async def test_a_deleted_app_is_known_to_nobody(house: House) -> None:
    visit = await house.visitor(ADA)
    made = await register(visit, WEB)
    answer = await visit.submit(form(await visit.get(PATH), "delete"))
    page = await visit.get(answer.location)
    assert "The app is deleted." in page.text
    assert "There is no app yet" in page.text
    asked = await visit.get(f"/authorize?client_id={client_id(made)}&redirect_uri=https://app.example/cb")
    assert (asked.status, asked.heading) == (400, "This app is not known")


async def test_it_is_for_admins_of_that_business(house: House) -> None:
    assert (await (await house.visitor(BOB)).get(PATH)).status == 403
    visit = await house.visitor(ADA)
    await register(visit, WEB)
    delete, ids = form(await visit.get(PATH), "delete"), house.world.desk.ids
    assert (await visit.submit(delete, id=ids.seal("app", SOUTH, 1))).status == 404
    assert (await visit.submit(delete, business=ids.seal_business("biz", SOUTH))).status == 404
    assert (await visit.submit(delete, csrf="x")).status == 403
    assert "Mail Robot" in (await visit.get(PATH)).text
