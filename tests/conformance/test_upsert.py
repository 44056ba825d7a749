"""Upserts: created, updated or unchanged, by each field that can match."""

from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, a_patch, least, unique
from tests.conformance.world import World
from tests.spec.operations import SIX, UPSERT_ON
from tests.spec.resources import MEMBERS
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

ONS = [(resource, on) for resource in SIX for on in UPSERT_ON[resource]]
every = pytest.mark.parametrize(("resource", "on"), ONS, ids=[f"{resource}-{on}" for resource, on in ONS])


def _value(on: str) -> str:
    return {"email": f"{unique()}@a.example", "domain": f"{unique()}.example"}.get(on, unique("erp:"))


def _spelt_otherwise(on: str, value: str) -> str:
    return {"email": value.upper(), "domain": f"WWW.{value.upper()}."}.get(on, f" {value} ")


def _upsert(client: httpx.Client, world: World, resource: str, on: str, body: Body) -> httpx.Response:
    return client.post(f"{world.collection(resource)}/upsert", params={"on": on}, json=body)


@every
def test_creates_then_changes_nothing_then_updates(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str, on: str
) -> None:
    value = _value(on)
    body = least(resource, world) | {on: value}
    made = _upsert(api, world, resource, on, body)
    record = made.json()["data"]
    assert (made.status_code, made.json()["meta"]) == (201, {"result": "created"})
    assert made.headers["location"].endswith(world.path(resource, record))
    assert made.headers["etag"] == f'"{record["etag"]}"'
    again = _upsert(api, world, resource, on, body | {on: _spelt_otherwise(on, value)})
    assert (again.status_code, again.json()) == (200, {"data": record, "meta": {"result": "unchanged"}})
    assert "location" not in again.headers
    changed = _upsert(api, world, resource, on, body | a_patch(resource))
    assert (changed.status_code, changed.json()["meta"]) == (200, {"result": "updated"})
    after = changed.json()["data"]
    differs = {name for name in after if after[name] != record[name]}
    assert differs == {*a_patch(resource), "updated_at", "etag"}, "defaults are not applied"
    older = {"notes": {"content": body.get("body")}}.get(resource, {})
    sent = {name: given for name, given in (body | a_patch(resource) | older).items() if name != "body" or not older}
    assert _upsert(first_api, world, resource, on, sent).json()["meta"] == {"result": "unchanged"}


@every
def test_matches_no_deleted_record(api: httpx.Client, world: World, resource: str, on: str) -> None:
    value = _value(on)
    gone = world.new(resource, **{on: value})
    api.delete(world.path(resource, gone))
    answer = _upsert(api, world, resource, on, least(resource, world) | {on: value})
    assert (answer.status_code, answer.json()["meta"]["result"]) == (201, "created")


@every
def test_needs_the_field_that_it_matches_by(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str, on: str
) -> None:
    body = {name: value for name, value in least(resource, world).items() if name != "body"}
    texts = {"notes": ("body", "content")}.get(resource)
    for client in (api, first_api):
        given = body | ({texts[client is first_api]: "x"} if texts else {})
        for nothing, code in (({}, "required"), ({on: None}, "not-nullable")):
            answer = _upsert(client, world, resource, on, given | nothing)
            problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
            assert items(problem) == [(f"/{on}", code)]


@pytest.mark.parametrize("resource", SIX)
def test_needs_to_be_told_that_field(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    path = f"{world.collection(resource)}/upsert"
    body = least(resource, world) | {"external_id": unique()}
    for params, code in (({}, "required"), ({"on": "id"}, "unknown-value"), ({"on": ""}, "unknown-value")):
        for where in (path, f"{world.collection(resource)}/batch/upsert"):
            answer = api.post(where, params=params, json=body)
            problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
            assert items(problem) == [("on", code)]
            assert problem["errors"][0]["allowed"] == list(UPSERT_ON[resource])


@pytest.mark.parametrize("resource", SIX)
def test_its_body_is_a_whole_one(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    world.new(resource, external_id=(key := unique("erp:")))
    required = [f"/{row.name}" for row in MEMBERS[resource] if row.create == "R"]
    answer = _upsert(api, world, resource, "external_id", {"external_id": key, "id": "x", "nothing": 1})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [
        ("/id", "read-only"),
        ("/nothing", "unknown-member"),
        *[(pointer, "required") for pointer in required],
    ]


def test_two_matches_are_ambiguous(stack: Stack, api: httpx.Client, world: World) -> None:
    domain = _value("domain")
    for _ in range(2):
        world.new("companies", domain=domain)
    answer = _upsert(api, world, "companies", "domain", {"name": "Northwind", "domain": domain})
    problem = assert_problem(answer, "ambiguous-match", decided=True, api_url=stack.api_url)
    assert problem["errors"] == []
    body = {"items": [{"name": "Northwind", "domain": domain}, {"name": "Other", "domain": _value("domain")}]}
    batch = api.post("/v1/companies/batch/upsert", params={"on": "domain"}, json=body).json()
    assert [item["status"] for item in batch["data"]] == [409, 201]
    assert batch["data"][0]["error"]["code"] == "ambiguous-match"


def test_another_unique_field_may_be_taken(stack: Stack, api: httpx.Client, world: World) -> None:
    one, other = world.new("contacts", external_id=unique("erp:")), world.new("contacts", email=_value("email"))
    body = {"external_id": one["external_id"], "email": other["email"]}
    answer = _upsert(api, world, "contacts", "external_id", body)
    problem = assert_problem(answer, "duplicate-resource", decided=True, api_url=stack.api_url)
    assert (problem["field"], problem["existing_id"]) == ("email", other["id"])
    assert items(problem) == [("/email", "duplicate-value")]


THEN = "2025-03-04T10:00:00Z"
# Resource, what is stored, a member of creates with a value, and whether that is no change.
OF_CREATES: dict[str, tuple[str, Body, Body, str | None]] = {
    "the stored status": ("deals", {"status": "won", "closed_at": THEN}, {"status": "won"}, None),
    "another status": ("deals", {"status": "won", "closed_at": THEN}, {"status": "open"}, "/status"),
    "the stored instant": ("deals", {"status": "won", "closed_at": THEN}, {"status": "won", "closed_at": THEN}, None),
    "another instant": (
        "deals",
        {"status": "won", "closed_at": THEN},
        {"status": "won", "closed_at": "2025-01-01T00:00:00Z"},
        "/closed_at",
    ),
    "no instant": ("deals", {"status": "won", "closed_at": THEN}, {"status": "won", "closed_at": None}, None),
    "another reason": (
        "deals",
        {"status": "lost", "lost_reason": "Price"},
        {"status": "lost", "lost_reason": "x"},
        "/lost_reason",
    ),
    "a task's stored status": ("tasks", {"status": "completed"}, {"status": "completed"}, None),
    "a task's other status": ("tasks", {"status": "completed"}, {"status": "open"}, "/status"),
    "a task's no instant": ("tasks", {"status": "completed"}, {"status": "completed", "completed_at": None}, None),
    "an activity's other type": ("activities", {"type": "call"}, {"type": "sms"}, "/type"),
    "an activity's stored type": ("activities", {"type": "sms"}, {"type": "sms"}, None),
}


@pytest.mark.parametrize(("resource", "stored", "given", "pointer"), OF_CREATES.values(), ids=OF_CREATES)
def test_a_member_of_creates_is_no_change_if_it_is_stored(
    stack: Stack,
    api: httpx.Client,
    first_api: httpx.Client,
    world: World,
    resource: str,
    stored: Body,
    given: Any,
    pointer: str | None,
) -> None:
    record = world.new(resource, external_id=unique("erp:"), **stored)
    body = least(resource, world) | {"external_id": record["external_id"]} | given
    for client in (api, first_api):
        answer = _upsert(client, world, resource, "external_id", body)
        path = f"{world.collection(resource)}/batch/upsert"
        [item] = client.post(path, params={"on": "external_id"}, json={"items": [body]}).json()["data"]
        if pointer is None:
            assert answer.json()["meta"] == {"result": "unchanged"}, answer.text
            assert (item["status"], item["result"]) == (200, "unchanged")
        else:
            problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
            assert items(problem) == items(item["error"]) == [(pointer, "read-only")]
    assert world.read(resource, record) == record


def test_a_place_is_of_creates_too(stack: Stack, api: httpx.Client, world: World) -> None:
    deal = world.new("deals", external_id=unique("erp:"))
    body = {"title": deal["title"], "external_id": deal["external_id"]}
    same = body | {"pipeline_id": deal["pipeline_id"], "stage_id": deal["stage_id"]}
    assert _upsert(api, world, "deals", "external_id", same).json()["meta"] == {"result": "unchanged"}
    other = world.one("pipelines")["stages"][1]["id"]
    answer = _upsert(api, world, "deals", "external_id", body | {"stage_id": other})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/stage_id", "read-only")]
