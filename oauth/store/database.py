"""The database: an SQLite file, or PostgreSQL where a URL says so; two ways to use it, and one error when it is lost.

Knows engines and transactions; not what is read or written, nor whether the tables are there (`schema` does).
"""

import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from oauth.store import sqlite

CONNECTIONS = 5
POOL_TIMEOUT_S = 5.0
"""For a connection, and in SQLite for another process that writes."""
STATEMENT_TIMEOUT_S = 8.0
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
# PostgreSQL's classes: connection, who we are, no such database, resources, operator's intervention (57014: too slow),
# system; and a table that we may not touch.
_LOST_STATES = ("08", "28", "3D", "53", "57", "58", "42501")
# FULL: a revocation or a spent code that was acknowledged is on the disk, whatever happens to the machine.
# temp_store: a container's root is read-only, so that there may be no folder for temporary files.
_PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={round(POOL_TIMEOUT_S * 1000)}",
    "temp_store=MEMORY",
)


_DRIVERS_OWN = (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a driver raises by itself, where SQLAlchemy does not stand between."""


class DatabaseUnavailable(Exception):
    """The database gave no answer in time; whether the last COMMIT was done is not known."""


def database_url(text: str) -> str:
    """`sqlite:////path/to/file.db` or `postgresql://user:word@host/database`, with the driver put in.

    Raises ValueError, in words that hold no password.
    """
    try:
        url = sa.make_url(text)
    except ArgumentError:
        raise ValueError("it is no URL of a database") from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None or url.drivername not in (url.get_backend_name(), driver):
        raise ValueError("only sqlite and postgresql are known")
    if not url.database or url.database == ":memory:":
        raise ValueError("it names no file or database")
    return url.set(drivername=driver).render_as_string(hide_password=False)


class Database:
    """One database; nothing is opened before the first use. Any number of processes may have it open."""

    def __init__(self, text: str) -> None:
        """At a URL as `database_url` returns it."""
        url = sa.make_url(text)
        self._engines: tuple[AsyncEngine, ...]
        if url.get_backend_name() == "sqlite":
            self._reader = _sqlite(url, begin="BEGIN", connections=CONNECTIONS)
            # From its first statement on a write is the only one: it never fails half-way because the file is locked.
            self._writer = _sqlite(url, begin="BEGIN IMMEDIATE", connections=1)
            self._engines = (self._reader, self._writer)
        else:
            engine = _postgresql(url)
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ")
            # After waiting for a row, a statement has to see what the one before it has written.
            self._writer = engine.execution_options(isolation_level="READ COMMITTED")
            self._engines = (engine,)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One snapshot. Raises DatabaseUnavailable."""
        async with _told(), self._reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed unless something is raised in it. Raises DatabaseUnavailable.

        In SQLite writes follow one another; in PostgreSQL they run side by side: what must not race is one statement
        (`UPDATE … WHERE used_at IS NULL`) or takes a row first (`FOR UPDATE`).
        """
        async with _told(), self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read_autocommit(self) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
        """A connection for a question of one value that is asked many times a second, each time as things stand then.

        Past SQLAlchemy, straight to the driver: a look takes a tenth of what a transaction does. The looks raise
        DatabaseLost, too.
        """
        async with _told(), self._reader.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None  # noqa: S101  it is connected
            yield driver.fetchval if connection.dialect.name == "postgresql" else partial(_first_value, driver)

    async def __aenter__(self) -> Self:
        """For a block, at whose end every connection is closed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        for engine in self._engines:
            await engine.dispose()


async def _first_value(driver: Any, statement: str) -> Any:
    [[value]] = await driver.execute_fetchall(statement)
    return value


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    try:
        yield
    except _DRIVERS_OWN as error:
        raise DatabaseUnavailable(f"the database is lost: {type(error).__name__}: {_line(error)}") from error
    except (DBAPIError, NoConnectionFree, OSError) as error:  # asyncpg lets an OSError through when it is refused
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(error, DBAPIError) and not _is_lost(error):
            raise
        raise DatabaseUnavailable(f"the database is lost: {type(cause).__name__}: {_line(cause)}") from error


def _line(error: BaseException | None) -> str:
    return " ".join(str(error).split())


def _is_lost(error: DBAPIError) -> bool:
    """Whether the database is at fault, and not what it was asked."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_LOST_STATES)
    # SQLite calls a table that is not there operational, too.
    wrong_sql = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return isinstance(error, OperationalError | InterfaceError) and not wrong_sql


def _write_ahead(cursor: sa.engine.interfaces.DBAPICursor) -> None:
    """Switch to the write-ahead log, asking again where other processes do so too: SQLite does not wait for them."""
    end_s = time.monotonic() + POOL_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end_s:
                raise
        else:
            return


def _sqlite(url: sa.URL, *, begin: str, connections: int) -> AsyncEngine:
    arguments, options = url.get_dialect()().create_connect_args(url)
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_reset_on_return=None,
        async_creator=lambda: sqlite.connect(*arguments, **options),
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        _write_ahead(cursor)
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "reset")
    def end(connection: Any, _record: object, state: sa.pool.PoolResetState) -> None:
        # What was ended well need not be ended again, which is a way to the driver's thread and back.
        if not state.terminate_only and connection.driver_connection.in_transaction:
            connection.rollback()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def start(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: sa.URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=True,  # the server may have been restarted
        connect_args={
            "timeout": POOL_TIMEOUT_S,
            "command_timeout": STATEMENT_TIMEOUT_S + 2.0,  # for a server that has stopped answering
            "server_settings": {
                "statement_timeout": str(round(STATEMENT_TIMEOUT_S * 1000)),
                "application_name": "oauth",
            },
        },
    )
