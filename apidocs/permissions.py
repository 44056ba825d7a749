"""[pure] The truth table of decisions as a document: every operation, every role, with and without what it needs."""

from apidocs.markdown import code, codes, page, table
from contract.authorization import Decision, authorize, required_permission, required_scopes
from contract.operations import OPERATIONS, SCOPES, Operation
from contract.problems import INSUFFICIENT_PERMISSION, INSUFFICIENT_SCOPE
from contract.roles import Role

_ALL_SCOPES = frozenset(scope.name for scope in SCOPES)
_WORDS = {None: "yes", INSUFFICIENT_SCOPE: "scope", INSUFFICIENT_PERMISSION: "permission"}
_ABOUT = (
    "What is decided of every call once its token is accepted and counted: the token's scopes, then the user's "
    "permissions. `yes` lets it through; `scope` is 403 `insufficient-scope`, `permission` 403 "
    "`insufficient-permission`. Each cell was decided by the function that decides in service; "
    "`POST /v1/authorize/explain` asks it for any other case. Whose a record is, is decided with the write, where the "
    "record is."
)
_COLUMNS = """\
- **without its scope**: an admin's token with every scope but this one. No role makes up for a scope.
- **viewer** … **admin**: a token with the scope, of a user with that role, without a `permissions` claim.
- **claimed**: the scope, a viewer, and a `permissions` claim of this permission alone.
- **claimed away**: the scope, an admin, and a `permissions` claim without this permission."""


def permissions_page() -> str:
    """The page."""
    titles = ("operation", "needs", "without its scope", *(role.word for role in Role), "claimed", "claimed away")
    return page("Who may do what", _ABOUT, _COLUMNS, table(titles, map(_cells, OPERATIONS)))


def _cells(row: Operation) -> list[str]:
    needed = frozenset(required_scopes(row))
    permission = required_permission(row)
    alone = frozenset() if permission is None else frozenset({permission})
    made = [
        authorize(row, Role.ADMIN, None, _ALL_SCOPES - needed),
        *(authorize(row, role, None, needed) for role in Role),
        authorize(row, Role.VIEWER, alone, needed),
        authorize(row, Role.ADMIN, _ALL_SCOPES - alone, needed),
    ]
    return [code(row.id), _needs(row), *map(_word, made)]


def _needs(row: Operation) -> str:
    if row.is_public:
        return "no token"
    return codes(required_scopes(row)) or "any token"


def _word(made: Decision) -> str:
    return _WORDS[made.problem]
