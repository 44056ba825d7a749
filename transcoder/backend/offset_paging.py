"""Pages behind a place, of a service that only knows offsets.

A place is the sort key of the last record shown, so that what is inserted or deleted meanwhile is neither shown twice
nor makes another vanish; the offset in it is only where to look first. Each page is cut out of one answer.

The key is the service's own and stands beside the record: an instant in microseconds orders rows that the record, in
milliseconds, shows as equal. Rows of one key must be ordered by id in the same direction. Rows that are in another
order are refused (502 `upstream-invalid`): a page behind a place in them would pass rows over in silence.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any, Protocol

import msgspec

from contract.problems import INVALID_CURSOR
from transcoder.backend import refusal_causes
from transcoder.backend.interface import Page, Query, Record, Refusal, UnreadableRecord, UpdatedAfter
from transcoder.backend.json_calls import to_neutral, unusable_response

Key = int | str | tuple[int | str, ...]
"""A sort key, as JSON can hold it."""


@dataclass(frozen=True, slots=True)
class OffsetRows:
    """What stands at an offset, and how many there are in all.

    `keys`: of each record, what the service orders by, as fine as the service has it; never null.
    """

    records: Sequence[Record | UnreadableRecord]
    keys: Sequence[Key]
    total: int

    @classmethod
    def of(cls, form: type["SourceRow"], rows: Sequence[msgspec.Raw], order_by: str, total: int) -> "OffsetRows":
        """Read a service's own rows, each by itself: one that is not of the form does not take the others.

        The keys are the rows' attribute of that name. Raises ApiError, a 502, for a row whose number or key cannot be
        read: where it stands is not known then.
        """
        read = [_read_row(form, raw, order_by) for raw in rows]
        return cls([record for record, _ in read], [_key(key) for _, key in read], total)


class SourceRow(Protocol):
    """A row as the service tells it, a struct of msgspec; its instants are of one time zone."""

    number: Any

    def record(self) -> Record:
        """Make a neutral record of it."""


def _read_row(form: type[SourceRow], raw: msgspec.Raw, order_by: str) -> tuple[Record | UnreadableRecord, Any]:
    try:
        row = msgspec.json.decode(raw, type=form)
        return row.record(), getattr(row, order_by)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        cause = refusal_causes.describe_decode_error(fault)
    except Exception as fault:
        cause = f"the dialect failed with {type(fault).__name__}"
    try:
        place = msgspec.json.decode(raw, type=_place_of(form, order_by))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise unusable_response(cause, writes=False) from None
    return UnreadableRecord(to_neutral(place.number), cause), getattr(place, order_by)


@cache
def _place_of(form: type[SourceRow], order_by: str) -> Any:
    """A struct with nothing but a row's number and its key."""
    struct: Any = form
    rows = {row.name: row for row in msgspec.structs.fields(struct)}
    members = [(name, rows[name].type, msgspec.field(name=rows[name].encode_name)) for name in ("number", order_by)]
    return msgspec.defstruct("Place", members)


def _key(value: Any) -> Key:
    key: Key = value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value
    return key


FetchRows = Callable[[int, int], Awaitable[OffsetRows | Refusal]]
"""(offset, at most so many) → rows in the query's order."""


@dataclass(frozen=True, slots=True)
class _Position:
    """`key` None: before all, or, with `since_ms`, before what was updated then. `offset`: where its record stood.

    `known`: the number of a record that the caller of a bookmark has seen.
    """

    key: tuple[Key, int] | None
    offset: int
    since_ms: int | None = None
    known: int | None = None

    def is_after(self, query: Query, record: Record | UnreadableRecord, key: Key) -> bool | None:
        """Whether the record comes behind the place; None where only those behind it tell."""
        if self.since_ms is not None:
            # Of one millisecond nobody knows the order by a bookmark: all of it comes again, and none is missed.
            return bool(record.values[query.order_by] >= self.since_ms) if isinstance(record, Record) else None
        if self.key is None:
            return True
        own = (key, record.number)
        return own < self.key if query.descending else own > self.key

    def was_shown(self, query: Query, record: Record | UnreadableRecord) -> bool:
        """Whether it is the record that a bookmark was given for, not changed since."""
        if record.number != self.known or not isinstance(record, Record):
            return False
        return bool(record.values[query.order_by] == self.since_ms)


async def page_after(query: Query, fetch: FetchRows) -> Page | Refusal:
    """Return the page behind the query's place; raises ApiError, a 502, for rows that are not in order."""
    place = _read(query.place)
    if place is None:
        return Refusal(INVALID_CURSOR, members={"reason": "expired"})
    # One row before the page, to see that nothing before it went away; one behind it, to see whether more follow.
    window = query.limit + 2
    at, low, step = place.offset, 0, window
    high: int | None = None
    while True:
        rows = await fetch(at, window)
        if isinstance(rows, Refusal):
            return rows
        _check_order(query, rows)
        try:
            behind = _settled([place.is_after(query, *row) for row in zip(rows.records, rows.keys, strict=True)])
        except TypeError:  # the service has another kind of key by now
            return Refusal(INVALID_CURSOR, members={"reason": "expired"})
        passed = behind.count(False)
        full = len(rows.records) == window
        if passed > 1 and passed < window and full:
            at = low = at + passed - 1
            continue
        if passed == 0 and at > low:
            high = at
        elif passed == window:
            low = at + passed
            high = None if high is not None and high < low else high
        else:
            return _cut(query, place, rows, at, passed)
        at = _next(low, high, step)
        step *= 2


def _settled(behind: Sequence[bool | None]) -> list[bool]:
    """Let a row that does not tell where it stands go with the next one, the last ones to those behind the place."""
    settled, next_one = [], True
    for each in reversed(behind):
        next_one = next_one if each is None else each
        settled.append(next_one)
    return settled[::-1]


def _next(low: int, high: int | None, step: int) -> int:
    """Where to look for the first row behind the place: steps double until both bounds are known, then the gap halves.

    `low`: every row before it is passed, nothing is known yet where it is 0; `high`: the row there is behind the place.
    """
    if high is None:
        return low + step
    return (low + high) // 2 if low else max(0, high - step)


def _check_order(query: Query, rows: OffsetRows) -> None:
    """Raise a 502 unless the rows stand in the order of key and number, none of them twice."""
    places = [(key, record.number) for key, record in zip(rows.keys, rows.records, strict=True)]
    for one, next_one in pairwise(reversed(places) if query.descending else places):
        if not one < next_one:
            raise unusable_response(
                "the rows of a list are not in the order of their sort key, then of their id", writes=False
            )


def _cut(query: Query, place: _Position, rows: OffsetRows, at: int, passed: int) -> Page:
    end = passed + query.limit
    shown = [record for record in rows.records[passed:end] if not place.was_shown(query, record)]
    last = min(end, len(rows.records)) - 1
    following = None
    if len(rows.records) > end:
        following = json.dumps([at + last, rows.keys[last], str(rows.records[last].number)])
    return Page(shown, following, rows.total if query.with_total else None)


def _read(place: str | UpdatedAfter | None) -> _Position | None:
    match place:
        case None:
            return _Position(None, 0)
        case UpdatedAfter(updated_at_ms=at_ms, number=number):
            return _Position(None, 0, since_ms=at_ms, known=number)
    try:
        offset, key, number = json.loads(place)
        return _Position((tuple(key) if isinstance(key, list) else key, int(number)), int(offset))
    except (TypeError, ValueError):
        return None
