"""Bodies, over every operation that takes one, and over those that take none."""

from typing import Any

import httpx
import pytest

from tests.conformance.calls import good
from tests.conformance.world import Request, World
from tests.spec.operations import OPERATIONS, Promised
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

WRITES = tuple(row for row in OPERATIONS if row.method in ("POST", "PATCH") and row.act != "restore")
BODILESS = tuple(row for row in OPERATIONS if row not in WRITES and row.id != "versions.list")
takes_a_body = pytest.mark.parametrize("operation", WRITES, ids=lambda row: row.id)
BATCHES = ("batch_create", "batch_get", "batch_update", "batch_delete", "batch_upsert")
MIB = 1024 * 1024


def _raw(client: httpx.Client, request: Request, body: bytes, content_type: str = "application/json") -> httpx.Response:
    headers = {"Content-Type": content_type}
    return client.request(request.method, request.path, params=request.params, content=body, headers=headers)


MALFORMED = {
    "is no JSON": b"{",
    "names a member twice": b'{"a":1,"a":2}',
    "names a member of a member twice": b'{"a":{"b":1,"b":2}}',
    "has something behind it": b"{} {}",
    "holds NaN": b'{"a":NaN}',
    "holds half a surrogate pair": b'{"a":"\\ud800"}',
    "holds a NUL": b'{"a":"\\u0000"}',
    "is no UTF-8": b'{"a":"\xff"}',
    "nests too deep": b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
}


@takes_a_body
def test_refuses_a_body_that_is_not_strict_json(
    stack: Stack, api: httpx.Client, world: World, operation: Promised
) -> None:
    request = good(operation, world)
    for what, body in MALFORMED.items():
        answer = _raw(api, request, body)
        assert answer.status_code == 400, what
        assert_problem(answer, "malformed-request", decided=True, api_url=stack.api_url)


@takes_a_body
def test_refuses_a_body_that_is_no_object(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    request = good(operation, world)
    for body in (b"[]", b'"text"', b"5", b"true", b"null"):
        answer = _raw(api, request, body)
        told = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(told) == [("", "invalid-type")], body


@takes_a_body
def test_refuses_a_member_that_it_does_not_know(
    stack: Stack, api: httpx.Client, world: World, operation: Promised
) -> None:
    request = good(operation, world)
    answer = request.but(json={**(request.json or {}), "no/such~member": 1}).send(api)
    told = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(told) == [("/no~1such~0member", "unknown-member")]


@takes_a_body
def test_refuses_a_body_that_is_too_large(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    limit = (8 if operation.act in BATCHES else 1) * MIB
    body = b'{"a":"' + b"a" * (limit - 7) + b'"}'
    assert len(body) == limit + 1
    told = assert_problem(
        _raw(api, good(operation, world), body), "payload-too-large", decided=True, api_url=stack.api_url
    )
    assert told["limit_bytes"] == limit
    answer = _raw(api, good(operation, world), body[:-3] + b'"}')
    assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)


BAD_TYPES = {
    "of another type": {"Content-Type": "text/plain"},
    "of no type": {"Content-Type": ""},
    "in another charset": {"Content-Type": "application/json; charset=latin-1"},
    "that is compressed": {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    "as gRPC": {"Content-Type": "application/grpc"},
}


@takes_a_body
def test_refuses_a_body_of_another_type(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    request = good(operation, world)
    bad = list(BAD_TYPES.values())
    if operation.method != "PATCH":
        bad.append({"Content-Type": "application/merge-patch+json"})
    for headers in bad:
        answer = api.request(request.method, request.path, params=request.params, content=b"{}", headers=headers)
        body = assert_problem(answer, "unsupported-media-type", decided=True, api_url=stack.api_url)
        assert "application/json" in body["supported"]
        accept = answer.headers["accept-patch" if operation.method == "PATCH" else "accept"]
        assert "application/json" in accept


@pytest.mark.parametrize("operation", BODILESS, ids=lambda row: row.id)
def test_refuses_a_body_where_there_is_none(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    answer = _raw(api, good(operation, world), b"{}")
    assert_problem(answer, "malformed-request", decided=True, api_url=stack.api_url)


EMPTY: dict[str, list[tuple[str, str]]] = {
    "batch_create": [("/items", "required")],
    "batch_upsert": [("/items", "required")],
    "batch_update": [("/items", "required")],
    "batch_get": [("/ids", "required")],
    "batch_delete": [("/ids", "required")],
    "add_tags": [("/tags", "required")],
    "remove_tags": [("/tags", "required")],
    "move": [("/stage_id", "required")],
}


@pytest.mark.parametrize("operation", [row for row in WRITES if row.act in EMPTY], ids=lambda row: row.id)
def test_an_empty_object_lacks_what_is_required(
    stack: Stack, api: httpx.Client, world: World, operation: Promised
) -> None:
    answer = good(operation, world).but(json={}).send(api)
    body = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(body) == EMPTY[operation.act]


CHOICES = {
    "search": {
        "filters": (None, {}, "x", [1]),
        "search_text": (None, 1, "x" * 201),
        "order_by": (None, 1, "nothing"),
        "sort_direction": (None, 1, "up"),
        "limit": (None, "1", 0, 201, 1.5),
        "cursor": (None, 1),
    },
    "batch_get": {"ids": (None, {}, [], [None], [1], ["x"])},
    "add_tags": {"tags": (None, {}, [], [None], [1], [""], ["a", "A"], ["x" * 65], ["a"] * 51)},
}
CODES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "search": {
        "filters": (("", "not-nullable"), ("", "invalid-type"), ("", "invalid-type"), ("/0", "invalid-type")),
        "search_text": (("", "not-nullable"), ("", "invalid-type"), ("", "too-long")),
        "order_by": (("", "not-nullable"), ("", "invalid-type"), ("", "not-sortable")),
        "sort_direction": (("", "not-nullable"), ("", "invalid-type"), ("", "unknown-value")),
        "limit": (
            ("", "not-nullable"),
            ("", "invalid-type"),
            ("", "out-of-range"),
            ("", "out-of-range"),
            ("", "invalid-type"),
        ),
        "cursor": (("", "not-nullable"), ("", "invalid-type")),
    },
    "batch_get": {
        "ids": (
            ("", "not-nullable"),
            ("", "invalid-type"),
            ("", "too-few-items"),
            ("/0", "not-nullable"),
            ("/0", "invalid-type"),
            ("/0", "invalid-id"),
        )
    },
    "add_tags": {
        "tags": (
            ("", "not-nullable"),
            ("", "invalid-type"),
            ("", "too-few-items"),
            ("/0", "not-nullable"),
            ("/0", "invalid-type"),
            ("/0", "too-short"),
            ("/1", "duplicate-item"),
            ("/0", "too-long"),
            ("", "too-many-items"),
        )
    },
}
CHOICES["batch_delete"], CODES["batch_delete"] = CHOICES["batch_get"], CODES["batch_get"]
CHOICES["remove_tags"], CODES["remove_tags"] = CHOICES["add_tags"], CODES["add_tags"]


@pytest.mark.parametrize("operation", [row for row in WRITES if row.act in CHOICES], ids=lambda row: row.id)
def test_tells_what_is_wrong_with_a_member(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    request = good(operation, world)
    for name, values in CHOICES[operation.act].items():
        for value, (below, code) in zip(values, CODES[operation.act][name], strict=True):
            answer = request.but(json={**(request.json or {}), name: value}).send(api)
            body: dict[str, Any] = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
            assert items(body) == [(f"/{name}{below}", code)], value


@pytest.mark.parametrize("operation", [row for row in WRITES if row.act in BATCHES], ids=lambda row: row.id)
def test_takes_a_hundred_items_and_no_more(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    name = "ids" if operation.act in ("batch_get", "batch_delete") else "items"
    for value, code in (
        (None, "not-nullable"),
        ({}, "invalid-type"),
        ([], "too-few-items"),
        ([1] * 101, "too-many-items"),
    ):
        answer = good(operation, world).but(json={name: value}).send(api)
        body = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(body) == [(f"/{name}", code)]
