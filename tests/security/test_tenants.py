"""Whatever names another business's record is answered as what names nothing, to the byte."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.conformance.calls import good
from tests.conformance.examples import Body, a_contact
from tests.conformance.world import Request, World, nobodys
from tests.spec.operations import COLLECTIONS, OF_RECORDS, VERSIONS, Promised
from tests.support.problems import assert_problem
from tests.support.stack import Stack
from tests.support.waiting import waited

NAMED = tuple(name for name in COLLECTIONS if name != "custom_fields")
"""Only the first business has definitions of custom fields, so the second has none that could be asked for."""
LINKED = ("create", "batch_create", "upsert", "batch_upsert")
NAMING = tuple(
    row
    for row in OF_RECORDS
    if row.resource in NAMED
    and (
        "{" in row.path
        or row.act in ("search", "batch_get", "batch_update", "batch_delete")
        or (row.resource in ("notes", "activities") and row.act in LINKED)
    )
)
"""The operations whose good request names a record."""
TELLING = ("etag", "external_id", "email", "title", "first_name", "name", "full_name")


@pytest.fixture(scope="session")
def theirs(stack: Stack) -> Mapping[str, Body]:
    with stack.caller(tenant=2) as client:
        world = World(client)
        return {name: world.one(name) for name in NAMED}


@pytest.fixture(scope="session")
def ours(stack: Stack) -> World:
    return World(stack.caller())


def _renamed(request: Request, names: Mapping[str, str]) -> Request:
    path, body = request.path, json.dumps(request.json)
    for old, new in names.items():
        path, body = path.replace(old, new), body.replace(old, new)
    return request.but(path=path, json=json.loads(body))


CURSOR = re.compile(r'"next":"[^"]+"')
"""Sealed anew each time."""


def told_of(answer: httpx.Response, names: Mapping[str, str]) -> tuple[int, str, dict[str, str]]:
    """All of an answer but the trace, the time and the names that were asked for."""
    text = CURSOR.sub("", answer.text.replace(answer.headers["x-request-id"], "trace"))
    for old, new in names.items():
        text = text.replace(new, old)
    passing = ("x-request-id", "date", "content-length")
    counted = ("ratelimit", "x-ratelimit")
    headers = {k: v for k, v in answer.headers.items() if k not in passing and not k.startswith(counted)}
    return answer.status_code, text, headers


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", NAMING, ids=lambda row: row.id)
def test_another_business_is_nobody(ours: World, theirs: Mapping[str, Body], operation: Promised, version: str) -> None:
    mine = {name: str(ours.one(name)["id"]) for name in NAMED}
    request = good(operation, ours, version=version)
    foreign = {mine[name]: str(theirs[name]["id"]) for name in NAMED}
    nobody = {mine[name]: nobodys(name) for name in NAMED}
    assert _renamed(request, foreign) != request
    asked = _renamed(request, foreign).send(ours.client, version=version)
    assert told_of(asked, foreign) == told_of(_renamed(request, nobody).send(ours.client, version=version), nobody)
    for record in theirs.values():
        for name in TELLING:
            assert len(str(record.get(name))) < 8 or str(record[name]) not in asked.text


REFERENCES = {
    "a contact's company": ("/v1/contacts", {"first_name": "x"}, "company_id", "companies"),
    "a contact's owner": ("/v1/contacts", {"first_name": "x"}, "owner_id", "users"),
    "a deal's stage": ("/v1/deals", {"title": "x"}, "stage_id", "stages"),
    "a deal's pipeline": ("/v1/deals", {"title": "x"}, "pipeline_id", "pipelines"),
    "a task's deal": ("/v1/tasks", {"title": "x"}, "deal_id", "deals"),
    "a note's contact": ("/v1/notes", {"body": "x"}, "contact_id", "contacts"),
}


@pytest.mark.parametrize(("path", "body", "member", "resource"), REFERENCES.values(), ids=REFERENCES)
def test_another_businesss_record_is_no_reference(
    ours: World, theirs: Mapping[str, Body], path: str, body: Body, member: str, resource: str
) -> None:
    ids = {"mine": str(theirs[resource]["id"])}, {"mine": nobodys(resource)}
    answers = [ours.client.post(path, json=body | {member: names["mine"]}) for names in ids]
    told = [told_of(answer, names) for answer, names in zip(answers, ids, strict=True)]
    assert told[0] == told[1]
    assert answers[0].status_code == 422
    assert [(item["pointer"], item["code"]) for item in answers[0].json()["errors"]] == [
        (f"/{member}", "reference-not-found")
    ]


def test_a_key_that_another_business_used_was_never_used(stack: Stack) -> None:
    key = {"Idempotency-Key": f"one for two {uuid.uuid4()}"}
    with stack.caller() as one, stack.caller(tenant=2) as two:
        first = one.post("/v1/contacts", json={"first_name": "x"}, headers=key)
        assert two.get("/v1/requests", params={"idempotency_key": key["Idempotency-Key"]}).json()["data"][0][
            "state"
        ] == ("absent")
        second = two.post("/v1/contacts", json={"first_name": "x"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert "idempotent-replayed" not in second.headers
    assert first.json()["data"]["id"] != second.json()["data"]["id"]


def test_a_value_that_another_business_has_is_free(stack: Stack) -> None:
    with stack.caller() as one, stack.caller(tenant=2) as two:
        for client in (one, two):
            found = client.post("/v1/contacts/upsert?on=email", json={"email": "same@both.example"})
            assert found.status_code in (200, 201), found.text
        assert (
            two.get("/v1/contacts", params={"email": "same@both.example"}).json()["data"][0]["id"]
            == (found.json()["data"]["id"])
        )
        mine = one.get("/v1/contacts", params={"email": "same@both.example"}).json()["data"]
    assert [record["id"] for record in mine] != [found.json()["data"]["id"]]


PAGED = tuple(row for row in OF_RECORDS if row.act in ("list", "search") and row.resource != "custom_fields")


@pytest.fixture(scope="module")
def them(stack: Stack) -> Iterator[World]:
    with stack.caller(tenant=2) as client:
        yield World(client)


@pytest.mark.parametrize("operation", PAGED, ids=lambda row: row.id)
def test_a_cursor_of_another_business_is_no_cursor(stack: Stack, ours: World, them: World, operation: Promised) -> None:
    """Not one of another query: that would tell that it is a good one, somewhere."""
    for _ in range(0 if operation.resource == "users" else 2):
        them.new(operation.resource)
    theirs = _page(them.client, them.collection(operation.resource), operation.act).json()["meta"]["cursor"]["next"]
    assert theirs
    path = ours.collection(operation.resource)
    foreign, none = (_page(ours.client, path, operation.act, text) for text in (theirs, "A" * len(theirs)))
    body = assert_problem(foreign, "invalid-cursor", decided=True, api_url=stack.api_url)
    assert body["reason"] == "malformed"
    assert told_of(foreign, {"cursor": theirs}) == told_of(none, {"cursor": "A" * len(theirs)})


def _page(client: httpx.Client, path: str, act: str, cursor: str | None = None) -> httpx.Response:
    more = {"cursor": cursor} if cursor else {}
    if act == "search":
        return client.post(f"{path}/search", json={"limit": 1, **more})
    return client.get(path, params={"limit": "1", **more})


def test_a_receipt_of_another_business_is_nobodys(ours: World, them: World) -> None:
    """Of its reads and of its refusals, which authz keeps."""
    seen = (
        them.client.get("/v1/me").headers["x-request-id"],
        them.client.post("/v1/contacts", json=a_contact()).headers["x-request-id"],
        them.client.get("/v1/nothing").headers["x-request-id"],
    )
    nobody = str(uuid.uuid4())
    told = {each: told_of(_receipt(ours.client, each), {"id": each}) for each in (nobody, *seen)}
    assert told[nobody][0] == 404
    assert all(each == told[nobody] for each in told.values())


def _receipt(client: httpx.Client, trace_id: str) -> httpx.Response:
    """A busy machine may find no time to look for it."""
    waited(lambda: client.get(f"/v1/requests/{uuid.uuid4()}").status_code == 404, "the store to answer")
    return client.get(f"/v1/requests/{trace_id}")
