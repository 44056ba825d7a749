"""Pages behind a place, of a service that only knows offsets.

A place is the sort key of the last record shown, so that what is inserted or deleted meanwhile is neither shown twice
nor makes another vanish; the offset in it is only where to look first. Each page is cut out of one answer.

The service's own order must be total and the one of the neutral values: by that member, which is never null, then by id
in the same direction. Instants that are finer inside than milliseconds would not be in that order.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contract.problems import INVALID_CURSOR
from transcoder.records import After, Page, Query, Record, Refusal


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands at an offset, and how many there are in all."""

    records: Sequence[Record]
    total: int


Fetch = Callable[[int, int], Awaitable[Rows | Refusal]]
"""(offset, at most so many) → rows in the query's order."""


@dataclass(frozen=True, slots=True)
class _Place:
    """`key` None: before all. `offset`: where its record stood."""

    key: tuple[Any, int] | None
    offset: int


async def page_behind(query: Query, fetch: Fetch) -> Page | Refusal:
    """The page behind the query's place."""
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
        passed = sum(not _is_behind(place, query, record) for record in rows.records)
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
            return _cut(query, rows, at, passed)
        at = _next(low, high, step)
        step *= 2


def _next(low: int, high: int | None, step: int) -> int:
    """Where to look for the first row behind the place: steps double until both bounds are known, then the gap halves.

    `low`: every row before it is passed, nothing is known yet where it is 0; `high`: the row there is behind the place.
    """
    if high is None:
        return low + step
    return (low + high) // 2 if low else max(0, high - step)


def _cut(query: Query, rows: Rows, at: int, passed: int) -> Page:
    shown = rows.records[passed : passed + query.limit]
    more = len(rows.records) > passed + len(shown)
    key = _key(shown[-1], query) if more else None
    following = None if key is None else json.dumps([at + passed + len(shown) - 1, key[0], str(key[1])])
    return Page(shown, following, rows.total if query.with_total else None)


def _key(record: Record, query: Query) -> tuple[Any, int]:
    return record.values[query.order_by], record.number


def _is_behind(place: _Place, query: Query, record: Record) -> bool:
    if place.key is None:
        return True
    key = _key(record, query)
    return key < place.key if query.descending else key > place.key


def _read(place: str | After | None) -> _Place | None:
    match place:
        case None:
            return _Place(None, 0)
        case After(updated_at_ms=at_ms, number=number):
            return _Place((at_ms, number), 0)
    try:
        offset, value, number = json.loads(place)
        return _Place((value, int(number)), int(offset))
    except (TypeError, ValueError):
        return None
