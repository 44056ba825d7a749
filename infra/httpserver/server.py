"""The connections of one listener: how many there are, which of them take too long, and how they end.

Owns no socket: it makes protocols for whoever listens. Must not know what is answered.
"""

import asyncio
from collections.abc import Callable

from infra.httpserver.connection import Answering, Connection

_LOOK_EVERY_S = 1.0


class Server:
    """A factory of protocols; `leaves` says whether this is the last request of whoever asks."""

    def __init__(self, answering: Answering, leaves: Callable[[], bool]) -> None:
        self.answering = answering
        self.leaves = leaves
        self._connections: set[Connection] = set()
        self._last: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._look: asyncio.TimerHandle | None = None

    def __call__(self) -> Connection:
        """The protocol of a connection."""
        return Connection(self, self._loop)

    def came(self, connection: Connection) -> None:
        """See `House`."""
        self._connections.add(connection)
        if self._look is None:
            # One look at all of them: a timer for each would cost each request a part of its time.
            self._look = self._loop.call_later(_LOOK_EVERY_S, self._look_at_the_clock)

    def went(self, connection: Connection) -> None:
        """See `House`."""
        self._connections.discard(connection)
        if not self._connections and self._last is not None and not self._last.done():
            self._last.set_result(None)

    async def deserted(self, within_s: float) -> None:
        """Wait for the last of them to leave, but no longer than that."""
        if self._connections:
            self._last = self._loop.create_future()
            await asyncio.wait([self._last], timeout=within_s)

    async def close(self, within_s: float) -> None:
        """Let requests that are under way be answered until then; who asks nothing is closed at once."""
        for connection in list(self._connections):
            connection.leave()
        await self.deserted(within_s)
        for connection in list(self._connections):
            connection.give_up()
        await self.deserted(within_s)
        if self._look is not None:
            self._look.cancel()

    def _look_at_the_clock(self) -> None:
        self._look = None
        now_s = self._loop.time()
        for connection in list(self._connections):
            if 0 < connection.late_s <= now_s:
                connection.give_up()
        if self._connections:
            self._look = self._loop.call_later(_LOOK_EVERY_S, self._look_at_the_clock)
