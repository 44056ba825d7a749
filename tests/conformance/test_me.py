"""Who the token is, and what became of a key."""

import httpx

from tests.conformance.examples import unique
from tests.conformance.world import World
from tests.spec.operations import FIRST, PLANS, SCOPES, SIX
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

RECEIPT = (
    "trace_id",
    "operation",
    "state",
    "status",
    "problem",
    "replayed",
    "record_id",
    "received_at",
    "duration_ms",
    "upstream_duration_ms",
)


def test_an_admin_of_a_plan_is_told_all(stack: Stack, world: World) -> None:
    with stack.caller(plan="growth", exp=1_900_000_000, token_kind="oauth", client_id="an-app") as client:
        me = client.get("/v1/me").json()["data"]
    user = world.one("users")
    assert tuple(me) == ("business", "user", "permissions", "token", "limits")
    assert tuple(me["business"]) == ("id", "name", "plan", "default_currency", "time_zone")
    assert me["business"]["id"].startswith("biz_")
    assert {name: me["business"][name] for name in ("plan", "default_currency")} == {
        "plan": "growth",
        "default_currency": "GBP",
    }
    assert me["user"] == {name: user[name] for name in ("id", "full_name", "email", "role", "time_zone")}
    everything = {f"{six}:{right}" for six in SIX for right in ("read", "write", "delete", "write_all", "delete_all")}
    assert me["permissions"] == sorted(everything | set(SCOPES) | {"records:assign"})
    assert me["token"] == {
        "kind": "oauth",
        "client_id": "an-app",
        "scopes": sorted(SCOPES),
        "expires_at": "2030-03-17T17:46:40Z",
    }
    burst, daily = PLANS["growth"]
    assert me["limits"] == {
        "burst": {"limit": burst, "window_seconds": 10},
        "daily": {"limit": daily, "window_seconds": 86400},
    }


def test_scopes_are_those_that_the_permissions_allow(stack: Stack) -> None:
    with stack.caller(permissions="deals:read contacts:write nothing:known", scope="deals:read deals:write") as client:
        me = client.get("/v1/me").json()["data"]
    assert (me["permissions"], me["token"]["scopes"]) == (["contacts:write", "deals:read"], ["deals:read"])
    with stack.caller(role="viewer", user=14, scope="deals:write users:read") as client:
        me = client.get("/v1/me").json()["data"]
    assert me["token"]["scopes"] == ["users:read"]
    assert me["permissions"] == sorted(scope for scope in SCOPES if scope.endswith(":read"))
    assert me["user"]["role"] == "viewer"
    assert me["user"]["time_zone"] is None


def test_it_is_alike_in_both_versions(api: httpx.Client, first_api: httpx.Client) -> None:
    newer, older = api.get("/v1/me"), first_api.get("/v1/me")
    assert newer.json() == older.json()
    assert older.headers["version"] == FIRST


def test_a_key_tells_what_became_of_it(stack: Stack, api: httpx.Client) -> None:
    key = unique()
    asked = {"idempotency_key": key}
    absent = api.get("/v1/requests", params=asked).json()
    assert absent == {
        "data": [dict.fromkeys(RECEIPT) | {"state": "absent"}],
        "meta": {"cursor": {"next": None, "has_more": False}},
    }
    refused = api.post("/v1/contacts", json={}, headers={"Idempotency-Key": key})
    assert refused.status_code == 422
    assert api.get("/v1/requests", params=asked).json() == absent, "a refusal wrote nothing"
    made = api.post("/v1/contacts", json={"first_name": "Ada"}, headers={"Idempotency-Key": key})
    batch = api.post("/v1/notes/batch/create", json={"items": [{"x": 1}]}, headers={"Idempotency-Key": key})
    assert (made.status_code, batch.status_code) == (201, 200)
    notes, contacts = api.get("/v1/requests", params=asked).json()["data"]
    assert tuple(contacts) == RECEIPT
    assert contacts["trace_id"] == made.headers["x-request-id"]
    assert (contacts["operation"], contacts["state"], contacts["status"]) == ("contacts.create", "done", 201)
    assert contacts["record_id"] == made.json()["data"]["id"]
    assert (notes["operation"], notes["status"], notes["record_id"]) == ("notes.batch_create", 200, None)


def test_a_key_is_its_subject_s_own(stack: Stack, api: httpx.Client, stranger: httpx.Client) -> None:
    key = unique()
    with stack.caller(role="member", user=13) as member:
        member.post("/v1/contacts", json={"first_name": "Ada"}, headers={"Idempotency-Key": key})
        assert member.get("/v1/requests", params={"idempotency_key": key}).json()["data"][0]["state"] == "done"
    with stack.caller(role="manager", user=12) as manager:
        assert manager.get("/v1/requests", params={"idempotency_key": key}).json()["data"][0]["state"] == "absent"
    assert api.get("/v1/requests", params={"idempotency_key": key}).json()["data"][0]["state"] == "done", (
        "manages tokens"
    )
    assert stranger.get("/v1/requests", params={"idempotency_key": key}).json()["data"][0]["state"] == "absent"


def test_a_key_has_to_be_named(stack: Stack, api: httpx.Client) -> None:
    for params, told in (
        ({}, [("idempotency_key", "required")]),
        ({"limit": "1"}, [("limit", "unknown-parameter"), ("idempotency_key", "required")]),
    ):
        answer = api.get("/v1/requests", params=params)
        problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
        assert items(problem) == told
