"""What a caller asks for, as far as it is the same whenever it asks again: found out once, and kept.

Pure. A case follows from the bytes of all that is asked but its id, the whole token among them, and from nothing that
changes while the process runs. What does change is not in it: whether the token still counts, which plan its business
is on, what is left to spend.
"""

from dataclasses import dataclass, replace

from authz.check_request import CheckSubject, ReadinessProbe, parse_subject
from authz.check_response import identity_headers
from authz.decide import Permitted, Ruling, evaluate
from authz.tokens import NonCanonicalToken, read_token
from contract.claims import Claims
from contract.operations import Operation, UnroutedOperation
from infra.stores.rate_limits import ChargeRequest

MAX_CACHED = 4_096
"""Tokens, each with an operation that it is used for: some 4 KB each."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedCheck:
    """`kid` names the key that signed the token, `introduction` is what the transcoder is told of who may."""

    operation: Operation | UnroutedOperation
    kid: str
    caller: Claims
    ruling: Ruling
    charge: ChargeRequest
    identity: bytes


@dataclass(frozen=True, slots=True)
class RejectedToken:
    """A token that is none of ours, and what it was to be used for."""

    operation: Operation | UnroutedOperation
    fault: NonCanonicalToken


def prepare_check(subject: bytes, *, audience: str) -> PreparedCheck | RejectedToken | ReadinessProbe | str:
    """The case of a question's `matter`, or what is wrong with it."""
    matter = parse_subject(subject)
    if not isinstance(matter, CheckSubject):
        return matter
    token = matter.token
    caller = read_token(token.header, token.payload, audience=audience)
    if isinstance(caller, NonCanonicalToken):
        return RejectedToken(matter.operation, caller)
    return _case(
        matter.operation, str(token.header["kid"]), caller, evaluate(matter.operation, matter.allowed_methods, caller)
    )


def with_caller(check: PreparedCheck, caller: Claims) -> PreparedCheck:
    """The same for its caller on another plan."""
    return _case(check.operation, check.kid, caller, replace(check.ruling, caller=caller))


def _case(row: Operation | UnroutedOperation, kid: str, caller: Claims, ruling: Ruling) -> PreparedCheck:
    ask = ChargeRequest(caller.rate_key, caller.business, caller.plan, row.cost)
    return PreparedCheck(
        row, kid, caller, ruling, ask, identity_headers(ruling) if isinstance(ruling, Permitted) else b""
    )
