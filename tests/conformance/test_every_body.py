"""Bodies, over every operation that takes one."""

import httpx
import pytest

from tests.conformance.conftest import Good
from tests.spec.operations import OPERATIONS, Promised
from tests.support.problems import assert_problem
from tests.support.stack import Stack

WRITES = tuple(row for row in OPERATIONS if row.method in ("POST", "PATCH"))
pytestmark = pytest.mark.parametrize("operation", WRITES, ids=lambda row: row.id)

BAD_BODIES = {
    "is no JSON": (b"{", "malformed-request"),
    "names a member twice": (b'{"first_name":"A","first_name":"B"}', "malformed-request"),
    "is an array": (b"[]", "validation-failed"),
    "has an unknown member": (b'{"frist_name":"Ada"}', "validation-failed"),
    "is too large": (b'{"first_name":"' + b"a" * 1_100_000 + b'"}', "payload-too-large"),
}


@pytest.mark.parametrize(("body", "code"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_refuses_a_body_that(
    stack: Stack, api: httpx.Client, good: Good, operation: Promised, body: bytes, code: str
) -> None:
    request = good(operation)
    headers = {"Content-Type": "application/json"}
    answer = api.request(request.method, request.path, content=body, headers=headers)
    assert_problem(answer, code, decided=True, api_url=stack.api_url)


BAD_TYPES = {
    "of another type": {"Content-Type": "text/plain"},
    "of no type": {"Content-Type": ""},
    "in another charset": {"Content-Type": "application/json; charset=latin-1"},
    "that is compressed": {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    "as gRPC": {"Content-Type": "application/grpc"},
}


@pytest.mark.parametrize("headers", BAD_TYPES.values(), ids=BAD_TYPES)
def test_refuses_a_body(
    stack: Stack, api: httpx.Client, good: Good, operation: Promised, headers: dict[str, str]
) -> None:
    request = good(operation)
    answer = api.request(request.method, request.path, content=b"{}", headers=headers)
    body = assert_problem(answer, "unsupported-media-type", decided=True, api_url=stack.api_url)
    assert "application/json" in body["supported"]
