"""Logging in and out by the seeded users' passwords."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from contract.oauth import LOGIN_LOCK_OUT, SESSION_LIFETIME_S
from oauth.pages.login import LOGIN_TRIES
from oauth.store.tables import SESSIONS, USERS
from oauth.tokens.opaque import digest
from tests.oauth.pages.conftest import House
from tests.oauth.pages.town import ADA, ADA_ID, BOB, CLEO
from tests.oauth.pages.visit import PASSWORD
from tests.oauth.protocol.world import AUDIENCE


async def test_the_right_password_leads_to_the_users_own_apps(house: House) -> None:
    visit = house.visit()
    assert (await visit.log_in(ADA)).location == "/connected-apps"
    page = await visit.get("/connected-apps")
    assert (page.status, page.heading) == (200, "Connected apps")
    assert "Ada Moss" in page.text


async def test_an_address_in_capitals_is_the_same(house: House) -> None:
    assert (await house.visit().log_in(ADA.upper())).status == 303


REFUSED = {
    "has another password": (ADA, "let-me-out"),
    "is unknown": ("nobody@example.com", PASSWORD),
    "is not active any more": (CLEO, PASSWORD),
}


@pytest.mark.parametrize(("email", "password"), REFUSED.values(), ids=REFUSED.keys())
async def test_nobody_learns_why_somebody_is_refused_who(house: House, email: str, password: str) -> None:
    visit = house.visit()
    page = await visit.log_in(email, password=password)
    assert page.status == 400
    assert '<p class="fault" id="fault" role="alert">The e-mail address or the password is wrong.</p>' in page.text
    assert "__Host-sid" not in visit.cookies
    assert page.form("/login").fields["email"] == email


async def test_after_ten_wrong_passwords_the_right_one_is_not_listened_to_either(house: House) -> None:
    visit = house.visit()
    for _ in range(LOGIN_LOCK_OUT.attempts):
        assert (await visit.log_in(ADA, password="wrong")).status == 400
    page = await visit.log_in(ADA)
    assert page.status == 429
    assert "Wait 5 min" in page.text
    # From elsewhere she can: nobody can lock another out.
    assert (await house.visit().log_in(ADA)).status == 303
    house.world.clock.pass_s(LOGIN_LOCK_OUT.locked_s)
    assert (await visit.log_in(ADA)).status == 303


async def test_a_success_forgets_the_failures(house: House) -> None:
    visit = house.visit()
    for _ in range(2):
        for _ in range(LOGIN_LOCK_OUT.attempts - 1):
            await visit.log_in(ADA, password="wrong")
        assert (await visit.log_in(ADA)).status == 303


async def test_tries_are_throttled(house: House) -> None:
    visit = house.visit()
    form = (await visit.get("/login")).form("/login")
    for _ in range(LOGIN_TRIES.limit):
        assert house.world.desk.throttle.wait_s(LOGIN_TRIES, visit.address) == 0
    assert (await visit.submit(form, email=ADA, password=PASSWORD)).status == 429
    house.world.clock.pass_s(60)
    assert (await visit.submit(form, email=ADA, password=PASSWORD)).status == 303


FORGED: dict[str, dict[str, str | None]] = {
    "comes from another site": {"Sec-Fetch-Site": "cross-site"},
    "comes from another host of the site": {"Sec-Fetch-Site": "same-site"},
    "has another origin": {"Origin": "https://evil.example"},
    "has no origin and no site": {"Sec-Fetch-Site": None},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
async def test_refuses_a_login_that(house: House, headers: dict[str, str | None]) -> None:
    visit = house.visit()
    fields = (await visit.get("/login")).form("/login").fields | {"email": ADA, "password": PASSWORD}
    page = await visit.post("/login", fields, **headers)
    assert (page.status, "__Host-sid" in visit.cookies) == (403, False)


async def test_nobody_can_be_logged_in_as_somebody_else(house: House) -> None:
    attacker, victim = house.visit(), house.visit()
    form = (await attacker.get("/login")).form("/login")
    await victim.get("/login")
    page = await victim.submit(form, email=BOB, password=PASSWORD)
    assert (page.status, "__Host-sid" in victim.cookies) == (403, False)


async def test_a_form_without_a_cookie_is_refused(house: House) -> None:
    visit = house.visit()
    form = (await visit.get("/login")).form("/login")
    visit.cookies.clear()
    assert (await visit.submit(form, email=ADA, password=PASSWORD)).status == 403


async def test_an_old_browser_that_tells_its_origin_alone_can_log_in(house: House) -> None:
    visit = house.visit()
    fields = (await visit.get("/login")).form("/login").fields | {"email": ADA, "password": PASSWORD}
    headers: dict[str, str | None] = {"Origin": "https://auth.example", "Sec-Fetch-Site": None}
    assert (await visit.post("/login", fields, **headers)).status == 303


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "/apps", "javascript:alert(1)"]
)
async def test_after_the_login_nobody_is_sent_elsewhere(house: House, to: str) -> None:
    visit = house.visit()
    assert (await visit.get(f"/login?{urlencode({'to': to})}")).heading == "This link is broken"
    form = (await visit.get("/login")).form("/login")
    assert (await visit.submit(form, email=ADA, password=PASSWORD, to=to)).status == 400
    assert "__Host-sid" not in visit.cookies


async def test_a_page_of_the_account_is_come_back_to(house: House) -> None:
    visit = house.visit()
    assert (await visit.get("/connected-apps")).location == "/login?to=connected-apps"
    assert (await visit.log_in(ADA, to="connected-apps")).location == "/connected-apps"


async def test_the_cookie_is_this_hosts_alone_and_no_scripts(house: House) -> None:
    visit = await house.visitor(ADA)
    line = next(line for line in visit.set_cookies if line.startswith("__Host-sid="))
    attributes = {part.strip().lower() for part in line.split(";")[1:]}
    assert attributes == {"httponly", "secure", "path=/", "samesite=lax", f"max-age={SESSION_LIFETIME_S}"}


async def test_a_login_has_a_session_of_its_own(house: House) -> None:
    visit = await house.visitor(ADA)
    before, page = visit.cookies["__Host-sid"], await visit.get("/connected-apps")
    await visit.log_in(ADA)
    assert visit.cookies["__Host-sid"] != before
    csrf = page.form("/logout").fields["csrf"]
    assert (await visit.get("/connected-apps")).form("/logout").fields["csrf"] != csrf
    visit.cookies["__Host-sid"] = before
    assert (await visit.get("/connected-apps")).status == 303


async def test_a_session_that_somebody_brought_along_is_not_taken_over(house: House) -> None:
    visit = house.visit()
    visit.cookies["__Host-sid"] = "chosen-by-somebody"
    await visit.log_in(ADA)
    assert visit.cookies["__Host-sid"] != "chosen-by-somebody"


async def test_of_a_cookie_only_the_digest_is_kept(house: House, tmp_path: Path) -> None:
    word = (await house.visitor(ADA)).cookies["__Host-sid"]
    async with house.world.desk.database.read() as connection:
        found = await connection.execute(SESSIONS.select().with_only_columns(SESSIONS.c.id_hash))
        assert [tuple(row) for row in found] == [(digest(word),)]
    assert all(word.encode() not in path.read_bytes() for path in tmp_path.glob("oauth.db*"))


async def test_a_session_ends_after_twelve_hours(house: House) -> None:
    visit = await house.visitor(ADA)
    house.world.clock.pass_s(SESSION_LIFETIME_S - 1)
    assert (await visit.get("/connected-apps")).status == 200
    house.world.clock.pass_s(1)
    assert (await visit.get("/connected-apps")).status == 303


async def test_a_logout_ends_the_session_wherever_its_cookie_went(house: House) -> None:
    visit = await house.visitor(ADA)
    word, page = visit.cookies["__Host-sid"], await visit.get("/connected-apps")
    assert (await visit.submit(page.form("/logout"))).location == "/logout"
    assert "__Host-sid" not in visit.cookies
    assert (await visit.get("/logout")).heading == "You are logged out"
    visit.cookies["__Host-sid"] = word
    assert (await visit.get("/connected-apps")).status == 303


async def test_nobody_can_log_another_out(house: House) -> None:
    visit, other = await house.visitor(ADA), await house.visitor(BOB)
    form = (await other.get("/connected-apps")).form("/logout")
    assert (await visit.submit(form)).status == 403
    assert (await visit.get("/connected-apps")).status == 200


async def test_whoever_is_deactivated_is_logged_out_of_every_browser(house: House) -> None:
    visits = [await house.visitor(ADA) for _ in range(2)]
    for active in (False, True):
        async with house.world.desk.database.write() as connection:
            await connection.execute(USERS.update().where(USERS.c.id == ADA_ID).values(active=active))
        assert (await visits[0].get("/connected-apps")).status == 303
    assert (await visits[1].get("/connected-apps")).status == 303


async def test_who_is_logged_in_is_not_asked_again(house: House) -> None:
    visit = await house.visitor(ADA)
    assert (await visit.get("/login")).location == "/connected-apps"


async def test_the_page_lists_who_can_log_in_and_no_one_else(house: House) -> None:
    page = await house.visit().get("/login")
    assert PASSWORD in page.text
    assert (ADA in page.text, CLEO in page.text) == (True, False)


async def test_a_tab_that_is_opened_later_leaves_the_first_ones_form_good(house: House) -> None:
    visit = house.visit()
    first = await visit.get("/login")
    await visit.get("/login")
    assert (await visit.submit(first.form("/login"), email=ADA, password=PASSWORD)).status == 303


async def test_the_root_leads_to_the_users_own_apps_and_a_wrong_address_to_a_page_with_three_links(
    house: House,
) -> None:
    visit = house.visit()
    assert (await visit.get("/")).location == "/connected-apps"
    page = await visit.get("/nonesuch")
    assert (page.status, page.heading) == (404, "Page not found")
    assert re.findall(r'<li><a href="([^"]+)">', page.text) == ["/connected-apps", "/login?again=1", f"{AUDIENCE}/docs"]
    assert "nonesuch" not in page.text
