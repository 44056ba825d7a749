"""What `authorize.explain` is asked: for which operation, and what the caller in question would hold."""

from contract.operations import BY_ID, SCOPES
from contract.resources.shape import Field
from contract.roles import ROLES
from contract.types import Choice, Line, ListOf

_MAX_PERMISSIONS = 200

EXPLAIN_FIELDS: tuple[Field, ...] = (
    Field(
        "operation",
        Choice(tuple(BY_ID)),
        required=True,
        nullable=False,
        about="The operation in question, as receipts call it: its operationId, with a dot between resource and verb.",
    ),
    Field(
        "scopes",
        ListOf(Choice(tuple(scope.name for scope in SCOPES)), len(SCOPES)),
        required=True,
        nullable=False,
        about="The scopes of the token.",
    ),
    Field(
        "role",
        Choice(tuple(reversed(ROLES))),
        required=True,
        nullable=False,
        about="The role of the user.",
    ),
    Field(
        "permissions",
        ListOf(Line(100, example="contacts:write"), _MAX_PERMISSIONS),
        about="The token's `permissions` claim: replaces what the role grants. Words that are no permission grant "
        "nothing.",
    ),
)
