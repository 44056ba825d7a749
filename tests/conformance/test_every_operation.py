"""The order of checks, over every operation: each request differs from a good one in one thing."""

import json

import httpx
import pytest

from contract.operations import OPERATIONS as DECLARED
from tests.conformance.calls import good, status_of
from tests.conformance.examples import Body
from tests.conformance.world import World
from tests.spec.operations import (
    COUNT,
    CURRENT,
    OPERATIONS,
    PLANS,
    ROLES,
    SCOPED,
    SCOPES,
    VERSIONS,
    VERSIONS_LIST,
    WITH_TOKEN,
    Promised,
)
from tests.spec.resources import ONCE
from tests.support.problems import assert_every_answer, assert_problem, assert_rate_headers, items
from tests.support.stack import Stack

every = pytest.mark.parametrize("operation", WITH_TOKEN, ids=lambda row: row.id)
scoped = pytest.mark.parametrize("operation", SCOPED, ids=lambda row: row.id)


def test_all_documented_operations_are_there_and_no_other() -> None:
    assert len(OPERATIONS) == COUNT
    assert {row.id for row in OPERATIONS} == {row.id for row in DECLARED}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)
def test_is_declared_as_documented(operation: Promised) -> None:
    row = next(row for row in DECLARED if row.id == operation.id)
    needs = (row.scope.name, row.scope.permission.lowest.word) if row.scope else (None, "viewer")
    assert (row.id, row.method, row.path, *needs, row.takes_idempotency_key, row.cost) == operation[:-1]
    assert row.is_public is (operation is VERSIONS_LIST)


@every
@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
@pytest.mark.parametrize("version", VERSIONS)
def test_succeeds_in_both_versions(
    stack: Stack,
    bare: httpx.Client,
    bare2: httpx.Client,
    world: World,
    operation: Promised,
    version: str,
    http2: bool,
) -> None:
    request = good(operation, world, version=version, fresh=True)
    answer = request.send(bare2 if http2 else bare, token=stack.token(), version=version)
    assert answer.status_code == status_of(operation), answer.text
    assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    assert answer.headers["version"] == version
    assert answer.headers["cache-control"] == "no-store"
    assert {"Authorization", "Version"} <= {word.strip() for word in answer.headers["vary"].split(",")}
    assert answer.headers["x-ratelimit-cost"] == str(operation.cost)
    assert_rate_headers(answer)
    assert_every_answer(answer)
    if operation.id == "pipelines.create":
        world.remember(answer.json()["data"]["id"])


@every
def test_needs_a_token(stack: Stack, bare: httpx.Client, world: World, operation: Promised) -> None:
    answer = good(operation, world).send(bare, version=CURRENT)
    assert_problem(answer, "authentication-required", decided=False, api_url=stack.api_url)
    assert answer.headers["www-authenticate"] == 'Bearer realm="api"'


@every
def test_refuses_an_expired_token(stack: Stack, bare: httpx.Client, world: World, operation: Promised) -> None:
    answer = good(operation, world).send(bare, token=stack.token(exp=1_700_000_100), version=CURRENT)
    body = assert_problem(answer, "invalid-token", decided=False, api_url=stack.api_url)
    assert body["reason"] == "expired"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@scoped
def test_needs_its_scope(stack: Stack, bare: httpx.Client, world: World, operation: Promised) -> None:
    others = " ".join(word for word in SCOPES if word != operation.scope)
    answer = good(operation, world).send(bare, token=stack.token(scope=others), version=CURRENT)
    body = assert_problem(answer, "insufficient-scope", decided=True, api_url=stack.api_url)
    assert body["required_scopes"] == [operation.scope]
    assert body["granted_scopes"] == sorted(others.split())
    assert f'error="insufficient_scope", scope="{operation.scope}"' in answer.headers["www-authenticate"]


@scoped
@pytest.mark.parametrize("role", ROLES)
def test_needs_its_role(stack: Stack, bare: httpx.Client, world: World, operation: Promised, role: str) -> None:
    """The record belongs to the token's user, so that nobody else's is at stake."""
    may = ROLES.index(role) >= ROLES.index(operation.lowest_role)
    answer = good(operation, world, fresh=may).send(bare, token=stack.token(role=role), version=CURRENT)
    if may:
        assert answer.status_code == status_of(operation), answer.text
        if operation.id == "pipelines.create":
            world.remember(answer.json()["data"]["id"])
        return
    body = assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
    assert (body["required_permission"], body["role"]) == (operation.scope, role)


@scoped
def test_a_permissions_claim_replaces_what_the_role_grants(
    stack: Stack, bare: httpx.Client, world: World, operation: Promised
) -> None:
    token = stack.token(role="viewer", permissions=operation.scope)
    answer = good(operation, world, fresh=True).send(bare, token=token, version=CURRENT)
    assert answer.status_code == status_of(operation), answer.text
    if operation.id == "pipelines.create":
        world.remember(answer.json()["data"]["id"])
    token = stack.token(role="admin", permissions="nothing:known")
    answer = good(operation, world).send(bare, token=token, version=CURRENT)
    assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)


WRONG_VERSIONS = {
    "is missing": (None, "version-required"),
    "is no date": ("v1", "version-invalid"),
    "is a date that never was": ("2026-11-25", "version-unsupported"),
}


@every
@pytest.mark.parametrize(("version", "code"), WRONG_VERSIONS.values(), ids=WRONG_VERSIONS)
def test_refuses_a_version_that(
    stack: Stack, bare: httpx.Client, world: World, operation: Promised, version: str | None, code: str
) -> None:
    answer = good(operation, world).send(bare, token=stack.token(), version=version)
    body = assert_problem(answer, code, decided=True, api_url=stack.api_url)
    assert (body["supported_versions"], body["latest_version"]) == (list(VERSIONS), VERSIONS[0])


@every
def test_refuses_an_accept_header_that_excludes_json(
    stack: Stack, api: httpx.Client, world: World, operation: Promised
) -> None:
    answer = good(operation, world).but(headers=(("Accept", "text/html"),)).send(api)
    assert_problem(answer, "not-acceptable", decided=True, api_url=stack.api_url)


@every
def test_tells_every_wrong_parameter_at_once(
    stack: Stack, api: httpx.Client, world: World, operation: Promised
) -> None:
    request = good(operation, world)
    answer = request.but(params=(*request.params, ("dry_rum", "true"), ("fieldz", "id"))).send(api)
    body = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert items(body) == [("dry_rum", "unknown-parameter"), ("fieldz", "unknown-parameter")]


@every
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_refuses_a_malformed_precondition(
    stack: Stack, api: httpx.Client, world: World, operation: Promised, header: str
) -> None:
    answer = good(operation, world).but(headers=((header, '"unfinished'),)).send(api)
    body = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert items(body) == [(header, "invalid-header")]


@every
def test_counts_its_cost_and_names_the_plan(
    stack: Stack, bare: httpx.Client, world: World, operation: Promised
) -> None:
    burst, daily = PLANS["starter"]
    # Refused after it was counted, so that no record changes.
    request = good(operation, world).but(headers=(("Accept", "text/html"),))
    answer = request.send(bare, token=stack.token(plan="starter"), version=CURRENT)
    assert answer.headers["x-ratelimit-limit"] == str(burst)
    assert answer.headers["x-ratelimit-remaining"] == str(burst - operation.cost)
    assert answer.headers["x-ratelimit-cost"] == str(operation.cost)
    assert answer.headers["x-ratelimit-daily-limit"] == str(daily)
    assert answer.headers["ratelimit-policy"] == f'"burst";q={burst};w=10, "daily";q={daily};w=86400'
    assert answer.headers["ratelimit"].startswith(f'"burst";r={burst - operation.cost};t=')


@scoped
def test_one_key_is_one_write_where_it_is_honoured(api: httpx.Client, world: World, operation: Promised) -> None:
    """A second request with the key of the first: the first answer again, or, where no key counts, a second run."""
    if operation.method == "GET":
        return
    key = f"key of {operation.id} {id(world)}"
    request = good(operation, world, fresh=True).but(headers=(("Idempotency-Key", key),))
    first, again = request.send(api), request.send(api)
    assert first.status_code == status_of(operation), first.text
    assert ("idempotent-replayed" in again.headers) is operation.keyed
    if operation.keyed:
        once = ONCE.get(operation.resource)
        shown = (
            first.content if once is None else json.dumps(_without(first.json(), once), separators=(",", ":")).encode()
        )
        assert (again.status_code, again.content) == (first.status_code, shown)
    if operation.id == "pipelines.create":
        world.remember(first.json()["data"]["id"])


def _without(answer: Body, once: str) -> Body:
    """The answer with null for what it shows once, which must have been there."""
    assert answer["data"][once]
    return answer | {"data": answer["data"] | {once: None}}
