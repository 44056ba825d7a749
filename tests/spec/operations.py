"""The operations that are served, as the documentation lists them."""

from collections.abc import Iterator
from typing import NamedTuple

ROLES = ("viewer", "member", "manager", "admin")
"""Each may do all that the ones before it may."""

PLANS = {"starter": (50, 20000), "growth": (100, 200000), "scale": (200, 1000000)}
"""Cost units in 10 seconds, and in a day."""

VERSIONS = ("2026-11-24", "2026-06-17")
"""Newest first."""

CURRENT, FIRST = VERSIONS

RATE_HEADERS = (
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Daily-Limit",
    "X-RateLimit-Daily-Remaining",
    "X-RateLimit-Daily-Reset",
    "X-RateLimit-Cost",
    "RateLimit-Policy",
    "RateLimit",
)

SIX = ("contacts", "companies", "deals", "tasks", "notes", "activities")
"""The resources whose records have owners."""

ITEM_NAMES = {
    "contacts": "contact_id",
    "companies": "company_id",
    "deals": "deal_id",
    "tasks": "task_id",
    "notes": "note_id",
    "activities": "activity_id",
    "pipelines": "pipeline_id",
    "stages": "stage_id",
    "users": "user_id",
    "personal_access_tokens": "token_id",
    "apps": "app_id",
}
PREFIXES = {
    "contacts": "con",
    "companies": "cmp",
    "deals": "deal",
    "tasks": "task",
    "notes": "note",
    "activities": "act",
    "pipelines": "pipe",
    "stages": "stage",
    "users": "usr",
    "custom_fields": "cf",
    "personal_access_tokens": "tok",
    "apps": "app",
}

SCOPES = tuple(
    f"{resource}:{act}"
    for resource, acts in {
        **dict.fromkeys(SIX, ("read", "write", "delete")),
        "pipelines": ("read", "write"),
        "users": ("read",),
        "custom_fields": ("read",),
        "tokens": ("manage",),
    }.items()
    for act in acts
)

UPSERT_ON = {
    "contacts": ("email", "external_id"),
    "companies": ("domain", "external_id"),
    **dict.fromkeys(("deals", "tasks", "notes", "activities"), ("external_id",)),
}


class Promised(NamedTuple):
    """A row of the table of operations; `scope` None: any token will do, `cost` 0: no token is looked at."""

    id: str
    method: str
    path: str
    scope: str | None
    lowest_role: str
    keyed: bool
    cost: int
    success: int

    @property
    def resource(self) -> str:
        """The word before the dot."""
        return self.id.partition(".")[0]

    @property
    def act(self) -> str:
        """The word behind it."""
        return self.id.partition(".")[2]


Row = tuple[str, str, str, str, str, bool, int, int]

# Operation, method, path behind the collection, what of the scope, lowest role, key honoured, cost, success.
_EVERY: tuple[Row, ...] = (
    ("list", "GET", "", "read", "viewer", False, 1, 200),
    ("create", "POST", "", "write", "member", True, 1, 201),
    ("get", "GET", "/{id}", "read", "viewer", False, 1, 200),
    ("update", "PATCH", "/{id}", "write", "member", False, 1, 200),
    ("delete", "DELETE", "/{id}", "delete", "member", False, 1, 204),
    ("restore", "POST", "/{id}/restore", "delete", "member", False, 1, 200),
    ("search", "POST", "/search", "read", "viewer", False, 5, 200),
    ("batch_create", "POST", "/batch/create", "write", "member", True, 10, 200),
    ("batch_get", "POST", "/batch/get", "read", "viewer", False, 1, 200),
    ("batch_update", "POST", "/batch/update", "write", "member", True, 10, 200),
    ("batch_delete", "POST", "/batch/delete", "delete", "member", True, 10, 200),
    ("upsert", "POST", "/upsert", "write", "member", True, 2, 200),
    ("batch_upsert", "POST", "/batch/upsert", "write", "member", True, 10, 200),
)
_TAGS: tuple[Row, ...] = (
    ("add_tags", "POST", "/{id}/tags/add", "write", "member", False, 1, 200),
    ("remove_tags", "POST", "/{id}/tags/remove", "write", "member", False, 1, 200),
)
_DEALS: tuple[Row, ...] = (
    ("win", "POST", "/{id}/win", "write", "member", False, 1, 200),
    ("lose", "POST", "/{id}/lose", "write", "member", False, 1, 200),
    ("reopen", "POST", "/{id}/reopen", "write", "member", False, 1, 200),
    ("move", "POST", "/{id}/move", "write", "member", False, 1, 200),
)
_TASKS: tuple[Row, ...] = (
    ("complete", "POST", "/{id}/complete", "write", "member", False, 1, 200),
    ("reopen", "POST", "/{id}/reopen", "write", "member", False, 1, 200),
)
# There is no pipelines:delete.
_CONFIGURATION: tuple[Row, ...] = (
    ("list", "GET", "", "read", "viewer", False, 1, 200),
    ("create", "POST", "", "write", "admin", True, 1, 201),
    ("get", "GET", "/{id}", "read", "viewer", False, 1, 200),
    ("update", "PATCH", "/{id}", "write", "admin", False, 1, 200),
    ("delete", "DELETE", "/{id}", "write", "admin", False, 1, 204),
    ("restore", "POST", "/{id}/restore", "write", "admin", False, 1, 200),
    ("search", "POST", "/search", "read", "viewer", False, 5, 200),
)
_READ_ONLY: tuple[Row, ...] = (
    ("list", "GET", "", "read", "viewer", False, 1, 200),
    ("search", "POST", "/search", "read", "viewer", False, 5, 200),
    ("get", "GET", "/{id}", "read", "viewer", False, 1, 200),
)

_PATS: tuple[Row, ...] = (
    ("list", "GET", "", "manage", "admin", False, 1, 200),
    ("create", "POST", "", "manage", "admin", True, 1, 201),
    ("get", "GET", "/{id}", "manage", "admin", False, 1, 200),
    ("rotate", "POST", "/{id}/rotate", "manage", "admin", False, 1, 201),
    ("revoke", "DELETE", "/{id}", "manage", "admin", False, 1, 204),
)
_APPS: tuple[Row, ...] = (
    ("list", "GET", "", "manage", "admin", False, 1, 200),
    ("get", "GET", "/{id}", "manage", "admin", False, 1, 200),
    ("update", "PATCH", "/{id}", "manage", "admin", False, 1, 200),
    ("create", "POST", "", "manage", "admin", True, 1, 201),
    ("rotate_secret", "POST", "/{id}/rotate_secret", "manage", "admin", False, 1, 200),
    ("delete", "DELETE", "/{id}", "manage", "admin", False, 1, 204),
)

_PLACES: dict[str, tuple[str, str, tuple[Row, ...]]] = {
    "contacts": ("/v1/contacts", "contacts", _EVERY + _TAGS),
    "companies": ("/v1/companies", "companies", _EVERY + _TAGS),
    "deals": ("/v1/deals", "deals", _EVERY + _TAGS + _DEALS),
    "tasks": ("/v1/tasks", "tasks", _EVERY + _TASKS),
    "notes": ("/v1/notes", "notes", _EVERY),
    "activities": ("/v1/activities", "activities", _EVERY),
    "pipelines": ("/v1/pipelines", "pipelines", _CONFIGURATION),
    "stages": ("/v1/pipelines/{pipeline_id}/stages", "pipelines", _CONFIGURATION),
    "users": ("/v1/users", "users", _READ_ONLY),
    "custom_fields": ("/v1/custom_fields", "custom_fields", _READ_ONLY[:2]),
    "personal_access_tokens": ("/v1/personal_access_tokens", "tokens", _PATS),
    "apps": ("/v1/apps", "tokens", _APPS),
}


def _rows() -> Iterator[Promised]:
    for resource, (collection, word, rows) in _PLACES.items():
        for act, method, tail, right, role, keyed, cost, success in rows:
            path = collection + tail.replace("{id}", f"{{{ITEM_NAMES.get(resource, '')}}}")
            yield Promised(f"{resource}.{act}", method, path, f"{word}:{right}", role, keyed, cost, success)


ME = Promised("me.get", "GET", "/v1/me", None, "viewer", False, 1, 200)
REQUESTS_LIST = Promised("requests.list", "GET", "/v1/requests", None, "viewer", False, 1, 200)
REQUESTS_GET = Promised("requests.get", "GET", "/v1/requests/{trace_id}", None, "viewer", False, 1, 200)
AUTHORIZE_EXPLAIN = Promised(
    "authorize.explain", "POST", "/v1/authorize/explain", "tokens:manage", "admin", False, 1, 200
)
VERSIONS_LIST = Promised("versions.list", "GET", "/v1/versions", None, "viewer", False, 0, 200)
OF_RECORDS = tuple(_rows())
"""Those on records."""
SCOPED = (*OF_RECORDS, AUTHORIZE_EXPLAIN)
"""Those that need a scope."""
WITH_TOKEN = (*SCOPED, ME, REQUESTS_LIST, REQUESTS_GET)
OPERATIONS = (*WITH_TOKEN, VERSIONS_LIST)
COUNT = 125

COLLECTIONS = {resource: place[0] for resource, place in _PLACES.items()}


def allowed(path: str) -> set[str]:
    """What `Allow` says of a path."""
    methods = {row.method for row in OPERATIONS if row.path == path}
    return methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
