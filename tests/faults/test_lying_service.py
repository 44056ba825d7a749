"""What a client sees when the internal service answers, and its answer is no answer: busy, broken, suspended, slow."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.conformance.examples import a_contact, unique
from tests.spec.operations import VERSIONS
from tests.support.problems import assert_problem
from tests.support.stack import Stack

SLOW_MS = 3_000


@contextmanager
def _fault(stack: Stack, **fault: Any) -> Iterator[None]:
    transport = httpx.HTTPTransport(uds=str(stack.own_folder / "sandbox.sock"))
    with httpx.Client(transport=transport, base_url="http://sandbox") as inside:
        assert inside.put("/faults", json=fault).status_code == 204
        try:
            yield
        finally:
            assert inside.delete("/faults").status_code == 204


def _refusal(code: str, **more: Any) -> str:
    return json.dumps({"ok": False, "error_code": code, "field": None, "rule": None, "message": "a secret"} | more)


LIES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "a suspended business": ({"body": _refusal("E_SUSPENDED")}, "business-suspended", {"retryable": False}),
    "it is busy": ({"body": _refusal("E_BUSY")}, "upstream-unavailable", {"outcome": "not-applied"}),
    "it is broken": ({"status": 500, "body": "<html>"}, "upstream-invalid", {"retryable": True}),
    "it refuses us": ({"status": 401, "body": "{}"}, "upstream-invalid", {"retryable": True}),
    "its own fault": ({"body": _refusal("E_INTERNAL")}, "upstream-invalid", {"retryable": True}),
    "a code of tomorrow": ({"body": _refusal("E_TOMORROW")}, "upstream-invalid", {"retryable": True}),
    "no JSON": ({"body": "{"}, "upstream-invalid", {"retryable": True}),
    "half an answer": ({"body": '{"ok":true}'}, "upstream-invalid", {"retryable": True}),
}


@pytest.mark.parametrize(("fault", "code", "told"), LIES.values(), ids=LIES)
@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_never_passed_on(
    breakable: Stack, fault: dict[str, Any], code: str, told: dict[str, Any], version: str
) -> None:
    with breakable.caller(version=version) as client, _fault(breakable, **fault):
        for answer in (
            client.post("/v1/contacts", json=a_contact()),
            client.get("/v1/deals"),
            client.post("/v1/notes/search", json={}),
        ):
            problem = assert_problem(answer, code, decided=True, api_url=breakable.api_url)
            assert problem.items() >= told.items()
            assert "secret" not in answer.text


def test_a_busy_service_says_when_to_come_again(breakable: Stack) -> None:
    with breakable.caller() as client, _fault(breakable, body=_refusal("E_BUSY", retry_after_ms=2_100)):
        answer = client.get("/v1/contacts")
    assert_problem(answer, "upstream-unavailable", decided=True, api_url=breakable.api_url)
    assert answer.headers["retry-after"] == "3"


def test_a_second_request_with_a_key_waits_for_the_first(breakable: Stack) -> None:
    key, body = {"Idempotency-Key": unique()}, a_contact()
    first: list[httpx.Response] = []
    with (
        breakable.caller() as client,
        breakable.caller() as other,
        _fault(breakable, delay_ms=SLOW_MS, path="/contacts"),
    ):
        thread = threading.Thread(target=lambda: first.append(other.post("/v1/contacts", json=body, headers=key)))
        thread.start()
        answers = []
        while thread.is_alive() and not answers:
            state = client.get("/v1/requests", params={"idempotency_key": key["Idempotency-Key"]}).json()["data"][0]
            if state["state"] == "running":
                answers.append(client.post("/v1/contacts", json=body, headers=key))
        thread.join()
    [answer] = answers
    assert_problem(answer, "idempotency-in-progress", decided=True, api_url=breakable.api_url)
    assert int(answer.headers["retry-after"]) >= 1
    assert first[0].status_code == 201
