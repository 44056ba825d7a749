"""Grants and what is redeemed under them: codes and refresh tokens. Single use is one UPDATE, never a look and a write.

Knows digests, never the words themselves. Who issues under a grant or revokes it holds the grant's row first.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import CODE_LIFETIME_S, GRANT_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S
from contract.vocabulary import TenantId, UserId
from oauth.store.tables import CODES, GRANTS, REFRESH_TOKENS
from oauth.tokens.opaque import REFRESH_PREFIX, digest, new_id, new_secret


@dataclass(frozen=True, slots=True)
class Grant:
    """What a user has allowed an app to do, in one business."""

    id: str
    client_id: str
    user: UserId
    business: TenantId
    scope: tuple[str, ...]
    ends_at_s: int
    revoked: bool

    def is_active(self, now_s: int) -> bool:
        """Whether anything may still come of it."""
        return not self.revoked and now_s < self.ends_at_s


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """An authorization code, as kept."""

    hash: str
    grant_id: str
    client_id: str
    redirect_uri: str
    challenge: str
    expires_at_s: int


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token, as kept."""

    hash: str
    grant_id: str
    client_id: str
    expires_at_s: int
    used: bool


_GRANT = (
    GRANTS.c.id,
    GRANTS.c.client_id,
    GRANTS.c.user_id,
    GRANTS.c.business_id,
    GRANTS.c.scope,
    GRANTS.c.absolute_expires_at_s,
    GRANTS.c.revoked_at_s.is_not(None),
)
_CODE = tuple(CODES.c[name] for name in AuthorizationCode.__slots__)
_REFRESH = (
    *(REFRESH_TOKENS.c[name] for name in ("hash", "grant_id", "client_id", "expires_at_s")),
    REFRESH_TOKENS.c.used_at_s.is_not(None),
)
# Made once: to make a question takes longer than to answer it.
_SHOWN: sa.BindParameter[str] = sa.bindparam("shown")
_GRANT_FOUND = sa.select(*_GRANT).where(GRANTS.c.id == sa.bindparam("named"))
_GRANT_HELD = _GRANT_FOUND.with_for_update()
_CODE_FOUND = sa.select(*_GRANT, *_CODE).join(CODES, CODES.c.grant_id == GRANTS.c.id).where(CODES.c.hash == _SHOWN)
_CODE_SPENT = (
    sa.update(CODES)
    .where(CODES.c.hash == _SHOWN, CODES.c.used_at_s.is_(None))
    .values(used_at_s=sa.bindparam("used_at_s"))
)
_REFRESH_FOUND = (
    sa.select(*_GRANT, *_REFRESH)
    .join(REFRESH_TOKENS, REFRESH_TOKENS.c.grant_id == GRANTS.c.id)
    .where(REFRESH_TOKENS.c.hash == _SHOWN)
)
_REFRESH_SPENT = (
    sa.update(REFRESH_TOKENS)
    .where(REFRESH_TOKENS.c.hash == _SHOWN, REFRESH_TOKENS.c.used_at_s.is_(None))
    .values(used_at_s=sa.bindparam("used_at_s"))
)
_REFRESH_MADE = sa.insert(REFRESH_TOKENS)


def _grant(
    grant_id: str, client_id: str, user: UserId, business: TenantId, scope: str, ends_at_s: int, revoked: bool
) -> Grant:
    return Grant(grant_id, client_id, user, business, tuple(scope.split()), ends_at_s, revoked)


async def create_grant(
    connection: AsyncConnection, client_id: str, user: UserId, business: TenantId, scope: tuple[str, ...], *, now_s: int
) -> str:
    """A new grant; returns its id."""
    grant_id = new_id("grt")
    await connection.execute(
        sa.insert(GRANTS).values(
            id=grant_id,
            client_id=client_id,
            user_id=user,
            business_id=business,
            scope=" ".join(scope),
            created_at_s=now_s,
            absolute_expires_at_s=now_s + GRANT_LIFETIME_S,
        )
    )
    return grant_id


async def find_grant(connection: AsyncConnection, grant_id: str, *, hold: bool = False) -> Grant | None:
    """The grant; `hold` keeps its row until the end of the transaction (in SQLite all writes wait anyway)."""
    row = (await connection.execute(_GRANT_HELD if hold else _GRANT_FOUND, {"named": grant_id})).one_or_none()
    return None if row is None else _grant(*row)


async def new_code(
    connection: AsyncConnection, grant_id: str, client_id: str, redirect_uri: str, challenge: str, *, now_s: int
) -> str:
    """A code for a grant; shown once."""
    code = new_secret()
    await connection.execute(
        sa.insert(CODES).values(
            hash=digest(code),
            grant_id=grant_id,
            client_id=client_id,
            redirect_uri=redirect_uri,
            challenge=challenge,
            expires_at_s=now_s + CODE_LIFETIME_S,
        )
    )
    return code


async def find_code(connection: AsyncConnection, code: str) -> tuple[AuthorizationCode, Grant] | None:
    """The code, used or not, and its grant."""
    row = (await connection.execute(_CODE_FOUND, {"shown": digest(code)})).one_or_none()
    return None if row is None else (AuthorizationCode(*row[len(_GRANT) :]), _grant(*row[: len(_GRANT)]))


async def spend_code(connection: AsyncConnection, code: AuthorizationCode, *, now_s: int) -> bool:
    """Whether this was the first use."""
    return (await connection.execute(_CODE_SPENT, {"shown": code.hash, "used_at_s": now_s})).rowcount == 1


async def new_refresh(connection: AsyncConnection, grant: Grant, parent: RefreshToken | None, *, now_s: int) -> str:
    """A refresh token for a grant, not to outlive it; shown once."""
    word = new_secret(REFRESH_PREFIX)
    row = {
        "hash": digest(word),
        "grant_id": grant.id,
        "parent_hash": parent.hash if parent else None,
        "client_id": grant.client_id,
        "issued_at_s": now_s,
        "expires_at_s": min(now_s + REFRESH_TOKEN_LIFETIME_S, grant.ends_at_s),
    }
    await connection.execute(_REFRESH_MADE, row)
    return word


async def find_refresh(connection: AsyncConnection, word: str) -> tuple[RefreshToken, Grant] | None:
    """The refresh token, used or not, and its grant."""
    row = (await connection.execute(_REFRESH_FOUND, {"shown": digest(word)})).one_or_none()
    return None if row is None else (RefreshToken(*row[len(_GRANT) :]), _grant(*row[: len(_GRANT)]))


async def spend_refresh(connection: AsyncConnection, token: RefreshToken, *, now_s: int) -> bool:
    """Whether this was the first use."""
    return (await connection.execute(_REFRESH_SPENT, {"shown": token.hash, "used_at_s": now_s})).rowcount == 1
