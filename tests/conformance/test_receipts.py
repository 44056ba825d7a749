"""Receipts: what became of a request, by its trace id, whoever answered it."""

import datetime
import uuid
from typing import Any

import httpx
import pytest

from tests.conformance.examples import unique
from tests.conformance.test_me import RECEIPT
from tests.conformance.world import World
from tests.spec.operations import CURRENT, FIRST
from tests.support.problems import assert_problem
from tests.support.stack import Stack


def receipt_of(client: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    """Asked for at once, for it may be."""
    found = client.get(f"/v1/requests/{answer.headers['x-request-id']}")
    assert found.status_code == 200, found.text
    data = dict(found.json()["data"])
    assert tuple(data) == RECEIPT
    assert (data["trace_id"], data["state"], data["status"]) == (
        answer.headers["x-request-id"],
        "done",
        answer.status_code,
    )
    return data


@pytest.mark.parametrize("version", [CURRENT, FIRST])
def test_a_read_has_one_with_its_times(stack: Stack, world: World, version: str) -> None:
    contact = world.one("contacts")
    before = datetime.datetime.now(datetime.UTC)
    with stack.caller(version=version) as client:
        told = receipt_of(client, client.get(f"/v1/contacts/{contact['id']}"))
    assert (told["operation"], told["problem"], told["replayed"], told["record_id"]) == (
        "contacts.get",
        None,
        False,
        None,
    )
    received_at = datetime.datetime.fromisoformat(told["received_at"])
    assert before - datetime.timedelta(seconds=1) < received_at < datetime.datetime.now(datetime.UTC)
    assert 0 <= told["upstream_duration_ms"] <= told["duration_ms"] + 1


def test_a_create_names_its_record_and_so_does_its_replay(api: httpx.Client) -> None:
    key = {"Idempotency-Key": unique()}
    first = api.post("/v1/contacts", json={"first_name": "Ada"}, headers=key)
    again = api.post("/v1/contacts", json={"first_name": "Ada"}, headers=key)
    record_id = first.json()["data"]["id"]
    told = receipt_of(api, first)
    assert (told["operation"], told["replayed"], told["record_id"]) == ("contacts.create", False, record_id)
    told = receipt_of(api, again)
    assert (told["replayed"], told["record_id"], told["upstream_duration_ms"]) == (True, record_id, None)


def test_an_upsert_names_its_record_and_a_batch_and_a_dry_run_name_none(api: httpx.Client) -> None:
    body = {"first_name": "Ada", "external_id": unique("erp:")}
    upserted = api.post("/v1/contacts/upsert", params={"on": "external_id"}, json=body)
    assert receipt_of(api, upserted)["record_id"] == upserted.json()["data"]["id"]
    batch = api.post("/v1/contacts/batch/create", json={"items": [{"first_name": "Ada"}]})
    assert receipt_of(api, batch)["record_id"] is None
    tried = api.post("/v1/contacts", params={"dry_run": "true"}, json={"first_name": "Ada"})
    assert receipt_of(api, tried)["record_id"] is None


def by_the_transcoder(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/contacts", json={"email": "no"})


def by_an_unknown_version(client: httpx.Client) -> httpx.Response:
    return client.get("/v1/me", headers={"Version": "2026-11-25"})


def by_authz(client: httpx.Client) -> httpx.Response:
    return client.delete("/v1/contacts/con_2028xzawvf4039wj1pg44gawme")


def of_no_operation(client: httpx.Client) -> httpx.Response:
    return client.get("/v1/nothing/here")


def of_a_wrong_method(client: httpx.Client) -> httpx.Response:
    return client.put("/v1/contacts")


REFUSALS = {
    "validation-failed": (by_the_transcoder, "contacts.create"),
    "version-unsupported": (by_an_unknown_version, "me.get"),
    "insufficient-scope": (by_authz, "contacts.delete"),
    "route-not-found": (of_no_operation, None),
    "method-not-allowed": (of_a_wrong_method, None),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_has_one_at_its_instance(stack: Stack, api: httpx.Client, code: str) -> None:
    refused, operation = REFUSALS[code]
    with stack.caller(scope="contacts:read contacts:write") as client:
        answer = refused(client)
        problem = assert_problem(answer, code, decided=True, api_url=stack.api_url)
        assert problem["instance"] == f"/v1/requests/{problem['trace_id']}"
        found = client.get(problem["instance"])
    assert found.json()["data"] == receipt_of(api, answer)
    told = found.json()["data"]
    assert (told["operation"], told["problem"], told["record_id"]) == (operation, code, None)


def test_who_has_spent_all_has_one_too(stack: Stack, api: httpx.Client) -> None:
    token = stack.token(plan="starter")
    with stack.client(token, patient=True) as client:
        for _ in range(30):
            answer = client.post("/v1/contacts/search", json={})
            if answer.status_code == 429:
                break
    assert receipt_of(api, answer)["problem"] == "rate-limited"


def test_it_is_its_subject_s_own_and_the_business_s_with_tokens_manage(
    stack: Stack, api: httpx.Client, stranger: httpx.Client
) -> None:
    with stack.caller(role="member", user=13) as member, stack.caller(role="manager", user=12) as manager:
        answer = member.get("/v1/me")
        path = f"/v1/requests/{answer.headers['x-request-id']}"
        assert receipt_of(member, answer) == receipt_of(api, answer)
        refused = [client.get(path) for client in (manager, stranger)]
        with stack.caller(scope="contacts:read") as without_the_scope:
            refused.append(without_the_scope.get(path))
        refused.append(manager.get(f"/v1/requests/{uuid.uuid4()}"))
    for one in refused:
        assert_problem(one, "resource-not-found", decided=True, api_url=stack.api_url)
    details = {
        tuple(sorted((k, v) for k, v in one.json().items() if k not in ("trace_id", "instance"))) for one in refused
    }
    assert len(details) == 1, "who may not see it is told what is told of one that never was"


NO_TRACE_IDS = (
    "x",
    "0",
    "con_2028xzawvf4039wj1pg44gawme",
    "*",
    "%0a",
    "{biz}",
    "a" * 3000,
    "0F8FAD5B-D9CB-469F-A165-70867728950E",
)


@pytest.mark.parametrize("text", NO_TRACE_IDS)
def test_any_other_string_is_404(stack: Stack, api: httpx.Client, text: str) -> None:
    answer = api.get(f"/v1/requests/{text}")
    assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)


def test_what_was_refused_before_the_token_was_accepted_has_none(stack: Stack, api: httpx.Client) -> None:
    with stack.client(stack.token(exp=1_700_000_100)) as client:
        refused = client.get("/v1/me")
    assert "instance" not in refused.json()
    assert api.get(f"/v1/requests/{refused.headers['x-request-id']}").status_code == 404
