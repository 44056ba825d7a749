"""What a caller asks for, as far as it is the same whenever it asks again: found out once, and kept.

Pure. A case follows from the bytes of all that is asked but its id, the whole token among them, and from nothing that
changes while the process runs. What does change is not in it: whether the token still counts, which plan its business
is on, what is left to spend.
"""

from dataclasses import dataclass, replace

from authz.decide import May, Ruling, rule
from authz.question import Matter, Readiness, read_matter
from authz.responses import introduction
from authz.tokens import NotCanonical, read_token
from contract.claims import Claims
from contract.operations import Operation, Unrouted
from stores.buckets import Ask

KEPT = 4_096
"""Tokens, each with an operation that it is used for: some 4 KB each."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """`kid` names the key that signed the token, `introduction` is what the transcoder is told of who may."""

    row: Operation | Unrouted
    kid: str
    caller: Claims
    ruling: Ruling
    ask: Ask
    introduction: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A token that is none of ours, and what it was to be used for."""

    row: Operation | Unrouted
    fault: NotCanonical


def read_case(asked: bytes, *, audience: str) -> Case | Rejected | Readiness | str:
    """The case of a question's `matter`, or what is wrong with it."""
    matter = read_matter(asked)
    if not isinstance(matter, Matter):
        return matter
    token = matter.token
    caller = read_token(token.header, token.payload, audience=audience)
    if isinstance(caller, NotCanonical):
        return Rejected(matter.row, caller)
    return _case(matter.row, str(token.header["kid"]), caller, rule(matter.row, matter.allowed_methods, caller))


def for_caller(case: Case, caller: Claims) -> Case:
    """The same for its caller on another plan."""
    return _case(case.row, case.kid, caller, replace(case.ruling, caller=caller))


def _case(row: Operation | Unrouted, kid: str, caller: Claims, ruling: Ruling) -> Case:
    ask = Ask(caller.rate_key, caller.business, caller.plan, row.cost)
    return Case(row, kid, caller, ruling, ask, introduction(ruling) if isinstance(ruling, May) else b"")
