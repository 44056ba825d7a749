"""What is done when something that we lean on is gone: each choice between open and closed, with its reason."""

from dataclasses import dataclass

from contract.problems import IDEMPOTENCY_UNAVAILABLE, OVERLOADED, UPSTREAM_UNAVAILABLE, Problem


@dataclass(frozen=True, slots=True)
class FailClosed:
    """Closed: `lost` is gone for `room`; the caller gets `answer`."""

    component: str
    dependency: str
    problem: Problem
    reason: str


@dataclass(frozen=True, slots=True)
class FailOpen:
    """Open: `lost` is gone for `room`; the request goes on, and `instead` is what stands in for it."""

    component: str
    dependency: str
    instead: str
    reason: str


AUTHZ_UNAVAILABLE = FailClosed(
    "edge", "authz", OVERLOADED, "no decision is no access; the client may come back in a second"
)
LIMITS_UNAVAILABLE = FailOpen(
    "authz",
    "limits",
    "what each process counts by itself, up to its share of the limit",
    "reads and writes need no limits to be right, so a 503 for all would be worse; what was sold is still bounded",
)
REVOCATIONS_STALE = FailOpen(
    "authz",
    "the revocation feed",
    "what each process holds, for REVOCATIONS_MAX_AGE_S",
    "little is revoked in an hour, and a refusal of all tokens for a restart of one service would be worse",
)
REVOCATIONS_UNAVAILABLE = FailClosed(
    "authz",
    "the revocation feed, for longer than that or from the start",
    OVERLOADED,
    "what was revoked meanwhile would pass for good: after an hour nobody can say any more that it is little",
)
IDEMPOTENCY_STORE_UNAVAILABLE = FailClosed(
    "transcoder", "idempotency", IDEMPOTENCY_UNAVAILABLE, "a key that is not remembered would let a retry make a double"
)
RECEIPTS_UNAVAILABLE = FailClosed(
    "transcoder", "receipts", UPSTREAM_UNAVAILABLE, "404 would say that no such request came, which nobody knows"
)
CAPACITY_EXHAUSTED = FailClosed(
    "edge",
    "room for one more request at once, in all or of its resource",
    OVERLOADED,
    "who waits behind hundreds is answered too late, and makes all others late; a refusal costs next to nothing",
)
TENANT_SHARE_EXHAUSTED = FailClosed(
    "transcoder",
    "the business's own share of that room",
    OVERLOADED,
    "one caller that asks for what takes long would take the room of all the others",
)
TRANSCODER_UNAVAILABLE = FailClosed("edge", "transcoder", UPSTREAM_UNAVAILABLE, "there is nobody else to answer")
KEYS_UNAVAILABLE = FailClosed(
    "edge",
    "keys",
    UPSTREAM_UNAVAILABLE,
    "a token that nothing can verify yet is neither good nor bad: no access, no blame",
)
SERVICE_UNAVAILABLE = FailClosed(
    "transcoder", "service", UPSTREAM_UNAVAILABLE, "records are the internal service's, and only its"
)

FAILURES: tuple[FailClosed | FailOpen, ...] = (
    AUTHZ_UNAVAILABLE,
    LIMITS_UNAVAILABLE,
    REVOCATIONS_STALE,
    REVOCATIONS_UNAVAILABLE,
    IDEMPOTENCY_STORE_UNAVAILABLE,
    RECEIPTS_UNAVAILABLE,
    CAPACITY_EXHAUSTED,
    TENANT_SHARE_EXHAUSTED,
    TRANSCODER_UNAVAILABLE,
    KEYS_UNAVAILABLE,
    SERVICE_UNAVAILABLE,
)
