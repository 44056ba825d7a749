"""Large answers of internal services are worked on one at a time, with a look at the network after each.

A page of two hundred records takes as long as fifty single ones. Without turns, whoever has many such answers at once
keeps everybody else waiting for all of them; with turns, for one. Knows no answer but its size.
"""

import asyncio
from collections import deque

LARGE_BYTES = 32 * 1024
"""From here on it matters: some milliseconds of work. Smaller ones pass at no cost."""


class LargeAnswerQueue:
    """Who came first has the first turn."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def wait_turn(self, answer_bytes: int) -> None:
        """Return when an answer of that size may be worked on, which is to be done before anything is awaited."""
        if answer_bytes < LARGE_BYTES:
            return
        loop = asyncio.get_running_loop()
        if self._taken:
            turn = loop.create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():  # it came as we left
                    self._next()
                raise
        self._taken = True
        loop.call_soon(self._next)

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False
