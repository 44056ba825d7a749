"""Migrations: what they make is what the tables say, once, whoever runs them."""

import asyncio

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from oauth.store.database import Database, database_url
from oauth.store.schema import migrate, missing_migrations
from oauth.store.tables import METADATA

REVISION = sa.table("alembic_version", sa.column("version_num"))


def _differences(connection: sa.Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, METADATA))


async def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_an_empty_database_is_told_from_a_migrated_one(empty: Database) -> None:
    assert "`python -m oauth migrate`" in await missing_migrations(empty)
    await migrate(empty)
    assert await missing_migrations(empty) == ""


async def test_a_database_that_is_ahead_will_do(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(sa.update(REVISION).values(version_num="9999"))
    assert await missing_migrations(database) == ""
    assert await migrate(database) == "9999"


async def test_of_several_that_migrate_at_once_one_works_and_the_others_find_nothing_to_do(url: str) -> None:
    databases = [Database(database_url(url)) for _ in range(4)]
    revisions = set(await asyncio.gather(*map(migrate, databases)))
    assert len(revisions) == 1
    assert await missing_migrations(databases[0]) == ""
    for database in databases:
        async with database:
            pass


async def test_a_migration_that_fails_leaves_nothing(empty: Database) -> None:
    async with empty.write() as connection:
        await connection.execute(sa.text("CREATE TABLE revocation_log (sequence INTEGER)"))
    with pytest.raises(sa.exc.DBAPIError):
        await migrate(empty)
    async with empty.read() as connection:
        names = await connection.run_sync(lambda inner: sa.inspect(inner).get_table_names())
    assert names == ["revocation_log"]
