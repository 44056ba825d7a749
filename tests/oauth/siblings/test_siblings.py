"""What two processes over one database do is what one would: nothing is redeemed twice, and all is counted together."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import jwt
import pytest
import sqlalchemy as sa

from contract.oauth import CLIENT_LOCK_OUT, LOGIN_LOCK_OUT
from infra.stores.revocations.events import START
from oauth.jobs.purge import purge
from oauth.keys.key_files import KeyFolder
from oauth.keys.key_ring import STAGED_AT_LEAST_S, Purpose, Rows, rotate
from oauth.protocol.clients import ClientKind
from oauth.store.database import Database
from oauth.store.tables import FAILURES
from tests.envoy.standing import until
from tests.oauth.pages.town import BOB
from tests.oauth.protocol.world import CALLBACK, App, Verifier
from tests.oauth.siblings.conftest import BUSINESS, Family, Sibling

PARALLEL, TRIALS = 8, 5
ONE_WINS = Counter({None: 1, "invalid_grant": PARALLEL - 1})


def code_form(app: App, code: str, verifier: Verifier) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier.text}
    return {**form, **app.fields}


def refresh_form(app: App, refresh_token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": refresh_token, **app.fields}


@pytest.fixture
async def app(family: Family) -> App:
    return await family.an_app()


async def test_of_parallel_redemptions_at_both_exactly_one_is_answered_and_dies_with_the_replays(
    family: Family, app: App
) -> None:
    for _ in range(TRIALS):
        verifier = Verifier()
        answers = await family.each(PARALLEL, "/token", code_form(app, await family.a_code(app, verifier), verifier))
        assert Counter(answer.error for answer in answers) == ONE_WINS
        [won] = [answer.json["access_token"] for answer in answers if answer.status == 200]
        assert await family.is_active(app, won) == {False}


async def test_of_parallel_refreshes_at_both_exactly_one_is_answered_and_dies_with_the_reuse(
    family: Family, app: App
) -> None:
    for _ in range(TRIALS):
        answers = await family.each(PARALLEL, "/token", refresh_form(app, await family.a_refresh_token(app)))
        assert Counter(answer.error for answer in answers) == ONE_WINS
        [won] = [answer.json for answer in answers if answer.status == 200]
        assert await family.is_active(app, won["access_token"]) == {False}
        assert await family.is_active(app, won["refresh_token"]) == {False}


async def test_a_reuse_at_one_ends_what_the_other_has_given(family: Family, app: App) -> None:
    one, other = family.siblings
    first = await family.a_refresh_token(app)
    given = (await one.post("/token", refresh_form(app, first))).json
    assert await family.is_active(app, given["access_token"]) == {True}
    assert (await other.post("/token", refresh_form(app, first))).error == "invalid_grant"
    assert await family.is_active(app, given["access_token"]) == {False}
    assert (await one.post("/token", refresh_form(app, given["refresh_token"]))).error == "invalid_grant"


async def test_wrong_secrets_are_counted_together(family: Family, app: App) -> None:
    address = secrets.token_hex(8)
    wrong = {"token": "x", **replace(app, secret="wrong").fields}
    refused = await family.each(CLIENT_LOCK_OUT.attempts, "/introspect", wrong, address=address)
    assert {answer.status for answer in refused} == {401}
    right = await family.each(2, "/introspect", {"token": "x", **app.fields}, address=address)
    assert [answer.status for answer in right] == [429, 429]
    elsewhere = await family.each(2, "/introspect", {"token": "x", **app.fields})
    assert [answer.status for answer in elsewhere] == [200, 200]


async def test_wrong_passwords_are_counted_together(family: Family) -> None:
    address = secrets.token_hex(8)
    visits = [each.visit(address) for each in family.siblings]
    wrong = [await visits[n % 2].log_in(BOB, password="wrong") for n in range(LOGIN_LOCK_OUT.attempts)]
    assert {shown.status for shown in wrong} == {400}
    assert [(await visit.log_in(BOB)).status for visit in visits] == [429, 429]
    elsewhere = family.siblings[1].visit(secrets.token_hex(8))
    assert (await elsewhere.log_in(BOB)).status == 303


async def test_whoever_logs_in_at_one_is_logged_in_at_the_other_and_out_at_both(family: Family) -> None:
    one, other = (each.visit(secrets.token_hex(8)) for each in family.siblings)
    await one.log_in(BOB)
    other.cookies = one.cookies
    page = await other.get("/connected-apps")
    assert page.status == 200
    await other.submit(page.form("/logout"))
    assert (await one.get("/connected-apps")).status == 303


async def test_both_may_purge_at_once(family: Family) -> None:
    expired = [{"what": f"x{n}", "count": 1, "since_s": 1, "locked_until_s": 1} for n in range(3000)]
    async with family.database.write() as connection:
        await connection.execute(sa.insert(FAILURES), expired)
    async with Database(family.url) as one, Database(family.url) as other:
        gone = await asyncio.gather(*(purge(each, int(time.time())) for each in (one, other)))
    assert sum(gone) >= len(expired)
    async with family.database.read() as connection:
        left = sa.select(sa.func.count()).select_from(FAILURES).where(FAILURES.c.since_s == 1)
        assert (await connection.execute(left)).scalar_one() == 0


@pytest.mark.parametrize("revoked_at", [0, 1])
async def test_the_feed_of_either_tells_at_once_what_was_revoked_at_any(
    family: Family, app: App, revoked_at: int
) -> None:
    token = (await family.siblings[0].post("/token", refresh_form(app, await family.a_refresh_token(app)))).json
    jti = jwt.decode(token["access_token"], options={"verify_signature": False})["jti"]
    waits = [asyncio.create_task(told(each, await head(each))) for each in family.siblings]
    await family.siblings[revoked_at].post("/revoke", {"token": token["access_token"], **app.fields})
    async with asyncio.timeout(20):
        assert await asyncio.gather(*waits) == [[jti], [jti]]


async def head(sibling: Sibling) -> str:
    """The last position of the log."""
    found = await sibling.events(START, 0)
    last = found["events"][-1:] or [None]
    return f"{last[0]['sequence']}-{last[0]['mark']}" if last[0] else START


async def told(sibling: Sibling, after: str) -> list[str]:
    """What comes after that, by one long question."""
    return [event["target"] for event in (await sibling.events(after, 30.0))["events"]]


async def test_a_turn_of_the_keys_is_seen_by_both_and_loses_no_request(family: Family) -> None:
    service = await family.an_app(
        kind=ClientKind.SERVICE,
        business=BUSINESS,
        owner=BUSINESS,
        service_user=2**52 + secrets.randbelow(2**40),
        service_role="member",
        redirect_uris=(),
    )
    form = {"grant_type": "client_credentials", **service.fields}
    seen: list[tuple[int, str, bool]] = []

    async def ask(times: int) -> None:
        for n in range(times):
            maker, reader = family.siblings[n % 2], family.siblings[(n + 1) % 2]
            answer = await maker.post("/token", form)
            assert answer.status == 200, answer.text
            token = answer.json["access_token"]
            active = (await reader.post("/introspect", {"token": token, **service.fields})).json["active"]
            seen.append((n % 2, jwt.get_unverified_header(token)["kid"], active))

    before = family.keys.signing(Purpose.ACCESS, int(time.time())).id
    staged = family.keys.add("ES256", Purpose.ACCESS, int(time.time()) - STAGED_AT_LEAST_S).kid
    asking = asyncio.create_task(ask(24))
    await until(_seen(seen, 8), "tokens of the old key")
    family.keys.save(_turned(family.keys))
    await asking
    assert {(maker, kid) for maker, kid, _ in seen} == {(maker, kid) for maker in (0, 1) for kid in (before, staged)}
    assert all(active for *_, active in seen)


def _seen(seen: list[tuple[int, str, bool]], least: int) -> Callable[[], Awaitable[bool]]:
    async def enough() -> bool:
        return len(seen) >= least

    return enough


def _turned(keys: KeyFolder) -> Rows:
    rows = rotate(keys.rows(), Purpose.ACCESS, now_s=int(time.time()))
    assert isinstance(rows, tuple), rows
    return rows
