"""Personal access tokens as records of a business: read, counted, succeeded, seen in use.

Every question names the business. Ended ones are shown for a while; knows no token's text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.claims import TokenKind
from contract.vocabulary import TenantId, UserId
from infra.stores.oauth_admin_messages import Status
from oauth.store.tables import ACCESS_TOKENS

ENDED_SHOWN_S = 30 * 24 * 3600
"""Expired and revoked ones are listed for so long."""
LISTED_AT_MOST = 2000
"""The live ones, then the newest: who makes and ends tokens all day does not fill anybody's memory."""
_TOKENS = ACCESS_TOKENS.c


@dataclass(frozen=True, slots=True)
class Pat:
    """A token as it is remembered. `revoked_at_s` lies ahead while it and the one that replaces it overlap."""

    number: int
    revision: int
    jti: str
    name: str
    user: UserId
    scope: tuple[str, ...]
    role: str
    permissions: str | None
    rate_key: str
    created_by: UserId | None
    created_at_s: int
    expires_at_s: int
    last_used_at_s: int | None
    revoked_at_s: int | None
    replaced_by: int | None

    def status(self, now_s: int) -> Status:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at_s is not None and self.revoked_at_s <= now_s:
            return "revoked"
        return "expired" if self.expires_at_s <= now_s else "active"


async def find_pat(
    connection: AsyncConnection, business: TenantId, number: int, *, now_s: int, hold: bool = False
) -> Pat | None:
    """One of the business's; `hold` keeps its row until the end of the transaction."""
    asked = _shown(business, now_s).where(_TOKENS.number == number)
    row = (await connection.execute(asked.with_for_update() if hold else asked)).mappings().one_or_none()
    return None if row is None else _pat(row)


async def businesses_with_pats(connection: AsyncConnection) -> list[TenantId]:
    """All that have made one that is still remembered."""
    asked = sa.select(_TOKENS.business_id).distinct().where(_TOKENS.kind == TokenKind.PAT.value)
    return [TenantId(business) for business in await connection.scalars(asked)]


async def jti_of(connection: AsyncConnection, business: TenantId, number: int) -> str | None:
    """What the token says of itself, however long ago it ended."""
    jti: str | None = await connection.scalar(sa.select(_TOKENS.jti).where(*_own(business), _TOKENS.number == number))
    return jti


async def list_pats(connection: AsyncConnection, business: TenantId, *, now_s: int) -> list[Pat]:
    """The business's, live ones first, then by age."""
    ordered = _shown(business, now_s).order_by(sa.desc(sa.and_(*is_live_clause(now_s))), _TOKENS.number.desc())
    return [_pat(row) for row in (await connection.execute(ordered.limit(LISTED_AT_MOST))).mappings()]


async def count_live(connection: AsyncConnection, business: TenantId, *, now_s: int) -> int:
    """How many could be used now."""
    counted = sa.select(sa.func.count()).select_from(ACCESS_TOKENS).where(*_own(business), *is_live_clause(now_s))
    return int((await connection.execute(counted)).scalar_one())


async def mark_replaced(connection: AsyncConnection, number: int, by: int) -> None:
    """Note which token has taken its place."""
    changed = sa.update(ACCESS_TOKENS).where(_TOKENS.number == number)
    await connection.execute(changed.values(replaced_by=by, revision=_TOKENS.revision + 1))


async def record_uses(connection: AsyncConnection, uses: Mapping[str, int]) -> None:
    """When tokens were last used, by `jti`; never earlier than what is known."""
    if not uses:
        return
    at_s = sa.bindparam("at_s", type_=sa.BigInteger)
    newer = sa.or_(_TOKENS.last_used_at_s.is_(None), _TOKENS.last_used_at_s < at_s)
    used = sa.update(ACCESS_TOKENS).where(
        _TOKENS.jti == sa.bindparam("one"), _TOKENS.kind == TokenKind.PAT.value, newer
    )
    # In one order, so that of two that tell at once neither holds what the other waits for.
    rows = [{"one": jti, "at_s": uses[jti]} for jti in sorted(uses)]
    await connection.execute(used.values(last_used_at_s=at_s, revision=_TOKENS.revision + 1), rows)


@dataclass(frozen=True, slots=True)
class LivePat:
    """What a live PAT says of its user."""

    jti: str
    business: TenantId
    user: UserId
    role: str
    permissions: str | None


async def list_live(connection: AsyncConnection, *, now_s: int) -> list[LivePat]:
    """Of every live PAT, ordered by whose it is."""
    columns = (_TOKENS.jti, _TOKENS.business_id, _TOKENS.user_id, _TOKENS.role, _TOKENS.permissions)
    asked = sa.select(*columns).where(_TOKENS.kind == TokenKind.PAT.value, *is_live_clause(now_s))
    found = await connection.execute(asked.order_by(_TOKENS.business_id, _TOKENS.user_id))
    return [LivePat(*row) for row in found]


def is_live_clause(now_s: int) -> tuple[sa.ColumnElement[bool], ...]:
    """That a token can be used now."""
    return sa.or_(_TOKENS.revoked_at_s.is_(None), _TOKENS.revoked_at_s > now_s), _TOKENS.expires_at_s > now_s


def _own(business: TenantId) -> tuple[sa.ColumnElement[bool], ...]:
    return _TOKENS.business_id == business, _TOKENS.kind == TokenKind.PAT.value


def _shown(business: TenantId, now_s: int) -> sa.Select[tuple[object, ...]]:
    since = now_s - ENDED_SHOWN_S
    unrevoked = sa.or_(_TOKENS.revoked_at_s.is_(None), _TOKENS.revoked_at_s > since)
    return sa.select(ACCESS_TOKENS).where(*_own(business), _TOKENS.expires_at_s > since, unrevoked)


def _pat(row: sa.RowMapping) -> Pat:
    return Pat(
        number=row["number"],
        revision=row["revision"],
        jti=row["jti"],
        name=row["name"] or "",
        user=row["user_id"],
        scope=tuple(row["scope"].split()),
        role=row["role"],
        permissions=row["permissions"],
        rate_key=row["rate_key"],
        created_by=row["created_by"],
        created_at_s=row["created_at_s"],
        expires_at_s=row["expires_at_s"],
        last_used_at_s=row["last_used_at_s"],
        revoked_at_s=row["revoked_at_s"],
        replaced_by=row["replaced_by"],
    )
