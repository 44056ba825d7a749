"""Apps: what a business's admin may register, how secrets turn, and that nothing outlives a deleted app."""

import asyncio
from dataclasses import replace
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from contract.vocabulary import TenantId, UserId
from oauth.administration import AdminContext, Deleted, InvalidFields, NotFound, RuleBroken, Stale
from oauth.administration.apps import AppRequest, Registered, create, delete, get, list_all, rotate_secret, update
from oauth.protocol.clients import ClientKind
from oauth.store.apps import StoredApp as Kept
from oauth.store.tables import AUDIT, CLIENTS
from tests.oauth.protocol.world import ASKED, CALLBACK, READ, WRITE, App, World

SERVICE = AppRequest("Warehouse", ClientKind.SERVICE, (READ, WRITE), service_role="member")
MARKETPLACE = AppRequest("Dialler", ClientKind.MARKETPLACE, (READ, WRITE), redirect_uris=(CALLBACK,))
NATIVE = replace(MARKETPLACE, is_public=True, redirect_uris=("com.example.dialler:/back", "http://127.0.0.1/back"))


@pytest.fixture
def asked(world: World) -> AdminContext:
    """An admin of a business of its own."""
    user, business = world.a_user("admin")
    return AdminContext(TenantId(business), UserId(user))


async def an_app(world: World, asked: AdminContext, wanted: AppRequest = SERVICE) -> Registered:
    made = await create(world.desk, asked, wanted)
    assert isinstance(made, Registered), made
    return made


def app(made: Registered, *, callback: str = CALLBACK) -> App:
    return App(made.app.client.id, made.secret, callback)


def codes(refused: object) -> list[tuple[str, str, int | None]]:
    assert isinstance(refused, InvalidFields), refused
    return [(fault.member, fault.code, fault.index) for fault in refused.errors]


async def exchanges(world: World, service: App) -> str | None:
    """Which error the service gets instead of a token; None if none."""
    return (await world.token(service, "client_credentials")).error


async def test_a_service_gets_tokens_as_a_user_of_its_own_with_its_role(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked)
    answer = await world.token(app(made), "client_credentials")
    said = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
    assert (said["role"], said["scope"], said["token_kind"]) == ("member", ASKED, "service")
    number = world.desk.ids.open("usr", asked.business, said["sub"])
    assert isinstance(number, int) and 2**52 <= number < 2**53
    assert number == made.app.client.service_user


async def test_a_marketplace_app_is_allowed_by_users(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked, MARKETPLACE)
    assert set(await world.tokens(app(made), world.a_user())) >= {"access_token", "refresh_token"}


async def test_a_public_app_has_no_secret_and_may_come_back_to_this_machine(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked, NATIVE)
    assert made.secret is None and made.app.client.is_public
    public = app(made, callback=NATIVE.redirect_uris[0] if NATIVE.redirect_uris else "")
    assert "access_token" in await world.tokens(public, world.a_user())
    refused = await rotate_secret(world.desk, asked, made.app.client.number)
    assert isinstance(refused, RuleBroken) and refused.rule == "app-secret"


WRONG: dict[str, tuple[AppRequest, list[tuple[str, str, int | None]]]] = {
    "a service without a role": (replace(SERVICE, service_role=None), [("service_role", "required", None)]),
    "a public service": (replace(SERVICE, is_public=True), [("is_public", "not-applicable", None)]),
    "a service with a redirect": (
        replace(SERVICE, redirect_uris=(CALLBACK,)),
        [("redirect_uris", "not-applicable", None)],
    ),
    "a service beyond its role": (
        replace(SERVICE, service_role="viewer"),
        [("scopes", "not-permitted", 1)],
    ),
    "an app with a role": (replace(MARKETPLACE, service_role="member"), [("service_role", "not-applicable", None)]),
    "an app without redirects": (replace(MARKETPLACE, redirect_uris=None), [("redirect_uris", "required", None)]),
    "an app with no redirects": (replace(MARKETPLACE, redirect_uris=()), [("redirect_uris", "too-few-items", None)]),
    "redirects that nobody owns": (
        replace(MARKETPLACE, redirect_uris=(CALLBACK, "http://127.0.0.1/x", "https://a@b.example/", "javascript:x")),
        [("redirect_uris", "invalid-url", 1), ("redirect_uris", "invalid-url", 2), ("redirect_uris", "invalid-url", 3)],
    ),
    "plain http of a public app": (
        replace(NATIVE, redirect_uris=("http://app.example/back",)),
        [("redirect_uris", "invalid-url", 0)],
    ),
}


@pytest.mark.parametrize(("wanted", "told"), WRONG.values(), ids=WRONG.keys())
async def test_refuses_to_register(
    world: World, asked: AdminContext, wanted: AppRequest, told: list[tuple[str, str, int | None]]
) -> None:
    assert codes(await create(world.desk, asked, wanted)) == told
    assert await list_all(world.desk, asked) == []


async def test_a_business_has_a_hundred_apps(world: World, asked: AdminContext) -> None:
    made = [await an_app(world, asked) for _ in range(100)]
    refused = await create(world.desk, asked, SERVICE)
    assert isinstance(refused, RuleBroken) and refused.rule == "limit-reached"
    await delete(world.desk, asked, made[0].app.client.number)
    await an_app(world, asked)


async def test_another_secret_counts_at_once_and_the_one_before_for_the_overlap(
    world: World, asked: AdminContext
) -> None:
    made = await an_app(world, asked)
    turned = await rotate_secret(world.desk, asked, made.app.client.number, overlap_s=60)
    assert isinstance(turned, Registered) and turned.secret != made.secret
    assert turned.app.secret_rotated_at_s == world.clock()
    assert [await exchanges(world, app(each)) for each in (made, turned)] == [None, None]
    world.clock.pass_s(60)
    assert [await exchanges(world, app(each)) for each in (made, turned)] == ["invalid_client", None]


async def test_without_an_overlap_the_secret_before_counts_no_more(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked)
    turned = await rotate_secret(world.desk, asked, made.app.client.number)
    assert isinstance(turned, Registered)
    assert [await exchanges(world, app(each)) for each in (made, turned)] == ["invalid_client", None]


async def test_a_deleted_app_takes_all_its_grants_and_tokens_along(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked, MARKETPLACE)
    held = [await world.tokens(app(made), world.a_user()) for _ in range(2)]
    deleted = await delete(world.desk, asked, made.app.client.number)
    assert isinstance(deleted, Kept) and deleted.deleted_at_s == world.clock()
    jtis = {jwt.decode(each["access_token"], options={"verify_signature": False})["jti"] for each in held}
    assert jtis <= await world.revoked()
    assert (await world.refresh(app(made), held[0]["refresh_token"])).error == "invalid_client"
    assert (await world.ask(world.question(app(made)))).status == 400


async def test_a_deleted_service_s_tokens_end(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked)
    token = (await world.token(app(made), "client_credentials")).json["access_token"]
    await delete(world.desk, asked, made.app.client.number)
    assert jwt.decode(token, options={"verify_signature": False})["jti"] in await world.revoked()
    assert await exchanges(world, app(made)) == "invalid_client"


async def test_deleted_is_told_from_never_there(world: World, asked: AdminContext) -> None:
    number = (await an_app(world, asked)).app.client.number
    await delete(world.desk, asked, number)
    for write in (delete, rotate_secret):
        assert await write(world.desk, asked, number) == Deleted(world.clock())
    assert await update(world.desk, asked, number, {"name": "x"}) == Deleted(world.clock())
    found = await get(world.desk, asked, number)
    assert isinstance(found, Kept) and found.deleted_at_s == world.clock()
    assert await list_all(world.desk, asked) == []


async def test_another_business_finds_none_of_it(world: World, asked: AdminContext) -> None:
    number = (await an_app(world, asked)).app.client.number
    user, business = world.a_user("admin")
    stranger = AdminContext(TenantId(business), UserId(user))
    for look in (get, delete, rotate_secret):
        assert await look(world.desk, stranger, number) == NotFound()
    assert await update(world.desk, stranger, number, {"name": "Mine"}) == NotFound()
    assert await list_all(world.desk, stranger) == []


async def test_a_change_is_kept_and_counted_and_none_is_none(world: World, asked: AdminContext) -> None:
    kept = (await an_app(world, asked, MARKETPLACE)).app
    number = kept.client.number
    assert await update(world.desk, asked, number, {}) == kept
    assert await update(world.desk, asked, number, {"name": kept.client.name}) == kept
    uris = (CALLBACK, "https://app.example/other")
    changed = await update(world.desk, asked, number, {"name": "New", "redirect_uris": uris, "scope": (READ,)})
    assert isinstance(changed, Kept) and changed.revision == kept.revision + 1
    assert (changed.client.name, changed.client.redirect_uris, changed.client.scope) == ("New", uris, (READ,))
    assert await get(world.desk, asked, number) == changed


async def test_a_change_is_judged_as_a_registration_is(world: World, asked: AdminContext) -> None:
    number = (await an_app(world, asked)).app.client.number
    changes: tuple[dict[str, Any], ...] = ({"service_role": None}, {"redirect_uris": (CALLBACK,)})
    for change in changes:
        assert codes(await update(world.desk, asked, number, change))
    assert codes(await update(world.desk, asked, number, {"service_role": "viewer"})) == [
        ("scopes", "not-permitted", 1)
    ]


async def test_what_a_service_holds_ends_when_its_role_changes(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked)
    token = (await world.token(app(made), "client_credentials")).json["access_token"]
    jti = jwt.decode(token, options={"verify_signature": False})["jti"]
    await update(world.desk, asked, made.app.client.number, {"name": "Same role"})
    assert jti not in await world.revoked()
    await update(world.desk, asked, made.app.client.number, {"service_role": "manager"})
    assert jti in await world.revoked()
    again = (await world.token(app(made), "client_credentials")).json["access_token"]
    assert jwt.decode(again, options={"verify_signature": False})["role"] == "manager"


async def test_a_write_on_another_revision_changes_nothing(world: World, asked: AdminContext) -> None:
    kept = (await an_app(world, asked)).app
    number, stale = kept.client.number, kept.revision + 1
    assert await update(world.desk, asked, number, {"name": "x"}, revision=stale) == Stale(kept.revision)
    for write in (delete, rotate_secret):
        assert await write(world.desk, asked, number, revision=stale) == Stale(kept.revision)
    assert await get(world.desk, asked, number) == kept


async def test_what_is_tried_leaves_nothing_and_shows_no_secret(world: World, asked: AdminContext) -> None:
    dry = replace(asked, dry=True)
    tried = await create(world.desk, dry, SERVICE)
    assert isinstance(tried, Registered) and tried.secret is None
    assert await list_all(world.desk, asked) == []
    made = await an_app(world, asked)
    number = made.app.client.number
    assert isinstance(await update(world.desk, dry, number, {"name": "x"}), Kept)
    assert isinstance(await rotate_secret(world.desk, dry, number), Registered)
    assert isinstance(await delete(world.desk, dry, number), Kept)
    assert await get(world.desk, asked, number) == made.app
    assert await exchanges(world, app(made)) is None


async def test_secrets_are_kept_and_told_nowhere(world: World, asked: AdminContext) -> None:
    made = await an_app(world, asked)
    turned = await rotate_secret(world.desk, asked, made.app.client.number, overlap_s=60)
    assert isinstance(turned, Registered)
    async with world.desk.database.read() as connection:
        own = sa.select(AUDIT).where(AUDIT.c.business_id == asked.business).order_by(AUDIT.c.id)
        told = (await connection.execute(own)).mappings().all()
        kept = str((await connection.execute(sa.select(CLIENTS))).all())
    assert [row["action"] for row in told] == ["app.created", "app.secret-rotated"]
    for each in (made, turned):
        assert each.secret is not None
        assert each.secret not in str(told) + kept


async def test_with_one_key_one_app_is_made_and_its_secret_is_shown_once(world: World, asked: AdminContext) -> None:
    keyed = replace(asked, dedupe_key="c" * 64)
    made = await asyncio.gather(*(create(world.desk, keyed, SERVICE) for _ in range(5)))
    shown = [each for each in made if isinstance(each, Registered)]
    assert len(shown) == 5, made
    assert len({each.app.client.number for each in shown}) == 1
    assert sum(each.secret is not None for each in shown) == 1
    assert len(await list_all(world.desk, asked)) == 1
