"""The database, whichever it is: one suite over SQLite and a real PostgreSQL."""

import asyncio
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from oauth.store.database import Database, DatabaseUnavailable, database_url
from oauth.store.schema import migrate
from oauth.store.tables import REVOCATION_HEAD
from tests.support.postgres import Server

SEQUENCE = REVOCATION_HEAD.c.sequence


async def sequence(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(sa.select(SEQUENCE))).scalar_one())


async def one_more(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(sa.update(REVOCATION_HEAD).values(sequence=SEQUENCE + 1))


async def test_what_was_written_is_read(database: Database) -> None:
    await one_more(database)
    assert await sequence(database) == 1


async def test_nothing_is_written_when_something_is_raised(database: Database) -> None:
    with pytest.raises(KeyError):
        async with database.write() as connection:
            await connection.execute(sa.update(REVOCATION_HEAD).values(sequence=7))
            raise KeyError
    assert await sequence(database) == 0


async def test_parallel_writes_of_several_processes_are_all_kept(database: Database, url: str) -> None:
    async with Database(database_url(url)) as another:
        await asyncio.gather(*(one_more(each) for each in (database, another) for _ in range(20)))
    assert await sequence(database) == 40


async def test_a_snapshot_does_not_see_what_is_written_beside_it(database: Database) -> None:
    async with database.read() as connection:
        before = (await connection.execute(sa.select(SEQUENCE))).scalar_one()
        await one_more(database)
        assert (await connection.execute(sa.select(SEQUENCE))).scalar_one() == before
    assert await sequence(database) == before + 1


@pytest.mark.parametrize(
    "url",
    ["sqlite:////no/such/folder/oauth.db", "postgresql://tests:hidden@127.0.0.1:1/oauth"],
    ids=["a folder that is not there", "a closed port"],
)
async def test_a_database_that_cannot_be_reached_is_lost(url: str) -> None:
    async with Database(database_url(url)) as database:
        with pytest.raises(DatabaseUnavailable) as told:
            async with database.read():
                pass
    assert "hidden" not in str(told.value)


NOT_LET_IN = {
    "for somebody whom the server does not know": lambda url: url.replace("tests@", "stranger:hidden@"),
    "for a database that is not there": lambda url: url.replace("/test_", "/no_"),
}


@pytest.mark.parametrize("wrong", NOT_LET_IN.values(), ids=NOT_LET_IN.keys())
async def test_a_server_that_does_not_let_us_in_is_lost(postgres: Server, wrong: Callable[[str], str]) -> None:
    async with Database(database_url(wrong(postgres.new_database()))) as database:
        with pytest.raises(DatabaseUnavailable) as told:
            await migrate(database)
    assert "hidden" not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "oauth.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://u:hidden@host/oauth",
        "postgresql+psycopg://u:hidden@h/o",
    ],
)
def test_what_is_no_url_of_a_database_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(ValueError) as told:
        database_url(text)
    assert "hidden" not in str(told.value)


async def test_a_statement_that_is_wrong_is_no_loss(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        async with database.read() as connection:
            await connection.execute(sa.text("SELECT nothing FROM nowhere"))


async def test_a_look_sees_what_was_written_a_moment_ago(database: Database, url: str) -> None:
    statement = str(sa.select(SEQUENCE))
    async with database.read_autocommit() as look, Database(database_url(url)) as another:
        for expected in (1, 2, 3):
            await one_more(another)
            assert await look(statement) == expected


async def test_a_look_at_what_is_not_there_is_a_loss(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database.read_autocommit() as look:
            await look("SELECT nothing FROM nowhere")
