"""Who may do what, as the documentation says it: a small model of its own, and a sample of decisions typed by hand."""

from collections.abc import Set

SIX = ("contacts", "companies", "deals", "tasks", "notes", "activities")

_EVERYBODY = {*(f"{six}:read" for six in SIX), "pipelines:read", "users:read", "custom_fields:read"}
_MEMBERS = {f"{six}:{right}" for six in SIX for right in ("write", "delete")}
_MANAGERS = {f"{six}:{right}_all" for six in SIX for right in ("write", "delete")} | {"records:assign"}
_ADMINS = {"pipelines:write", "tokens:manage"}

GRANTS: dict[str, set[str]] = {
    "viewer": _EVERYBODY,
    "member": _EVERYBODY | _MEMBERS,
    "manager": _EVERYBODY | _MEMBERS | _MANAGERS,
    "admin": _EVERYBODY | _MEMBERS | _MANAGERS | _ADMINS,
}
"""What each role may do."""

_READING = {"list", "get", "search", "batch_get"}
_DELETING = {"delete", "restore", "batch_delete"}


def needs(operation: str) -> str | None:
    """The scope, and permission, that an operation asks for; None: any token will do, or none."""
    resource, _, act = operation.partition(".")
    if resource in ("me", "requests", "versions"):
        return None
    if resource in ("authorize", "personal_access_tokens", "apps"):
        return "tokens:manage"
    if resource in ("pipelines", "stages"):
        return "pipelines:read" if act in _READING else "pipelines:write"
    right = "read" if act in _READING else "delete" if act in _DELETING else "write"
    return f"{resource}:{right}"


def refusal(operation: str, role: str, permissions: Set[str] | None, scopes: Set[str]) -> str | None:
    """The problem that a caller is answered with; None: it may. `permissions` replaces what the role grants."""
    needed = needs(operation)
    if needed is None:
        return None
    if needed not in scopes:
        return "insufficient-scope"
    granted = GRANTS[role] if permissions is None else permissions
    return None if needed in granted else "insufficient-permission"


Sample = tuple[str, str, str | None, str, str | None]
SCOPE, PERMISSION = "insufficient-scope", "insufficient-permission"

SAMPLE: tuple[Sample, ...] = (
    # Operation, role, permissions, scopes; the problem.
    ("contacts.list", "viewer", None, "contacts:read", None),
    ("contacts.list", "viewer", None, "contacts:write contacts:delete", SCOPE),
    ("contacts.list", "admin", None, "", SCOPE),
    ("contacts.list", "admin", "contacts:write", "contacts:read", PERMISSION),
    ("contacts.search", "viewer", None, "contacts:read", None),
    ("contacts.create", "viewer", None, "contacts:write", PERMISSION),
    ("contacts.create", "member", None, "contacts:write", None),
    ("contacts.create", "member", None, "contacts:read", SCOPE),
    ("contacts.create", "viewer", None, "contacts:read", SCOPE),
    ("contacts.create", "viewer", "contacts:write", "contacts:write", None),
    ("companies.batch_get", "viewer", None, "companies:read", None),
    ("companies.batch_upsert", "viewer", None, "companies:write", PERMISSION),
    ("companies.batch_delete", "member", None, "companies:write", SCOPE),
    ("deals.win", "member", None, "deals:write", None),
    ("deals.move", "viewer", None, "deals:write", PERMISSION),
    ("deals.update", "member", None, "deals:read", SCOPE),
    ("deals.update", "member", None, "companies:write", SCOPE),
    ("tasks.restore", "member", None, "tasks:delete", None),
    ("tasks.restore", "member", None, "tasks:write", SCOPE),
    ("notes.delete", "manager", None, "notes:delete", None),
    ("notes.delete", "admin", "", "notes:delete", PERMISSION),
    ("activities.upsert", "member", None, "activities:write", None),
    ("pipelines.list", "viewer", None, "pipelines:read", None),
    ("pipelines.create", "manager", None, "pipelines:write", PERMISSION),
    ("pipelines.delete", "admin", None, "pipelines:write", None),
    ("stages.restore", "manager", None, "pipelines:write", PERMISSION),
    ("stages.update", "admin", None, "pipelines:read", SCOPE),
    ("stages.create", "viewer", "pipelines:write", "pipelines:write", None),
    ("users.list", "viewer", None, "users:read", None),
    ("custom_fields.list", "viewer", None, "contacts:read", SCOPE),
    ("me.get", "viewer", "", "", None),
    ("requests.list", "viewer", "", "", None),
    ("requests.get", "viewer", "", "", None),
    ("authorize.explain", "manager", None, "tokens:manage", PERMISSION),
    ("authorize.explain", "admin", None, "contacts:read", SCOPE),
    ("authorize.explain", "admin", None, "tokens:manage", None),
    ("versions.list", "viewer", "", "", None),
)
