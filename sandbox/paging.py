"""The order of a query, the key of its next page, and the SQL that starts behind a place.

Owns keysets: a page costs the same wherever it lies, and a record that comes or goes in between is neither repeated nor
hides another. Pure; it must not know filters or who asks.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import msgspec
import sqlalchemy as sa

from sandbox.declarations import Field
from sandbox.field_types import INT64, Storage, fold, is_integer
from sandbox.refusals import Code, Refusal, RefusedError, UnreadableError
from sandbox.tables import RecordTable


@dataclass(frozen=True, slots=True)
class Order:
    """By one field, then by id in the same direction; nulls last in both directions."""

    field: Field
    descending: bool


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: the (folded) value there, and the id."""

    value: str | int | None
    id: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the records that one index gives in order."""

    where: sa.ColumnElement[bool]
    order_by: tuple[sa.ColumnElement[object], ...]


def parse_order(sort: object, records: RecordTable) -> Order:
    """The order that `["-created_at", "-id"]` names; the id may be left out."""
    if not (isinstance(sort, list) and 1 <= len(sort) <= 2 and all(isinstance(part, str) and part for part in sort)):
        raise UnreadableError("sort: not one field and the id")
    descending = [part.startswith("-") for part in sort]
    names = [part.removeprefix("-") for part in sort]
    field = records.resource.field(names[0])
    if field is None or not field.sortable or names[1:] not in ([], ["id"]) or len(set(descending)) > 1:
        raise UnreadableError("sort: not an order that this resource has")
    return Order(field, descending[0])


def parse_after(after: object, order: Order) -> Position:
    """The place that `[1781769912250, 90211]` names; id 0 is ahead of every record there, if ids go up."""
    match after:
        case [value, int(record_id)] if is_integer(record_id) and _is_value(value, order.field):
            return Position(fold(value), record_id)
    raise UnreadableError("after: not a place in this order")


def encode_page_key(order: Order, last: Position) -> str:
    """The opaque key of the page behind `last`."""
    content = [order.field.name, order.descending, last.value, last.id]
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def decode_page_key(key: str, order: Order) -> Position:
    """The place that a key of ours names.

    Raises:
        RefusedError: E_BAD_KEY, for a key that is none or belongs to another order.
    """
    try:
        padded = key.encode("ascii") + b"=" * (-len(key) % 4)
        content = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeError, msgspec.MsgspecError, RecursionError):
        content = None
    match content:
        case [order.field.name, order.descending, value, int(record_id)] if is_integer(record_id):
            if _is_value(value, order.field):
                return Position(value, record_id)
    raise RefusedError(Refusal(Code.BAD_KEY, "after_key: not a key of this order"))


def _is_value(value: object, field: Field) -> TypeGuard[str | int | None]:
    if value is None:
        return field.nullable
    return isinstance(value, str) if field.kind.stored is Storage.TEXT else is_integer(value)


def position_of(record: Mapping[str, Any], order: Order) -> Position:
    """Where a record stands in an order."""
    value = record.get(order.field.name)
    return Position(fold(value) if order.field.kind.folds else value, record["id"])


def segments(order: Order, after: Position | None, records: RecordTable) -> list[Segment]:
    """The stretches that follow `after`, in turn: those of the same value, those behind it, those without one.

    Plain range scans instead of one ORDER BY … NULLS LAST: each is what an index (business, value, id) holds. Nor one
    comparison of (value, id): SQLite goes to the value by the index, and walks from there to the id.
    """
    value, record_id = records.folded(order.field), records.table.c.id
    by_id, by_value = _directed((record_id,), order), _directed((value, record_id), order)
    is_null = value.is_(None)
    if after is None:
        if not order.field.nullable:
            return [Segment(sa.true(), by_id if order.field.name == "id" else by_value)]
        lowest = "" if order.field.kind.stored is Storage.TEXT else INT64.start
        # Not `IS NOT NULL`: SQLite rates that alike for all indexes, and chance decides between them.
        return [Segment(value >= lowest, by_value), Segment(is_null, by_id)]
    behind_id = _behind(record_id, after.id, order)
    if order.field.name == "id":
        return [Segment(behind_id, by_id)]
    if after.value is None:
        return [Segment(sa.and_(is_null, behind_id), by_id)]
    tied = Segment(sa.and_(value == after.value, behind_id), by_id)
    behind = Segment(_behind(value, after.value, order), by_value)
    return [tied, behind, Segment(is_null, by_id)] if order.field.nullable else [tied, behind]


def _behind(place: sa.Column[Any], other: object, order: Order) -> sa.ColumnElement[bool]:
    return place < other if order.descending else place > other


def _directed(columns: tuple[sa.Column[object], ...], order: Order) -> tuple[sa.ColumnElement[object], ...]:
    return tuple(column.desc() if order.descending else column.asc() for column in columns)
