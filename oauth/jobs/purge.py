"""Forgetting what has expired: now and then beside serving, and by `python -m oauth purge`.

Owns for how long each thing is kept after its end; a used code or refresh token is kept until it would have expired, so
that a second use is known for what it is.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.claims import TokenKind
from oauth.dependencies import Dependencies
from oauth.jobs.periodic import run_every
from oauth.store.database import Database
from oauth.store.idempotency_keys import RETENTION_S
from oauth.store.pats import ENDED_SHOWN_S
from oauth.store.tables import (
    ACCESS_TOKENS,
    AUDIT,
    AUTH_REQUESTS,
    CODES,
    FAILURES,
    GRANTS,
    KEYED_CREATES,
    LOGINS,
    REFRESH_TOKENS,
    SESSIONS,
)

EVERY_S = 3600.0
PENDING_EVERY_S = 60.0
"""Anybody can begin a login without having an account, as often as the throttle lets an address."""
_DAY_S = 24 * 3600
AUDIT_RETENTION_S = 400 * _DAY_S


async def purge(database: Database, now_s: int) -> int:
    """Forget; returns how many rows that were. Raises DatabaseUnavailable."""
    async with database.write() as connection:
        return sum([await _delete(connection, table, *which) for table, *which in _expired(now_s)])


async def purge_pending(database: Database, now_s: int) -> int:
    """Forget the requests and logins that were begun and not finished; returns how many. Raises DatabaseUnavailable."""
    async with database.write() as connection:
        return sum([await _delete(connection, table, *which) for table, *which in _pending(now_s)])


def _pending(now_s: int) -> tuple[tuple[sa.Table, sa.ColumnElement[bool]], ...]:
    """What strangers can begin, and live for minutes."""
    return tuple((table, table.c.expires_at_s <= now_s) for table in (AUTH_REQUESTS, LOGINS))


def _expired(now_s: int) -> tuple[tuple[sa.Table, sa.ColumnElement[bool]], ...]:
    """In an order in which nobody is left pointing at nothing."""
    token, grant = ACCESS_TOKENS.c, GRANTS.c
    ended = sa.or_(grant.absolute_expires_at_s <= now_s - _DAY_S, grant.revoked_at_s <= now_s - ENDED_SHOWN_S)
    over = sa.select(grant.id).where(ended)
    shown_until = now_s - ENDED_SHOWN_S
    pat_ended = sa.or_(token.expires_at_s <= shown_until, token.revoked_at_s <= shown_until)
    return (
        *_pending(now_s),
        (SESSIONS, SESSIONS.c.expires_at_s <= now_s),
        (FAILURES, sa.and_(FAILURES.c.locked_until_s <= now_s, FAILURES.c.since_s <= now_s - _DAY_S)),
        (CODES, sa.or_(CODES.c.expires_at_s <= now_s - _DAY_S, CODES.c.grant_id.in_(over))),
        (REFRESH_TOKENS, sa.or_(REFRESH_TOKENS.c.expires_at_s <= now_s, REFRESH_TOKENS.c.grant_id.in_(over))),
        (
            ACCESS_TOKENS,
            sa.and_(token.kind != TokenKind.PAT.value, sa.or_(token.expires_at_s <= now_s, token.grant_id.in_(over))),
        ),
        (ACCESS_TOKENS, sa.and_(token.kind == TokenKind.PAT.value, pat_ended)),
        (KEYED_CREATES, KEYED_CREATES.c.created_at_s <= now_s - RETENTION_S),
        (GRANTS, ended),
        (AUDIT, AUDIT.c.at_s <= now_s - AUDIT_RETENTION_S),
    )


async def _delete(connection: AsyncConnection, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return (await connection.execute(sa.delete(table).where(which))).rowcount


@asynccontextmanager
async def purge_periodically(desk: Dependencies) -> AsyncIterator[None]:
    """Forget now and then, while the block lasts."""

    def forgetting(step: Callable[[Database, int], Awaitable[int]]) -> Callable[[], Awaitable[None]]:
        async def forget() -> None:
            try:
                if rows := await step(desk.database, desk.clock()):
                    desk.log.info("purged", rows=rows)
            except Exception as error:  # no reason to stop serving
                desk.log.error("not purged", cause=f"{type(error).__name__}: {error}")

        return forget

    async with (
        run_every(forgetting(purge), every_s=EVERY_S),
        run_every(forgetting(purge_pending), every_s=PENDING_EVERY_S),
    ):
        yield
