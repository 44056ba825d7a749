"""[pure] What the CRM only lists whole: filtered, searched, ordered and cut into pages here, on neutral values.

Knows no internal name. The order is the public one: nulls last in both directions, strings by code point after
lower-casing, ties by number in the same direction.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, assert_never

import msgspec

from transcoder.backend.interface import (
    AllOf,
    AnyOf,
    Condition,
    NotOf,
    Page,
    Query,
    Record,
    Tree,
    UnreadableRecord,
    UpdatedAfter,
)

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda stored, wanted: bool(stored == wanted),
    "in": lambda stored, wanted: stored in wanted,
    "gt": lambda stored, wanted: bool(stored > wanted),
    "gte": lambda stored, wanted: bool(stored >= wanted),
    "lt": lambda stored, wanted: bool(stored < wanted),
    "lte": lambda stored, wanted: bool(stored <= wanted),
    "between": lambda stored, wanted: bool(wanted[0] <= stored <= wanted[1]),
    "contains": lambda stored, wanted: wanted.lower() in stored.lower(),
    "starts_with": lambda stored, wanted: bool(stored.lower().startswith(wanted.lower())),
    "has_any": lambda stored, wanted: not _folded(wanted).isdisjoint(_folded(stored)),
    "has_all": lambda stored, wanted: _folded(wanted) <= _folded(stored),
}
"""What a value that is there, and not empty, must be to pass."""
_OPPOSITES = {"neq": "eq", "not_in": "in", "has_none": "has_any"}
"""These match whatever their opposites do not, null included."""
_WORD = re.compile(r"[^\W_]+")


class InvalidPosition(Exception):
    """A place that this order does not have."""


def page_in_memory(records: Iterable[Record | UnreadableRecord], query: Query, searched: Sequence[str] = ()) -> Page:
    """The page that `query` asks for, its text looked for in the members `searched`; raises InvalidPosition.

    Of what cannot be read nobody knows whether it would be found, or where: the first page tells of it.
    """
    records = list(records)
    unreadable = [each for each in records if isinstance(each, UnreadableRecord) and query.place is None]
    readable = (each for each in records if isinstance(each, Record))
    found = [record for record in readable if query.where is None or matches(query.where, record)]
    if query.text is not None:
        wanted = words(query.text)
        found = [record for record in found if _speaks_of(record, searched, wanted)]
    ordered = _ordered(found, query)
    if query.place is not None:
        behind = _behind(query)
        ordered = [record for record in ordered if behind(record)]
    rows = ordered[: query.limit]
    more = len(ordered) > len(rows)
    place = msgspec.json.encode(_key(rows[-1], query.order_by)).decode() if more else None
    return Page([*unreadable, *rows], place, len(found) if query.with_total else None)


def matches(tree: Tree, record: Record) -> bool:
    """Whether the record passes."""
    match tree:
        case AllOf(parts=parts):
            return all(matches(part, record) for part in parts)
        case AnyOf(parts=parts):
            return any(matches(part, record) for part in parts)
        case NotOf(part=part):
            return not matches(part, record)
        case Condition(field=field, operator=operator, value=value):
            return _passes(operator, record.number if field == "id" else record.values.get(field), value)
        case _:
            assert_never(tree)


def _passes(operator: str, stored: Any, wanted: Any) -> bool:
    if operator == "is_null":
        return (stored is None) is wanted
    if operator == "is_empty":
        return (not stored) is wanted
    if operator in _OPPOSITES:
        return not _passes(_OPPOSITES[operator], stored, wanted)
    return stored is not None and stored != () and _TESTS[operator](stored, wanted)


def _folded(values: Iterable[Any]) -> set[Any]:
    return {value.lower() if isinstance(value, str) else value for value in values}


def words(text: str) -> list[str]:
    """List the words of a text: runs of letters and digits, without case and accents."""
    letters = (letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn")
    return _WORD.findall(unicodedata.normalize("NFC", "".join(letters)).casefold())


def _speaks_of(record: Record, searched: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether each wanted word begins a word of one of the members."""
    own = [word for name in searched for word in words(str(record.values.get(name) or ""))]
    return all(any(word.startswith(each) for word in own) for each in wanted)


def _key(record: Record, order_by: str) -> tuple[Any, int]:
    value = record.values.get(order_by)
    return (value.lower() if isinstance(value, str) else value), record.number


def _ordered(records: list[Record], query: Query) -> list[Record]:
    def key(record: Record) -> tuple[Any, int]:
        return _key(record, query.order_by)

    filled = [record for record in records if record.values.get(query.order_by) is not None]
    empty = [record for record in records if record.values.get(query.order_by) is None]
    filled.sort(key=key, reverse=query.descending)
    empty.sort(key=lambda record: record.number, reverse=query.descending)
    return filled + empty


def _behind(query: Query) -> Callable[[Record], bool]:
    """Whether a record comes after the place."""
    value, number = _read(query.place)

    def behind(record: Record) -> bool:
        own, own_number = _key(record, query.order_by)
        if own is None or value is None:
            alike, later = own is value, own is None
        elif type(own) is type(value):
            alike, later = own == value, own < value if query.descending else own > value
        else:
            raise InvalidPosition
        if alike:
            return own_number < number if query.descending else own_number > number
        return bool(later)

    return behind


def _read(place: str | UpdatedAfter | None) -> tuple[Any, int]:
    if isinstance(place, UpdatedAfter):
        return place.updated_at_ms, place.number
    try:
        value, number = msgspec.json.decode(place or "", type=tuple[str | int | None, int])
    except msgspec.MsgspecError:
        raise InvalidPosition from None
    return value, number
