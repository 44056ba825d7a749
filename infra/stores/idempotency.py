"""What became of keyed requests: claims, leases and stored answers, a day long. Knows no HTTP and no cipher.

A key belongs to one request. The first to claim it runs under a lease; others wait, or get the stored answer. When a
lease ends unfinished (a crash, an unknown outcome) the next claim takes over under the same name, so that the internal
service sees one request and not two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import msgspec

from contract.size_and_time_limits import IDEMPOTENCY_LEASE_S, IDEMPOTENCY_RETENTION_S
from contract.vocabulary import TenantId
from infra.stores.valkey import Scripts, StoreUnavailable

_LEASE_MS = IDEMPOTENCY_LEASE_S * 1000
_LIFE_MS = IDEMPOTENCY_RETENTION_S * 1000


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """The caller runs the request. `again`: an earlier run ended without telling what became of it."""

    is_retry: bool = False


class Replayed(msgspec.Struct, frozen=True, gc=False):
    """The request was done: its sealed answer."""

    answer: bytes


class InFlight(msgspec.Struct, frozen=True, gc=False):
    """The first request still holds its lease, for at most so long."""

    retry_after_s: int


class FingerprintMismatch(msgspec.Struct, frozen=True, gc=False):
    """The key was used for a request with another fingerprint."""


Claim = Claimed | Replayed | InFlight | FingerprintMismatch


class KeyUse(msgspec.Struct, frozen=True, gc=False):
    """For whoever asks later: `key` names the caller's key within the tenant, `note` is kept as it is."""

    key: str
    note: bytes


class UseState(Enum):
    """How far a use of a key has come."""

    DONE = "done"
    RUNNING = "running"
    ABANDONED = "lapsed"
    """Its lease ended, and nobody told the outcome."""


@dataclass(frozen=True, slots=True)
class PastUse:
    """One request that a key was used for: its name, its state, and the latest note."""

    name: str
    state: UseState
    note: bytes


class Idempotency(Protocol):
    """Claims by tenant and name (a digest of subject, route and key). `owner` is unique to one run.

    Every method raises StoreUnavailable when the store gave no usable answer.
    """

    async def claim(self, tenant: TenantId, name: str, fingerprint: str, owner: str, use: KeyUse) -> Claim:
        """Take the key, or learn why not; atomic."""
        ...

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes, note: bytes) -> None:
        """Keep the answer for the rest of the day; nothing happens once the lease went to another owner."""
        ...

    async def uses(self, tenant: TenantId, key: str) -> list[PastUse]:
        """The requests of the last day that claimed under `Use.key` and were not freed."""
        ...

    async def release(self, tenant: TenantId, name: str, owner: str) -> None:
        """Free the key, since nothing was written; nothing happens once the lease went to another owner."""
        ...


@dataclass(slots=True)
class _Entry:
    fingerprint: str
    owner: str
    lease_until_ms: int
    expires_at_ms: int
    use: KeyUse
    answer: bytes | None = None


class MemoryIdempotency:
    """The twin for one process; the clock gives milliseconds."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._entries: dict[tuple[TenantId, str], _Entry] = {}

    async def claim(self, tenant: TenantId, name: str, fingerprint: str, owner: str, use: KeyUse) -> Claim:
        """See `Idempotency`."""
        now_ms = self._now_ms()
        entry = self._entries.get((tenant, name))
        if entry is None or entry.expires_at_ms <= now_ms:
            self._entries[tenant, name] = _Entry(fingerprint, owner, now_ms + _LEASE_MS, now_ms + _LIFE_MS, use)
            return Claimed()
        if entry.fingerprint != fingerprint:
            return FingerprintMismatch()
        if entry.answer is not None:
            return Replayed(entry.answer)
        if entry.lease_until_ms > now_ms:
            return InFlight(_seconds(entry.lease_until_ms - now_ms))
        entry.owner, entry.lease_until_ms, entry.use = owner, now_ms + _LEASE_MS, use
        return Claimed(is_retry=True)

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes, note: bytes) -> None:
        """See `Idempotency`."""
        entry = self._entries.get((tenant, name))
        if entry is not None and entry.owner == owner:
            entry.answer, entry.use = answer, KeyUse(entry.use.key, note)

    async def uses(self, tenant: TenantId, key: str) -> list[PastUse]:
        """See `Idempotency`."""
        now_ms = self._now_ms()
        return [
            PastUse(name, _state(entry.answer is not None, entry.lease_until_ms - now_ms), entry.use.note)
            for (owner, name), entry in self._entries.items()
            if owner == tenant and entry.use.key == key and entry.expires_at_ms > now_ms
        ]

    async def release(self, tenant: TenantId, name: str, owner: str) -> None:
        """See `Idempotency`."""
        entry = self._entries.get((tenant, name))
        if entry is not None and entry.owner == owner and entry.answer is None:
            del self._entries[tenant, name]


def _state(done: bool, lease_left_ms: int) -> UseState:
    if done:
        return UseState.DONE
    return UseState.RUNNING if lease_left_ms > 0 else UseState.ABANDONED


def _seconds(ms: int) -> int:
    return -(-ms // 1000)


# KEYS[1]: the entry, a hash of fingerprint `f`, owner `o`, end of the lease `l` (ms), note `n`; answer `a` once done.
# KEYS[2]: the set of names that the caller's key was used for.
# ARGV: fingerprint, owner, lease (ms), life (ms), note, name. Answers {word} or {word, detail}.
_CLAIM = """\
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local lease = string.format('%.0f', now + tonumber(ARGV[3]))
local entry = redis.call('HMGET', KEYS[1], 'f', 'l', 'a')
if not entry[1] then
  redis.call('HSET', KEYS[1], 'f', ARGV[1], 'o', ARGV[2], 'l', lease, 'n', ARGV[5])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  redis.call('SADD', KEYS[2], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  return {'first'}
end
if entry[1] ~= ARGV[1] then return {'other'} end
if entry[3] then return {'done', entry[3]} end
local left = tonumber(entry[2]) - now
if left > 0 then return {'running', left} end
redis.call('HSET', KEYS[1], 'o', ARGV[2], 'l', lease, 'n', ARGV[5])
return {'again'}
"""

_FINISH = """\
if redis.call('HGET', KEYS[1], 'o') == ARGV[1] then redis.call('HSET', KEYS[1], 'a', ARGV[2], 'n', ARGV[3]) end
return 1
"""

# KEYS: entries. Answers per entry {} when it is gone, else {done, lease left (ms), note}.
_LOOK = """\
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local seen = {}
for i = 1, #KEYS do
  local entry = redis.call('HMGET', KEYS[i], 'l', 'n')
  if entry[1] then
    seen[i] = {redis.call('HEXISTS', KEYS[i], 'a'), tonumber(entry[1]) - now, entry[2]}
  else
    seen[i] = {}
  end
end
return seen
"""

_NAMES = "return redis.call('SMEMBERS', KEYS[1])"

_RELEASE = """\
local entry = redis.call('HMGET', KEYS[1], 'o', 'a')
if entry[1] == ARGV[1] and not entry[2] then redis.call('DEL', KEYS[1]) end
return 1
"""


def _key(tenant: TenantId, name: str) -> str:
    # The braces are a hash tag: all of a business in one slot of a cluster.
    return f"once:{{{tenant}}}:{name}"


def _index(tenant: TenantId, key: str) -> str:
    return f"uses:{{{tenant}}}:{key}"


class ValkeyIdempotency:
    """What all processes share; the server's clock is the only one."""

    def __init__(self, valkey: Scripts) -> None:
        self._claim = valkey.script(_CLAIM)
        self._finish = valkey.script(_FINISH)
        self._release = valkey.script(_RELEASE)
        self._names = valkey.script(_NAMES)
        self._look = valkey.script(_LOOK)

    async def claim(self, tenant: TenantId, name: str, fingerprint: str, owner: str, use: KeyUse) -> Claim:
        """See `Idempotency`."""
        keys = [_key(tenant, name), _index(tenant, use.key)]
        match await self._claim(keys, [fingerprint, owner, _LEASE_MS, _LIFE_MS, use.note, name]):
            case [b"first"]:
                return Claimed()
            case [b"again"]:
                return Claimed(is_retry=True)
            case [b"other"]:
                return FingerprintMismatch()
            case [b"done", bytes() as stored]:
                return Replayed(stored)
            case [b"running", int() as left_ms]:
                return InFlight(_seconds(left_ms))
        raise StoreUnavailable("the answer is not of the script's form")

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes, note: bytes) -> None:
        """See `Idempotency`."""
        await self._finish([_key(tenant, name)], [owner, answer, note])

    async def uses(self, tenant: TenantId, key: str) -> list[PastUse]:
        """See `Idempotency`."""
        names = sorted(name.decode() for name in await self._names([_index(tenant, key)], []))
        seen = await self._look([_key(tenant, name) for name in names], []) if names else []
        return [
            PastUse(name, _state(entry[0] == 1, entry[1]), entry[2])
            for name, entry in zip(names, seen, strict=True)
            if entry
        ]

    async def release(self, tenant: TenantId, name: str, owner: str) -> None:
        """See `Idempotency`."""
        await self._release([_key(tenant, name)], [owner])
