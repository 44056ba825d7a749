"""What is answered when something that we lean on is gone: each choice between open and closed, with its reason."""

from dataclasses import dataclass

from contract.problems import IDEMPOTENCY_UNAVAILABLE, OVERLOADED, UPSTREAM_UNAVAILABLE, Problem


@dataclass(frozen=True, slots=True)
class Failure:
    """`lost` is gone for `room`; the caller gets `answer`."""

    room: str
    lost: str
    answer: Problem
    why: str


AUTHZ_LOST = Failure("edge", "authz", OVERLOADED, "no decision is no access; the client may come back in a second")
LIMITS_LOST = Failure("authz", "limits", OVERLOADED, "a request that cannot be counted could exceed what was sold")
IDEMPOTENCY_LOST = Failure(
    "transcoder", "idempotency", IDEMPOTENCY_UNAVAILABLE, "a key that is not remembered would let a retry make a double"
)
RECEIPTS_LOST = Failure(
    "transcoder", "receipts", UPSTREAM_UNAVAILABLE, "404 would say that no such request came, which nobody knows"
)
TRANSCODER_LOST = Failure("edge", "transcoder", UPSTREAM_UNAVAILABLE, "there is nobody else to answer")

FAILURES = (AUTHZ_LOST, LIMITS_LOST, IDEMPOTENCY_LOST, RECEIPTS_LOST, TRANSCODER_LOST)
