"""What is kept, for how long, and what is never kept: a code, a token or a secret in any row or any line of a log."""

import json

import sqlalchemy as sa

from contract.oauth import ACCESS_TOKEN_LIFETIME_S, GRANT_LIFETIME_S, PENDING_REQUEST_LIFETIME_S
from oauth.jobs.purge import AUDIT_RETENTION_S, purge
from oauth.keys.key_ring import SIGNED, STAGED_AT_LEAST_S, Purpose, rotate
from oauth.store.tables import ACCESS_TOKENS, AUDIT, AUTH_REQUESTS, CODES, GRANTS, METADATA, REFRESH_TOKENS
from oauth.store.tokens import end_by_key
from tests.oauth.protocol.world import Verifier, World


async def everything(world: World) -> str:
    """Every value of every row of every table."""
    async with world.desk.database.read() as connection:
        rows = [list(await connection.execute(sa.select(table))) for table in METADATA.sorted_tables]
    return json.dumps(rows, default=str)


async def count(world: World, table: sa.Table, *which: sa.ColumnElement[bool]) -> int:
    async with world.desk.database.read() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(table).where(*which))).scalar_one())


async def test_no_row_holds_what_would_let_its_reader_in(world: World) -> None:
    app, who, verifier = await world.an_app(), world.a_user(), Verifier()
    word = (await world.ask(world.question(app, verifier))).text
    code = await world.a_code(app, who, verifier)
    first = (await world.redeem(app, code, verifier)).json
    second = (await world.refresh(app, first["refresh_token"])).json
    await world.refresh(app, first["refresh_token"])
    kept = await everything(world)
    secrets = [app.secret, word, code, verifier.text]
    secrets += [answer[name] for answer in (first, second) for name in ("access_token", "refresh_token")]
    assert [secret for secret in secrets if secret in kept] == []
    assert [secret for secret in secrets if secret.split(".")[-1] in kept] == []
    assert app.id in kept


async def actions(world: World, target: str) -> list[tuple[str, dict[str, object]]]:
    async with world.desk.database.read() as connection:
        found = sa.select(AUDIT.c.action, AUDIT.c.detail).where(AUDIT.c.target == target).order_by(AUDIT.c.id)
        return [(action, detail) for action, detail in await connection.execute(found)]


async def test_the_audit_tells_a_grants_whole_story(world: World) -> None:
    app, who = await world.an_app(), world.a_user()
    first = await world.tokens(app, who)
    await world.refresh(app, first["refresh_token"])
    await world.refresh(app, first["refresh_token"])
    async with world.desk.database.read() as connection:
        [grant] = (await connection.execute(sa.select(GRANTS.c.id).where(GRANTS.c.client_id == app.id))).scalars()
    assert [action for action, _ in await actions(world, grant)] == [
        "grant.given",
        "token.issued",
        "token.issued",
        "grant.revoked",
    ]
    assert (await actions(world, grant))[-1][1] == {"reason": "refresh-reused"}


async def test_what_has_expired_is_forgotten_and_nothing_else(world: World) -> None:
    app, who = await world.an_app(), world.a_user()
    mine = {
        AUTH_REQUESTS: AUTH_REQUESTS.c.client_id == app.id,
        CODES: CODES.c.client_id == app.id,
        REFRESH_TOKENS: REFRESH_TOKENS.c.client_id == app.id,
        ACCESS_TOKENS: ACCESS_TOKENS.c.client_id == app.id,
        GRANTS: GRANTS.c.client_id == app.id,
    }

    async def left() -> list[int]:
        await purge(world.desk.database, world.clock())
        return [await count(world, table, which) for table, which in mine.items()]

    await world.ask(world.question(app))
    tokens = await world.tokens(app, who)
    assert await left() == [1, 1, 1, 1, 1]
    world.clock.pass_s(PENDING_REQUEST_LIFETIME_S)
    assert await left() == [0, 1, 1, 1, 1]
    world.clock.pass_s(ACCESS_TOKEN_LIFETIME_S - PENDING_REQUEST_LIFETIME_S)
    assert await left() == [0, 1, 1, 0, 1]
    assert (await world.refresh(app, tokens["refresh_token"])).status == 200
    assert (await world.refresh(app, tokens["refresh_token"])).error == "invalid_grant", "a used one is still known"
    world.clock.pass_s(GRANT_LIFETIME_S + 24 * 3600)
    assert await left() == [0, 0, 0, 0, 0]


async def test_the_audit_is_kept_for_long_and_not_for_ever(world: World) -> None:
    app, who = await world.an_app(), world.a_user()
    await world.tokens(app, who)
    of_app = AUDIT.c.actor == f"client:{app.id}"
    world.clock.pass_s(AUDIT_RETENTION_S - 1)
    await purge(world.desk.database, world.clock())
    assert await count(world, AUDIT, of_app) == 1
    world.clock.pass_s(1)
    await purge(world.desk.database, world.clock())
    assert await count(world, AUDIT, of_app) == 0


async def test_numbers_are_never_given_twice(world: World) -> None:
    service = await world.a_service(world.a_user()[1])
    numbers = []
    for _ in range(2):
        await world.token(service, "client_credentials")
        async with world.desk.database.write() as connection:
            last = sa.select(sa.func.max(ACCESS_TOKENS.c.number))
            numbers.append((await connection.execute(last)).scalar_one())
            await connection.execute(sa.delete(ACCESS_TOKENS).where(ACCESS_TOKENS.c.number == numbers[-1]))
    assert numbers[0] < numbers[1]


async def test_a_key_that_was_revoked_signs_nothing_and_what_it_has_signed_has_ended(world_of_its_own: World) -> None:
    world = world_of_its_own
    service, keys = await world.a_service(world.a_user()[1]), world.desk.keys
    before = (await world.token(service, "client_credentials")).json["access_token"]
    kid = keys.signing(Purpose.ACCESS, world.clock()).id
    async with world.desk.database.write() as connection:
        _, ended = await end_by_key(connection, kid, actor="a test", now_s=world.clock())
    assert ended >= 1
    assert await world.introspect(service, before) == {"active": False}
    # A process that has not yet heard of another key: later, and no token that would be born dead.
    assert (await world.token(service, "client_credentials")).error == "temporarily_unavailable"
    for purpose in SIGNED:
        keys.add("ES256", purpose, world.clock() - STAGED_AT_LEAST_S)
        rows = rotate(keys.rows(), purpose, now_s=world.clock())
        assert isinstance(rows, tuple), rows
        keys.save(rows)
    after = (await world.token(service, "client_credentials")).json["access_token"]
    assert (await world.introspect(service, after))["active"]
