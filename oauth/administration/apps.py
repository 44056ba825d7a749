"""Apps: registered by a business's admin, changed, given another secret, deleted with all that they hold.

Owns what may be registered as what. A secret is shown by the call that made it, and kept as a digest.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.size_and_time_limits import MAX_APPS
from contract.vocabulary import UserId
from oauth.administration import (
    LIMIT_REACHED,
    AdminContext,
    Deleted,
    FieldError,
    InvalidFields,
    NotFound,
    Rejection,
    RuleBroken,
    Stale,
    transaction,
)
from oauth.dependencies import Dependencies
from oauth.protocol.clients import Client, ClientKind, redirect_uri_error
from oauth.protocol.scopes import permitted_scopes
from oauth.store.advisory_lock import lock_for_business
from oauth.store.apps import StoredApp, count_apps, find_app, list_apps, update_app
from oauth.store.audit import record
from oauth.store.clients import register
from oauth.store.idempotency_keys import find_created, remember
from oauth.store.tokens import end_client, end_services
from oauth.tokens.opaque import SECRET_PREFIX, digest, new_id, new_secret

APP_SECRET = "app-secret"  # noqa: S105
_FIRST_SERVICE_USER = 2**52
"""Service users have numbers from here on, which no person has: the internal services count from 1. Below 2⁵³, so
that they survive in any JSON."""
_COLUMNS: Mapping[str, Callable[[Any], Any]] = {"scope": " ".join, "redirect_uris": list}
"""How a change is kept; others as they are."""


@dataclass(frozen=True, slots=True)
class AppRequest:
    """What is wanted. `service_role`: a service's, and only a service's."""

    name: str
    kind: ClientKind
    scope: tuple[str, ...]
    is_public: bool = False
    redirect_uris: tuple[str, ...] | None = None
    service_role: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """An app with its secret: shown this once, and kept nowhere. None of a public one, and where it was only tried.

    The number of one that was only tried is 0.
    """

    app: StoredApp
    secret: str | None


async def list_all(desk: Dependencies, asked: AdminContext) -> list[StoredApp]:
    """The business's own."""
    async with desk.database.read() as connection:
        return await list_apps(connection, asked.business)


async def get(desk: Dependencies, asked: AdminContext, number: int) -> StoredApp | Rejection:
    """One of them; a deleted one too, with `deleted_at_s`."""
    async with desk.database.read() as connection:
        return await find_app(connection, asked.business, number) or NotFound()


def field_errors(asked: AdminContext, wanted: AppRequest) -> tuple[FieldError, ...]:
    """Every reason why `wanted` cannot be registered; whether there is room for it is seen when it is."""
    return _new_faults(_client(asked, wanted, None if wanted.is_public else ""), wanted)


def _new_faults(client: Client, wanted: AppRequest) -> tuple[FieldError, ...]:
    return tuple(_faults(client, redirects_given=wanted.redirect_uris is not None))


async def create(desk: Dependencies, asked: AdminContext, wanted: AppRequest) -> Registered | Rejection:
    """A new one; with a `dedupe_key`, the one that was made with it before."""
    now_s = desk.clock()
    async with desk.database.read() as connection:
        if before := await _made_before(connection, asked, now_s):
            return before
    secret = None if wanted.is_public else new_secret(SECRET_PREFIX)
    client = _client(asked, wanted, secret)
    if found := _new_faults(client, wanted):
        return InvalidFields(found)
    async with transaction(desk, asked) as connection:
        await lock_for_business(connection, "apps", asked.business)
        if before := await _made_before(connection, asked, now_s):
            return before
        if await count_apps(connection, asked.business) >= MAX_APPS:
            return RuleBroken(LIMIT_REACHED, f"A business has {MAX_APPS} apps at the most: delete one first.")
        number = await register(connection, client, by=asked.user, now_s=now_s)
        await remember(connection, asked.business, asked.dedupe_key, number, now_s=now_s)
        await _noted(desk, connection, asked, "app.created", client, now_s, kind=client.kind.value)
        app = await _again(connection, asked, number)
        if asked.dry:
            return Registered(replace(app, client=replace(app.client, number=0)), None)
        return Registered(app, secret)


async def _made_before(connection: AsyncConnection, asked: AdminContext, now_s: int) -> Registered | None:
    number = await find_created(connection, asked.business, asked.dedupe_key, now_s=now_s)
    app = None if number is None else await find_app(connection, asked.business, number)
    return None if app is None else Registered(app, None)


async def update(
    desk: Dependencies, asked: AdminContext, number: int, changes: Mapping[str, Any], *, revision: int | None = None
) -> StoredApp | Rejection:
    """Change `name`, `scope`, `redirect_uris`, `service_role`; a change to what is there already is none."""
    now_s = desk.clock()
    async with transaction(desk, asked) as connection:
        found = await _held(connection, asked, number, revision)
        if not isinstance(found, StoredApp):
            return found
        client = replace(found.client, **changes)
        if found_faults := tuple(_faults(client, redirects_given=True)):
            return InvalidFields(found_faults)
        if client == found.client:
            return found
        columns = {name: _COLUMNS.get(name, lambda kept: kept)(value) for name, value in changes.items()}
        await update_app(connection, number, columns, now_s=now_s)
        if (client.scope, client.service_role) != (found.client.scope, found.client.service_role):
            # What a service holds says the old ones; of a grant's tokens each refresh looks again.
            await end_services(connection, client.id, actor=asked.actor(desk), now_s=now_s)
        await _noted(desk, connection, asked, "app.changed", client, now_s, members=sorted(changes))
        return await _again(connection, asked, number)


async def rotate_secret(
    desk: Dependencies, asked: AdminContext, number: int, *, overlap_s: int = 0, revision: int | None = None
) -> Registered | Rejection:
    """Another secret; the one before counts for the overlap, and no earlier one does."""
    now_s, secret = desk.clock(), new_secret(SECRET_PREFIX)
    async with transaction(desk, asked) as connection:
        found = await _held(connection, asked, number, revision)
        if not isinstance(found, StoredApp):
            return found
        if found.client.is_public:
            return RuleBroken(APP_SECRET, "A public app has no secret.")
        columns = {
            "secret_hash": digest(secret),
            "previous_secret_hash": found.client.secret_hash if overlap_s else None,
            "previous_secret_until_s": now_s + overlap_s if overlap_s else None,
            "secret_rotated_at_s": now_s,
        }
        await update_app(connection, number, columns, now_s=now_s)
        await _noted(desk, connection, asked, "app.secret-rotated", found.client, now_s, overlap_s=overlap_s)
        return Registered(await _again(connection, asked, number), None if asked.dry else secret)


async def delete(
    desk: Dependencies, asked: AdminContext, number: int, *, revision: int | None = None
) -> StoredApp | Rejection:
    """It is no client any more; its grants and tokens end."""
    now_s = desk.clock()
    async with transaction(desk, asked) as connection:
        found = await _held(connection, asked, number, revision)
        if not isinstance(found, StoredApp):
            return found
        actor, client_id = asked.actor(desk), found.client.id
        await update_app(connection, number, {"disabled_at_s": now_s}, now_s=now_s)
        await end_client(connection, client_id, reason="app-deleted", actor=actor, now_s=now_s)
        await _noted(desk, connection, asked, "app.deleted", found.client, now_s)
        return await _again(connection, asked, number)


def _client(asked: AdminContext, wanted: AppRequest, secret: str | None) -> Client:
    is_service = wanted.kind is ClientKind.SERVICE
    return Client(
        id=new_id("cli"),
        number=0,
        name=wanted.name,
        kind=wanted.kind,
        native=wanted.is_public,
        owner=asked.business,
        business=asked.business if is_service else None,
        service_user=UserId(_FIRST_SERVICE_USER + secrets.randbelow(_FIRST_SERVICE_USER)) if is_service else None,
        service_role=wanted.service_role,
        redirect_uris=wanted.redirect_uris or (),
        scope=wanted.scope,
        secret_hash=None if secret is None else digest(secret),
        previous_secret_hash=None,
        previous_secret_until_s=0,
        disabled=False,
    )


def _faults(client: Client, *, redirects_given: bool) -> Iterator[FieldError]:
    """What may not be registered as it stands."""
    if client.kind is ClientKind.SERVICE:
        yield from _service_faults(client)
        return
    if client.service_role is not None:
        yield FieldError("service_role", "not-applicable", "Only a service has a role of its own.")
    if not client.redirect_uris:
        code = "too-few-items" if redirects_given else "required"
        yield FieldError("redirect_uris", code, "An app that users allow needs a place to send them back to.")
    for at, uri in enumerate(client.redirect_uris):
        if why_not := redirect_uri_error(uri, is_public=client.is_public):
            yield FieldError("redirect_uris", "invalid-url", f"This address {why_not}.", at)


def _service_faults(client: Client) -> Iterator[FieldError]:
    if client.is_public:
        yield FieldError("is_public", "not-applicable", "A service always has a secret.")
    if client.redirect_uris:
        yield FieldError("redirect_uris", "not-applicable", "No user is sent to a service.")
    if client.service_role is None:
        yield FieldError("service_role", "required", "A service acts as a user of this role.")
        return
    held = permitted_scopes(client.service_role, None, client.scope)
    for at, name in enumerate(client.scope):
        if name not in held:
            yield FieldError("scopes", "not-permitted", "The role does not grant this.", at)


async def _again(connection: AsyncConnection, asked: AdminContext, number: int) -> StoredApp:
    app = await find_app(connection, asked.business, number)
    if app is None:
        raise LookupError("an app that was just written is not there")
    return app


async def _held(
    connection: AsyncConnection, asked: AdminContext, number: int, revision: int | None
) -> StoredApp | NotFound | Deleted | Stale:
    found = await find_app(connection, asked.business, number, hold=True)
    if found is None:
        return NotFound()
    if found.deleted_at_s is not None:
        return Deleted(found.deleted_at_s)
    return found if revision in (None, found.revision) else Stale(found.revision)


async def _noted(
    desk: Dependencies,
    connection: AsyncConnection,
    asked: AdminContext,
    action: str,
    client: Client,
    now_s: int,
    **detail: Any,
) -> None:
    actor = asked.actor(desk)
    await record(connection, action, client.id, actor=actor, now_s=now_s, business=asked.business, **detail)
