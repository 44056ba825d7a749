"""[pure] The truth table of decisions as a document: every operation, every role, with and without what it needs."""

from contract.decisions import Decision, decision, required_permission, required_scopes
from contract.operations import OPERATIONS, SCOPES, Operation
from contract.problems import INSUFFICIENT_PERMISSION, INSUFFICIENT_SCOPE
from contract.roles import Role

FILE = "decisions.md"

_ALL_SCOPES = frozenset(scope.name for scope in SCOPES)
_WORDS = {None: "yes", INSUFFICIENT_SCOPE: "scope", INSUFFICIENT_PERMISSION: "permission"}
_INTRODUCTION = """\
<!-- Written by `python -m reference`. Do not edit. -->
# Who may do what

What is decided of every call once its token is accepted and counted: the token's scopes, then the user's permissions.
`yes` lets it through; `scope` is 403 `insufficient-scope`, `permission` 403 `insufficient-permission`. Each cell was
decided by the function that decides in service (`contract/decisions.py`); `POST /v1/authorize/explain` asks it for any
other case. Whose a record is, is decided with the write, where the record is.

- **without its scope**: an admin's token with every scope but this one. No role makes up for a scope.
- **viewer** … **admin**: a token with the scope, of a user with that role, without a `permissions` claim.
- **claimed**: the scope, a viewer, and a `permissions` claim of this permission alone.
- **claimed away**: the scope, an admin, and a `permissions` claim without this permission.
"""


def text() -> str:
    """The document as its file holds it."""
    roles = [role.word for role in Role]
    head = ["operation", "needs", "without its scope", *roles, "claimed", "claimed away"]
    rows = [_line(head), _line(["---"] * len(head)), *(_line(_cells(row)) for row in OPERATIONS)]
    return "\n".join([_INTRODUCTION, *rows]) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Operation) -> list[str]:
    needed = frozenset(required_scopes(row))
    permission = required_permission(row)
    alone = frozenset() if permission is None else frozenset({permission})
    made = [
        decision(row, Role.ADMIN, None, _ALL_SCOPES - needed),
        *(decision(row, role, None, needed) for role in Role),
        decision(row, Role.VIEWER, alone, needed),
        decision(row, Role.ADMIN, _ALL_SCOPES - alone, needed),
    ]
    return [f"`{row.id}`", _needs(row), *map(_word, made)]


def _needs(row: Operation) -> str:
    if row.open:
        return "no token"
    return " ".join(f"`{name}`" for name in required_scopes(row)) or "any token"


def _word(made: Decision) -> str:
    return _WORDS[made.rule]
