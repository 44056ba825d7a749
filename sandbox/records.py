"""Records in and out of their tables, whatever the resource.

Owns the statements. It must not know permissions, rules or requests: what it is told to write, it writes.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.bodies import Query
from sandbox.declarations import Field, Unique
from sandbox.field_types import Value, fold
from sandbox.paging import encode_page_key, position_of, segments
from sandbox.search_rows import write_rows
from sandbox.tables import DELETED, LIVE, TABLES, WORDS, RecordTable, folded_name
from sandbox.text_search import joined, narrowing, words_in

Record: TypeAlias = dict[str, Value]
# What `with_deleted` 0, 1 and 2 add to a query: exclude, include, only.
WITH_DELETED: tuple[tuple[sa.ColumnElement[bool], ...], ...] = ((LIVE,), (), (DELETED,))
Paging: TypeAlias = dict[str, int | bool | str | None]


def to_records(rows: Iterable[sa.Row[Any]], records: RecordTable) -> list[Record]:
    """Rows of what is shown as the dialect speaks them: a null is a member left out."""
    names = [column.name for column in records.shown]
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None} for row in rows]


async def read(
    connection: AsyncConnection,
    records: RecordTable,
    *wanted: sa.ColumnElement[bool],
    order: Iterable[sa.ColumnElement[Any]] = (),
) -> list[Record]:
    """All records that are so."""
    return to_records(await connection.execute(sa.select(*records.shown).where(*wanted).order_by(*order)), records)


async def find(connection: AsyncConnection, records: RecordTable, business_id: int, record_id: int) -> Record | None:
    """The record of that id, deleted or not."""
    return (await find_all(connection, records, business_id, [record_id])).get(record_id)


async def find_all(
    connection: AsyncConnection, records: RecordTable, business_id: int, ids: Iterable[int]
) -> dict[int, Record]:
    """The records of those ids that there are, deleted or not."""
    columns = records.table.c
    found = await read(connection, records, columns.id.in_(list(ids)), columns.business_id == business_id)
    return {cast("int", record["id"]): record for record in found}


async def with_children(connection: AsyncConnection, records: RecordTable, found: list[Record]) -> list[Record]:
    """The records with those that are shown with them."""
    children = records.resource.children
    if children is None or not found:
        return found
    shown: dict[Value, list[Record]] = {record["id"]: [] for record in found}
    theirs = TABLES[children.path]
    holder, place = theirs.table.c[children.field], theirs.table.c[children.order]
    for child in await read(connection, theirs, holder.in_(list(shown)), LIVE, order=(holder, place)):
        shown[child[children.field]].append(child)
    return [{**record, children.path: shown[record["id"]]} for record in found]


async def page(
    connection: AsyncConnection, records: RecordTable, business_id: int, query: Query
) -> tuple[list[Record], Paging]:
    """One page of a query, and where the next one begins."""
    narrow = await narrowing(connection, records, business_id, query.words)
    found: list[Record] = []
    for stretch in stretches(records, business_id, query):
        some = stretch.where(*narrow).limit(query.limit + 1 - len(found))
        found += to_records(await connection.execute(some), records)
        if len(found) > query.limit:
            break
    shown, has_more = found[: query.limit], len(found) > query.limit
    next_key = encode_page_key(query.order, position_of(shown[-1], query.order)) if has_more else None
    paging: Paging = {"limit": query.limit, "has_more": has_more, "next_key": next_key}
    if query.with_total:
        wanted = [*_wanted(records, business_id, query), *narrow]
        paging["total"] = await count(connection, records.table, wanted)
    return shown, paging


def stretches(records: RecordTable, business_id: int, query: Query) -> list[sa.Select[Any]]:
    """The statements that give, in turn, what follows the query's place."""
    wanted = _wanted(records, business_id, query)
    return [
        sa.select(*records.shown).where(*wanted, segment.where).order_by(*segment.order_by)
        for segment in segments(query.order, query.after, records)
    ]


def _wanted(records: RecordTable, business_id: int, query: Query) -> list[sa.ColumnElement[bool]]:
    return [records.table.c.business_id == business_id, query.where, *WITH_DELETED[query.with_deleted]]


async def offset_page(
    connection: AsyncConnection,
    records: RecordTable,
    wanted: list[sa.ColumnElement[bool]],
    *,
    limit: int,
    offset: int,
) -> tuple[list[Record], Paging]:
    """A stretch of the records that are wanted, by id."""
    table = records.table
    found = sa.select(*records.shown).where(*wanted).order_by(table.c.id).limit(limit).offset(offset)
    rows = (await connection.execute(found)).all()
    paging: Paging = {"limit": limit, "offset": offset, "total": await count(connection, table, wanted)}
    return to_records(rows, records), paging


async def count(connection: AsyncConnection, table: sa.Table, wanted: Iterable[sa.ColumnElement[bool]]) -> int:
    """How many there are."""
    return int((await connection.execute(sa.select(sa.func.count()).select_from(table).where(*wanted))).scalar_one())


async def insert(connection: AsyncConnection, records: RecordTable, business_id: int, record: Record) -> Record:
    """Write a new record; returns it with its id."""
    columns = dict(columns_of(records, record, record))
    written = records.table.insert().values(business_id=business_id, **columns).returning(*records.shown)
    row = (await connection.execute(written)).one()
    await write_rows(connection, records, business_id, row.id, {}, record)
    return to_records([row], records)[0]


async def change(
    connection: AsyncConnection,
    records: RecordTable,
    business_id: int,
    stored: Record,
    changes: Mapping[str, Value | None],
) -> Record:
    """Write some fields of a record, None for null; returns it as it is then."""
    table = records.table
    wanted = {name: value for name, value in {**stored, **changes}.items() if value is not None}
    columns = dict(columns_of(records, changes, wanted))
    written = table.update().where(table.c.id == stored["id"]).values(columns).returning(*records.shown)
    row = (await connection.execute(written)).one()
    await write_rows(connection, records, business_id, row.id, stored, wanted)
    return to_records([row], records)[0]


async def remove(connection: AsyncConnection, records: RecordTable, business_id: int, stored: Record) -> None:
    """Take a record away for good."""
    record_id = stored["id"]
    await write_rows(connection, records, business_id, int(str(record_id)), stored, {})
    await connection.execute(records.table.delete().where(records.table.c.id == record_id))


def columns_of(
    records: RecordTable, changes: Mapping[str, Value | None], wanted: Record
) -> Iterator[tuple[str, Value | None]]:
    """The columns that changes write, on the way to the record that is wanted."""
    for field in records.resource.fields:
        if field.name in changes:
            value = changes[field.name]
            yield field.name, value
            if field.kind.folds:
                yield folded_name(field), fold(value)
    if any(field.name in changes for field in records.resource.searched):
        yield WORDS, joined(words_in(records, wanted))


async def has_live(connection: AsyncConnection, target: RecordTable, business_id: int, record_id: int) -> bool:
    """Whether a reference may name that record: it is there, not deleted, and active where that is a question."""
    record = await find(connection, target, business_id, record_id)
    return record is not None and not record.get("is_deleted", 0) and bool(record.get("is_active", 1))


async def live_ids(
    connection: AsyncConnection, records: RecordTable, business_id: int, field: Field, value: Value, *, most: int
) -> list[int]:
    """Up to `most` live records with a value, exactly."""
    table = records.table
    found = sa.select(table.c.id).where(table.c.business_id == business_id, table.c[field.name] == value, LIVE)
    return list((await connection.execute(found.order_by(table.c.id).limit(most))).scalars())


async def twin_of(
    connection: AsyncConnection, records: RecordTable, business_id: int, field: Field, wanted: Record
) -> int | None:
    """The other live record, if any, that has the value already which the one that is wanted must have alone."""
    unique, table, value = field.unique, records.table, wanted[field.name]
    if unique is None:
        return None
    same = records.folded(field) == fold(value) if unique.any_case else table.c[field.name] == value
    found = sa.select(table.c.id).where(table.c.business_id == business_id, same, LIVE, *_within(unique, table, wanted))
    others = found.where(table.c.id != wanted["id"]) if "id" in wanted else found
    return (await connection.execute(others.limit(1))).scalar_one_or_none()


def _within(unique: Unique, table: sa.Table, wanted: Record) -> list[sa.ColumnElement[bool]]:
    return [table.c[unique.within] == wanted[unique.within]] if unique.within else []
