"""The I/O around the buckets: a breaker, so that a lost store costs its deadline a few times and then nothing.

Knows no policy: what a lost store means for the caller is decided elsewhere.
"""

import time
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from authz.decide import Lost
from contract.claims import Claims
from stores.buckets import Buckets, Charge
from stores.valkey import StoreLost

FAILURES_TO_OPEN = 3
"""In a row: one slow answer is no outage."""
PROBE_EVERY_S = 0.2
"""While open, one call in so many seconds is let through to look; the store is back in use within that and a call."""


class Breaker:
    """Open after `FAILURES_TO_OPEN` failures in a row, closed again by the first success."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._probe_at_s = 0.0

    @property
    def open(self) -> bool:
        """Whether calls are held back."""
        return self._failures >= FAILURES_TO_OPEN

    def lets_through(self) -> bool:
        """Whether this call may try. While open the slot is taken by asking, so that a probe that never ends blocks
        nothing.
        """
        if not self.open:
            return True
        now_s = self._clock()
        if now_s < self._probe_at_s:
            return False
        self._probe_at_s = now_s + PROBE_EVERY_S
        return True

    def succeeded(self) -> None:
        """The store answered."""
        self._failures = 0

    def failed(self) -> None:
        """The store did not answer in time, or not usably."""
        self._failures += 1
        self._probe_at_s = self._clock() + PROBE_EVERY_S


class Limiter:
    """Charges callers for what they ask."""

    def __init__(
        self, buckets: Buckets, log: FilteringBoundLogger, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._buckets = buckets
        self._log = log
        self._breaker = Breaker(clock)

    async def charge(self, caller: Claims, cost: int) -> Charge | Lost:
        """Charge `cost` units to the caller's family."""
        if not self._breaker.lets_through():
            return Lost.LIMITS
        was_open = self._breaker.open
        try:
            made = await self._buckets.charge(caller.rate_key, business=caller.business, plan=caller.plan, cost=cost)
        except StoreLost as error:
            self._breaker.failed()
            if self._breaker.open and not was_open:
                self._log.error("limits lost", cause=str(error))
            return Lost.LIMITS
        self._breaker.succeeded()
        if was_open:
            self._log.warning("limits back")
        return made
