"""Noticing that the revocation log has grown, whoever wrote to it: this process, another one, an operator's command.

One look at one number, a few times a second and only while somebody waits, whatever the number of those who wait. Knows
no event.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from structlog.typing import FilteringBoundLogger

from oauth.store import revocations
from oauth.store.database import Database, DatabaseUnavailable

POLL_EVERY_S = 0.05


class LogWatch:
    """Looks at the log's last number on behalf of those who wait."""

    def __init__(self, database: Database, log: FilteringBoundLogger) -> None:
        self._database = database
        self._log = log
        self._head = 0
        self._lost = False
        self._waiting = 0
        self._asked = asyncio.Event()
        self._changed = asyncio.Condition()
        self._released = False

    async def wait_for_growth(self, beyond: int, within_s: float) -> None:
        """Return when the log has a number beyond that one, when the time is over, or when all are released."""
        self._waiting += 1
        self._asked.set()
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: self._released or self._head > beyond)
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1

    async def release(self) -> None:
        """Let all go that wait, and all who would: the process is about to end."""
        self._released = True
        async with self._changed:
            self._changed.notify_all()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                async with self._database.read_autocommit() as look:
                    await self._look_on(look)
            except DatabaseUnavailable as error:
                if not self._lost:
                    self._log.error("revocation log lost", cause=str(error))
                self._lost = True
            await asyncio.sleep(POLL_EVERY_S)

    async def _look_on(self, look: Callable[[str], Awaitable[Any]]) -> None:
        while True:
            if not self._waiting:
                self._asked.clear()
                await self._asked.wait()
            head = await look(revocations.HEAD)
            self._lost = False
            if head != self._head:
                async with self._changed:
                    self._head = head
                    self._changed.notify_all()
            await asyncio.sleep(POLL_EVERY_S)
