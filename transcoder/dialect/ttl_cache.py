"""What rarely changes in a business, remembered for a few seconds: bounded, and read once at a time for each business.

Knows nothing of what it remembers. Failures are raised and not remembered.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from contract.problems import UPSTREAM_TIMEOUT
from contract.vocabulary import TenantId
from transcoder.presentation.errors import ApiError

T = TypeVar("T")

Clock = Callable[[], float]
"""Seconds that only grow."""


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T
    read_at_s: float
    """When the reading began: it is as of then at least."""


class TtlCache(Generic[T]):
    """A value for each business; the ones not used for longest are forgotten first."""

    def __init__(self, clock: Clock, *, life_s: float, size: int) -> None:
        self._clock = clock
        self._life_s = life_s
        self._size = size
        self._held: OrderedDict[TenantId, _Entry[T]] = OrderedDict()
        # A lock lives as long as someone reads or waits for it.
        self._reading: WeakValueDictionary[TenantId, asyncio.Lock] = WeakValueDictionary()

    def cached(self, tenant: TenantId) -> T | None:
        """The value, if it is young enough."""
        held = self._held.get(tenant)
        if held is None or self._clock() - held.read_at_s > self._life_s:
            return None
        self._held.move_to_end(tenant)
        return held.value

    async def get(
        self, tenant: TenantId, read: Callable[[], Awaitable[T]], *, deadline_s: float, fresh: bool = False
    ) -> T:
        """The value, read anew where none is at hand; `fresh`: not from before now. `deadline_s` is loop time."""
        asked_s = self._clock()
        known = None if fresh else self.cached(tenant)
        if known is not None:
            return known
        lock = self._reading.setdefault(tenant, asyncio.Lock())
        try:
            async with asyncio.timeout_at(deadline_s), lock:
                held = self._held.get(tenant)
                if held is not None and held.read_at_s >= asked_s:
                    return held.value
                known = None if fresh else self.cached(tenant)
                return await self._read(tenant, read) if known is None else known
        except TimeoutError:
            raise ApiError(
                UPSTREAM_TIMEOUT, outcome="not-applied", cause="no time was left to read what is remembered"
            ) from None

    async def _read(self, tenant: TenantId, read: Callable[[], Awaitable[T]]) -> T:
        began_s = self._clock()
        value = await read()
        self._held[tenant] = _Entry(value, began_s)
        self._held.move_to_end(tenant)
        if len(self._held) > self._size:
            self._held.popitem(last=False)
        return value
