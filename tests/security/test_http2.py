"""HTTP/2 without a library's manners: what is malformed ends its own stream (RFC 9113 §8.1.1), all else is told."""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import httpx
import pytest

from tests.security.wire import BODY, WITHIN_S, patient
from tests.spec.operations import CURRENT
from tests.support.problems import assert_problem
from tests.support.stack import Stack

Fields = tuple[tuple[str, str], ...]
FRAME_BYTES = 16_384


@dataclass(frozen=True)
class Stream:
    """A good request; `without` and `more` change it. A case changes one thing."""

    method: str = "GET"
    path: str = "/v1/me"
    scheme: str = "https"
    authority: str = "{host}"
    without: str = ""
    first: Fields = ()
    more: Fields = ()
    body: bytes | None = None
    trailers: Fields = ()
    pseudo: Fields = field(default=(), kw_only=True)

    def fields(self, stack: Stack, token: str) -> list[tuple[bytes, bytes]]:
        pseudo = (
            (":method", self.method),
            (":scheme", self.scheme),
            (":authority", self.authority),
            (":path", self.path),
        )
        plain = (("authorization", "Bearer {token}"), ("version", CURRENT), *self.more)
        named = (*self.first, *(pair for pair in pseudo if pair[0] != self.without), *self.pseudo, *plain)
        host = urlsplit(stack.api_url).netloc
        return [
            (name.encode("latin-1"), value.replace("{token}", token).replace("{host}", host).encode("latin-1"))
            for name, value in named
        ]


GET = Stream()
CREATE = Stream("POST", "/v1/contacts?dry_run=true", more=(("content-type", "application/json"),), body=BODY.encode())


class Line:
    """One connection, on which nothing is tidied up."""

    def __init__(self, stack: Stack) -> None:
        url = urlsplit(stack.api_url)
        context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection((url.hostname, url.port or 443), timeout=WITHIN_S)
        self.socket = context.wrap_socket(plain, server_hostname=url.hostname)
        untidy = h2.config.H2Configuration(
            header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.state = h2.connection.H2Connection(config=untidy)
        self.state.initiate_connection()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, stream: Stream, stack: Stack, token: str) -> httpx.Response | None:
        """The answer; None when the stream was reset."""
        return patient(lambda: self._ask(stream, stack, token))

    def _ask(self, stream: Stream, stack: Stack, token: str) -> httpx.Response | None:
        number = self.state.get_next_available_stream_id()
        self.state.send_headers(number, stream.fields(stack, token), end_stream=stream.body is None)
        if stream.body is not None:
            for first in range(0, len(stream.body), FRAME_BYTES):
                self.state.send_data(number, stream.body[first : first + FRAME_BYTES])
            if not stream.trailers:
                self.state.end_stream(number)
        if stream.trailers:
            trailers = [(name.encode(), value.encode()) for name, value in stream.trailers]
            self.state.send_headers(number, trailers, end_stream=True)
        return self._answer(number)

    def _answer(self, number: int) -> httpx.Response | None:
        headers: Sequence[tuple[bytes, bytes]] = ()
        body = b""
        while True:
            self.socket.sendall(self.state.data_to_send())
            received = self.socket.recv(65_536)
            assert received, "the connection was closed"
            for event in self.state.receive_data(received):
                match event:
                    case h2.events.ConnectionTerminated():
                        raise AssertionError("the connection was ended")
                    case h2.events.StreamReset(stream_id=stream) if stream == number:
                        return None
                    case h2.events.ResponseReceived(stream_id=stream, headers=told) if stream == number:
                        headers = told
                    case h2.events.DataReceived(stream_id=stream, data=part) if stream == number:
                        body += part
                        self.state.acknowledge_received_data(event.flow_controlled_length, number)
                    case h2.events.StreamEnded(stream_id=stream) if stream == number:
                        status = int(dict(headers)[b":status"])
                        return httpx.Response(status, headers=[*headers][1:], content=body)


def _with(*more: tuple[str, str]) -> Stream:
    return Stream(more=more)


def _create(*more: tuple[str, str], **changes: Any) -> Stream:
    return Stream(CREATE.method, CREATE.path, more=(*CREATE.more, *more), body=CREATE.body, **changes)


RESET = {
    "a length that is too small": _create(("content-length", "5")),
    "a length that is too large": _create(("content-length", "50")),
    "a length twice": _create(("content-length", "18"), ("content-length", "18")),
    "a length that is no number": _create(("content-length", "18abc")),
    "a transfer coding": _create(("transfer-encoding", "chunked")),
    "a TE beside trailers": _with(("te", "gzip")),
    "a connection header": _with(("connection", "authorization")),
    "an upgrade": _with(("upgrade", "websocket")),
    "no method": Stream(without=":method"),
    "no scheme": Stream(without=":scheme"),
    "no path": Stream(without=":path"),
    "no authority": Stream(without=":authority"),
    "an empty path": Stream(path=""),
    "a path that is none": Stream(path="v1/me"),
    "a path with a space": Stream(path="/v1/me x"),
    "a path with a request in it": Stream(path="/v1/me HTTP/1.1\r\nx-gw-operation: contacts.list\r\n\r\n"),
    "a path with a NUL": Stream(path="/v1/me\0"),
    "two methods": Stream(first=((":method", "POST"),)),
    "two paths": Stream(first=((":path", "/v1/contacts"),)),
    "two authorities": Stream(first=((":authority", "evil.example"),)),
    "a pseudo-header that nobody knows": Stream(pseudo=((":foo", "x"),)),
    "a status": Stream(pseudo=((":status", "200"),)),
    "a pseudo-header behind the others": _with((":path", "/v1/contacts")),
    "a method with a line break": Stream(method="GET\r\n"),
    "a scheme with a space": Stream(scheme="x y"),
    "an authority with a path": Stream(authority="{host}/v1"),
    "an authority with a user": Stream(authority="u:p@{host}"),
    "a name in capitals": _with(("X-Foo", "1")),
    "a name with a colon": _with(("x:y", "1")),
    "no name": _with(("", "1")),
    "a value with a line break": _with(("x", "a\r\nx-gw-operation: contacts.list")),
    "a value with a line feed": _with(("x", "a\nb")),
    "a value with a NUL": _with(("x", "a\0b")),
    "a name with an underscore": _with(("x_gw_operation", "contacts.list")),
    "a path among the trailers": _create(trailers=((":path", "/v1/contacts"),)),
    "a length among the trailers": _create(trailers=(("content-length", "1"),)),
}


@pytest.mark.parametrize("stream", RESET.values(), ids=RESET)
def test_ends_a_stream_and_no_other_by(stack: Stack, stream: Stream) -> None:
    token = stack.token()
    with Line(stack) as line:
        assert line.ask(stream, stack, token) is None
        answer = line.ask(GET, stack, token)
    assert answer is not None
    assert answer.status_code == 200


REFUSED = {
    "two hosts in one": (Stream(authority="{host},{host}"), "malformed-request"),
    "a fragment": (Stream(path="/v1/me#x"), "malformed-request"),
    "a query that is not ASCII": (Stream(path="/v1/me?\xff"), "malformed-request"),
    "a slash in disguise": (Stream(path="/v1/%2fme"), "malformed-request"),
    "TRACE": (Stream(method="TRACE"), "not-supported"),
    "a method in lower case": (Stream(method="get"), "not-supported"),
    "an invented method": (Stream(method="BREW"), "not-supported"),
    "a second token": (_with(("authorization", "Bearer {token}")), "invalid-token"),
    "more headers than a house has": (_with(*((f"x-{n}", "1") for n in range(150))), "headers-too-large"),
    "headers as large as a house": (_with(*((f"x-{n}", "a" * 7_000) for n in range(10))), "headers-too-large"),
}


@pytest.mark.parametrize(("stream", "code"), REFUSED.values(), ids=REFUSED)
def test_is_told_about(stack: Stack, stream: Stream, code: str) -> None:
    with Line(stack) as line:
        answer = line.ask(stream, stack, stack.token())
    assert answer is not None
    assert_problem(answer, code, decided=False, api_url=stack.api_url)


HARMLESS = {
    "a good request": GET,
    "a good body": CREATE,
    "a length that is right": _create(("content-length", "18")),
    "another scheme": Stream(scheme="http"),
    "another authority": Stream(authority="evil.example"),
    "a Host that says otherwise": _with(("host", "evil.example")),
    "headers of ours": _with(("x-gw-operation", "contacts.list"), ("x-gw-business-id", "biz_x")),
    "headers of ours among the trailers": _create(trailers=(("x-gw-operation", "contacts.list"),)),
    "the token in pieces of cookies": _with(*(("cookie", "a=b") for _ in range(20))),
}


@pytest.mark.parametrize("stream", HARMLESS.values(), ids=HARMLESS)
def test_changes_nothing_by(stack: Stack, stream: Stream) -> None:
    with Line(stack) as line:
        answer = line.ask(stream, stack, stack.token())
    assert answer is not None
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert ("user" in data) if stream.method == "GET" else (data["first_name"] == "x")
    assert "evil" not in str(answer.headers) + answer.text


@pytest.mark.parametrize(
    ("size", "token", "code"),
    [(1_048_576, "x.y.z", "invalid-token"), (1_048_577, "", "payload-too-large"), (2_097_152, "", "payload-too-large")],
)
def test_who_sends_a_body_at_once_and_waits_for_no_room_hears_why_it_is_refused(
    stack: Stack, size: int, token: str, code: str
) -> None:
    """Some clients wait for room for the rest for ever, whatever they were answered meanwhile."""
    large = Stream(CREATE.method, CREATE.path, more=CREATE.more, body=b" " * size)
    with Line(stack) as line:
        assert line.ask(GET, stack, stack.token())
        answer = line.ask(large, stack, token or stack.token())
    assert answer is not None
    assert_problem(answer, code, decided=not token, api_url=stack.api_url)
