"""Issued access tokens by `jti`, and ending them: one, a grant's family, a client's, a key's, a user's in a business.

Whatever ends here is in the revocation log by the same commit. Knows no token's text.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.claims import TokenKind
from contract.size_and_time_limits import CLOCK_SKEW_S
from contract.vocabulary import TenantId, UserId
from infra.stores.revocations.events import EventKind
from oauth.store.audit import record
from oauth.store.pats import is_live_clause
from oauth.store.revocations import NewEntry, append
from oauth.store.tables import ACCESS_TOKENS, GRANTS

_TOKENS = ACCESS_TOKENS.c
_REMEMBER = sa.insert(ACCESS_TOKENS).returning(_TOKENS.number)


@dataclass(frozen=True, slots=True)
class IssuedRecord:
    """An access token as it is remembered. The last are a PAT's."""

    jti: str
    kind: TokenKind
    grant_id: str | None
    client_id: str
    business: TenantId
    user: UserId
    scope: tuple[str, ...]
    role: str
    kid: str
    rate_key: str
    created_at_s: int
    expires_at_s: int
    permissions: str | None = None
    name: str | None = None
    created_by: UserId | None = None


async def remember(connection: AsyncConnection, issued: IssuedRecord) -> int:
    """Keep that it was issued; returns its number."""
    row = {
        "jti": issued.jti,
        "kind": issued.kind.value,
        "grant_id": issued.grant_id,
        "client_id": issued.client_id,
        "business_id": issued.business,
        "user_id": issued.user,
        "name": issued.name,
        "scope": " ".join(issued.scope),
        "role": issued.role,
        "permissions": issued.permissions,
        "kid": issued.kid,
        "rate_key": issued.rate_key,
        "created_by": issued.created_by,
        "created_at_s": issued.created_at_s,
        "expires_at_s": issued.expires_at_s,
    }
    return int((await connection.execute(_REMEMBER, row)).scalar_one())


async def is_live(connection: AsyncConnection, jti: str, client_id: str, *, now_s: int) -> bool:
    """Whether a token of that client is neither revoked nor expired, nor its grant revoked."""
    asked = (
        sa.select(sa.true())
        .select_from(ACCESS_TOKENS.outerjoin(GRANTS, GRANTS.c.id == _TOKENS.grant_id))
        .where(
            _TOKENS.jti == jti, _TOKENS.client_id == client_id, *is_live_clause(now_s), GRANTS.c.revoked_at_s.is_(None)
        )
    )
    return (await connection.execute(asked)).scalar() is not None


async def end_token(connection: AsyncConnection, jti: str, client_id: str, *, actor: str, now_s: int) -> bool:
    """End one token of a client; whether there was one to end."""
    mine = (_TOKENS.jti == jti, _TOKENS.client_id == client_id)
    ended = await _end(connection, *mine, actor=actor, now_s=now_s)
    if ended:
        await record(connection, "token.revoked", jti, actor=actor, now_s=now_s)
    return ended > 0


async def end_pats(connection: AsyncConnection, *which: sa.ColumnElement[bool], actor: str, now_s: int) -> int:
    """End the live PATs that fit; returns how many. What tells the audit why is the caller's."""
    return await _end(connection, _TOKENS.kind == TokenKind.PAT.value, *which, actor=actor, now_s=now_s)


async def schedule_end(connection: AsyncConnection, jti: str, *, at_s: int, actor: str, now_s: int) -> None:
    """End a token at an instant ahead: the log says so now, and whoever holds it sees to it, whatever we do then."""
    ends = (
        sa.update(ACCESS_TOKENS)
        .where(_TOKENS.jti == jti, *is_live_clause(now_s))
        .values(revoked_at_s=at_s, revision=_TOKENS.revision + 1)
        .returning(_TOKENS.expires_at_s)
    )
    expires_at_s = (await connection.execute(ends)).scalar_one()
    told = NewEntry(EventKind.TOKEN, jti, actor, str(at_s), expires_at_s=expires_at_s + CLOCK_SKEW_S)
    await append(connection, [told], now_s=now_s)


async def end_grant(connection: AsyncConnection, grant_id: str, *, reason: str, actor: str, now_s: int) -> bool:
    """End a family: nothing more comes of the grant, and what came of it is refused. Whether it was still alive."""
    return await end_grants(connection, GRANTS.c.id == grant_id, reason=reason, actor=actor, now_s=now_s) > 0


async def end_grants(
    connection: AsyncConnection, *which: sa.ColumnElement[bool], reason: str, actor: str, now_s: int
) -> int:
    """End all families that fit, such as a client's or a user's in a business; returns how many lived."""
    alive = sa.update(GRANTS).where(*which, GRANTS.c.revoked_at_s.is_(None))
    ended = await connection.execute(
        alive.values(revoked_at_s=now_s, reason=reason).returning(GRANTS.c.id, GRANTS.c.business_id)
    )
    families = ended.all()
    # After the rows are ours: who was issuing under one of them has committed, and its token is seen here.
    await _end(connection, _TOKENS.grant_id.in_([grant_id for grant_id, _ in families]), actor=actor, now_s=now_s)
    for grant_id, business in families:
        await record(connection, "grant.revoked", grant_id, actor=actor, now_s=now_s, business=business, reason=reason)
    return len(families)


async def end_client(connection: AsyncConnection, client_id: str, *, reason: str, actor: str, now_s: int) -> None:
    """End everything that a client holds: its grants, and tokens of its own. Disable it first, in this transaction."""
    await end_grants(connection, GRANTS.c.client_id == client_id, reason=reason, actor=actor, now_s=now_s)
    await _end(connection, _TOKENS.client_id == client_id, actor=actor, now_s=now_s)


async def end_services(connection: AsyncConnection, client_id: str, *, actor: str, now_s: int) -> None:
    """End the tokens that a service client holds by itself: the next ones say what it may do now."""
    own = (_TOKENS.client_id == client_id, _TOKENS.kind == TokenKind.SERVICE.value)
    await _end(connection, *own, actor=actor, now_s=now_s)


async def end_user(
    connection: AsyncConnection, user: UserId, business: TenantId, *, reason: str, actor: str, now_s: int
) -> None:
    """End all that acts for a user in a business, PATs too."""
    await end_grants(
        connection,
        GRANTS.c.user_id == user,
        GRANTS.c.business_id == business,
        reason=reason,
        actor=actor,
        now_s=now_s,
    )
    await _end(connection, _TOKENS.user_id == user, _TOKENS.business_id == business, actor=actor, now_s=now_s)


async def end_by_key(connection: AsyncConnection, kid: str, *, actor: str, now_s: int) -> tuple[int, int]:
    """End all that a key has signed or will, by one entry of the log; returns its number, and how many tokens ended."""
    return await _end_by(connection, NewEntry(EventKind.KEY, kid, actor), _TOKENS.kid == kid, now_s=now_s)


async def end_by_jti(connection: AsyncConnection, jti: str, *, actor: str, now_s: int) -> int:
    """End the token of that `jti`, also one that is not remembered here; returns the number of the log's entry."""
    number, _ = await _end_by(connection, NewEntry(EventKind.TOKEN, jti, actor), _TOKENS.jti == jti, now_s=now_s)
    return number


async def end_subject(
    connection: AsyncConnection, subject: str, whose: Iterable[tuple[TenantId, UserId]], *, actor: str, now_s: int
) -> int:
    """End all that says so far that it acts for a user, by one entry of the log; returns its number. `whose`: what the
    subject may stand for.
    """
    theirs = (sa.and_(_TOKENS.business_id == business, _TOKENS.user_id == user) for business, user in whose)
    told = NewEntry(EventKind.SUBJECT, subject, actor)
    number, _ = await _end_by(connection, told, sa.or_(sa.false(), *theirs), now_s=now_s)
    return number


async def _end_by(
    connection: AsyncConnection, told: NewEntry, *which: sa.ColumnElement[bool], now_s: int
) -> tuple[int, int]:
    """The entry refuses them, and others that are not remembered here; our own records say so as well."""
    live_ones = sa.update(ACCESS_TOKENS).where(*which, *is_live_clause(now_s))
    ended = await connection.execute(live_ones.values(revoked_at_s=now_s, revision=_TOKENS.revision + 1))
    return await append(connection, [told], now_s=now_s), ended.rowcount


async def _end(connection: AsyncConnection, *which: sa.ColumnElement[bool], actor: str, now_s: int) -> int:
    ended = await connection.execute(
        sa.update(ACCESS_TOKENS)
        .where(*which, *is_live_clause(now_s))
        .values(revoked_at_s=now_s, revision=_TOKENS.revision + 1)
        .returning(_TOKENS.jti, _TOKENS.expires_at_s)
    )
    notes = [NewEntry(EventKind.TOKEN, jti, actor, expires_at_s=ends_s + CLOCK_SKEW_S) for jti, ends_s in ended]
    if notes:
        await append(connection, notes, now_s=now_s)
    return len(notes)
