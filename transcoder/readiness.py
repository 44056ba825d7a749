"""Whether this process may be given requests: once its internal service has accepted a connection, and from then on.

Not for as long as the service can be reached: it is the same for all of the gateway's processes, so that they would all
be taken out at once, and callers would find nobody who tells them what is wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from structlog.typing import FilteringBoundLogger

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0
LOG_AFTER_S = 5.0
"""When it is logged that the service cannot be reached: services that are started together are up by then."""


class Readiness:
    """Tries to connect until it succeeds once. `connect` raises OSError where it cannot, which TimeoutError is."""

    def __init__(self, connect: Callable[[], Awaitable[None]], log: FilteringBoundLogger) -> None:
        self.is_ready = False
        self._connect = connect
        self._log = log

    @asynccontextmanager
    async def connect_in_background(self) -> AsyncIterator[None]:
        """Try within the block, in a task of its own."""
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._until_reached())
            try:
                yield
            finally:
                watch.cancel()

    async def _until_reached(self) -> None:
        clock = asyncio.get_running_loop().time
        tell_at_s, pause_s = clock() + LOG_AFTER_S, _FIRST_PAUSE_S
        while True:
            try:
                await self._connect()
            except OSError as fault:
                if clock() >= tell_at_s:
                    tell_at_s = float("inf")
                    self._log.warning("internal_service_unreachable", cause=repr(fault))
                await asyncio.sleep(pause_s)
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
            else:
                self.is_ready = True
                self._log.info("internal_service_reached")
                return
