"""When the answers that connections wait for are due, with one timer for all of them.

A timer for each request costs a tenth of it, and hardly one in a million rings. Knows nothing of what is waited for.
"""

import asyncio
from typing import Protocol


class HasDeadline(Protocol):
    """Something that has to be told when its time is up."""

    def on_timeout(self) -> None:
        """Its time is up."""


class DeadlineTimer:
    """Rings at the earliest instant that anything watched is due; set again only then, or for something earlier."""

    def __init__(self) -> None:
        self._due_s: dict[HasDeadline, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rings_s = 0.0

    def watch(self, waiting: HasDeadline, until_s: float) -> None:
        """Tell it at `until_s` (loop time), unless it is forgotten before."""
        self._due_s[waiting] = until_s
        if self._timer is None or until_s < self._rings_s:
            self._set(until_s)

    def cancel(self, waiting: HasDeadline) -> None:
        """It waits no longer."""
        self._due_s.pop(waiting, None)

    def stop(self) -> None:
        """Ring no more; what is watched is left alone."""
        self._due_s.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, when_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_s = when_s
        self._timer = asyncio.get_running_loop().call_at(when_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        for waiting in [each for each, until_s in self._due_s.items() if until_s <= now_s]:
            del self._due_s[waiting]
            waiting.on_timeout()
        if self._due_s:
            self._set(min(self._due_s.values()))
