"""What is done when something that we lean on is gone: each choice between open and closed, with its reason."""

from dataclasses import dataclass

from contract.problems import IDEMPOTENCY_UNAVAILABLE, OVERLOADED, UPSTREAM_UNAVAILABLE, Problem


@dataclass(frozen=True, slots=True)
class Failure:
    """Closed: `lost` is gone for `room`; the caller gets `answer`."""

    room: str
    lost: str
    answer: Problem
    why: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """Open: `lost` is gone for `room`; the request goes on, and `instead` is what stands in for it."""

    room: str
    lost: str
    instead: str
    why: str


AUTHZ_LOST = Failure("edge", "authz", OVERLOADED, "no decision is no access; the client may come back in a second")
LIMITS_LOST = Fallback(
    "authz",
    "limits",
    "what each process counts by itself, up to its share of the limit",
    "reads and writes need no limits to be right, so a 503 for all would be worse; what was sold is still bounded",
)
REVOCATIONS_LATE = Fallback(
    "authz",
    "the revocation feed",
    "what each process holds, for REVOCATIONS_MAX_AGE_S",
    "little is revoked in an hour, and a refusal of all tokens for a restart of one service would be worse",
)
REVOCATIONS_LOST = Failure(
    "authz",
    "the revocation feed, for longer than that or from the start",
    OVERLOADED,
    "what was revoked meanwhile would pass for good: after an hour nobody can say any more that it is little",
)
IDEMPOTENCY_LOST = Failure(
    "transcoder", "idempotency", IDEMPOTENCY_UNAVAILABLE, "a key that is not remembered would let a retry make a double"
)
RECEIPTS_LOST = Failure(
    "transcoder", "receipts", UPSTREAM_UNAVAILABLE, "404 would say that no such request came, which nobody knows"
)
ROOM_LOST = Failure(
    "edge",
    "room for one more request at once, in all or of its resource",
    OVERLOADED,
    "who waits behind hundreds is answered too late, and makes all others late; a refusal costs next to nothing",
)
SHARE_LOST = Failure(
    "transcoder",
    "the business's own share of that room",
    OVERLOADED,
    "one caller that asks for what takes long would take the room of all the others",
)
TRANSCODER_LOST = Failure("edge", "transcoder", UPSTREAM_UNAVAILABLE, "there is nobody else to answer")
KEYS_LOST = Failure(
    "edge",
    "keys",
    UPSTREAM_UNAVAILABLE,
    "a token that nothing can verify yet is neither good nor bad: no access, no blame",
)
SERVICE_LOST = Failure(
    "transcoder", "service", UPSTREAM_UNAVAILABLE, "records are the internal service's, and only its"
)

FAILURES: tuple[Failure | Fallback, ...] = (
    AUTHZ_LOST,
    LIMITS_LOST,
    REVOCATIONS_LATE,
    REVOCATIONS_LOST,
    IDEMPOTENCY_LOST,
    RECEIPTS_LOST,
    ROOM_LOST,
    SHARE_LOST,
    TRANSCODER_LOST,
    KEYS_LOST,
    SERVICE_LOST,
)
