"""Records in a PostgreSQL database.

Owns engines, transactions and how long a statement may take. Writes to different businesses run side by side; two to
the same one meet at the business's row, which every write takes first. It must not know what is read or written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from sandbox.database import Deadline, acquire
from sandbox.refusals import Code, Refusal, RefusedError

CONNECTIONS = 4
"""Each of the readers and of the writers."""
CONNECT_S = 5.0
STATEMENT_S = 8.0
DRIVER_S = STATEMENT_S + 2.0  # for a server that has stopped answering
GAVE_UP = ("55P03", "57014")  # lock_not_available, query_canceled
PREPARING = 7_411_235  # an advisory lock: any number that nobody else takes


def _engine(url: sa.URL, isolation_level: str) -> AsyncEngine:
    return create_async_engine(
        url,
        isolation_level=isolation_level,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,  # the server may have been restarted
        connect_args={
            "timeout": CONNECT_S,
            "command_timeout": DRIVER_S,
            "server_settings": {"statement_timeout": str(round(STATEMENT_S * 1000)), "application_name": "sandbox"},
        },
    )


class PostgreSql:
    """One database; the `Database` of as many processes as there are."""

    def __init__(self, url: sa.URL) -> None:
        self._reader = _engine(url, "REPEATABLE READ")
        # After waiting for a business's row, a statement has to see what the one before it has written.
        self._writer = _engine(url, "READ COMMITTED")
        self._seats = asyncio.Semaphore(CONNECTIONS)
        self._desks = asyncio.Semaphore(CONNECTIONS)

    @asynccontextmanager
    async def reading(self, deadline: Deadline) -> AsyncIterator[AsyncConnection]:
        """One snapshot."""
        async with acquire(self._seats, deadline), self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, deadline: Deadline) -> AsyncIterator[AsyncConnection]:
        """One transaction."""
        try:
            async with acquire(self._desks, deadline), self._writer.begin() as connection:
                # 0 would mean: for ever.
                patience_ms = max(1, round(deadline.left_s * 1000))
                await connection.execute(sa.select(sa.func.set_config("lock_timeout", str(patience_ms), True)))
                yield connection
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in GAVE_UP:
                raise RefusedError(Refusal(Code.BUSY, "the deadline passed before a lock was free")) from error
            raise

    @asynccontextmanager
    async def preparing(self, deadline: Deadline) -> AsyncIterator[AsyncConnection]:
        """A write under a lock of its own: two that create the same table would fail."""
        async with self.writing(deadline) as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(PREPARING)))
            yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self._reader.dispose()
        await self._writer.dispose()
