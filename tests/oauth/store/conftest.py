"""A database of each kind, empty or with this version's tables."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from oauth.store.database import Database, database_url
from oauth.store.schema import migrate
from tests.support.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, as an operator would write it."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        return server.new_database()
    return f"sqlite:///{tmp_path}/oauth.db"


@pytest.fixture
async def empty(url: str) -> AsyncIterator[Database]:
    """A database without tables."""
    async with Database(database_url(url)) as database:
        yield database


@pytest.fixture
async def database(empty: Database) -> Database:
    """A database with this version's tables."""
    await migrate(empty)
    return empty
