"""The decision, once the token is read and the charge is made: limit, route, scope, permission, in this order.

Pure. Knows no wire format and no store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from contract.claims import Claims, TokenFault
from contract.decisions import decision, required_permission, required_scopes
from contract.headers import ALLOW, CHALLENGE_INVALID_TOKEN, WWW_AUTHENTICATE, challenge_insufficient_scope
from contract.limits import Budget
from contract.operations import Operation, Unrouted
from contract.problems import INSUFFICIENT_SCOPE, INVALID_TOKEN, Problem
from contract.vocabulary import Json
from stores.buckets import Charge

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the request cost, and what is left after it: told on every answer from here on."""

    cost: int
    budgets: tuple[Budget, ...]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The caller may, and `permissions` are what its user may do beyond this."""

    caller: Claims
    permissions: frozenset[str]
    spent: Spent
    reason: str = field(default="", compare=False)
    """In a sentence, for the log."""


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


Verdict = Admitted | Throttled | Refused


def refuse_token(fault: TokenFault) -> Refused:
    """For a token that is not accepted: without a caller, the answer names no receipt."""
    return Refused(
        INVALID_TOKEN, members={"reason": fault.value}, headers=((WWW_AUTHENTICATE, CHALLENGE_INVALID_TOKEN),)
    )


def decide(row: Operation | Unrouted, allowed_methods: tuple[str, ...], caller: Claims, made: Charge) -> Verdict:
    """May `caller` do `row`, now that the charge of `row.cost` was `made`?"""
    spent = Spent(row.cost, made.budgets)
    if not made.passed:
        return Throttled(caller, spent)
    match row:
        case Unrouted():
            return _unrouted(row, allowed_methods, caller, spent)
        case Operation():
            return _operation(row, caller, spent)
    assert_never(row)


def _unrouted(row: Unrouted, allowed_methods: tuple[str, ...], caller: Claims, spent: Spent) -> Refused:
    if not allowed_methods:
        return Refused(row.problem, caller, spent)
    return Refused(
        row.problem,
        caller,
        spent,
        members={"allowed_methods": list(allowed_methods)},
        headers=((ALLOW, ", ".join(allowed_methods)),),
    )


def _operation(row: Operation, caller: Claims, spent: Spent) -> Admitted | Refused:
    made = decision(row, caller.role, caller.permissions, caller.scopes)
    if made.rule is None:
        return Admitted(caller, made.permissions, spent, made.reason)
    missing = _missing_scope if made.rule is INSUFFICIENT_SCOPE else _missing_permission
    members, headers = missing(row, caller)
    return Refused(made.rule, caller, spent, members, headers, made.reason)


def _missing_scope(row: Operation, caller: Claims) -> tuple[Mapping[str, Json], Headers]:
    required = required_scopes(row)
    challenge = challenge_insufficient_scope(" ".join(required))
    members = {"required_scopes": list(required), "granted_scopes": sorted(caller.scopes)}
    return members, ((WWW_AUTHENTICATE, challenge),)


def _missing_permission(row: Operation, caller: Claims) -> tuple[Mapping[str, Json], Headers]:
    return {"required_permission": required_permission(row), "role": caller.role.word}, ()
