"""The decision, once the token is read and the charge is made: limit, route, scope, permission, in this order.

All but the limit is the same whenever the same caller asks for the same: it is a ruling, which can be kept. Pure. Knows
no wire format and no store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, assert_never

from contract.authorization import authorize, required_permission, required_scopes
from contract.claims import Claims, TokenError
from contract.headers import ALLOW, CHALLENGE_INVALID_TOKEN, WWW_AUTHENTICATE, challenge_insufficient_scope
from contract.operations import Operation, UnroutedOperation
from contract.problems import INSUFFICIENT_SCOPE, INVALID_TOKEN, Problem
from contract.rate_plans import Budget
from contract.vocabulary import Json
from infra.stores.rate_limits import ChargeResult

Headers = tuple[tuple[str, str], ...]


class Spent(NamedTuple):
    """What the request cost, and what is left after it: told on every answer from here on."""

    cost: int
    budgets: tuple[Budget, ...]


@dataclass(frozen=True, slots=True)
class Permitted:
    """A ruling: the caller may, and `permissions` are what its user may do beyond this."""

    caller: Claims
    permissions: frozenset[str]
    reason: str = field(default="", compare=False)
    """In a sentence, for the log."""


class Admitted(NamedTuple):
    """The caller may, and there was room for it."""

    permitted: Permitted
    spent: Spent

    @property
    def caller(self) -> Claims:
        """Who."""
        return self.permitted.caller


@dataclass(frozen=True, slots=True)
class Throttled:
    """A policy has no room."""

    caller: Claims
    spent: Spent

    @property
    def budget(self) -> Budget:
        """The one that has to be waited for longest."""
        return max(self.spent.budgets, key=lambda budget: budget.wait_s(self.spent.cost))

    @property
    def retry_after_s(self) -> int:
        """After that many seconds a request of the same cost passes."""
        return self.budget.wait_s(self.spent.cost)


@dataclass(frozen=True, slots=True)
class Refused:
    """The caller may not. Without `caller` the token was not accepted; without `spent` nothing could be counted."""

    problem: Problem
    caller: Claims | None = None
    spent: Spent | None = None
    members: Mapping[str, Json] = field(default_factory=dict)
    headers: Headers = ()
    reason: str = field(default="", compare=False)
    """In a sentence, for the log, where the problem's title does not say it all."""


Ruling = Permitted | Refused
Verdict = Admitted | Throttled | Refused


def refuse_token(fault: TokenError) -> Refused:
    """For a token that is not accepted: without a caller, the answer names no receipt."""
    return Refused(
        INVALID_TOKEN,
        members={"reason": fault.value, "detail": fault.detail},
        headers=((WWW_AUTHENTICATE, CHALLENGE_INVALID_TOKEN),),
    )


def evaluate(operation: Operation | UnroutedOperation, allowed_methods: tuple[str, ...], caller: Claims) -> Ruling:
    """May `caller` do `row`, if there is room for it?"""
    match operation:
        case UnroutedOperation():
            return _unrouted(operation, allowed_methods, caller)
        case Operation():
            return _operation(operation, caller)
    assert_never(operation)


def decide(ruling: Ruling, caller: Claims, cost: int, charge: ChargeResult) -> Verdict:
    """The verdict on a request of `caller`, now that the charge of `cost` was `made`."""
    spent = Spent(cost, charge.budgets)
    if not charge.passed:
        return Throttled(caller, spent)
    match ruling:
        case Permitted():
            return Admitted(ruling, spent)
        case Refused():
            return replace(ruling, spent=spent)
    assert_never(ruling)


def _unrouted(row: UnroutedOperation, allowed_methods: tuple[str, ...], caller: Claims) -> Refused:
    if not allowed_methods:
        return Refused(row.problem, caller)
    return Refused(
        row.problem,
        caller,
        members={"allowed_methods": list(allowed_methods)},
        headers=((ALLOW, ", ".join(allowed_methods)),),
    )


def _operation(row: Operation, caller: Claims) -> Ruling:
    made = authorize(row, caller.role, caller.permissions, caller.scopes)
    if made.problem is None:
        return Permitted(caller, made.permissions, made.reason)
    missing = _missing_scope if made.problem is INSUFFICIENT_SCOPE else _missing_permission
    members, headers = missing(row, caller)
    return Refused(made.problem, caller, members=members, headers=headers, reason=made.reason)


def _missing_scope(row: Operation, caller: Claims) -> tuple[Mapping[str, Json], Headers]:
    required = required_scopes(row)
    challenge = challenge_insufficient_scope(" ".join(required))
    members = {"required_scopes": list(required), "granted_scopes": sorted(caller.scopes)}
    return members, ((WWW_AUTHENTICATE, challenge),)


def _missing_permission(row: Operation, caller: Claims) -> tuple[Mapping[str, Json], Headers]:
    return {"required_permission": required_permission(row), "role": caller.role.word}, ()
