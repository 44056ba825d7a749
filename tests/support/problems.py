"""Looking at a problem as a client may rely on it."""

import re
from typing import Any

import httpx

from tests.spec.operations import RATE_HEADERS
from tests.spec.problems import PROBLEMS

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_FIRST = ("type", "title", "status", "detail")
_LEAKS = re.compile(
    r"(?i)traceback|envoy|aiohttp|sqlite|sqlalchemy|grpc|valkey|redis|\.sock|/internal/|jwt_authn|File \""
)


def assert_problem(answer: httpx.Response, code: str, *, decided: bool, api_url: str) -> dict[str, Any]:
    """The body of an answer that must be this problem; `decided`: authz or the transcoder gave it to a good token."""
    assert answer.headers.get("content-type") == "application/problem+json", (answer.status_code, answer.text)
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (PROBLEMS[code], code), answer.text
    assert set(_FIRST) <= set(body)
    assert body["type"] == f"{api_url}/problems/{code}"
    assert body["status"] == answer.status_code
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert isinstance(body["retryable"], bool)
    assert ("outcome" in body) == body["retryable"] or body.get("outcome") == "unknown"
    assert_traced(answer, body)
    assert body.get("instance") == (f"/v1/requests/{body['trace_id']}" if decided else None)
    assert not _LEAKS.search(answer.text), answer.text
    assert_every_answer(answer)
    if decided:
        assert_rate_headers(answer)
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) >= 1
    return body


def assert_traced(answer: httpx.Response, body: dict[str, Any]) -> None:
    """One id in header and body."""
    ids = answer.headers.get_list("x-request-id")
    assert len(ids) == 1
    assert ids[0] == body["trace_id"]
    assert _UUID.fullmatch(ids[0])


def assert_every_answer(answer: httpx.Response) -> None:
    """What stands on every answer, and what stands on none."""
    assert answer.headers["x-content-type-options"] == "nosniff"
    # All stacks of tests are on localhost, where a browser would remember it for every port.
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers
    assert not [name for name in answer.headers if name.startswith(("x-envoy", "x-gw"))]
    for name in set(answer.headers):
        if name not in ("vary",):
            assert len(answer.headers.get_list(name)) == 1, name


def assert_rate_headers(answer: httpx.Response) -> None:
    """All nine, once each, whole numbers where they are plain."""
    for name in RATE_HEADERS:
        assert len(answer.headers.get_list(name)) == 1, name
    for name in RATE_HEADERS[:7]:
        assert answer.headers[name].isdigit(), name


def items(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The item errors of a problem, in order: where each is, and its code."""
    told: list[tuple[str, str]] = []
    for item in body["errors"]:
        [place] = {"pointer", "parameter", "header"} & set(item)
        assert isinstance(item["detail"], str)
        assert item["detail"]
        told.append((item[place], item["code"]))
    return told
