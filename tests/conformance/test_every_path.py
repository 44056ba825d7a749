"""Methods, over every path, and what else holds of paths."""

import httpx
import pytest

from tests.conformance.calls import good
from tests.conformance.world import World
from tests.spec.operations import CURRENT, OPERATIONS, VERSIONS_LIST, WITH_TOKEN, Promised, allowed
from tests.support.problems import assert_every_answer, assert_problem, items
from tests.support.stack import Stack

ONE_A_PATH = {row.path: row for row in OPERATIONS}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
by_path = pytest.mark.parametrize("operation", ONE_A_PATH.values(), ids=ONE_A_PATH)
reads = pytest.mark.parametrize("operation", [row for row in OPERATIONS if row.method == "GET"], ids=lambda row: row.id)


def _path(operation: Promised, world: World) -> str:
    return good(operation, world).path


def _allow(answer: httpx.Response) -> set[str]:
    words = [word.strip() for word in answer.headers["allow"].split(",")]
    assert len(words) == len(set(words))
    return set(words)


@by_path
def test_refuses_the_methods_that_it_does_not_take(
    stack: Stack, api: httpx.Client, world: World, operation: Promised
) -> None:
    methods = allowed(operation.path)
    for method in METHODS:
        if method not in methods:
            answer = api.request(method, _path(operation, world))
            body = assert_problem(answer, "method-not-allowed", decided=True, api_url=stack.api_url)
            assert _allow(answer) == set(body["allowed_methods"]) == methods
            assert answer.headers["x-ratelimit-cost"] == "1"


@by_path
def test_tells_a_stranger_its_methods(bare: httpx.Client, world: World, operation: Promised) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = bare.options(_path(operation, world), headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")
        assert _allow(answer) == allowed(operation.path)
        assert_every_answer(answer)


@by_path
def test_options_cost_nothing(stack: Stack, bare: httpx.Client, world: World, operation: Promised) -> None:
    headers = {"Authorization": f"Bearer {stack.token()}", "Version": CURRENT}
    assert bare.options(_path(operation, world), headers=headers).status_code == 204
    answer = bare.get("/v1/me", headers=headers)
    assert answer.headers["x-ratelimit-remaining"] == "199"


@reads
def test_a_head_is_a_get_without_its_body(api: httpx.Client, world: World, operation: Promised) -> None:
    # Envoy compresses no answer without content.
    request = good(operation, world)
    request = request.but(headers=(("Accept-Encoding", "identity"),))
    got, head = request.send(api), request.but(method="HEAD").send(api)
    assert (head.status_code, head.content) == (200, b"")
    varying = {"x-request-id", "date", "content-length", "transfer-encoding", "link"}
    varying |= {name for name in got.headers if "ratelimit" in name}
    assert {name for name in head.headers if name not in varying} == {
        name for name in got.headers if name not in varying
    }
    for name in ("etag", "x-ratelimit-cost", "content-type", "version"):
        assert head.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize("operation", WITH_TOKEN, ids=lambda row: row.id)
def test_has_no_trailing_slash(stack: Stack, api: httpx.Client, world: World, operation: Promised) -> None:
    request = good(operation, world)
    answer = request.but(path=f"{request.path}/").send(api)
    assert_problem(answer, "route-not-found", decided=True, api_url=stack.api_url)


def test_the_versions_need_neither_a_token_nor_a_version(bare: httpx.Client) -> None:
    answer = bare.get(VERSIONS_LIST.path)
    assert answer.status_code == 200
    assert_every_answer(answer)
    assert "x-ratelimit-limit" not in answer.headers
    rows = answer.json()["data"]
    assert [(row["version"], row["status"], row["deprecated_at"], row["sunset_at"]) for row in rows] == [
        ("2026-11-24", "current", None, None),
        ("2026-06-17", "supported", None, None),
    ]
    assert [change["resources"] for change in rows[0]["changes"]] == [["deals"], ["notes"], ["tasks"]]
    assert all(change["description"] for change in rows[0]["changes"])
    assert rows[1]["changes"] == []
    assert answer.json()["meta"] == {"cursor": {"next": None, "has_more": False}}
    for ignored in ("Bearer nonsense", "Bearer", "Basic eDp5"):
        assert bare.get(VERSIONS_LIST.path, headers={"Authorization": ignored}).json() == answer.json()


def test_the_versions_take_no_parameter(stack: Stack, bare: httpx.Client) -> None:
    answer = bare.get(VERSIONS_LIST.path, params={"limit": "1", "version": "2026-06-17"})
    body = assert_problem(answer, "invalid-parameter", decided=False, api_url=stack.api_url)
    assert items(body) == [("limit", "unknown-parameter"), ("version", "unknown-parameter")]
    assert bare.get(f"{VERSIONS_LIST.path}?").status_code == 200


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/contacts/a/b/c", "/v1/webhooks"])
def test_an_unknown_path_is_told_to_those_with_a_token_only(
    stack: Stack, api: httpx.Client, bare: httpx.Client, path: str
) -> None:
    assert_problem(api.get(path), "route-not-found", decided=True, api_url=stack.api_url)
    assert_problem(bare.get(path), "authentication-required", decided=False, api_url=stack.api_url)
    outside = bare.get(path.replace("/v1", "/v9"))
    assert_problem(outside, "route-not-found", decided=False, api_url=stack.api_url)
