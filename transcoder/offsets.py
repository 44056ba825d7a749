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
from itertools import pairwise
from typing import Protocol

from contract.problems import INVALID_CURSOR
from transcoder.json_calls import unusable
from transcoder.records import After, Page, Query, Record, Refusal

Key = int | str | tuple[int | str, ...]
"""A sort key, as JSON can hold it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands at an offset, and how many there are in all.

    `keys`: of each record, what the service orders by, as fine as the service has it; never null.
    """

    records: Sequence[Record]
    keys: Sequence[Key]
    total: int

    @classmethod
    def of(cls, rows: Sequence["Row"], order_by: str, total: int) -> "Rows":
        """Make the records of a service's own rows, keyed by the rows' attribute of that name."""
        found = [getattr(row, order_by) for row in rows]
        keys = [key.isoformat(timespec="microseconds") if isinstance(key, datetime) else key for key in found]
        return cls([row.record() for row in rows], keys, total)


class Row(Protocol):
    """A row as the service tells it; its instants are of one time zone."""

    def record(self) -> Record:
        """Make a neutral record of it."""


Fetch = Callable[[int, int], Awaitable[Rows | Refusal]]
"""(offset, at most so many) → rows in the query's order."""


@dataclass(frozen=True, slots=True)
class _Place:
    """`key` None: before all, or, with `since_ms`, before what was updated then. `offset`: where its record stood.

    `known`: the number of a record that the caller of a bookmark has seen.
    """

    key: tuple[Key, int] | None
    offset: int
    since_ms: int | None = None
    known: int | None = None

    def has_behind_it(self, query: Query, record: Record, key: Key) -> bool:
        """Whether the record comes behind the place."""
        if self.since_ms is not None:
            # Of one millisecond nobody knows the order by a bookmark: all of it comes again, and none is missed.
            return bool(record.values[query.order_by] >= self.since_ms)
        if self.key is None:
            return True
        own = (key, record.number)
        return own < self.key if query.descending else own > self.key

    def has_shown(self, query: Query, record: Record) -> bool:
        """Whether it is the record that a bookmark was given for, not changed since."""
        return record.number == self.known and record.values[query.order_by] == self.since_ms


async def page_behind(query: Query, fetch: Fetch) -> Page | Refusal:
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
            behind = [place.has_behind_it(query, *row) for row in zip(rows.records, rows.keys, strict=True)]
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


def _next(low: int, high: int | None, step: int) -> int:
    """Where to look for the first row behind the place: steps double until both bounds are known, then the gap halves.

    `low`: every row before it is passed, nothing is known yet where it is 0; `high`: the row there is behind the place.
    """
    if high is None:
        return low + step
    return (low + high) // 2 if low else max(0, high - step)


def _check_order(query: Query, rows: Rows) -> None:
    """Raise a 502 unless the rows stand in the order of key and number, none of them twice."""
    places = [(key, record.number) for key, record in zip(rows.keys, rows.records, strict=True)]
    for one, next_one in pairwise(reversed(places) if query.descending else places):
        if not one < next_one:
            raise unusable("the rows of a list are not in the order of their sort key, then of their id", writes=False)


def _cut(query: Query, place: _Place, rows: Rows, at: int, passed: int) -> Page:
    end = passed + query.limit
    shown = [record for record in rows.records[passed:end] if not place.has_shown(query, record)]
    last = min(end, len(rows.records)) - 1
    following = None
    if len(rows.records) > end:
        following = json.dumps([at + last, rows.keys[last], str(rows.records[last].number)])
    return Page(shown, following, rows.total if query.with_total else None)


def _read(place: str | After | None) -> _Place | None:
    match place:
        case None:
            return _Place(None, 0)
        case After(updated_at_ms=at_ms, number=number):
            return _Place(None, 0, since_ms=at_ms, known=number)
    try:
        offset, key, number = json.loads(place)
        return _Place((tuple(key) if isinstance(key, list) else key, int(number)), int(offset))
    except (TypeError, ValueError):
        return None
