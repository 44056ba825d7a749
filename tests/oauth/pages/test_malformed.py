"""What no browser of ours sends is a mistake of whoever sent it, on both databases: no 5xx, and nothing is kept."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from yarl import URL

from contract.oauth import LOGIN_LIFETIME_S
from oauth.jobs import purge
from oauth.jobs.purge import purge_periodically
from oauth.store.database import Database, database_url
from oauth.store.schema import migrate
from oauth.store.sessions import LoginState, save_login_state
from oauth.store.tables import LOGINS
from tests.oauth.pages.conftest import House, Upstream, house_over
from tests.oauth.pages.town import ADA

WORD = secrets.token_urlsafe(32)
ODD = {
    "a NUL": "%00",
    "a NUL within": "a%00b",
    "no UTF-8": "%ff",
    "a surrogate": "%ed%a0%80",
    "half an escape": "%f",
    "sixty kilobytes": "a" * 60_000,
    "more than a word": WORD + "a",
    "a control character": WORD + "%1b",
}
QUERIES = (
    "/login?to={}",
    "/login?again={}",
    "/login?{}=1",
    "/login/callback?state={}",
    "/login/callback?code={}&state=a",
    "/login/callback?iss={}&code=a&state=a",
    "/consent?request={}",
    "/apps?business={}",
    "/access-tokens?business={}",
    "/connected-apps?done={}",
    "/authorize?client_id={}",
    "/authorize?client_id=a&state={}",
    "/authorize?client_id=a&redirect_uri={}&scope={}",
    "/authorize?client_id=a&resource={}",
)
FIELDS = ("to", "email", "password", "request", "business", "app", "id", "name", "scope+x")
BELOW_500 = (200, 303, 400, 401, 403, 404, 413)
"""And no 429, behind which nothing would have been tried."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, ec_pem: str, tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite:///{tmp_path}/oauth.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    async with Database(database_url(url)) as database:
        await migrate(database)
    async with house_over(url, ec_pem, tmp_path) as house:
        yield house


async def logins(house: House) -> int:
    """How many logins are begun and not finished."""
    async with house.world.desk.database.read() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(LOGINS))).scalar_one())


async def test_a_login_to_somewhere_that_we_did_not_name_is_not_begun(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    for odd in ODD.values():
        for more in ("", "&again=1"):
            # Beyond 8 kB the server itself refuses the line of the request.
            assert (await visit.get(f"/login?to={odd}{more}")).status == 400, odd[:80]
    assert await logins(upstream.house) == 0


async def test_a_login_to_somewhere_that_we_named_is_begun(upstream: Upstream) -> None:
    places = ("", "apps", "access-tokens", "connected-apps", WORD)
    for to in places:
        await upstream.set_out(upstream.house.visit(), f"/login?to={to}")
    assert await logins(upstream.house) == len(places)


async def test_no_query_breaks_a_page(house: House, upstream: Upstream) -> None:
    stranger, member, journey = upstream.house.visit(), await house.visitor(ADA), upstream.house.visit()
    for odd in ODD.values():
        for path in QUERIES:
            await upstream.set_out(journey)
            for visit in (stranger, journey, member):
                assert (await visit.get(path.format(odd, odd))).status in BELOW_500, (path, odd[:80])
        house.world.clock.pass_s(60)


@pytest.mark.parametrize("path", ["/login", "/logout", "/consent", "/apps", "/access-tokens", "/connected-apps"])
async def test_no_form_breaks_a_page(house: House, path: str) -> None:
    stranger, member = house.visit(), await house.visitor(ADA)
    door = (await stranger.get("/login")).form("/login").fields["csrf"]
    own: dict[str, str | None] = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    for odd in ODD.values():
        house.world.clock.pass_s(60)
        for name in FIELDS:
            if "__Host-sid" not in member.cookies:  # it has just logged out
                await member.log_in(ADA)
            csrf = (await member.get("/logout")).form("/logout").fields["csrf"]
            for visit, word in ((stranger, door), (member, csrf)):
                body = f"csrf={word}&action=create&{name}={odd}"
                assert (await visit.send("POST", path, body, own)).status in BELOW_500, (name, odd[:80])


@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect"])
async def test_no_form_breaks_the_back_channel(house: House, path: str) -> None:
    for grant in ("authorization_code", "refresh_token", "client_credentials", None):
        service = await house.world.a_service(house.world.a_user()[1])
        for name in ("grant_type", "client_id", "client_secret", "token", "token_type_hint", "code", "refresh_token"):
            for odd in ODD.values():
                fields = {"grant_type": grant, **service.fields, name: None}
                body = "&".join(f"{known}={value}" for known, value in fields.items() if value)
                answer = await house.world.send(path, f"{body}&{name}={odd}")
                assert answer.status in BELOW_500, (name, odd[:80])


@pytest.mark.parametrize("name", ["__Host-sid", "__Host-door", "__Host-journey"])
async def test_a_cookie_that_is_no_text_is_no_cookie(house: House, upstream: Upstream, name: str) -> None:
    cookie = name.encode() + b"=\xff"
    for base in (house.world.base, upstream.house.world.base):
        for path in ("/connected-apps", "/apps", "/access-tokens", "/consent?request=a"):
            assert await raw_status(base, f"GET {path}", cookie) == 303
        assert await raw_status(base, "GET /login", cookie) in (200, 303)
        assert await raw_status(base, "GET /logout", cookie) == 200
        for path in ("/login", "/logout", "/consent", "/apps"):
            assert await raw_status(base, f"POST {path}", cookie, b"csrf=a") < 500
    assert await raw_status(upstream.house.world.base, "GET /login/callback?state=a&code=a", cookie) == 400


@pytest.mark.parametrize("path", ["/authorize", "/login", "/login/callback", "/consent", "/apps", "/connected-apps"])
async def test_a_query_of_raw_bytes_breaks_no_page(upstream: Upstream, path: str) -> None:
    assert await raw_status(upstream.house.world.base, f"GET {path}?to=\xff&client_id=\xff") < 500


async def raw_status(base: str, line: str, cookie: bytes = b"a=b", body: bytes = b"") -> int:
    """The status of an answer to a request that no client library would send; `line` as ISO 8859-1."""
    url = URL(base)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d" % len(body)
    head = (
        f"{line} HTTP/1.1".encode("latin-1"),
        b"Host: auth.example",
        b"Connection: close",
        b"Cookie: " + cookie,
        kind,
    )
    writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
    answer = await reader.readline()
    writer.close()
    return int(answer.split()[1])


async def test_a_login_that_was_not_finished_is_forgotten_soon_after_its_ten_minutes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "PENDING_EVERY_S", 0.01)
    desk = house.world.desk
    async with purge_periodically(desk):
        async with desk.database.write() as connection:
            await save_login_state(connection, LoginState("apps", "nonce", "verifier"), now_s=desk.clock())
        house.world.clock.pass_s(LOGIN_LIFETIME_S)
        async with asyncio.timeout(15):
            while await logins(house):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
