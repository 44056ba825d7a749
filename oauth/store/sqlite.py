"""SQLite as fast as its driver allows: a statement, its rows and its end cross to the driver's thread together.

As SQLAlchemy asks for them it would be four crossings, and they cost more than what SQLite does. Knows the driver; no
statement of ours.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

_ITERATION = 64


class Cursor:
    """What SQLAlchemy wants of a driver's cursor. All rows are at hand once a statement is done: ours are few."""

    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        """Nothing to wait for."""
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """One crossing."""
        await self._connection.run_in_thread(self._run, statement, parameters)

    async def executemany(self, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Likewise, for many rows."""
        await self._connection.run_in_thread(self._run_many, statement, parameters)

    async def fetchall(self) -> list[Any]:
        """What the statement found."""
        return self._rows

    async def close(self) -> None:
        """It was closed when the statement was done."""

    def _run(self, driver: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> None:
        cursor = driver.execute(statement, parameters)
        try:
            self._rows = cursor.fetchall()
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    def _run_many(self, driver: sqlite3.Connection, statement: str, parameters: Sequence[Sequence[Any]]) -> None:
        cursor = driver.executemany(statement, parameters)
        self.rowcount = cursor.rowcount
        cursor.close()


class Connection(aiosqlite.Connection):
    """The driver's, with our cursors."""

    def cursor(self) -> Any:
        """See `Cursor`."""
        return Cursor(self)

    async def run_in_thread(self, act: Any, *arguments: Any) -> None:
        """Do something with the database in the driver's thread."""
        await self._execute(act, self._conn, *arguments)  # type: ignore[no-untyped-call]


async def connect(*arguments: Any, **options: Any) -> Connection:
    """A connection to the file that the dialect's arguments name.

    The driver would begin transactions by itself, too late and always deferred: here whoever uses it says BEGIN.
    """
    connection = Connection(partial(sqlite3.connect, *arguments, isolation_level=None, **options), _ITERATION)
    # As SQLAlchemy has it: who has lost a connection need not wait for its thread.
    connection._thread.daemon = True
    try:
        await connection
    except sqlite3.Error:
        connection._thread.join()  # it is about to end, and would call for a loop that may be gone by then
        raise
    return connection
