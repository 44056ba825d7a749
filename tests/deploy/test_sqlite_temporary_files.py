"""SQLite in a container whose root is read-only: there may be no folder for its temporary files."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from oauth.store.database import Database, database_url
from sandbox.database import Deadline
from sandbox.sqlite import Sqlite

IN_MEMORY = 2
"""What `PRAGMA temp_store` answers (https://sqlite.org/pragma.html#pragma_temp_store)."""


async def where_temporary_files_are(connection: AsyncConnection) -> object:
    return (await connection.execute(sa.text("PRAGMA temp_store"))).scalar_one()


@pytest.mark.parametrize("how", ["read", "write"])
async def test_the_authorization_servers_database_keeps_temporary_files_in_memory(how: str, tmp_path: Path) -> None:
    async with Database(database_url(f"sqlite:///{tmp_path}/oauth.db")) as database, getattr(database, how)() as opened:
        assert await where_temporary_files_are(opened) == IN_MEMORY


@pytest.mark.parametrize("how", ["reading", "writing"])
async def test_the_sandboxs_database_keeps_temporary_files_in_memory(how: str, tmp_path: Path) -> None:
    database = Sqlite(sa.make_url(f"sqlite+aiosqlite:///{tmp_path}/sandbox.db"))
    try:
        async with getattr(database, how)(Deadline.after(5)) as opened:
            assert await where_temporary_files_are(opened) == IN_MEMORY
    finally:
        await database.close()
