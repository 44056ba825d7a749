"""Records in and out of their tables, whatever the resource.

Owns the statements. It must not know permissions, rules or requests: what it is told to write, it writes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.bodies import Query
from sandbox.kinds import Value
from sandbox.paging import position_of, seal_key, segments
from sandbox.resources import Field, Resource
from sandbox.tables import DELETED, LIVE, RecordTable, folded_name

Record: TypeAlias = dict[str, Value]
# What `with_deleted` 0, 1 and 2 add to a query: exclude, include, only.
WITH_DELETED: tuple[tuple[sa.ColumnElement[bool], ...], ...] = ((LIVE,), (), (DELETED,))
Paging: TypeAlias = dict[str, int | bool | str | None]


def to_record(row: sa.RowMapping, resource: Resource) -> Record:
    """A row as the dialect speaks it: a null is a member left out."""
    return {field.name: row[field.name] for field in resource.fields if row[field.name] is not None}


async def find(connection: AsyncConnection, records: RecordTable, business_id: int, record_id: int) -> Record | None:
    """The record of that id, deleted or not."""
    table = records.table
    found = sa.select(table).where(table.c.id == record_id, table.c.business_id == business_id)
    row = (await connection.execute(found)).mappings().one_or_none()
    return None if row is None else to_record(row, records.resource)


async def page(
    connection: AsyncConnection, records: RecordTable, business_id: int, query: Query
) -> tuple[list[Record], Paging]:
    """One page of a query, and where the next one begins."""
    rows: list[sa.RowMapping] = []
    for found in stretches(records, business_id, query):
        rows += (await connection.execute(found.limit(query.limit + 1 - len(rows)))).mappings()
        if len(rows) > query.limit:
            break
    shown, has_more = rows[: query.limit], len(rows) > query.limit
    next_key = seal_key(query.order, position_of(shown[-1], query.order)) if has_more else None
    paging: Paging = {"limit": query.limit, "has_more": has_more, "next_key": next_key}
    if query.with_total:
        paging["total"] = await _count(connection, records.table, _wanted(records, business_id, query))
    return [to_record(row, records.resource) for row in shown], paging


def stretches(records: RecordTable, business_id: int, query: Query) -> list[sa.Select[Any]]:
    """The statements that give, in turn, what follows the query's place."""
    wanted = _wanted(records, business_id, query)
    return [
        sa.select(records.table).where(*wanted, segment.where).order_by(*segment.order_by)
        for segment in segments(query.order, query.after, records)
    ]


def _wanted(records: RecordTable, business_id: int, query: Query) -> list[sa.ColumnElement[bool]]:
    return [records.table.c.business_id == business_id, query.where, *WITH_DELETED[query.with_deleted]]


async def offset_page(
    connection: AsyncConnection, records: RecordTable, business_id: int, *, limit: int, offset: int
) -> tuple[list[Record], Paging]:
    """A stretch of all records, by id."""
    table = records.table
    here = [table.c.business_id == business_id]
    found = sa.select(table).where(*here).order_by(table.c.id).limit(limit).offset(offset)
    rows = (await connection.execute(found)).mappings()
    paging: Paging = {"limit": limit, "offset": offset, "total": await _count(connection, table, here)}
    return [to_record(row, records.resource) for row in rows], paging


async def _count(connection: AsyncConnection, table: sa.Table, wanted: list[sa.ColumnElement[bool]]) -> int:
    return int((await connection.execute(sa.select(sa.func.count()).select_from(table).where(*wanted))).scalar_one())


async def insert(connection: AsyncConnection, records: RecordTable, business_id: int, record: Record) -> Record:
    """Write a new record; returns it with its id."""
    columns = dict(_columns(records.resource, record))
    written = records.table.insert().values(business_id=business_id, **columns).returning(records.table)
    row = (await connection.execute(written)).mappings().one()
    await _write_items(connection, records, business_id, row["id"], record)
    return to_record(row, records.resource)


async def change(
    connection: AsyncConnection,
    records: RecordTable,
    business_id: int,
    record_id: int,
    changes: Mapping[str, Value | None],
) -> Record:
    """Write some fields of a record, None for null; returns it as it is then."""
    table = records.table
    columns = dict(_columns(records.resource, changes))
    written = table.update().where(table.c.id == record_id).values(columns).returning(table)
    row = (await connection.execute(written)).mappings().one()
    for name in records.items.keys() & changes.keys():
        items = records.items[name]
        await connection.execute(items.delete().where(items.c.record_id == record_id))
    await _write_items(connection, records, business_id, record_id, changes)
    return to_record(row, records.resource)


def _columns(resource: Resource, values: Mapping[str, Value | None]) -> Iterator[tuple[str, Value | None]]:
    for field in resource.fields:
        if field.name in values:
            value = values[field.name]
            yield field.name, value
            if field.kind.folds:
                yield folded_name(field), value.lower() if isinstance(value, str) else None


async def _write_items(
    connection: AsyncConnection,
    records: RecordTable,
    business_id: int,
    record_id: int,
    values: Mapping[str, Value | None],
) -> None:
    for name, table in records.items.items():
        value = values.get(name)
        if isinstance(value, list) and value:
            rows = [{"record_id": record_id, "business_id": business_id, "item": item.lower()} for item in value]
            await connection.execute(table.insert(), rows)


async def has_live(connection: AsyncConnection, target: RecordTable, business_id: int, record_id: int) -> bool:
    """Whether a reference may name that record: it is there, not deleted, and active where that is a question."""
    record = await find(connection, target, business_id, record_id)
    return record is not None and not record.get("is_deleted", 0) and bool(record.get("is_active", 1))


async def twin_of(
    connection: AsyncConnection, records: RecordTable, business_id: int, field: Field, value: Value, *, but: int | None
) -> int | None:
    """The live record, if any, that has `value` already; `but` is the one that may."""
    table = records.table
    found = sa.select(table.c.id).where(table.c.business_id == business_id, table.c[field.name] == value, LIVE)
    others = found if but is None else found.where(table.c.id != but)
    return (await connection.execute(others.limit(1))).scalar_one_or_none()
