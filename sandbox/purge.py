"""Deleted records go for good after 30 days, and nobody is left holding their ids.

Owns what a purge changes beside the record: holders lose the id, a note or an activity without a link is deleted. Both
clocks come in: by which one it is decided that a record is due, and at which instant that is written. It must not know
requests.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox import records as store
from sandbox.caller_context import next_instant
from sandbox.database import Database, Deadline
from sandbox.declarations import Field, OneOf
from sandbox.field_types import Value
from sandbox.records import Record
from sandbox.tables import DELETED, TABLES, RecordTable

KEPT_MS = 30 * 24 * 60 * 60 * 1000
PATIENCE_S = 30.0
# Holders first: a deal goes before its stage, a stage before its pipeline, so that no live record ever loses either.
ORDER = ("activity_log", "notes", "tasks", "deals", "contacts", "companies", "stages", "pipelines")


async def purge(database: Database, *, due_at_ms: int, now_ms: int) -> int:
    """Purge what was deleted 30 days before `due_at_ms`, each record in a transaction of its own; returns how many."""
    purged = 0
    for path in ORDER:
        async with database.reading(Deadline.after(PATIENCE_S)) as connection:
            due = await _due(connection, TABLES[path], due_at_ms - KEPT_MS)
        for business_id, record_id in due:
            async with database.writing(Deadline.after(PATIENCE_S)) as connection:
                purged += await _purge(connection, TABLES[path], business_id, record_id, due_at_ms, now_ms)
    return purged


async def _due(connection: AsyncConnection, records: RecordTable, before_ms: int) -> list[tuple[int, int]]:
    table = records.table
    found = sa.select(table.c.business_id, table.c.id).where(DELETED, table.c.deleted_at <= before_ms)
    return [(row.business_id, row.id) for row in await connection.execute(found.order_by(table.c.id))]


async def _purge(
    connection: AsyncConnection, records: RecordTable, business_id: int, record_id: int, due_at_ms: int, now_ms: int
) -> int:
    at_ms = await next_instant(connection, business_id, now_ms=now_ms)
    record = await store.find(connection, records, business_id, record_id)
    if record is None or not record["is_deleted"] or int(str(record["deleted_at"])) > due_at_ms - KEPT_MS:
        return 0  # it has come back in between
    for holders, field in _references(records.resource.path):
        for holder in await _holders(connection, holders, field, business_id, record_id):
            changes = _without(holder, field, record_id) | _gone_with(holders, holder, field, at_ms)
            moved = {**changes, "revision": int(str(holder["revision"])) + 1, "updated_at": at_ms}
            await store.change(connection, holders, business_id, holder, moved)
    await store.remove(connection, records, business_id, record)
    return 1


def _references(path: str) -> Iterator[tuple[RecordTable, Field]]:
    """Where records of a resource are held by callers' writes."""
    for records in TABLES.values():
        for field in records.resource.fields:
            if field.refers_to == path and not field.server and (field.nullable or field.kind.stored.is_set):
                yield records, field


async def _holders(
    connection: AsyncConnection, holders: RecordTable, field: Field, business_id: int, record_id: int
) -> list[Record]:
    table = holders.table
    if field.kind.stored.is_set:
        items = holders.items[field.name]
        here = (items.c.business_id == business_id, items.c.item == record_id)
        holding: sa.ColumnElement[bool] = table.c.id.in_(sa.select(items.c.record_id).where(*here))
    else:
        holding = table.c[field.name] == record_id
    return await store.read(connection, holders, table.c.business_id == business_id, holding)


def _without(holder: Record, field: Field, record_id: int) -> dict[str, Value | None]:
    value = holder[field.name]
    return {field.name: [item for item in value if item != record_id] if isinstance(value, list) else None}


def _gone_with(holders: RecordTable, holder: Record, field: Field, at_ms: int) -> dict[str, Value | None]:
    """A live record that loses its last link is deleted in the same step, so that a change feed sees it go."""
    rules = [rule for rule in holders.resource.rules if isinstance(rule, OneOf) and field.name in rule.fields]
    linked = all(any(name in holder and name != field.name for name in rule.fields) for rule in rules)
    return {} if linked or holder["is_deleted"] else {"is_deleted": 1, "deleted_at": at_ms}
