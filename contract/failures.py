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
LIMITS_LOST = Failure("authz", "limits", OVERLOADED, "a request that cannot be counted could exceed what was sold")
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
TRANSCODER_LOST = Failure("edge", "transcoder", UPSTREAM_UNAVAILABLE, "there is nobody else to answer")

FAILURES: tuple[Failure | Fallback, ...] = (
    AUTHZ_LOST,
    LIMITS_LOST,
    REVOCATIONS_LATE,
    REVOCATIONS_LOST,
    IDEMPOTENCY_LOST,
    TRANSCODER_LOST,
)
