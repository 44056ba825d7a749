"""A row per endpoint: method, path, kind, resource, scope, cost. Routes, decisions, handlers, tests come of them."""

from dataclasses import dataclass

from contract.problems import METHOD_NOT_ALLOWED, ROUTE_NOT_FOUND, Problem
from contract.resources import RESOURCES, Resource
from contract.roles import RECORDS_ASSIGN, Access, Permission, Scope
from contract.vocabulary import Kind, Method


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint. `cost` is in units of the plan's policies; `keyed`: `Idempotency-Key` is honoured."""

    id: str
    kind: Kind
    method: Method
    path: str
    resource: Resource
    scope: Scope
    cost: int
    keyed: bool
    success: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What all operations of a kind have in common. `path` is appended to the resource's own."""

    method: Method
    on_item: bool
    scope: str
    cost: int
    keyed: bool
    success: int


API_ROOT = "/v1"
"""Every operation is below it; what is not an operation there asks for a token all the same."""

SHAPES: dict[Kind, Shape] = {
    Kind.LIST: Shape(Method.GET, on_item=False, scope="read", cost=1, keyed=False, success=200),
    Kind.CREATE: Shape(Method.POST, on_item=False, scope="write", cost=1, keyed=True, success=201),
    Kind.GET: Shape(Method.GET, on_item=True, scope="read", cost=1, keyed=False, success=200),
    Kind.UPDATE: Shape(Method.PATCH, on_item=True, scope="write", cost=1, keyed=False, success=200),
    Kind.DELETE: Shape(Method.DELETE, on_item=True, scope="delete", cost=1, keyed=False, success=204),
}


def _scope(access: Access, which: str) -> Scope:
    return {"read": access.read, "write": access.write, "delete": access.delete}[which]


def operation(resource: Resource, kind: Kind) -> Operation:
    """The row of `kind` on `resource`."""
    shape = SHAPES[kind]
    collection = f"{API_ROOT}/{resource.name}"
    return Operation(
        id=f"{resource.name}.{kind}",
        kind=kind,
        method=shape.method,
        path=f"{collection}/{{{resource.parameter}}}" if shape.on_item else collection,
        resource=resource,
        scope=_scope(resource.access, shape.scope),
        cost=shape.cost,
        keyed=shape.keyed,
        success=shape.success,
    )


OPERATIONS: tuple[Operation, ...] = tuple(
    operation(resource, kind) for resource in RESOURCES for kind in resource.kinds
)
BY_ID: dict[str, Operation] = {row.id: row for row in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Unrouted:
    """Where the edge sends what no operation takes: the token is checked and the call counted before it is refused."""

    id: str
    problem: Problem
    cost: int = 1


UNKNOWN_PATH = Unrouted("unknown-path", ROUTE_NOT_FOUND)
WRONG_METHOD = Unrouted("wrong-method", METHOD_NOT_ALLOWED)
UNROUTED: dict[str, Unrouted] = {row.id: row for row in (UNKNOWN_PATH, WRONG_METHOD)}

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


def _permissions() -> frozenset[Permission]:
    held = {RECORDS_ASSIGN}
    for resource in RESOURCES:
        own = resource.access
        held |= {own.read.permission, own.write.permission, own.delete.permission, own.write_all, own.delete_all}
    return frozenset(held)


PERMISSIONS: frozenset[Permission] = _permissions()
SCOPES: tuple[Scope, ...] = tuple(
    scope for resource in RESOURCES for scope in (resource.access.read, resource.access.write, resource.access.delete)
)
