"""The rows beside a record that it is searched by: items of its sets, values of its own fields, words.

Owns keeping them in step with the record, in the transaction of its write. It must not know queries.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.field_types import Value, fold, millionths
from sandbox.tables import RecordTable
from sandbox.text_search import words_in

Row = dict[str, Any]


async def write_rows(
    connection: AsyncConnection,
    records: RecordTable,
    business_id: int,
    record_id: int,
    stored: dict[str, Value],
    wanted: dict[str, Value],
) -> None:
    """Turn the rows of a record as `stored` into those of the record as `wanted`; {} is no record."""
    for name, table in records.items.items():
        if stored.get(name, []) != wanted.get(name, []):
            await _replace(connection, table, record_id, list(item_rows(business_id, record_id, wanted.get(name, []))))
    if records.custom is not None and stored.get("custom", []) != wanted.get("custom", []):
        rows = list(custom_rows(business_id, record_id, wanted.get("custom", [])))
        await _replace(connection, records.custom, record_id, rows)
    if records.words is not None:
        await _write_words(connection, records.words, business_id, record_id, stored, wanted, records)


async def _replace(connection: AsyncConnection, table: sa.Table, record_id: int, rows: list[Row]) -> None:
    await connection.execute(table.delete().where(table.c.record_id == record_id))
    if rows:
        await connection.execute(table.insert(), rows)


async def _write_words(
    connection: AsyncConnection,
    table: sa.Table,
    business_id: int,
    record_id: int,
    stored: dict[str, Value],
    wanted: dict[str, Value],
    records: RecordTable,
) -> None:
    before, after = set(words_in(records, stored)), set(words_in(records, wanted))
    if gone := list(before - after):
        here = (table.c.business_id == business_id, table.c.record_id == record_id, table.c.word.in_(gone))
        await connection.execute(table.delete().where(*here))
    if come := sorted(after - before):
        rows = [{"business_id": business_id, "word": word, "record_id": record_id} for word in come]
        await connection.execute(table.insert(), rows)


def item_rows(business_id: int, record_id: int, items: Any) -> Iterator[Row]:
    """A row per item of a set."""
    for item in items:
        yield {"record_id": record_id, "business_id": business_id, "item": fold(item)}


def custom_rows(business_id: int, record_id: int, entries: Any) -> Iterator[Row]:
    """A row per value of an own field, or per item of it."""
    for entry in entries:
        value = entry["value"]
        for place, item in enumerate(value if isinstance(value, list) else [value]):
            is_text = isinstance(item, str)
            yield {
                "record_id": record_id,
                "field_id": entry["field_id"],
                "place": place,
                "business_id": business_id,
                "text": item if is_text else None,
                "folded": fold(item) if is_text else None,
                "number": None if is_text else millionths(item),
            }
