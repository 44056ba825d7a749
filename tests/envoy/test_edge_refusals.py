"""Every refusal that Envoy can make by itself is a problem, whatever the protocol."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from contract.operations import allowed_methods, paths
from contract.size_and_time_limits import MAX_HEADER_BYTES, MAX_HEADERS
from tests.envoy.standing import Edge
from tests.support.problems import assert_every_answer, assert_problem, assert_rate_headers


@dataclass(frozen=True)
class Refusal:
    """A request line and headers that no caller should send, and the problem it gets; `{auth}` stands for a token."""

    line: str
    code: str
    lines: tuple[str, ...] = ()
    members: dict[str, Any] = field(default_factory=dict)
    host: str = "Host: localhost\r\n"

    def message(self, edge: Edge) -> bytes:
        headers = "".join(f"{line}\r\n" for line in self.lines).replace("{auth}", f"Bearer {edge.token()}")
        return f"{self.line}\r\n{self.host}{headers}\r\n".encode("latin-1")


AUTH = "Authorization: {auth}"
GRPC = "Content-Type: application/grpc"

BY_THE_EDGE = {
    "an encoded slash": Refusal("GET /v1/contacts%2fx HTTP/1.1", "malformed-request"),
    "an encoded backslash": Refusal("GET /v1/contacts%5cx HTTP/1.1", "malformed-request"),
    "an encoded NUL": Refusal("GET /v1/contacts/%00 HTTP/1.1", "malformed-request"),
    "a byte that is not ASCII": Refusal("GET /v1/contacts/\xff HTTP/1.1", "malformed-request"),
    "an underscore in a header": Refusal("GET /v1/contacts HTTP/1.1", "malformed-request", ("x_y: 1",)),
    "no Host": Refusal("GET /v1/contacts HTTP/1.1", "malformed-request", host=""),
    "two lengths": Refusal(
        "POST /v1/contacts HTTP/1.1", "malformed-request", ("Content-Length: 1", "Content-Length: 2")
    ),
    "a length and chunks": Refusal(
        "POST /v1/contacts HTTP/1.1", "malformed-request", ("Content-Length: 1", "Transfer-Encoding: chunked")
    ),
    "no HTTP at all": Refusal("\x00\x01\x02", "malformed-request"),
    "HTTP/1.0": Refusal("GET /v1/contacts HTTP/1.0", "upgrade-required"),
    "CONNECT": Refusal("CONNECT localhost:443 HTTP/1.1", "not-supported"),
    "TRACE": Refusal("TRACE /v1/contacts HTTP/1.1", "not-supported", (AUTH,)),
    "an invented method": Refusal("BREW /v1/contacts HTTP/1.1", "not-supported", (AUTH,)),
    "a method in lower case": Refusal("get /v1/contacts HTTP/1.1", "not-supported", (AUTH,)),
    "headers that are too large": Refusal(
        "GET /v1/contacts HTTP/1.1", "headers-too-large", (f"x: {'a' * MAX_HEADER_BYTES}",)
    ),
    "headers that are far too large": Refusal(
        "GET /v1/contacts HTTP/1.1", "headers-too-large", (f"x: {'a' * 3 * MAX_HEADER_BYTES}",)
    ),
    "too many headers": Refusal(
        "GET /v1/contacts HTTP/1.1", "headers-too-large", tuple(f"x-{n}: 1" for n in range(MAX_HEADERS))
    ),
    "no token": Refusal("GET /v1/contacts HTTP/1.1", "authentication-required"),
    "no token, and a path that is unknown": Refusal("GET /v1/nothing HTTP/1.1", "authentication-required"),
    "no token, and no path below the root": Refusal("GET /v1 HTTP/1.1", "authentication-required"),
    "no token, and a wrong method": Refusal("PUT /v1/contacts HTTP/1.1", "authentication-required"),
    "a path outside": Refusal("GET /nothing HTTP/1.1", "route-not-found"),
    "a path that only looks like ours": Refusal("GET /v1contacts HTTP/1.1", "route-not-found"),
    "OPTIONS of everything": Refusal("OPTIONS * HTTP/1.1", "route-not-found"),
    "gRPC without a token": Refusal("POST /v1/contacts HTTP/1.1", "authentication-required", (GRPC,)),
    "gRPC by TRACE": Refusal("TRACE /v1/contacts HTTP/1.1", "not-supported", (GRPC,)),
    "gRPC to a path outside": Refusal("POST /x.y/Z HTTP/1.1", "route-not-found", (GRPC, "TE: trailers")),
    "gRPC with subtype": Refusal("POST /v1/contacts HTTP/1.1", "authentication-required", (f"{GRPC}+proto",)),
    "gRPC under headers that are too large": Refusal(
        "GET /v1/contacts HTTP/1.1", "headers-too-large", (GRPC, f"x: {'a' * MAX_HEADER_BYTES}")
    ),
}


@pytest.mark.parametrize("refusal", BY_THE_EDGE.values(), ids=BY_THE_EDGE.keys())
async def test_a_problem_answers(refusal: Refusal, edge: Edge) -> None:
    answer = await edge.raw(refusal.message(edge))
    body = assert_problem(answer, refusal.code, decided=False, api_url=edge.api_url)
    assert answer.headers["Cache-Control"] == "no-store"
    if refusal.code == "headers-too-large":
        assert body["limit_bytes"] == MAX_HEADER_BYTES


@pytest.mark.parametrize("refusal", BY_THE_EDGE.values(), ids=BY_THE_EDGE.keys())
async def test_header_body_and_log_tell_one_trace_id(refusal: Refusal, edge: Edge) -> None:
    answer = await edge.raw(refusal.message(edge))
    line = await edge.logged(answer.headers["X-Request-Id"])
    assert line["status"] == answer.status_code
    assert line["trace_id"] == answer.json()["trace_id"]


BY_AUTHZ = {
    "an unknown path": Refusal("GET /v1/nothing HTTP/1.1", "route-not-found", (AUTH,)),
    "a trailing slash": Refusal("GET /v1/contacts/ HTTP/1.1", "route-not-found", (AUTH,)),
    "a wrong method": Refusal("PUT /v1/contacts HTTP/1.1", "method-not-allowed", (AUTH,)),
    "gRPC to an unknown path": Refusal("POST /v1/nothing HTTP/1.1", "route-not-found", (AUTH, GRPC)),
}


@pytest.mark.parametrize("refusal", BY_AUTHZ.values(), ids=BY_AUTHZ.keys())
async def test_a_known_caller_is_told_by_authz(refusal: Refusal, edge: Edge) -> None:
    assert_problem(await edge.raw(refusal.message(edge)), refusal.code, decided=True, api_url=edge.api_url)


@pytest.mark.parametrize("path", paths())
async def test_options_needs_no_token_and_lists_the_methods(path: str, edge: Edge) -> None:
    answer = await edge.http.options(path.replace("{", "").replace("}", ""))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Allow"] == ", ".join(allowed_methods(path))
    assert_every_answer(answer)


@pytest.mark.parametrize("path", paths())
async def test_a_method_that_a_path_does_not_take_is_405(path: str, edge: Edge) -> None:
    answer = await edge.send("PUT", path.replace("{", "").replace("}", ""))
    body = assert_problem(answer, "method-not-allowed", decided=True, api_url=edge.api_url)
    assert body["allowed_methods"] == list(allowed_methods(path))
    assert answer.headers["Allow"] == ", ".join(allowed_methods(path))


READ_ONLY = ("/healthz", "/readyz", "/.well-known/oauth-protected-resource")


@pytest.mark.parametrize("path", READ_ONLY)
async def test_what_is_only_read_tells_its_methods_and_takes_no_other(path: str, edge: Edge) -> None:
    asked = await edge.http.options(path)
    assert (asked.status_code, asked.content, asked.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    assert_every_answer(asked)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await edge.http.request(method, path, headers={"Authorization": "Bearer nonsense"})
        body = assert_problem(answer, "method-not-allowed", decided=False, api_url=edge.api_url)
        assert body["allowed_methods"] == ["GET", "HEAD", "OPTIONS"]
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


TOO_MUCH: dict[str, list[tuple[str, str]]] = {
    "one that is too large": [("x", "a" * MAX_HEADER_BYTES)],
    "too many": [(f"x-{n}", "1") for n in range(MAX_HEADERS)],
}


@pytest.mark.parametrize("headers", TOO_MUCH.values(), ids=TOO_MUCH.keys())
async def test_too_large_headers_get_an_answer_over_http_2(headers: list[tuple[str, str]], edge: Edge) -> None:
    answer = await edge.http.get("/v1/contacts", headers=headers)
    assert answer.http_version == "HTTP/2"
    assert_problem(answer, "headers-too-large", decided=False, api_url=edge.api_url)


async def test_an_expectation_that_nobody_knows_is_ignored(edge: Edge) -> None:
    assert (await edge.get("/v1/contacts", headers={"Expect": "the unexpected"})).status_code == 200


async def test_an_id_reaches_the_transcoder_however_odd_it_is(edge: Edge) -> None:
    for odd in ("%zz", ";x=1", "a*b=c", "%0a", "é"):
        answer: httpx.Response = await edge.get(f"/v1/contacts/{odd}")
        assert answer.status_code == 200, odd
        assert_rate_headers(answer)
