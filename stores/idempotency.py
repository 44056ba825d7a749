"""What became of keyed requests: claims, leases and stored answers, a day long. Knows no HTTP and no cipher.

A key belongs to one request. The first to claim it runs under a lease; others wait, or get the stored answer. When a
lease ends unfinished (a crash, an unknown outcome) the next claim takes over under the same name, so that the internal
service sees one request and not two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from contract.bounds import IDEMPOTENCY_LEASE_S, IDEMPOTENCY_LIFE_S
from contract.vocabulary import TenantId
from stores.valkey import StoreLost, Valkey

_LEASE_MS = IDEMPOTENCY_LEASE_S * 1000
_LIFE_MS = IDEMPOTENCY_LIFE_S * 1000


@dataclass(frozen=True, slots=True)
class First:
    """The caller runs the request."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The request was done: its sealed answer."""

    answer: bytes


@dataclass(frozen=True, slots=True)
class InFlight:
    """The first request still holds its lease, for at most so long."""

    retry_after_s: int


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """The key was used for a request with another fingerprint."""


Claim = First | Replay | InFlight | OtherRequest


class Idempotency(Protocol):
    """Claims by tenant and name (a digest of subject, route and key). `owner` is unique to one run.

    Every method raises StoreLost when the store gave no usable answer.
    """

    async def claim(self, tenant: TenantId, name: str, fingerprint: str, owner: str) -> Claim:
        """Take the key, or learn why not; atomic."""
        ...

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes) -> None:
        """Keep the answer for the rest of the day; nothing happens once the lease went to another owner."""
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
    answer: bytes | None = None


class MemoryIdempotency:
    """The twin for one process; the clock gives milliseconds."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._entries: dict[tuple[TenantId, str], _Entry] = {}

    async def claim(self, tenant: TenantId, name: str, fingerprint: str, owner: str) -> Claim:
        """See `Idempotency`."""
        now_ms = self._now_ms()
        entry = self._entries.get((tenant, name))
        if entry is None or entry.expires_at_ms <= now_ms:
            self._entries[tenant, name] = _Entry(fingerprint, owner, now_ms + _LEASE_MS, now_ms + _LIFE_MS)
            return First()
        if entry.fingerprint != fingerprint:
            return OtherRequest()
        if entry.answer is not None:
            return Replay(entry.answer)
        if entry.lease_until_ms > now_ms:
            return InFlight(_seconds(entry.lease_until_ms - now_ms))
        entry.owner, entry.lease_until_ms = owner, now_ms + _LEASE_MS
        return First()

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes) -> None:
        """See `Idempotency`."""
        entry = self._entries.get((tenant, name))
        if entry is not None and entry.owner == owner:
            entry.answer = answer

    async def release(self, tenant: TenantId, name: str, owner: str) -> None:
        """See `Idempotency`."""
        entry = self._entries.get((tenant, name))
        if entry is not None and entry.owner == owner and entry.answer is None:
            del self._entries[tenant, name]


def _seconds(ms: int) -> int:
    return -(-ms // 1000)


# KEYS[1]: the entry, a hash of fingerprint `f`, owner `o`, end of the lease `l` (ms) and, once done, answer `a`.
# ARGV: fingerprint, owner, lease (ms), life (ms). Answers {word} or {word, detail}.
_CLAIM = """\
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local lease = string.format('%.0f', now + tonumber(ARGV[3]))
local entry = redis.call('HMGET', KEYS[1], 'f', 'l', 'a')
if not entry[1] then
  redis.call('HSET', KEYS[1], 'f', ARGV[1], 'o', ARGV[2], 'l', lease)
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return {'first'}
end
if entry[1] ~= ARGV[1] then return {'other'} end
if entry[3] then return {'done', entry[3]} end
local left = tonumber(entry[2]) - now
if left > 0 then return {'running', left} end
redis.call('HSET', KEYS[1], 'o', ARGV[2], 'l', lease)
return {'first'}
"""

_FINISH = """\
if redis.call('HGET', KEYS[1], 'o') == ARGV[1] then redis.call('HSET', KEYS[1], 'a', ARGV[2]) end
return 1
"""

_RELEASE = """\
local entry = redis.call('HMGET', KEYS[1], 'o', 'a')
if entry[1] == ARGV[1] and not entry[2] then redis.call('DEL', KEYS[1]) end
return 1
"""


def _key(tenant: TenantId, name: str) -> str:
    # The braces are a hash tag: all of a business in one slot of a cluster.
    return f"once:{{{tenant}}}:{name}"


class ValkeyIdempotency:
    """What all processes share; the server's clock is the only one."""

    def __init__(self, valkey: Valkey) -> None:
        self._claim = valkey.script(_CLAIM)
        self._finish = valkey.script(_FINISH)
        self._release = valkey.script(_RELEASE)

    async def claim(self, tenant: TenantId, name: str, fingerprint: str, owner: str) -> Claim:
        """See `Idempotency`."""
        match await self._claim([_key(tenant, name)], [fingerprint, owner, _LEASE_MS, _LIFE_MS]):
            case [b"first"]:
                return First()
            case [b"other"]:
                return OtherRequest()
            case [b"done", bytes() as stored]:
                return Replay(stored)
            case [b"running", int() as left_ms]:
                return InFlight(_seconds(left_ms))
        raise StoreLost("the answer is not of the script's form")

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes) -> None:
        """See `Idempotency`."""
        await self._finish([_key(tenant, name)], [owner, answer])

    async def release(self, tenant: TenantId, name: str, owner: str) -> None:
        """See `Idempotency`."""
        await self._release([_key(tenant, name)], [owner])
