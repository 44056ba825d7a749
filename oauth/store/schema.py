"""Bringing a database to this version's tables, and telling whether it is there already. Alembic does the work.

Knows revisions; not what a table is for.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from oauth.store.database import Database

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_411_236  # an advisory lock: any number that nobody else takes


async def migrate(database: Database) -> str:
    """Run the migrations that are missing, all or none of them; returns the revision then. Raises DatabaseUnavailable.

    Of several at once one works and the others wait, then find nothing to do. Nor is there in a database that is ahead
    of us, as after a release was taken back.
    """
    async with database.write() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if not _ahead(await connection.run_sync(_revision)):
            await connection.run_sync(_upgrade)
        return await connection.run_sync(_revision) or ""


async def missing_migrations(database: Database) -> str:
    """What has to be done before this version can serve, in a line; empty if nothing. Raises DatabaseUnavailable.

    A database that is ahead of us is none of that: migrations only add, and while a release is rolled out the old
    processes go on beside the new tables.
    """
    async with database.read() as connection:
        found = await connection.run_sync(_revision)
    newest = _ours()[0]
    if found == newest or _ahead(found):
        return ""
    return f"the database is at revision {found or 'none'} and {newest} is needed: run `python -m oauth migrate`"


def _upgrade(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    upgrade(config, "head")


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _ours() -> list[str]:
    """Revisions that this version knows, the newest first."""
    return [script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()]


def _ahead(found: str | None) -> bool:
    return found is not None and found not in _ours()
