"""The order of checks, over every operation: each request differs from a good one in one thing."""

import httpx
import pytest

from contract.operations import OPERATIONS as DECLARED
from tests.conformance.conftest import Good
from tests.spec.operations import OPERATIONS, PLANS, ROLES, VERSIONS, Promised
from tests.support.problems import assert_every_answer, assert_problem, assert_rate_headers
from tests.support.stack import Stack

pytestmark = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)


def test_is_declared_as_documented(operation: Promised) -> None:
    row = next(row for row in DECLARED if row.id == operation.id)
    declared = (
        row.method,
        row.path,
        row.scope.name,
        row.scope.permission.lowest.word,
        row.keyed,
        row.cost,
        row.success,
    )
    assert declared == operation[1:]


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
@pytest.mark.parametrize("version", VERSIONS)
def test_succeeds_in_both_versions(stack: Stack, good: Good, operation: Promised, version: str, http2: bool) -> None:
    with stack.client(stack.token(), version=version, http2=http2) as client:
        answer = good(operation).send(client)
    assert answer.status_code == operation.success, answer.text
    assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    assert answer.headers["version"] == version
    assert answer.headers["cache-control"] == "no-store"
    assert {"Authorization", "Version"} <= {word.strip() for word in answer.headers["vary"].split(",")}
    assert answer.headers["x-ratelimit-cost"] == str(operation.cost)
    assert_rate_headers(answer)
    assert_every_answer(answer)


def test_needs_a_token(stack: Stack, good: Good, operation: Promised) -> None:
    with stack.client() as client:
        answer = good(operation).send(client)
    assert_problem(answer, "authentication-required", decided=False, api_url=stack.api_url)
    assert answer.headers["www-authenticate"] == 'Bearer realm="api"'


def test_refuses_an_expired_token(stack: Stack, good: Good, operation: Promised) -> None:
    with stack.client(stack.token(exp=1_700_000_100)) as client:
        answer = good(operation).send(client)
    body = assert_problem(answer, "invalid-token", decided=False, api_url=stack.api_url)
    assert body["reason"] == "expired"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_needs_its_scope(stack: Stack, good: Good, operation: Promised) -> None:
    others = " ".join(
        word for word in ("contacts:read", "contacts:write", "contacts:delete") if word != operation.scope
    )
    with stack.client(stack.token(scope=others)) as client:
        answer = good(operation).send(client)
    body = assert_problem(answer, "insufficient-scope", decided=True, api_url=stack.api_url)
    assert body["required_scopes"] == [operation.scope]
    assert body["granted_scopes"] == sorted(others.split())
    assert f'error="insufficient_scope", scope="{operation.scope}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("role", ROLES)
def test_needs_its_role(stack: Stack, good: Good, operation: Promised, role: str) -> None:
    request = good(operation)
    with stack.client(stack.token(role=role)) as client:
        answer = request.send(client)
    if ROLES.index(role) >= ROLES.index(operation.lowest_role):
        assert answer.status_code in (operation.success, 403)
        # The seeded record belongs to the admin, who is also this token's user: record permission is not at stake.
        assert answer.status_code == operation.success
        return
    body = assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
    assert (body["required_permission"], body["role"]) == (operation.scope, role)


def test_a_permissions_claim_replaces_what_the_role_grants(stack: Stack, good: Good, operation: Promised) -> None:
    request = good(operation)
    with stack.client(stack.token(role="viewer", permissions=operation.scope)) as client:
        assert request.send(client).status_code == operation.success
    with stack.client(stack.token(role="admin", permissions="nothing:known")) as client:
        answer = request.send(client)
    assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)


WRONG_VERSIONS = {
    "is missing": (None, "version-required"),
    "is no date": ("v1", "version-invalid"),
    "is a date that never was": ("2026-11-25", "version-unsupported"),
}


@pytest.mark.parametrize(("version", "code"), WRONG_VERSIONS.values(), ids=WRONG_VERSIONS)
def test_refuses_a_version_that(stack: Stack, good: Good, operation: Promised, version: str | None, code: str) -> None:
    with stack.client(stack.token(), version=version) as client:
        answer = good(operation).send(client)
    body = assert_problem(answer, code, decided=True, api_url=stack.api_url)
    assert (body["supported_versions"], body["latest_version"]) == (list(VERSIONS), VERSIONS[0])


def test_refuses_an_accept_header_that_excludes_json(
    stack: Stack, api: httpx.Client, good: Good, operation: Promised
) -> None:
    answer = good(operation).but(headers=(("Accept", "text/html"),)).send(api)
    assert_problem(answer, "not-acceptable", decided=True, api_url=stack.api_url)


def test_tells_every_wrong_parameter_at_once(stack: Stack, api: httpx.Client, good: Good, operation: Promised) -> None:
    answer = good(operation).but(params=(("dry_rum", "true"), ("fieldz", "id"))).send(api)
    body = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert [(item["parameter"], item["code"]) for item in body["errors"]] == [
        ("dry_rum", "unknown-parameter"),
        ("fieldz", "unknown-parameter"),
    ]


def test_refuses_a_malformed_precondition(stack: Stack, api: httpx.Client, good: Good, operation: Promised) -> None:
    answer = good(operation).but(headers=(("If-Match", '"unfinished'),)).send(api)
    body = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert body["errors"][0]["header"] == "If-Match"


def test_counts_its_cost_and_names_the_plan(stack: Stack, good: Good, operation: Promised) -> None:
    request = good(operation)
    burst, daily = PLANS["starter"]
    with stack.client(stack.token(plan="starter")) as client:
        answer = request.send(client)
    assert answer.headers["x-ratelimit-limit"] == str(burst)
    assert answer.headers["x-ratelimit-remaining"] == str(burst - operation.cost)
    assert answer.headers["x-ratelimit-daily-limit"] == str(daily)
    assert answer.headers["ratelimit-policy"] == f'"burst";q={burst};w=10, "daily";q={daily};w=86400'
    assert answer.headers["ratelimit"].startswith(f'"burst";r={burst - operation.cost};t=')
