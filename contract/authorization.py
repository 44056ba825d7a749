"""The decision: may a caller with these scopes, role and permissions do an operation? Scope first, then permission.

The only place where it is made: authz answers by it, `authorize.explain` explains it, the reference prints it. Knows no
token, no limit and no record.
"""

from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

from contract.operations import PERMISSIONS, Operation
from contract.problems import INSUFFICIENT_PERMISSION, INSUFFICIENT_SCOPE, Problem
from contract.roles import Role, effective_permissions

_ROLES = 1_024
"""Roles, those of tenants' own among them, whose permissions are remembered."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of whom. `rule` is the problem that answers, None an allow; `permissions` is all that the user
    may do: of its role, or `claimed` in their place.
    """

    operation: Operation
    role: Role
    claimed: frozenset[str] | None
    permissions: frozenset[str]
    problem: Problem | None

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        scope = self.operation.scope
        if scope is None:
            return "No token is needed." if self.operation.is_public else "Any token may."
        if self.problem is INSUFFICIENT_SCOPE:
            return f"The token lacks {scope.name}."
        user = f"role {self.role.word}" if self.claimed is None else "permissions claim"
        if self.problem is INSUFFICIENT_PERMISSION:
            return f"The {user} lacks {scope.permission.name}."
        return f"The token has {scope.name}, and the {user} grants it."


def authorize(row: Operation, role: Role, claimed: frozenset[str] | None, scopes: Set[str]) -> Decision:
    """Decide; `claimed` is the `permissions` claim, None where there is none. Total: every row has an answer."""
    permissions = _permissions(role, claimed)
    return Decision(row, role, claimed, permissions, _rule(row, permissions, scopes))


@lru_cache(maxsize=_ROLES)
def _permissions(role: Role, claimed: frozenset[str] | None) -> frozenset[str]:
    return effective_permissions(role, claimed, PERMISSIONS)


def _rule(row: Operation, permissions: Set[str], scopes: Set[str]) -> Problem | None:
    if row.scope is None:
        return None
    if row.scope.name not in scopes:
        return INSUFFICIENT_SCOPE
    return None if row.scope.permission.name in permissions else INSUFFICIENT_PERMISSION


def required_scopes(row: Operation) -> tuple[str, ...]:
    """The scopes that a token has to have."""
    return () if row.scope is None else (row.scope.name,)


def required_permission(row: Operation) -> str | None:
    """The permission that the user has to have."""
    return None if row.scope is None else row.scope.permission.name


def allowed_roles(row: Operation) -> tuple[Role, ...]:
    """The roles whose users may, given a token with the scopes; highest first."""
    needed = frozenset(required_scopes(row))
    return tuple(role for role in sorted(Role, reverse=True) if authorize(row, role, None, needed).problem is None)
