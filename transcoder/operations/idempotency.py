"""A keyed request runs once: claim, run, keep the answer; a retry gets that answer and nothing runs.

Stored answers are sealed, so that the store holds no customer's data in the clear. A refusal wrote nothing and frees
the key; an unknown outcome keeps it, and the next claim after the lease sends the same `dedupe_key` again, which the
internal service settles. One that cannot tell is never sent the request twice: then that nobody knows is the answer,
for as long as the key is kept.
"""

import hashlib
import json
import secrets
import time
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import assert_never

import msgspec
from msgspec import structs
from structlog.typing import FilteringBoundLogger

from contract import headers
from contract.failure_modes import IDEMPOTENCY_STORE_UNAVAILABLE
from contract.problems import IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_OUTCOME_UNKNOWN
from contract.resources import Resource
from contract.sealing import KeyRing
from contract.size_and_time_limits import MAX_STORED_RESPONSE_BYTES
from contract.vocabulary import Json
from infra.stores.idempotency import Claim, Claimed, FingerprintMismatch, Idempotency, InFlight, KeyUse, Replayed
from infra.stores.receipt import Receipt
from infra.stores.receipts import pack
from infra.stores.valkey import StoreUnavailable
from transcoder.backend.interface import Capabilities
from transcoder.backend.upstream import upstream_ms
from transcoder.metrics import TranscoderMetrics
from transcoder.operations.call import Answer, Call
from transcoder.operations.receipts import key_digest, written_record
from transcoder.presentation.errors import ApiError


class _Stored(msgspec.Struct, array_like=True):
    """An answer; without a body, one that was too large to be kept, or that nobody knows. `record`: as text."""

    status: int
    headers: dict[str, str]
    body: bytes | None
    record: str | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode
_canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), default=lambda number: {"decimal": str(number)}
).encode
_NOBODY_KNOWS = Answer(IDEMPOTENCY_OUTCOME_UNKNOWN.status, None)
_QUICKLY = 1
"""The answer to a batch of 100 contacts shrinks from 80 KB to 11 KB in 0.5 ms; one contact takes less than 0.1."""


def key_name(call: Call) -> str:
    """The name of a key: a digest of business, subject, method, route and key."""
    operation, actor = call.operation, call.actor
    return _key_name(actor.tenant, actor.user, operation.method, operation.path, call.idempotency_key)


@lru_cache(maxsize=256)
def _key_name(*parts: Json) -> str:
    """Asked for twice in one request: by its claim, and by the call inwards."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def dedupe_key(call: Call) -> str | None:
    """What the internal service knows the request by, so that it runs once there too."""
    return key_name(call) if call.operation.takes_idempotency_key and call.idempotency_key is not None else None


def fingerprint(call: Call) -> str:
    """A digest of all that makes a request this one: path, query, If-Match, version and canonical JSON."""
    tags = sorted(getattr(call.if_match, "tags", ())) if call.if_match else None
    parts = [call.path, call.query, tags, call.version.date, call.body]
    return hashlib.sha256(_canonical(parts).encode()).hexdigest()


def is_keyed(call: Call) -> bool:
    """Whether the call's `Idempotency-Key` is honoured."""
    return call.idempotency_key is not None and call.operation.takes_idempotency_key and not call.parameters.dry_run


def mark_unsettleable(error: ApiError) -> ApiError:
    """Say that a retry with the same key cannot help: the internal service cannot tell what became of the first run."""
    return ApiError(
        error.problem,
        _NEVER_SETTLED,
        errors=error.errors,
        outcome="unknown",
        headers=error.headers,
        cause=error.cause,
        **error.members | {"retryable": False},
    )


_NEVER_SETTLED = (
    "Nobody knows whether the write was carried out, and this deployment cannot find out: a retry with this "
    "`Idempotency-Key` is refused. Look for the record before you send the request again with a new key."
)


CapabilitiesFor = Callable[[Resource | None], Capabilities]


class IdempotentRunner:
    """Runs keyed requests once, over a store that all processes share."""

    def __init__(
        self,
        store: Idempotency,
        capabilities_for: CapabilitiesFor,
        keys: KeyRing,
        log: FilteringBoundLogger,
        tally: TranscoderMetrics | None = None,
    ) -> None:
        self._store = store
        self._capabilities_for = capabilities_for
        self._keys = keys
        self._log = log
        self._tally = tally or TranscoderMetrics()

    async def run(self, call: Call, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of `work`, or the stored one of the first request with this key."""
        if call.idempotency_key is None or not is_keyed(call):
            return await work()
        name, owner = key_name(call), secrets.token_hex(8)
        receipt = Receipt(call.actor.trace_id, call.token.subject, call.operation.id, call.around.now_ms)
        use = KeyUse(key_digest(call.idempotency_key), pack(receipt))
        try:
            claim = await self._store.claim(call.actor.tenant, name, fingerprint(call), owner, use)
        except StoreUnavailable as lost:
            self._tally.record_claim("lost")
            raise ApiError(IDEMPOTENCY_STORE_UNAVAILABLE.problem, cause=str(lost)) from None
        self._tally.record_claim(outcome_of(claim))
        match claim:
            case Replayed(answer=sealed):
                return self._replayed(name, sealed) or await self._asked_again(call, work)
            case InFlight(retry_after_s=wait_s):
                raise ApiError(IDEMPOTENCY_IN_PROGRESS, headers={headers.RETRY_AFTER: str(wait_s)})
            case FingerprintMismatch():
                raise ApiError(IDEMPOTENCY_KEY_REUSED)
            case Claimed(is_retry=True) if not self._settles(call):
                await self._keep(call, name, owner, receipt, _NOBODY_KNOWS)
                raise ApiError(IDEMPOTENCY_OUTCOME_UNKNOWN)
            case Claimed():
                return await self._first(call, name, owner, receipt, work)

    async def _first(
        self, call: Call, name: str, owner: str, receipt: Receipt, work: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        started_s = time.monotonic()
        try:
            answer = await work()
        except ApiError as error:
            if not error.may_have_happened:
                await self._quietly(self._store.release(call.actor.tenant, name, owner), call)
            elif not self._settles(call):
                await self._keep(call, name, owner, receipt, _NOBODY_KNOWS)
                raise mark_unsettleable(error) from None
            raise
        duration_ms = round((time.monotonic() - started_s) * 1000)
        if answer.settled:
            timed = structs.replace(receipt, duration_ms=duration_ms, upstream_duration_ms=upstream_ms())
            await self._keep(call, name, owner, timed, answer)
        elif not self._settles(call):
            await self._keep(call, name, owner, receipt, _NOBODY_KNOWS)
        return answer

    def _settles(self, call: Call) -> bool:
        """Whether the service that keeps the resource can tell what became of a request with a key."""
        return self._capabilities_for(call.operation.resource_row).dedupe

    async def _keep(self, call: Call, name: str, owner: str, receipt: Receipt, answer: Answer) -> None:
        note = pack(structs.replace(receipt, status=answer.status, record=written_record(call.operation.kind, answer)))
        sealed = self._sealed(name, _without_secrets(call, answer))
        await self._quietly(self._store.finish(call.actor.tenant, name, owner, sealed, note), call)

    async def _quietly(self, step: Awaitable[None], call: Call) -> None:
        """The write's outcome stands whether or not the store heard of it: a retry settles by `dedupe_key`."""
        try:
            await step
        except StoreUnavailable as lost:
            self._log.warning("idempotency lost", trace_id=call.actor.trace_id, cause=str(lost))

    def _sealed(self, name: str, answer: Answer) -> bytes:
        for body in (answer.body, None):
            record = None if answer.record is None else str(answer.record)
            kept = _encode(_Stored(answer.status, dict(answer.headers), body, record))
            sealed = self._keys.seal(zlib.compress(kept, _QUICKLY), bound_to=name.encode())
            if len(sealed) <= MAX_STORED_RESPONSE_BYTES:
                break
        return sealed

    def _replayed(self, name: str, sealed: bytes) -> Answer | None:
        plain = self._keys.open(sealed, bound_to=name.encode())
        if plain is None:
            return None
        stored = _decode(zlib.decompress(plain))
        if stored.body is None:
            return None
        record = None if stored.record is None else int(stored.record)
        return _marked(Answer(stored.status, stored.body, stored.headers, record=record))

    async def _asked_again(self, call: Call, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Too large to be kept, or sealed under a key that is gone: the internal service knows the request still."""
        self._log.info("idempotency_asked_again", trace_id=call.actor.trace_id)
        if not self._settles(call):
            raise ApiError(IDEMPOTENCY_OUTCOME_UNKNOWN)
        return _marked(await work())


def _without_secrets(call: Call, answer: Answer) -> Answer:
    """The answer with null for what is shown once, which is stored nowhere."""
    resource = call.operation.resource_row
    if resource is None or not resource.shown_once or answer.body is None:
        return answer
    shown = msgspec.json.decode(answer.body)
    shown["data"] |= {row.name: None for row in resource.shown_once if row.name in shown["data"]}
    return structs.replace(answer, body=msgspec.json.encode(shown))


def outcome_of(claim: Claim) -> str:
    """The word of `metrics.CLAIMS` for it."""
    match claim:
        case Claimed(is_retry=again):
            return "again" if again else "first"
        case Replayed():
            return "replay"
        case InFlight():
            return "in-flight"
        case FingerprintMismatch():
            return "other-request"
    assert_never(claim)


def _marked(answer: Answer) -> Answer:
    return structs.replace(answer, headers={**answer.headers, headers.IDEMPOTENT_REPLAYED: "true"})
