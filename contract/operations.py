"""A row per endpoint: method, path, kind, resource, scope, cost. Routes, decisions, handlers, tests come of them."""

from dataclasses import dataclass

from contract.problems import METHOD_NOT_ALLOWED, ROUTE_NOT_FOUND, Problem
from contract.resources import RESOURCES, Action, Resource
from contract.resources.shape import API_ROOT
from contract.roles import RECORDS_ASSIGN, TOKENS_MANAGE, AccessRule, Permission, Scope
from contract.size_and_time_limits import JSON_MEDIA_TYPE, MERGE_PATCH_MEDIA_TYPE
from contract.vocabulary import Kind, Method


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint. `cost` is in units of the plan's policies; `keyed`: `Idempotency-Key` is honoured.

    `of`: the resource whose records it is about; `scope` None: any token will do; `open`: no token is looked at.
    """

    id: str
    kind: Kind
    method: Method
    path: str
    resource_row: Resource | None
    scope: Scope | None
    cost: int
    takes_idempotency_key: bool
    success_status: int
    action: Action | None = None
    is_public: bool = False

    @property
    def shows_once(self) -> bool:
        """Whether its answer holds what no other one does."""
        makes = self.kind is Kind.CREATE or (self.action is not None and self.action.creates)
        return makes and self.resource_row is not None and bool(self.resource_row.shown_once)

    @property
    def resource(self) -> Resource:
        """The resource of an operation on records; LookupError for one that is about none."""
        if self.resource_row is None:
            raise LookupError(f"{self.id} is about no record")
        return self.resource_row


@dataclass(frozen=True, slots=True)
class KindDefaults:
    """What all operations of a kind have in common. `path` follows the resource's collection, or its item."""

    method: Method
    path: str
    scope: str
    cost: int = 1
    takes_idempotency_key: bool = False
    success_status: int = 200
    on_item: bool = False


KIND_DEFAULTS: dict[Kind, KindDefaults] = {
    Kind.LIST: KindDefaults(Method.GET, "", "read"),
    Kind.CREATE: KindDefaults(Method.POST, "", "write", takes_idempotency_key=True, success_status=201),
    Kind.GET: KindDefaults(Method.GET, "", "read", on_item=True),
    Kind.UPDATE: KindDefaults(Method.PATCH, "", "write", on_item=True),
    Kind.DELETE: KindDefaults(Method.DELETE, "", "delete", success_status=204, on_item=True),
    Kind.RESTORE: KindDefaults(Method.POST, "/restore", "delete", on_item=True),
    Kind.SEARCH: KindDefaults(Method.POST, "/search", "read", cost=5),
    Kind.UPSERT: KindDefaults(Method.POST, "/upsert", "write", cost=2, takes_idempotency_key=True),
    Kind.BATCH_CREATE: KindDefaults(Method.POST, "/batch/create", "write", cost=10, takes_idempotency_key=True),
    Kind.BATCH_GET: KindDefaults(Method.POST, "/batch/get", "read"),
    Kind.BATCH_UPDATE: KindDefaults(Method.POST, "/batch/update", "write", cost=10, takes_idempotency_key=True),
    Kind.BATCH_DELETE: KindDefaults(Method.POST, "/batch/delete", "delete", cost=10, takes_idempotency_key=True),
    Kind.BATCH_UPSERT: KindDefaults(Method.POST, "/batch/upsert", "write", cost=10, takes_idempotency_key=True),
    Kind.ACTION: KindDefaults(Method.POST, "", "write", on_item=True),
}


def _scope(access: AccessRule, which: str) -> Scope:
    scope = {"read": access.read, "write": access.write, "delete": access.delete}[which]
    if scope is None:
        raise ValueError(f"a resource that cannot be written has no operation that needs {which}")
    return scope


def operation(resource: Resource, kind: Kind, action: Action | None = None) -> Operation:
    """The row of `kind`, or of one action, on `resource`."""
    shape = KIND_DEFAULTS[kind]
    tail = shape.path if action is None else f"/{action.path}"
    return Operation(
        id=f"{resource.name}.{(resource.texts_of(kind).name or kind) if action is None else action.name}",
        kind=kind,
        method=shape.method,
        path=(resource.item if shape.on_item else resource.collection) + tail,
        resource_row=resource,
        scope=_scope(resource.access, shape.scope),
        cost=shape.cost,
        takes_idempotency_key=shape.takes_idempotency_key,
        success_status=shape.success_status if action is None else action.success,
        action=action,
    )


def operations_of(resource: Resource) -> tuple[Operation, ...]:
    """All operations of a resource: its kinds, then its actions; an end that cannot be undone comes last."""
    last = [kind for kind in resource.kinds if kind is Kind.DELETE and Kind.RESTORE not in resource.kinds]
    kinds = (operation(resource, kind) for kind in resource.kinds if kind not in last)
    actions = (operation(resource, Kind.ACTION, action) for action in resource.actions)
    return (*kinds, *actions, *(operation(resource, kind) for kind in last))


TRACE_ID_PARAMETER = "trace_id"
"""What `requests.get` calls the request's id in its path: the one parameter of a path that is no record's id."""

ME = Operation(
    "me.get", Kind.ME, Method.GET, f"{API_ROOT}/me", None, None, cost=1, takes_idempotency_key=False, success_status=200
)
REQUESTS_LIST = Operation(
    "requests.list",
    Kind.REQUESTS,
    Method.GET,
    f"{API_ROOT}/requests",
    None,
    None,
    cost=1,
    takes_idempotency_key=False,
    success_status=200,
)
REQUESTS_GET = Operation(
    "requests.get",
    Kind.RECEIPT,
    Method.GET,
    f"{API_ROOT}/requests/{{{TRACE_ID_PARAMETER}}}",
    None,
    None,
    cost=1,
    takes_idempotency_key=False,
    success_status=200,
)
AUTHORIZE_EXPLAIN = Operation(
    "authorize.explain",
    Kind.EXPLAIN,
    Method.POST,
    f"{API_ROOT}/authorize/explain",
    None,
    TOKENS_MANAGE,
    cost=1,
    takes_idempotency_key=False,
    success_status=200,
)
VERSIONS_LIST = Operation(
    "versions.list",
    Kind.VERSIONS,
    Method.GET,
    f"{API_ROOT}/versions",
    None,
    None,
    cost=0,
    takes_idempotency_key=False,
    success_status=200,
    is_public=True,
)

OPERATIONS: tuple[Operation, ...] = (
    *(row for resource in RESOURCES for row in operations_of(resource)),
    ME,
    REQUESTS_LIST,
    REQUESTS_GET,
    AUTHORIZE_EXPLAIN,
    VERSIONS_LIST,
)
BY_ID: dict[str, Operation] = {row.id: row for row in OPERATIONS}
MAX_COST = max(row.cost for row in OPERATIONS)
"""The highest cost that one request can have."""


@dataclass(frozen=True, slots=True)
class UnroutedOperation:
    """Where the edge sends what no operation takes: the token is checked and the call counted before it is refused."""

    id: str
    problem: Problem
    cost: int = 1


UNKNOWN_PATH = UnroutedOperation("unknown-path", ROUTE_NOT_FOUND)
WRONG_METHOD = UnroutedOperation("wrong-method", METHOD_NOT_ALLOWED)
UNROUTED: dict[str, UnroutedOperation] = {row.id: row for row in (UNKNOWN_PATH, WRONG_METHOD)}

READINESS = "readiness"
"""What the edge calls `GET /readyz` towards authz: no operation, no token, nothing counted."""

HEALTH_PATH = "/healthz"
READINESS_PATH = "/readyz"
JWKS_PATH = "/jwks"


def paths() -> dict[str, tuple[Method, ...]]:
    """Each path template with the methods of its operations, in table order."""
    methods: dict[str, tuple[Method, ...]] = {}
    for row in OPERATIONS:
        methods[row.path] = (*methods.get(row.path, ()), row.method)
    return methods


def allowed_methods(path: str) -> tuple[str, ...]:
    """What `Allow` says of a path template: its methods, HEAD beside GET, and OPTIONS (RFC 9110 §9.3)."""
    words: list[str] = []
    for method in paths()[path]:
        words += [method, "HEAD"] if method is Method.GET else [method]
    return (*words, "OPTIONS")


def body_media_types(method: Method) -> tuple[str, ...]:
    """The media types that a body of this method may have (RFC 7396 for a patch)."""
    return (JSON_MEDIA_TYPE, MERGE_PATCH_MEDIA_TYPE) if method is Method.PATCH else (JSON_MEDIA_TYPE,)


PERMISSIONS: frozenset[Permission] = frozenset(
    (RECORDS_ASSIGN, TOKENS_MANAGE.permission, *(held for row in RESOURCES for held in row.access.permissions))
)
SCOPES: tuple[Scope, ...] = (
    *dict.fromkeys(scope for row in RESOURCES for scope in row.access.scopes if scope is not TOKENS_MANAGE),
    TOKENS_MANAGE,
)
"""In the order in which they are listed everywhere; the one that is about no record of the business comes last."""
