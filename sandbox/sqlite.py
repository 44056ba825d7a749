"""Records in an SQLite file.

Owns engines, transactions and the writers' queue. A write holds the only writing connection from its first statement
(BEGIN IMMEDIATE), so parallel writes wait for each other here, within their deadline, and never fail half-way because
the file is locked. It must not know what is read or written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from sandbox.database import Deadline, acquire
from sandbox.refusals import Code, Refusal, RefusedError

READERS = 4
# temp_store: a container's root is read-only, so that there may be no folder for temporary files. Without one the first
# INSERT of several rows fails with "disk I/O error".
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000", "temp_store=MEMORY")


def _engine(url: sa.URL, *, begin: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=connections, max_overflow=0)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
        # The driver would begin transactions by itself, too late and always deferred; we say BEGIN ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class Sqlite:
    """One file; the `Database` of a single process."""

    def __init__(self, url: sa.URL) -> None:
        self._reader = _engine(url, begin="BEGIN", connections=READERS)
        self._writer = _engine(url, begin="BEGIN IMMEDIATE", connections=1)
        self._turn = asyncio.Lock()
        self._seats = asyncio.Semaphore(READERS)

    @asynccontextmanager
    async def reading(self, deadline: Deadline) -> AsyncIterator[AsyncConnection]:
        """One snapshot."""
        async with acquire(self._seats, deadline), self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self, deadline: Deadline) -> AsyncIterator[AsyncConnection]:
        """One transaction, alone."""
        async with acquire(self._turn, deadline), self._writer.connect() as connection:
            try:
                await connection.begin()
            except OperationalError as error:  # another process writes, and did for all of busy_timeout
                raise RefusedError(Refusal(Code.BUSY, "the database is locked by another process")) from error
            yield connection
            await connection.commit()  # not reached when something was raised: closing rolls back

    def preparing(self, deadline: Deadline) -> AbstractAsyncContextManager[AsyncConnection]:
        """A write as any other: it is alone already."""
        return self.writing(deadline)

    async def close(self) -> None:
        """Close every connection."""
        await self._reader.dispose()
        await self._writer.dispose()
