"""For every operation a request that succeeds, so that each refusal differs from it in one thing."""

from tests.conformance.examples import Body, a_patch, as_first, least, unique
from tests.conformance.world import Request, World, placed
from tests.spec.operations import FIRST, Promised


def good(operation: Promised, world: World, *, version: str | None = None, fresh: bool = False) -> Request:
    """A request that succeeds; `fresh`: it will be sent so that it does, and may change its record."""
    record: Body = {}
    if operation.resource in ("me", "versions"):
        return Request(operation.method, operation.path)
    if operation.id == "authorize.explain":
        asked = {"operation": "deals.update", "scopes": ["deals:read"], "role": "member"}
        return Request(operation.method, operation.path, asked)
    if operation.id == "requests.get":
        earlier = world.client.get("/v1/me").headers["x-request-id"]
        return Request(operation.method, operation.path.replace("{trace_id}", earlier))
    if operation.resource == "requests":
        return Request(operation.method, operation.path, params=(("idempotency_key", "never used"),))
    if operation.act not in ("create", "list"):
        own = fresh and operation.resource not in ("users", "custom_fields") and operation.act != "get"
        record = world.new(operation.resource) if own else world.one(operation.resource)
    ids = {operation.resource: record.get("id", "")}
    if operation.resource == "stages":
        ids["pipelines"] = record.get("pipeline_id") or world.id_of("pipelines")
        if operation.act == "create" and fresh:
            ids["pipelines"] = str(world.new("pipelines")["id"])
    params = (("on", "external_id"),) if operation.act in ("upsert", "batch_upsert") else ()
    body = _body(operation, world, record, first=version == FIRST)
    return Request(operation.method, placed(operation.path, ids), body, params)


def _body(operation: Promised, world: World, record: Body, *, first: bool) -> Body | None:
    resource = operation.resource

    def shown(body: Body) -> Body:
        return as_first(resource, body) if first else body

    match operation.act:
        case "create":
            return shown(least(resource, world))
        case "update":
            return shown(a_patch(resource))
        case "search":
            return {"filters": [{"field": "id", "operator": "eq", "value": record["id"]}], "limit": 1}
        case "batch_create":
            return {"items": [shown(least(resource, world))]}
        case "batch_get" | "batch_delete":
            return {"ids": [record["id"]]}
        case "batch_update":
            return {"items": [{"id": record["id"], "patch": shown(a_patch(resource))}]}
        case "upsert":
            return shown(least(resource, world) | {"external_id": record["external_id"] or unique("erp:")})
        case "batch_upsert":
            return {"items": [shown(least(resource, world) | {"external_id": unique("erp:")})]}
        case "add_tags" | "remove_tags":
            return {"tags": ["VIP"]}
        case "move":
            return {"stage_id": record["stage_id"]}
    return None


def status_of(operation: Promised) -> int:
    """What the request above is answered with: its upsert finds nothing."""
    return 201 if operation.act == "upsert" else operation.success
