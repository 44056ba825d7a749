"""The I/O around the buckets: a breaker, so that a lost store costs its deadline a few times and then nothing, and the
process's own count meanwhile.

Knows no verdict: whoever is charged here gets a Charge, by whichever count.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress

from structlog.typing import FilteringBoundLogger

from contract.failure_modes import LIMITS_UNAVAILABLE
from contract.operations import MAX_COST
from contract.rate_plans import PLANS, share
from infra.stores.rate_limits import Buckets, ChargeRequest, ChargeResult, MemoryBuckets
from infra.stores.valkey import StoreUnavailable

FAILURES_TO_OPEN = 3
"""In a row: one slow answer is no outage."""
PROBE_EVERY_S = 0.2
"""While open, one call in so many seconds is let through to look; the store is back in use within that and a call."""

STALE_AFTER_S = 10.0
"""A part that nobody has asked for so long is none any more: a cluster has given what it held to another one."""


class Breaker:
    """Open after `FAILURES_TO_OPEN` failures in a row, closed again by the first success."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._probe_at_s = 0.0

    @property
    def failures(self) -> int:
        """In a row so far. A call that fails tells how many it knew of when it began."""
        return self._failures

    @property
    def is_open(self) -> bool:
        """Whether calls are held back."""
        return self._failures >= FAILURES_TO_OPEN

    @property
    def is_stale(self) -> bool:
        """Whether nobody has tried for long."""
        return self._clock() > self._probe_at_s + STALE_AFTER_S

    def allows_call(self) -> bool:
        """Whether this call may try. While open the slot is taken by asking, so that a probe that never ends blocks
        nothing.
        """
        if not self.is_open:
            return True
        now_s = self._clock()
        if now_s < self._probe_at_s:
            return False
        self._probe_at_s = now_s + PROBE_EVERY_S
        return True

    def record_success(self) -> None:
        """The store answered."""
        self._failures = 0

    def record_failure(self, known: int) -> None:
        """The store did not answer in time, or not usably. All calls that one stall has ended are one failure."""
        if known == self._failures:
            self._failures += 1
            self._probe_at_s = self._clock() + PROBE_EVERY_S


class Limiter:
    """Charges callers for what they ask: by the count that all `processes` share, or by this one's own without it."""

    def __init__(
        self,
        buckets: Buckets,
        log: FilteringBoundLogger,
        *,
        processes: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buckets = buckets
        self._log = log
        self._clock = clock
        # Of the parts of the store that failed of late; as a rule there are none, and nothing is looked up. A cluster
        # is lost in parts: those of the others are not to be counted here because of one.
        self._breakers: dict[str, Breaker] = {}
        self._own = MemoryBuckets(lambda: int(clock() * 1_000_000))
        self._shares = {plan.name: share(plan, processes, at_least=MAX_COST) for plan in PLANS.values()}
        self._alone = 0
        self.charged_alone = 0
        """Charges that this process counted by itself, ever."""

    @property
    def counts_locally(self) -> bool:
        """Whether this process counts by itself for now, be it for some businesses."""
        return any(breaker.is_open for breaker in self._breakers.values())

    async def charge(self, asks: Sequence[ChargeRequest]) -> list[ChargeResult]:
        """Charge what is asked for, all of it together; in the order in which it is asked."""
        if not self._breakers:
            charges = await self._buckets.charge(asks)
            return [self._outcome(ask, made, None, 0) for ask, made in zip(asks, charges, strict=True)]
        breakers = [self._breakers.get(self._buckets.partition(ask.business)) for ask in asks]
        trying = [breaker is None or breaker.allows_call() for breaker in breakers]
        known = [breaker.failures if breaker else 0 for breaker in breakers]
        shared = iter(await self._buckets.charge(list(compress(asks, trying))) if any(trying) else ())
        return [
            self._outcome(ask, next(shared), breaker, failures) if tried else self._charge_locally(ask)
            for ask, breaker, failures, tried in zip(asks, breakers, known, trying, strict=True)
        ]

    def _outcome(
        self, ask: ChargeRequest, made: ChargeResult | StoreUnavailable, breaker: Breaker | None, known: int
    ) -> ChargeResult:
        """`breaker` and its failures are those of when it was asked."""
        if isinstance(made, StoreUnavailable):
            self._note_failure(breaker or self._breaker(ask.business), made, known)
            return self._charge_locally(ask)
        if self._breakers:
            self._found(ask.business)
        return made

    def _charge_locally(self, ask: ChargeRequest) -> ChargeResult:
        self._alone += 1
        self.charged_alone += 1
        return self._own.charge_one(replace(ask, plan=self._shares[ask.plan.name], call=None))

    def _breaker(self, business: str) -> Breaker:
        part = self._buckets.partition(business)
        breaker = self._breakers.get(part)
        if breaker is None:
            breaker = self._breakers[part] = Breaker(self._clock)
        return breaker

    def _note_failure(self, breaker: Breaker, error: StoreUnavailable, known: int) -> None:
        was_open = breaker.is_open
        breaker.record_failure(known)
        if breaker.is_open and not was_open:
            self._log.error("limits lost", cause=str(error), instead=LIMITS_UNAVAILABLE.instead)

    def _found(self, business: str) -> None:
        breaker = self._breakers.pop(self._buckets.partition(business), None)
        self._breakers = {part: other for part, other in self._breakers.items() if not other.is_stale}
        if breaker is None:
            return
        was_open = breaker.is_open
        breaker.record_success()
        if self._alone:
            # Also after a failure or two that opened nothing: whoever was let through by our own count is told of.
            self._log.warning("limits back", was_open=was_open, counted_alone=self._alone)
            self._alone = 0
