"""What would be decided of claims and an operation: the same answer as the decision itself gives."""

from typing import Any

import httpx
import pytest

from tests.conformance.calls import good, status_of
from tests.conformance.world import World
from tests.spec import decisions
from tests.spec.operations import CURRENT, FIRST, OPERATIONS, SCOPED
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

BY_ID = {row.id: row for row in OPERATIONS}
ASKED = {"operation": "deals.update", "scopes": ["deals:read"], "role": "member"}


def explained(client: httpx.Client, operation: str, role: str, permissions: str | None, scopes: str) -> dict[str, Any]:
    body: dict[str, Any] = {"operation": operation, "role": role, "scopes": scopes.split()}
    if permissions is not None:
        body["permissions"] = permissions.split()
    answer = client.post("/v1/authorize/explain", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


@pytest.mark.parametrize("version", [CURRENT, FIRST])
def test_a_missing_scope_is_explained_as_documented(stack: Stack, version: str) -> None:
    with stack.caller(version=version) as client:
        answer = client.post("/v1/authorize/explain", json=ASKED)
    assert answer.json() == {
        "data": {
            "decision": "deny",
            "rule": "insufficient-scope",
            "reason": "The token lacks deals:write.",
            "required_scopes": ["deals:write"],
            "granted_scopes": ["deals:read"],
            "required_permission": "deals:write",
            "roles_that_may": ["admin", "manager", "member"],
        }
    }


@pytest.mark.parametrize(("operation", "role", "permissions", "scopes", "rule"), decisions.SAMPLE)
def test_is_explained_as_documented(
    api: httpx.Client, operation: str, role: str, permissions: str | None, scopes: str, rule: str | None
) -> None:
    told = explained(api, operation, role, permissions, scopes)
    assert (told["decision"], told["rule"]) == ("allow" if rule is None else "deny", rule)


@pytest.mark.parametrize(("operation", "role", "permissions", "scopes", "rule"), decisions.SAMPLE)
def test_is_decided_as_it_is_explained(
    stack: Stack,
    bare: httpx.Client,
    world: World,
    operation: str,
    role: str,
    permissions: str | None,
    scopes: str,
    rule: str | None,
) -> None:
    row = BY_ID[operation]
    token = stack.token(role=role, permissions=permissions, scope=scopes)
    answer = good(row, world, fresh=rule is None).send(bare, token=token, version=CURRENT)
    if rule is not None:
        assert_problem(answer, rule, decided=True, api_url=stack.api_url)
        return
    # Whose a record is, is decided with the write: somebody without that permission is refused later, by another rule.
    assert answer.status_code in (status_of(row), 403, 404), answer.text
    if answer.status_code == 403:
        assert answer.json()["required_permission"] not in (None, decisions.needs(operation))


def test_every_operation_can_be_explained(api: httpx.Client) -> None:
    for row in OPERATIONS:
        told = explained(api, row.id, "viewer", None, "")
        assert told["required_scopes"] == ([row.scope] if row.scope else [])
        assert told["rule"] == ("insufficient-scope" if row in SCOPED else None)


WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nothing": ({}, [("/operation", "required"), ("/scopes", "required"), ("/role", "required")]),
    "an unknown operation": (ASKED | {"operation": "deals.burn"}, [("/operation", "unknown-value")]),
    "an unknown scope": (ASKED | {"scopes": ["deals:read", "deals:burn"]}, [("/scopes/1", "unknown-value")]),
    "an unknown role": (ASKED | {"role": "owner"}, [("/role", "unknown-value")]),
    "scopes in one text": (ASKED | {"scopes": "deals:read"}, [("/scopes", "invalid-type")]),
    "a permission that is no text": (ASKED | {"permissions": [1]}, [("/permissions/0", "invalid-type")]),
    "an unknown member": (ASKED | {"scope": []}, [("/scope", "unknown-member")]),
    "all of it wrong": (
        {"operation": 1, "scopes": [None], "role": "Admin", "permissions": {}},
        [
            ("/operation", "invalid-type"),
            ("/scopes/0", "not-nullable"),
            ("/role", "unknown-value"),
            ("/permissions", "invalid-type"),
        ],
    ),
}


@pytest.mark.parametrize(("body", "told"), WRONG.values(), ids=WRONG)
def test_refuses_to_explain(stack: Stack, api: httpx.Client, body: dict[str, Any], told: list[tuple[str, str]]) -> None:
    answer = api.post("/v1/authorize/explain", json=body)
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == told
