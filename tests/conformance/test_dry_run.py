"""Dry runs, of every operation that writes: the would-be answer, and nothing written."""

from typing import Any

import httpx
import pytest

from tests.conformance.calls import good
from tests.conformance.examples import Body, least
from tests.conformance.world import Request, World
from tests.spec.operations import OF_RECORDS, SIX, VERSIONS, Promised
from tests.spec.resources import ONCE, names
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

READS = ("list", "get", "search", "batch_get")
WRITES = [row for row in OF_RECORDS if row.act not in READS]
every = pytest.mark.parametrize("operation", WRITES, ids=lambda row: row.id)


def _dry(request: Request) -> Request:
    return request.but(params=(*request.params, ("dry_run", "true")))


def _state(world: World, operation: Promised, request: Request) -> Any:
    """All that a write could have changed."""
    collection = request.path.split(f"/{operation.resource}")[0] + f"/{operation.resource}"
    params = {"include_total": "true", "deleted": "include", "order_by": "updated_at", "sort_direction": "desc"}
    if operation.resource in ONCE:
        params = {"include_total": "true"}
    page = world.client.get(collection, params=params | {"limit": "3"}).json()
    return page["data"], page["meta"]["total"]


@every
@pytest.mark.parametrize("version", VERSIONS)
def test_writes_nothing_and_shows_what_would_be(
    api: httpx.Client, world: World, operation: Promised, version: str
) -> None:
    request = good(operation, world, version=version, fresh=True)
    before = _state(world, operation, request)
    answer = _dry(request).send(api, version=version)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["meta"]["dry_run"] is True
    assert _state(world, operation, request) == before
    assert "location" not in answer.headers
    first = version != VERSIONS[0]
    if operation.act.startswith("batch_"):
        assert (body["meta"]["succeeded"], body["meta"]["failed"]) == (1, 0)
        [item] = body["data"]
        assert item["status"] == 200
        if operation.act == "batch_delete":
            assert item["data"]["deleted_at"] is not None
        record = item["data"]
    else:
        record = body["data"]
    assert tuple(record) == names(operation.resource, first=first)
    creates = operation.act in ("create", "upsert", "batch_create", "batch_upsert", "rotate")
    assert (record["id"] is None) is creates
    if operation.act == "upsert":
        assert body["meta"]["result"] == "created"
    if operation.act == "delete" and "deleted_at" in record:
        assert record["deleted_at"] is not None
    real = request.send(api, version=version)
    assert real.status_code < 300, "it can be done after all"
    _assert_alike(operation, record, real)
    if operation.id == "pipelines.create":
        world.remember(real.json()["data"]["id"])


def _assert_alike(operation: Promised, tried: Body, real: httpx.Response) -> None:
    if operation.act in ("delete", "batch_delete", "revoke"):
        return
    data = real.json()["data"]
    done = data[0]["data"] if operation.act.startswith("batch_") else data
    computed = {
        "id",
        "created_at",
        "updated_at",
        "etag",
        "stage_changed_at",
        "closed_at",
        "completed_at",
        "occurred_at",
        "expires_at",
        "client_id",
        "service_user_id",
        "secret_rotated_at",
        *ONCE.values(),
    }
    computed |= {"stages"} if operation.act == "create" else set()
    assert {name: tried[name] for name in tried if name not in computed} == {
        name: done[name] for name in done if name not in computed
    }


@every
def test_a_misspelt_one_is_refused(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    request = good(operation, world)
    for value in ("True", "1", ""):
        answer = request.but(params=(*request.params, ("dry_run", value))).send(api)
        problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
        assert items(problem) == [("dry_run", "unknown-value")]


@pytest.mark.parametrize("resource", SIX)
def test_finds_what_a_write_would_find(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    gone = world.new(resource)
    path = world.path(resource, gone)
    api.delete(path)
    dry = {"dry_run": "true"}
    assert api.patch(path, params=dry, json={}).status_code == 410
    assert api.delete(path, params=dry).status_code == 410
    taken = world.new(resource, external_id=f"erp:{gone['id']}")
    body = least(resource, world) | {"external_id": taken["external_id"]}
    answer = api.post(world.collection(resource), params=dry, json=body)
    assert_problem(answer, "duplicate-resource", decided=True, api_url=stack.api_url)
    stale = {"If-Match": '"r1-nothing"'}
    answer = api.patch(world.path(resource, taken), params=dry, json={}, headers=stale)
    assert_problem(answer, "precondition-failed", decided=True, api_url=stack.api_url)
    upsert = api.post(f"{world.collection(resource)}/upsert", params=dry | {"on": "external_id"}, json=body)
    assert upsert.json()["meta"] == {"dry_run": True, "result": "unchanged"}
    assert upsert.json()["data"]["id"] == taken["id"]


def test_a_dry_run_neither_reads_nor_stores_a_key(api: httpx.Client, world: World) -> None:
    key, body = {"Idempotency-Key": f"dry {id(world)}"}, {"first_name": "Ada"}
    dry = {"dry_run": "true"}
    assert api.post("/v1/contacts", params=dry, json=body, headers=key).json()["data"]["id"] is None
    real = api.post("/v1/contacts", json=body, headers=key)
    assert (real.status_code, "idempotent-replayed" in real.headers) == (201, False)
    assert api.post("/v1/contacts", params=dry, json={"last_name": "x"}, headers=key).json()["data"]["id"] is None
