"""Receipts: what became of requests, a day long, the latest of each business; and the way there, off the hot path.

A receipt is a convenience: it is put into a bounded queue and written soon after its answer, many at a time. What the
store does not take is dropped and counted. Knows no HTTP.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Protocol

import msgspec
from structlog.typing import FilteringBoundLogger

from contract.size_and_time_limits import RECEIPT_RETENTION_S, RECEIPTS_PER_BUSINESS
from infra.stores.receipt import Receipt
from infra.stores.valkey import Scripts, StoreUnavailable

_LIFE_MS = RECEIPT_RETENTION_S * 1000
MAX_QUEUED = 5_000
"""Receipts that wait in one process at most: a second of a core's work, and about 2 MB."""
MAX_BATCH = 200
COLLECT_S = 0.03
"""How long one may wait for others, so that neither this process nor the store is woken for each. Who asks for a
receipt at once is let wait for longer than that."""
PAUSE_S = 0.2
"""After a batch that the store did not take: a lost store costs this process no more than five tries a second."""


class Receipts(Protocol):
    """By business and trace id. Every method raises StoreUnavailable when the store gave no usable answer."""

    async def save(self, business: str, receipts: Sequence[Receipt]) -> None:
        """Keep them for a day, or until `RECEIPTS_PER_BUSINESS` newer ones have come."""
        ...

    async def find(self, business: str, trace_id: str) -> Receipt | None:
        """The receipt of a request of that business."""
        ...


class MemoryReceipts:
    """The twin for one process; the clock gives milliseconds."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._kept: dict[str, dict[str, tuple[int, Receipt]]] = {}

    async def save(self, business: str, receipts: Sequence[Receipt]) -> None:
        """See `Receipts`."""
        kept = self._kept.setdefault(business, {})
        for receipt in receipts:
            kept[receipt.trace_id] = (self._now_ms() + _LIFE_MS, receipt)
            if len(kept) > RECEIPTS_PER_BUSINESS:
                del kept[next(iter(kept))]

    async def find(self, business: str, trace_id: str) -> Receipt | None:
        """See `Receipts`."""
        expires_at_ms, receipt = self._kept.get(business, {}).get(trace_id, (0, None))
        return receipt if expires_at_ms > self._now_ms() else None


# KEYS[1]: the list of the business's trace ids, oldest first; then a key per receipt.
# ARGV: how many are kept, life (ms), what the keys of receipts begin with, then per receipt its trace id and its bytes.
# A request that was tried twice has one receipt, the later, and stands in the list once.
_KEEP = """\
local most, life, prefix = tonumber(ARGV[1]), ARGV[2], ARGV[3]
for i = 2, #KEYS do
  local known = redis.call('SET', KEYS[i], ARGV[2 * i + 1], 'PX', life, 'GET')
  if not known then redis.call('RPUSH', KEYS[1], ARGV[2 * i]) end
end
redis.call('PEXPIRE', KEYS[1], life)
local over = redis.call('LLEN', KEYS[1]) - most
if over > 0 then
  for _, oldest in ipairs(redis.call('LPOP', KEYS[1], over)) do redis.call('DEL', prefix .. oldest) end
end
return 1
"""
_FIND = "return redis.call('GET', KEYS[1])"

pack: Callable[[Receipt], bytes] = msgspec.msgpack.Encoder().encode
"""A receipt as bytes."""
unpack: Callable[[bytes], Receipt] = msgspec.msgpack.Decoder(Receipt).decode
"""The receipt in bytes of `pack`; MsgspecError where there is none."""


def _prefix(business: str) -> str:
    # The braces are a hash tag: all of a business in one slot of a cluster.
    return f"receipt:{{{business}}}:"


class ValkeyReceipts:
    """What all processes share."""

    def __init__(self, valkey: Scripts) -> None:
        self._keep = valkey.script(_KEEP)
        self._find = valkey.script(_FIND)

    async def save(self, business: str, receipts: Sequence[Receipt]) -> None:
        """See `Receipts`."""
        prefix = _prefix(business)
        keys = [f"receipts:{{{business}}}", *(prefix + receipt.trace_id for receipt in receipts)]
        told = [part for receipt in receipts for part in (receipt.trace_id, pack(receipt))]
        await self._keep(keys, [RECEIPTS_PER_BUSINESS, _LIFE_MS, prefix, *told])

    async def find(self, business: str, trace_id: str) -> Receipt | None:
        """See `Receipts`."""
        packed = await self._find([_prefix(business) + trace_id], [])
        try:
            return None if packed is None else unpack(packed)
        except msgspec.MsgspecError as error:
            raise StoreUnavailable(f"no receipt: {error}") from error


class ReceiptQueue:
    """Receipts on their way to the store. `dropped` counts those that never got there."""

    def __init__(
        self, store: Receipts, log: FilteringBoundLogger, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._store = store
        self._log = log
        self._pause = pause
        self._waiting: deque[tuple[str, Receipt]] = deque(maxlen=MAX_QUEUED)
        self._some = asyncio.Event()
        self._away = False
        self.dropped = 0

    def put(self, business: str, receipt: Receipt) -> None:
        """Waits for nothing. In a full queue the oldest makes room: the latest are asked for most."""
        if len(self._waiting) == MAX_QUEUED:
            self.dropped += 1
        self._waiting.append((business, receipt))
        self._some.set()

    @contextlib.asynccontextmanager
    async def deliver_in_background(self) -> AsyncIterator[None]:
        """Deliver inside of it, in a task of its own; what still waits at the end is tried once."""
        try:
            async with asyncio.TaskGroup() as group:
                delivery = group.create_task(self._deliver())
                try:
                    yield
                finally:
                    delivery.cancel()
        finally:
            while self._waiting and await self._delivered():
                pass

    async def _deliver(self) -> None:
        while True:
            await self._some.wait()
            if len(self._waiting) < MAX_BATCH:
                await self._pause(COLLECT_S)
            if not await self._delivered():
                await self._pause(PAUSE_S)
            if not self._waiting:
                self._some.clear()

    async def _delivered(self) -> bool:
        """Whether the store took the next batch. What it did not take is not tried again: it may never be taken."""
        batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
        left = len(batch)
        try:
            for business, parts in groupby(sorted(batch, key=_BUSINESS), _BUSINESS):
                receipts = [receipt for _, receipt in parts]
                await self._store.save(business, receipts)
                left -= len(receipts)
        except asyncio.CancelledError:
            self._waiting.extendleft(reversed(batch))
            raise
        except StoreUnavailable as lost:
            if not self._away:
                self._log.error("receipts lost", cause=str(lost))
        except Exception:
            self._log.exception("receipts not understood")
        self.dropped += left
        if self._away and not left:
            self._log.warning("receipts back", dropped=self.dropped)
        self._away = bool(left)
        return not left


_BUSINESS = itemgetter(0)
