"""The connections to one server: how many there may be, which one is used next, who waits, and how long one may idle.

Owns their number. What is said on them is not its business.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from infra.httpclient.connection import Connection
from infra.httpclient.errors import Unreachable

Connect = Callable[[Callable[[Connection], None]], Awaitable[Connection]]
"""Makes a connection that tells of its loss; Unreachable if it cannot."""


class ConnectionPool:
    """At most `limit` connections, made by `connect` when there is none to spare; who comes first is served first."""

    def __init__(self, connect: Connect, *, limit: int, idle_s: float) -> None:
        self._connect = connect
        self._limit = limit
        self._idle_s = idle_s
        self._open = 0
        """Connections, and those that are being made."""
        self._busy: set[Connection] = set()
        self._idle: deque[tuple[float, Connection]] = deque()
        """By when they were given back: the one that was used last is used next, so that what is not needed idles."""
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    def acquire_idle(self) -> Connection | None:
        """As `take`, where nothing has to be waited for; None where something has."""
        while self._idle:
            _, connection = self._idle.pop()
            if connection.is_idle():
                self._busy.add(connection)
                return connection
            connection.abort()
            self._open -= 1
        return None

    async def acquire(self) -> Connection:
        """A connection for one request, to be given back whatever comes of it. Unreachable: there is none."""
        if idle := self.acquire_idle():
            return idle
        if self._closed:
            raise Unreachable("the client was closed")
        if self._open < self._limit:
            self._open += 1
            return await self._made()
        handed = await self._handed()
        # Between the moment when it was handed over and now it may have ended.
        return handed if handed is not None and handed.usable else await self._made(in_place_of=handed)

    def release(self, connection: Connection) -> None:
        """It is no longer asked anything."""
        self._busy.discard(connection)
        if not connection.usable or self._closed:
            connection.abort()
            self._make_room()
        elif waiting := self._next_waiting():
            self._busy.add(connection)
            waiting.set_result(connection)
        else:
            now_s = asyncio.get_running_loop().time()
            self._idle.append((now_s, connection))
            if self._sweep is None:
                self._sweep_at(now_s + self._idle_s)

    async def close(self) -> None:
        """Close all, those in use too."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in [*self._busy, *(idle for _, idle in self._idle)]:
            connection.abort()
        while waiting := self._next_waiting():
            waiting.set_exception(Unreachable("the client was closed"))
        await asyncio.sleep(0)  # the loop tells connections of their end

    async def _made(self, *, in_place_of: Connection | None = None) -> Connection:
        """A new one; there is room for it."""
        if in_place_of is not None:
            self._busy.discard(in_place_of)
        try:
            connection = await self._connect(self._lost)
        except BaseException:
            self._make_room()
            raise
        self._busy.add(connection)
        return connection

    async def _handed(self) -> Connection | None:
        """What another one gives back, in our turn; or room for a new one."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():  # it came as we left
                self._pass_on(turn.result())
            raise

    def _pass_on(self, handed: Connection | None) -> None:
        if handed is None:
            self._make_room()
        else:
            self.release(handed)

    def _make_room(self) -> None:
        """One has gone."""
        if waiting := self._next_waiting():
            waiting.set_result(None)
        else:
            self._open -= 1

    def _next_waiting(self) -> "asyncio.Future[Connection | None] | None":
        while self._waiting:
            if not (turn := self._waiting.popleft()).done():
                return turn
        return None

    def _lost(self, connection: Connection) -> None:
        """It ended; who uses it will give it back."""
        for at, (_, idle) in enumerate(self._idle):
            if idle is connection:
                del self._idle[at]
                self._open -= 1
                return

    def _sweep_at(self, when_s: float) -> None:
        self._sweep = asyncio.get_running_loop().call_at(when_s, self._sweep_now)

    def _sweep_now(self) -> None:
        self._sweep = None
        now_s = asyncio.get_running_loop().time()
        while self._idle and self._idle[0][0] + self._idle_s <= now_s:
            self._idle.popleft()[1].abort()
            self._open -= 1
        if self._idle:
            self._sweep_at(self._idle[0][0] + self._idle_s)
