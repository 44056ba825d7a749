"""How many rows of a resource one business may ask an internal service for at once; what is beyond waits in a line.

A service works on what it is sent, and knows nobody who waits behind that. So a hundred pages of one business go there
a few at a time, and whoever else asks waits for those few. Where the service is slow rather than crowded the line moves
on all the same. Knows no service, and refuses nothing.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SMALL_ROWS = 20
"""What asks for less has a line of its own, so that it stands behind no page, and counts as that: however little it
asks for, it is a question."""
MAX_ROWS = 200
"""One of the largest pages: of two, the second would be what others wait for. And four of those that nobody has named a
size for, which are 80 a second of a service that takes 50 ms."""
COOLDOWN_RATIO = 1.0
"""While somebody waits, what was answered counts on for that part of the time that it took: as long again, so that half
of what the service can do is for others. Whoever asks for one page after the other never waits for it."""
MAX_HEAD_WAIT_S = 0.1
"""Whoever is first in the line for longer than that goes on: ten a second, however long the service takes. A pair of
processes then still asks for the twenty a second that a plan has sold for good. So late it may be found, too, that no
time is left."""


class TenantQueues:
    """Two lanes for each business and resource, one of them for what asks for few rows."""

    def __init__(
        self, *, rows_at_once: int = MAX_ROWS, rest: float = COOLDOWN_RATIO, patience_s: float = MAX_HEAD_WAIT_S
    ) -> None:
        self._rows_at_once = rows_at_once
        self._rest = rest
        self._patience_s = patience_s
        self._lanes: dict[Hashable, _Queue] = {}

    def run(
        self,
        whose: Hashable,
        rows: int,
        until_s: float,
        ask: Callable[P, Awaitable[T]],
        *args: P.args,
        **more: P.kwargs,
    ) -> Awaitable[T]:
        """What `ask` answers, asked in its turn, or when no time is left (loop time), of which it then has to tell."""
        are_few = rows < SMALL_ROWS
        return self._run_queued((whose, are_few), SMALL_ROWS if are_few else rows, until_s, lambda: ask(*args, **more))

    async def _run_queued(self, whose: Hashable, rows: int, until_s: float, ask: Callable[[], Awaitable[T]]) -> T:
        lane = self._lanes.get(whose)
        if lane is None:
            lane = self._lanes[whose] = _Queue(self._rows_at_once, self._patience_s)
        try:
            await lane.acquire(rows, until_s)
        except asyncio.CancelledError:
            self._forget(whose, lane)
            raise
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            return await ask()
        finally:
            rest_s = min(self._rest * (loop.time() - began_s), self._patience_s)
            if lane.has_waiting and rest_s:
                loop.call_later(rest_s, self._leave, whose, lane, rows)
            else:
                self._leave(whose, lane, rows)

    def _leave(self, whose: Hashable, lane: "_Queue", rows: int) -> None:
        lane.release(rows)
        self._forget(whose, lane)

    def _forget(self, whose: Hashable, lane: "_Queue") -> None:
        if lane.is_empty and self._lanes.get(whose) is lane:
            del self._lanes[whose]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    rows: int
    until_s: float
    turn: asyncio.Future[None]


class _Queue:
    """Who came first goes first, also before one that is smaller and would fit."""

    def __init__(self, rows_at_once: int, patience_s: float) -> None:
        self._rows_at_once = rows_at_once
        self._patience_s = patience_s
        self._rows = 0
        """Under way."""
        self._line: deque[_Waiting] = deque()
        self._moved_s = 0.0
        """When somebody went in most recently."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_empty(self) -> bool:
        return not self._rows and not self._line

    @property
    def has_waiting(self) -> bool:
        return bool(self._line)

    async def acquire(self, rows: int, until_s: float) -> None:
        """Return when so many rows may be asked for; they are under way then, until they leave."""
        if not self._line and self._has_room(rows):
            self._went_in(rows)
            return
        own = _Waiting(rows, until_s, asyncio.get_running_loop().create_future())
        self._line.append(own)
        self._watch()
        try:
            await own.turn
        except asyncio.CancelledError:
            self._abandon(own)
            raise

    def release(self, rows: int) -> None:
        """They are no longer under way."""
        self._rows -= rows
        self._move()

    def _abandon(self, own: _Waiting) -> None:
        if not own.turn.cancelled():  # it came as we left
            self.release(own.rows)
        elif own in self._line:
            self._line.remove(own)
            self._move()

    def _move(self) -> None:
        while self._line and self._has_room(self._line[0].rows):
            self._admit(self._line[0])

    def _has_room(self, rows: int) -> bool:
        return not self._rows or self._rows + rows <= self._rows_at_once

    def _admit(self, one: _Waiting) -> None:
        self._line.remove(one)
        if not one.turn.done():  # else its caller has gone
            self._went_in(one.rows)
            one.turn.set_result(None)

    def _went_in(self, rows: int) -> None:
        self._rows += rows
        self._moved_s = asyncio.get_running_loop().time()

    def _watch(self) -> None:
        if self._timer is None and self._line:
            when_s = min(self._moved_s + self._patience_s, *(each.until_s for each in self._line))
            self._timer = asyncio.get_running_loop().call_at(when_s, self._release_head)

    def _release_head(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        if self._line and now_s >= self._moved_s + self._patience_s:
            self._admit(self._line[0])
        for one in [each for each in self._line if each.until_s <= now_s]:
            self._admit(one)
        self._watch()
