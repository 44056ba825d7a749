"""The first content of an empty database: the directory's businesses, and some records to look at for each.

Owns what is written in which order. It must not know requests; a database that has a business already is left as it is.
"""

import time
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox import demo, records
from sandbox.database import Database, Deadline
from sandbox.directory import Business, Directory, enter, missing_from
from sandbox.planner_statistics import assume
from sandbox.records import Record
from sandbox.tables import METADATA, TABLES

START_S = 30.0


async def prepare(database: Database, directory: Directory) -> None:
    """Make the tables, enter the businesses that are missing, and give them their demo records."""
    async with database.preparing(Deadline.after(START_S)) as connection:
        await connection.run_sync(METADATA.create_all)
        if connection.dialect.name == "sqlite":  # PostgreSQL's planner counts by itself
            await connection.run_sync(assume)
        now_ms = time.time_ns() // 1_000_000
        for business in await missing_from(connection, directory):
            await enter(connection, business, now_ms=now_ms)
            await _Furniture(connection, business, now_ms).bring_in()


class _Furniture:
    """The demo records of one business."""

    def __init__(self, connection: AsyncConnection, business: Business, now_ms: int) -> None:
        self._connection = connection
        self._business = business
        owners = [person.id for person in business.users if person.active and person.role != "viewer"]
        self._scene = demo.Scene(owners, business.default_currency, now_ms)

    async def bring_in(self) -> None:
        """Write them; a business without anyone to own records has its settings only."""
        fields = await self._enter("field_defs", demo.field_defs(self._scene.now_ms))
        stages = await self._pipelines()
        if not self._scene.owners:
            return
        companies = await self._ids("companies", demo.companies(self._scene))
        tier = int(str(fields[0]["id"]))
        contacts = await self._ids("contacts", demo.contacts(self._scene, companies, tier))
        deals = await self._ids("deals", demo.deals(self._scene, stages, companies, contacts))
        await self._enter("tasks", demo.tasks(self._scene, contacts, deals))
        await self._enter("notes", demo.notes(self._scene, contacts, companies))
        await self._enter("activity_log", demo.activities(self._scene, contacts, deals))

    async def _pipelines(self) -> list[Record]:
        """All of the stages."""
        stamps = demo.stamps(self._scene.now_ms - 500 * demo.HOUR_MS)
        stages: list[Record] = []
        for name, is_default, chances in demo.PIPELINES:
            pipeline: Record = {"name": name, "is_default": is_default, **stamps}
            (made,) = await self._enter("pipelines", [pipeline])
            rows: list[Record] = [
                {"pipeline_id": made["id"], "name": stage, "sort_index": n + 1, "win_percent": percent, **stamps}
                for n, (stage, percent) in enumerate(chances)
            ]
            stages += await self._enter("stages", rows)
        return stages

    async def _ids(self, path: str, made: Iterable[Record]) -> list[int]:
        return [int(str(record["id"])) for record in await self._enter(path, made)]

    async def _enter(self, path: str, made: Iterable[Record]) -> list[Record]:
        return [await records.insert(self._connection, TABLES[path], self._business.id, record) for record in made]
