"""Grants and what is redeemed under them: codes and refresh tokens. Single use is one UPDATE, never a look and a write.

Knows digests, never the words themselves. Who issues under a grant or revokes it holds the grant's row first.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import CODE_LIFE_S, GRANT_LIFE_S, REFRESH_LIFE_S
from contract.vocabulary import TenantId, UserId
from oauth.opaque import REFRESH_PREFIX, digest, new_id, new_word
from oauth.store.tables import CODES, GRANTS, REFRESH_TOKENS


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

    def holds(self, now_s: int) -> bool:
        """Whether anything may still come of it."""
        return not self.revoked and now_s < self.ends_at_s


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, as kept."""

    hash: str
    grant_id: str
    client_id: str
    redirect_uri: str
    challenge: str
    expires_at_s: int


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token, as kept."""

    hash: str
    grant_id: str
    client_id: str
    expires_at_s: int
    used: bool


async def give(
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
            absolute_expires_at_s=now_s + GRANT_LIFE_S,
        )
    )
    return grant_id


async def find_grant(connection: AsyncConnection, grant_id: str, *, hold: bool = False) -> Grant | None:
    """The grant; `hold` keeps its row until the end of the transaction (in SQLite all writes wait anyway)."""
    asked = sa.select(GRANTS).where(GRANTS.c.id == grant_id)
    row = (await connection.execute(asked.with_for_update() if hold else asked)).mappings().one_or_none()
    if row is None:
        return None
    return Grant(
        id=row["id"],
        client_id=row["client_id"],
        user=row["user_id"],
        business=row["business_id"],
        scope=tuple(row["scope"].split()),
        ends_at_s=row["absolute_expires_at_s"],
        revoked=row["revoked_at_s"] is not None,
    )


async def new_code(
    connection: AsyncConnection, grant_id: str, client_id: str, redirect_uri: str, challenge: str, *, now_s: int
) -> str:
    """A code for a grant; shown once."""
    code = new_word()
    await connection.execute(
        sa.insert(CODES).values(
            hash=digest(code),
            grant_id=grant_id,
            client_id=client_id,
            redirect_uri=redirect_uri,
            challenge=challenge,
            expires_at_s=now_s + CODE_LIFE_S,
        )
    )
    return code


async def find_code(connection: AsyncConnection, code: str) -> Code | None:
    """The code, used or not."""
    columns = (CODES.c[name] for name in Code.__slots__)
    row = (await connection.execute(sa.select(*columns).where(CODES.c.hash == digest(code)))).one_or_none()
    return None if row is None else Code(*row)


async def spend_code(connection: AsyncConnection, code: Code, *, now_s: int) -> bool:
    """Whether this was the first use."""
    unused = sa.update(CODES).where(CODES.c.hash == code.hash, CODES.c.used_at_s.is_(None))
    return (await connection.execute(unused.values(used_at_s=now_s))).rowcount == 1


async def new_refresh(connection: AsyncConnection, grant: Grant, parent: Refresh | None, *, now_s: int) -> str:
    """A refresh token for a grant, not to outlive it; shown once."""
    word = new_word(REFRESH_PREFIX)
    await connection.execute(
        sa.insert(REFRESH_TOKENS).values(
            hash=digest(word),
            grant_id=grant.id,
            parent_hash=parent.hash if parent else None,
            client_id=grant.client_id,
            issued_at_s=now_s,
            expires_at_s=min(now_s + REFRESH_LIFE_S, grant.ends_at_s),
        )
    )
    return word


async def find_refresh(connection: AsyncConnection, word: str) -> Refresh | None:
    """The refresh token, used or not."""
    columns = REFRESH_TOKENS.c
    asked = sa.select(
        columns.hash, columns.grant_id, columns.client_id, columns.expires_at_s, columns.used_at_s.is_not(None)
    )
    row = (await connection.execute(asked.where(columns.hash == digest(word)))).one_or_none()
    return None if row is None else Refresh(*row)


async def spend_refresh(connection: AsyncConnection, token: Refresh, *, now_s: int) -> bool:
    """Whether this was the first use."""
    columns = REFRESH_TOKENS.c
    unused = sa.update(REFRESH_TOKENS).where(columns.hash == token.hash, columns.used_at_s.is_(None))
    return (await connection.execute(unused.values(used_at_s=now_s))).rowcount == 1
