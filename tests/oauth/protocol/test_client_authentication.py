"""How a client proves who it is on the back channel, and what becomes of one that keeps failing."""

import asyncio
import secrets
from urllib.parse import quote

import pytest

from contract.oauth import ADDRESS_LOCK_OUT, CLIENT_LOCK_OUT, CLIENT_REQUESTS
from oauth.tokens.opaque import digest
from tests.oauth.protocol.world import READ, Answer, App, World, basic

BACK_CHANNEL = ("/token", "/revoke", "/introspect")


@pytest.fixture
async def app(world: World) -> App:
    return await world.a_service(world.a_user()[1])


async def ask(world: World, headers: dict[str, str] | None = None, **form: str) -> Answer:
    return await world.send("/token", {"grant_type": "client_credentials", **form}, **headers or {})


def assert_unknown(answer: Answer) -> None:
    assert (answer.status, answer.error) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_secret_may_be_in_the_header_or_in_the_form(world: World, app: App) -> None:
    assert (await ask(world, app.basic)).status == 200
    assert (await ask(world, **app.fields)).status == 200
    assert (await ask(world, app.basic, client_id=app.id)).status == 200


async def test_the_scheme_has_no_case(world: World, app: App) -> None:
    header = app.basic["Authorization"].replace("Basic", "bAsIc")
    assert (await ask(world, {"Authorization": header})).status == 200


async def test_id_and_secret_in_the_header_are_form_encoded(world: World) -> None:
    app = await world.an_app()
    secret = "a:b %+/é"
    await world.change_app(app, secret_hash=digest(secret))
    encoded = basic(app.id.replace("_", "%5F"), quote(secret, safe=""))
    assert (await world.send("/introspect", {"token": "x"}, **encoded)).json == {"active": False}
    plain = basic(app.id, "a:b")
    assert (await world.send("/introspect", {"token": "x"}, **plain)).status == 401


REFUSED = {
    "a wrong secret": lambda app: basic(app.id, "wrong"),
    "an empty secret": lambda app: basic(app.id, ""),
    "an unknown id": lambda app: basic("cli_unknown", app.secret),
    "an id with a NUL": lambda app: basic("cli%00", app.secret),
    "no colon": lambda app: {"Authorization": "Basic YWJj"},
    "no base 64": lambda app: {"Authorization": "Basic !!!"},
    "nothing behind the scheme": lambda app: {"Authorization": "Basic"},
    "bytes that are no text": lambda app: {"Authorization": "Basic /////w=="},
    "a bearer token": lambda app: {"Authorization": f"Bearer {app.secret}"},
    "a digest": lambda app: {"Authorization": f'Digest username="{app.id}"'},
}


@pytest.mark.parametrize("header", REFUSED.values(), ids=REFUSED)
async def test_a_client_is_refused_with(world: World, app: App, header) -> None:
    assert_unknown(await ask(world, header(app)))


@pytest.mark.parametrize("path", BACK_CHANNEL)
async def test_a_client_is_refused_everywhere_with_a_wrong_secret(world: World, app: App, path: str) -> None:
    assert_unknown(await world.send(path, {"token": "x", "grant_type": "client_credentials"}, **basic(app.id, "wrong")))


async def test_a_confidential_client_is_refused_without_a_secret(world: World, app: App) -> None:
    assert_unknown(await ask(world, client_id=app.id))
    assert_unknown(await ask(world))


async def test_a_public_client_is_refused_with_a_secret(world: World) -> None:
    app = await world.an_app(public=True)
    assert_unknown(await ask(world, basic(app.id, "made-up")))
    assert_unknown(await ask(world, client_id=app.id, client_secret="made-up"))


async def test_a_disabled_client_is_refused(world: World) -> None:
    confidential, public = await world.an_app(), await world.an_app(public=True)
    for app in (confidential, public):
        await world.change_app(app, disabled_at_s=1)
        assert_unknown(await ask(world, **app.fields))


@pytest.mark.parametrize(
    "form", [{"client_secret": "x"}, {"client_id": "cli_other"}], ids=["a secret in the form", "another id in the form"]
)
async def test_two_ways_at_once_are_one_too_many(world: World, app: App, form: dict[str, str]) -> None:
    answer = await ask(world, app.basic, **form)
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_secret_in_the_query_proves_nothing(world: World, app: App) -> None:
    query = f"?client_id={app.id}&client_secret={app.secret}"
    assert_unknown(await world.send(f"/token{query}", {"grant_type": "client_credentials"}))


async def test_an_old_secret_counts_until_its_overlap_ends(world: World) -> None:
    app = await world.an_app()
    old, now_s = app.secret or "", world.clock()
    await world.change_app(
        app, secret_hash=digest("new"), previous_secret_hash=digest(old), previous_secret_until_s=now_s + 3600
    )

    async def statuses() -> list[int]:
        return [
            (await world.send("/introspect", {"token": "x"}, **basic(app.id, secret))).status for secret in (old, "new")
        ]

    assert await statuses() == [200, 200]
    world.clock.pass_s(3600)
    assert await statuses() == [401, 200]


async def test_too_many_wrong_secrets_from_an_address_lock_the_client_out_there_and_nowhere_else(
    world: World, app: App
) -> None:
    here, there = {"x-gw-client-address": f"{app.id}.here"}, {"x-gw-client-address": f"{app.id}.there"}
    for _ in range(CLIENT_LOCK_OUT.attempts):
        assert (await ask(world, here | basic(app.id, "wrong"))).status == 401
    locked = await ask(world, here | app.basic)
    assert (locked.status, locked.error) == (429, "temporarily_unavailable")
    assert 0 < int(locked.headers["Retry-After"]) <= CLIENT_LOCK_OUT.locked_s
    assert (await ask(world, there | app.basic)).status == 200
    world.clock.pass_s(CLIENT_LOCK_OUT.locked_s)
    assert (await ask(world, here | app.basic)).status == 200


async def test_failures_that_lie_far_apart_lock_nobody_out(world: World, app: App) -> None:
    here = {"x-gw-client-address": f"{app.id}.far"}
    for _ in range(2):
        for _ in range(CLIENT_LOCK_OUT.attempts - 1):
            assert (await ask(world, here | basic(app.id, "wrong"))).status == 401
        world.clock.pass_s(CLIENT_LOCK_OUT.window_s)
    assert (await ask(world, here | app.basic)).status == 200


async def test_an_address_that_guesses_at_many_clients_is_locked_out(world: World, app: App) -> None:
    here = {"x-gw-client-address": f"{app.id}.many"}
    for number in range(ADDRESS_LOCK_OUT.attempts):
        assert (await ask(world, here | basic(f"cli_guess{number}", "wrong"))).status == 401
    assert (await ask(world, here | app.basic)).status == 429


async def test_parallel_failures_are_all_counted(world: World, app: App) -> None:
    here = {"x-gw-client-address": f"{app.id}.parallel"}
    wrong = here | basic(app.id, "wrong")
    await asyncio.gather(*(ask(world, wrong) for _ in range(CLIENT_LOCK_OUT.attempts)))
    assert (await ask(world, here | app.basic)).status == 429


async def test_a_client_may_ask_only_so_often(world: World, app: App) -> None:
    for _ in range(CLIENT_REQUESTS.limit):
        assert (await ask(world, app.basic, scope=READ)).status == 200
    answer = await ask(world, app.basic)
    assert (answer.status, answer.error) == (429, "temporarily_unavailable")
    world.clock.pass_s(int(answer.headers["Retry-After"]))
    assert (await ask(world, app.basic)).status == 200


async def test_wrong_secrets_from_many_addresses_of_one_household_lock_it_out(world: World) -> None:
    app = await world.an_app()
    household = f"2001:db8:{secrets.randbelow(2**16):x}:{secrets.randbelow(2**16):x}"
    form = {"grant_type": "client_credentials", "client_id": app.id, "client_secret": "wrong"}
    statuses = [
        (await world.send("/token", form, **{"x-gw-client-address": f"{household}::{number:x}"})).status
        for number in range(1, CLIENT_LOCK_OUT.attempts + 2)
    ]
    assert statuses == [401] * CLIENT_LOCK_OUT.attempts + [429]
