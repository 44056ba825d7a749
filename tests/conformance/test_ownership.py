"""Whose records a user may change: its own, and others' with the permission for all."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, a_patch, least, unique
from tests.conformance.world import World
from tests.spec.operations import SIX
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

MEMBER = 13
six = pytest.mark.parametrize("resource", SIX)


@pytest.fixture(scope="module")
def member(stack: Stack) -> Iterator[httpx.Client]:
    """A user who owns nothing yet."""
    with stack.caller(role="member", user=MEMBER) as client:
        yield client


def _writes(world: World, resource: str, record: Body) -> list[tuple[str, str, Any, str]]:
    """Each write of one record, with the permission that it needs where the record is another's."""
    path = world.path(resource, record)
    write, delete = f"{resource}:write_all", f"{resource}:delete_all"
    writes: list[tuple[str, str, Any, str]] = [
        ("PATCH", path, a_patch(resource), write),
        ("POST", f"{path}/restore", None, delete),
        (
            "POST",
            f"{world.collection(resource)}/upsert?on=external_id",
            least(resource, world) | {"external_id": record["external_id"]},
            write,
        ),
    ]
    if resource in ("contacts", "companies", "deals"):
        writes += [("POST", f"{path}/tags/{act}", {"tags": ["VIP"]}, write) for act in ("add", "remove")]
    if resource == "deals":
        writes += [("POST", f"{path}/{act}", None, write) for act in ("win", "reopen", "lose", "reopen")]
        writes += [("POST", f"{path}/move", {"stage_id": record["stage_id"]}, write)]
    if resource == "tasks":
        writes += [("POST", f"{path}/{act}", None, write) for act in ("complete", "reopen")]
    return [*writes, ("DELETE", path, None, delete)]


@six
def test_another_s_record_needs_the_permission_for_all(
    stack: Stack, api: httpx.Client, member: httpx.Client, world: World, resource: str
) -> None:
    record = world.new(resource, external_id=unique("erp:"))
    for method, path, body, permission in _writes(world, resource, record):
        answer = member.request(method, path, **({} if body is None else {"json": body}))
        problem = assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
        assert (problem["required_permission"], problem["role"]) == (permission, "member"), path
    assert world.read(resource, record) == record
    with stack.caller(role="manager", user=12) as manager:
        for method, path, body, _ in _writes(world, resource, record):
            answer = manager.request(method, path, **({} if body is None else {"json": body}))
            assert answer.status_code < 300, answer.text


@six
def test_a_batch_tells_it_per_item(api: httpx.Client, member: httpx.Client, world: World, resource: str) -> None:
    theirs = world.new(resource, external_id=unique("erp:"))
    own = member.post(world.collection(resource), json=least(resource, world)).json()["data"]
    base = f"{world.collection(resource)}/batch"
    patch = a_patch(resource)
    batches: list[tuple[str, Body, str, list[int]]] = [
        ("update", {"items": [{"id": record["id"], "patch": patch} for record in (theirs, own)]}, "write", [403, 200]),
        (
            "upsert?on=external_id",
            {"items": [least(resource, world) | {"external_id": word} for word in (theirs["external_id"], unique())]},
            "write",
            [403, 201],
        ),
        ("delete", {"ids": [theirs["id"], own["id"]]}, "delete", [403, 204]),
    ]
    for act, body, right, statuses in batches:
        answer = member.post(f"{base}/{act}", json=body).json()
        assert [item["status"] for item in answer["data"]] == statuses
        error = answer["data"][0]["error"]
        assert (error["code"], error["required_permission"]) == ("insufficient-permission", f"{resource}:{right}_all")
        assert answer["meta"] == {"succeeded": 1, "failed": 1}


@six
def test_handing_a_record_over_needs_a_permission_of_its_own(
    stack: Stack, api: httpx.Client, member: httpx.Client, world: World, resource: str
) -> None:
    other = world.id_of("users")
    created = member.post(world.collection(resource), json=least(resource, world))
    own = created.json()["data"]
    path = world.path(resource, own)
    for answer in (
        member.patch(path, json={"owner_id": other}),
        member.post(world.collection(resource), json=least(resource, world) | {"owner_id": other}),
    ):
        problem = assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
        assert problem["required_permission"] == "records:assign"
        assert items(problem) == [("/owner_id", "not-permitted")]
    assert member.patch(path, json={"owner_id": own["owner_id"]}).json()["data"] == own, "re-sending it is fine"
    given = api.patch(path, json={"owner_id": other}).json()["data"]
    assert (given["owner_id"], given["created_by_id"]) == (other, own["owner_id"])


def test_reading_is_not_limited_by_ownership(member: httpx.Client, world: World) -> None:
    for resource in SIX:
        record = world.one(resource)
        assert member.get(world.path(resource, record)).json()["data"]["id"] == record["id"]


def test_a_caller_learns_whose_value_it_is_only_if_it_may_read(stack: Stack, api: httpx.Client, world: World) -> None:
    taken = world.new("contacts", external_id=unique("erp:"))
    body = {"first_name": "Ada", "external_id": taken["external_id"]}
    with stack.caller(role="viewer", permissions="contacts:write") as writer:
        problem = assert_problem(
            writer.post("/v1/contacts", json=body), "duplicate-resource", decided=True, api_url=stack.api_url
        )
    assert "existing_id" not in problem
    assert api.post("/v1/contacts", json=body).json()["existing_id"] == taken["id"]
