"""Two readers of one connection must see the same requests: what could be read two ways is refused."""

import pytest

from tests.security.wire import BODY, CHUNKED, CREATE, Message
from tests.support.problems import assert_problem
from tests.support.stack import Stack

GET = Message()
SECOND = "GET /v1/contacts HTTP/1.1\r\nHost: x\r\n\r\n"
JSON = "Content-Type: application/json"


def _coded(*values: str) -> Message:
    return CHUNKED.but(more=(JSON, *(f"Transfer-Encoding:{value}" for value in values)))


def _long(*values: str) -> Message:
    return CREATE.but(more=(JSON, *(f"Content-Length:{value}" for value in values)))


def _chunks(text: str) -> Message:
    return CHUNKED.but(body=text)


MALFORMED = {
    "a length and chunks": CHUNKED.but(more=(*CHUNKED.more, "Content-Length: 6"), body=f"0\r\n\r\n{SECOND}"),
    "chunks and a length": CHUNKED.but(more=(JSON, "Content-Length: 6", "Transfer-Encoding: chunked")),
    "a coding that nobody knows": _coded(" xchunked"),
    "chunks twice over": _coded(" chunked, chunked"),
    "two codings in two lines": _coded(" chunked", " identity"),
    "a coding before the chunks": _coded(" gzip, chunked"),
    "a coding behind a vertical tab": _coded(" \x0bchunked"),
    "a space before the colon": CHUNKED.but(more=(JSON, "Transfer-Encoding : chunked")),
    "a signed length": _long(" +18"),
    "a negative length": _long(" -1"),
    "a hexadecimal length": _long(" 0x12"),
    "a length with a space in it": _long(" 1 8"),
    "a length with an underscore in it": _long(" 1_8"),
    "no length": _long(" "),
    "a length beyond all numbers": _long(" 99999999999999999999"),
    "the same length twice in a line": _long(" 18, 18"),
    "the same length twice": _long(" 18", " 18"),
    "two lengths": _long(" 18", " 0"),
    "a chunk size with a sign": _chunks(f"-12\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk size with 0x": _chunks(f"0x12\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk size beyond all numbers": _chunks(f"10000000000000012\r\n{BODY}\r\n0\r\n\r\n"),
    "a chunk size that ends in a line feed": _chunks(f"12\n{BODY}\r\n0\r\n\r\n"),
    "a line feed in a chunk's extension": _chunks(f'12;a="\nx"\r\n{BODY}\r\n0\r\n\r\n'),
    "a NUL": GET.but(more=("x: a\0b",)),
    "a control character": GET.but(more=("x: a\x01b",)),
    "a space in a name": GET.but(more=("x y: 1",)),
    "no name": GET.but(more=(": 1",)),
    "no colon": GET.but(more=("xyz",)),
    "a header that begins with a space": GET.but(host=(" x: 1", "Host: {host}")),
    "two Hosts": GET.but(host=("Host: {host}", "Host: {host}")),
    "two hosts in one Host": GET.but(host=("Host: {host},{host}",)),
    "a path in the Host": GET.but(host=("Host: {host}/v1/contacts",)),
    "a space in the Host": GET.but(host=("Host: a b",)),
    "no Host at all": GET.but(host=()),
    "a Host that the connection keeps for itself": GET.but(more=("Connection: host",)),
    "a URL of another scheme": GET.but(line="GET ftp://{host}/v1/me HTTP/1.1"),
    "a method with a tab in it": GET.but(line="G\tET /v1/me HTTP/1.1"),
    "HTTP in lower case": GET.but(line="GET /v1/me http/1.1"),
    "the preface of HTTP/2": GET.but(line="PRI * HTTP/2.0"),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED)
def test_refuses(stack: Stack, message: Message) -> None:
    assert_problem(message.send(stack), "malformed-request", decided=False, api_url=stack.api_url)


SENT_IN_VAIN = {
    "a token that the connection keeps for itself": (
        GET.but(more=("Connection: authorization",)),
        "authentication-required",
        False,
    ),
    "a version that the connection keeps for itself": (
        GET.but(more=("Connection: version",)),
        "version-required",
        True,
    ),
    "a type that the connection keeps for itself": (
        CREATE.but(more=(*CREATE.more, "Connection: content-type")),
        "unsupported-media-type",
        True,
    ),
    "a request of HTTP/1.0": (GET.but(line="GET /v1/me HTTP/1.0"), "upgrade-required", False),
    "a request of HTTP/1.2": (GET.but(line="GET /v1/me HTTP/1.2"), "upgrade-required", False),
    "a chunk that is longer than it says": (_chunks(f"11\r\n{BODY}\r\n0\r\n\r\n"), "malformed-request", True),
    "a body that is another request": (
        GET.but(more=(JSON, f"Content-Length: {len(SECOND)}"), body=SECOND),
        "malformed-request",
        True,
    ),
}


@pytest.mark.parametrize(("message", "code", "decided"), SENT_IN_VAIN.values(), ids=SENT_IN_VAIN)
def test_gains_nothing_by(stack: Stack, message: Message, code: str, decided: bool) -> None:
    assert_problem(message.send(stack), code, decided=decided, api_url=stack.api_url)


HARMLESS = {
    "a body by length": CREATE,
    "a body in chunks": CHUNKED,
    "chunks in capitals": _coded(" CHUNKED"),
    "chunks with extensions": _chunks(f"12;a=b\r\n{BODY}\r\n0\r\n\r\n"),
    "trailers that say who is calling": _chunks(f"12\r\n{BODY}\r\n0\r\nx-gw-operation: contacts.delete\r\n\r\n"),
    "a header over two lines": CREATE.but(more=(*CREATE.more, "x: a\r\n b")),
    "another Host": GET.but(host=("Host: evil.example",)),
    "a URL in full": GET.but(line="GET https://evil.example/v1/me HTTP/1.1"),
    "an offer of nothing": GET.but(more=("Connection: Upgrade",)),
    "an offer of WebSocket": GET.but(more=("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")),
    "an offer of WebSocket with a body": CREATE.but(more=(*CREATE.more, "Connection: upgrade", "Upgrade: websocket")),
    "an offer of TLS": GET.but(more=("Connection: upgrade", "Upgrade: TLS/1.0")),
    "an offer of HTTP/2": GET.but(more=("Connection: upgrade, http2-settings", "Upgrade: h2c", "HTTP2-Settings: AAA")),
}


@pytest.mark.parametrize("message", HARMLESS.values(), ids=HARMLESS)
def test_takes_what_can_be_read_one_way_only(stack: Stack, message: Message) -> None:
    answer = message.send(stack)
    assert answer.status_code == 200, answer.text
    assert "evil" not in str(answer.headers) + answer.text


@pytest.mark.parametrize("end", ["\r", "\n", "\r\r\n"], ids=["CR", "LF", "CR CR LF"])
def test_no_odd_line_end_brings_a_header_of_ours_in(stack: Stack, end: str) -> None:
    answer = GET.but(more=(f"x: a{end}x-gw-operation: contacts.list",)).send(stack)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["data"]) >= {"business", "user"}
