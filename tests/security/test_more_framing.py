"""More spellings of length, chunks, trailers and first lines than one file holds; see `test_framing`."""

import pytest

from tests.security.wire import BODY, CHUNKED, CREATE, Message
from tests.support.problems import assert_problem
from tests.support.stack import Stack

GET = Message()
JSON = "Content-Type: application/json"
END = "0\r\n\r\n"


def _coded(*values: str) -> Message:
    return CHUNKED.but(more=(JSON, *(f"Transfer-Encoding:{value}" for value in values)))


def _long(*lines: str) -> Message:
    return CREATE.but(more=(JSON, *lines))


def _chunks(text: str) -> Message:
    return CHUNKED.but(body=text)


def _trailed(*lines: str) -> Message:
    return _chunks("".join(f"{line}\r\n" for line in (f"12\r\n{BODY}", "0", *lines, "")))


def _asked(line: str) -> Message:
    return GET.but(line=line)


MALFORMED: dict[str, Message] = {
    "a coding with a parameter": _coded(" chunked;x=y"),
    "a coding and a comma": _coded(" chunked,"),
    "a comma and a coding": _coded(" ,chunked"),
    "a coding in quotes": _coded(' "chunked"'),
    "another coding behind the chunks": _coded(" chunked, identity"),
    "the identity": _coded(" identity"),
    "no coding": _coded(" "),
    "a coding and a NUL": _coded(" chunked\0"),
    "a coding behind a no-break space": _coded(" \xa0chunked"),
    "an invented coding in a line before": _coded(" cow", " chunked"),
    "a coding under another name": CHUNKED.but(
        more=(JSON, "Transfer_Encoding: chunked", "Content-Length: 18"), body=BODY
    ),
    "a length with a parameter": _long("Content-Length: 18;x"),
    "a length with a point": _long("Content-Length: 18.0"),
    "a length with an exponent": _long("Content-Length: 1e1"),
    "a length in superscript": _long("Content-Length: \xb9\xb8"),
    "a length and another behind a space": _long("Content-Length: 18 18"),
    "a length and a NUL": _long("Content-Length: 18\0"),
    "a length whose name ends in a space": _long("Content-Length : 18"),
    "a length whose name ends in a tab": _long("Content-Length\t: 18"),
    "two lengths of nothing": GET.but(more=("Content-Length: 0", "Content-Length: 0")),
    "a chunk without a size": _chunks(f"\r\n{BODY}\r\n{END}"),
    "a chunk without an end": _chunks(f"12\r\n{BODY}{END}"),
    "a chunk size with an underscore": _chunks(f"1_2\r\n{BODY}\r\n{END}"),
    "a chunk size behind a space": _chunks(f" 12\r\n{BODY}\r\n{END}"),
    "a chunk size beyond hexadecimal": _chunks(f"g\r\n{BODY}\r\n{END}"),
    "a chunk size that ends in a carriage return": _chunks(f"12\r{BODY}\r\n{END}"),
    "a trailer with a space in its name": _trailed("x y: 1"),
    "a trailer without a colon": _trailed("xyz"),
    "a version of HTTP with two digits": _asked("GET /v1/me HTTP/1.10"),
    "something behind the version": _asked("GET /v1/me HTTP/1.1 x"),
    "a version of HTTPS": _asked("GET /v1/me HTTPS/1.1"),
    "a version without an end": _asked("GET /v1/me HTTP/1."),
    "another protocol": _asked("GET /v1/me FTP/1.1"),
    "a NUL in the first line": _asked("GET /v1/me\0 HTTP/1.1"),
    "a space before the first line": _asked(" GET /v1/me HTTP/1.1"),
    "no method": _asked("/v1/me HTTP/1.1"),
    "an authority for a path": _asked("GET {host} HTTP/1.1"),
    "CONNECT with a path": _asked("CONNECT /v1/me HTTP/1.1"),
    "a star for a GET": _asked("GET * HTTP/1.1"),
    "a URL without a host": _asked("GET https:///v1/me HTTP/1.1"),
    "a URL that is a scheme": _asked("GET http:// HTTP/1.1"),
    "a URL with a fragment": _asked("GET https://{host}/v1/me#x HTTP/1.1"),
    "a Host that is not ASCII": GET.but(host=("Host: \xe9",)),
    "a Host with a NUL": GET.but(host=("Host: a\0b",)),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED)
def test_is_malformed(stack: Stack, message: Message) -> None:
    assert_problem(message.send(stack), "malformed-request", decided=False, api_url=stack.api_url)


OTHER: dict[str, tuple[Message, str, bool]] = {
    "HTTP/0.9": (_asked("GET /v1/me"), "upgrade-required", False),
    "HTTP/2 by name": (_asked("GET /v1/me HTTP/2.0"), "upgrade-required", False),
    "a first line over two lines": (_asked("GET /v1/me\r\n HTTP/1.1"), "upgrade-required", False),
    "CONNECT to a stranger": (_asked("CONNECT evil.example:443 HTTP/1.1"), "not-supported", False),
    "a search by method": (_asked("SEARCH /v1/contacts HTTP/1.1"), "not-supported", False),
    "a method in mixed case": (_asked("Get /v1/me HTTP/1.1"), "not-supported", False),
    "a method in a query": (_asked("DELETE /v1/me?_method=GET HTTP/1.1"), "method-not-allowed", True),
    "PUT": (_asked("PUT /v1/me HTTP/1.1"), "method-not-allowed", True),
    "a PATCH of a collection": (_asked("PATCH /v1/contacts HTTP/1.1"), "method-not-allowed", True),
    "a DELETE of a collection": (_asked("DELETE /v1/contacts HTTP/1.1"), "method-not-allowed", True),
    "a POST of what is read": (_asked("POST /v1/me HTTP/1.1"), "method-not-allowed", True),
    "a URL of the auth host": (_asked("GET https://{auth}/v1/me HTTP/1.1"), "route-not-found", False),
    "the auth host by name": (GET.but(host=("Host: {auth}",)), "route-not-found", False),
    "the auth host in capitals": (GET.but(host=("Host: {AUTH}",)), "route-not-found", False),
    "no path at all": (_asked("GET https://{host} HTTP/1.1"), "route-not-found", False),
    "a length that is a part of another header": (_long(" Content-Length: 18"), "malformed-request", True),
}


@pytest.mark.parametrize(("message", "code", "decided"), OTHER.values(), ids=OTHER)
def test_is_answered_as_what_it_is(stack: Stack, message: Message, code: str, decided: bool) -> None:
    auth = stack.facts["AUTH_URL"].removeprefix("https://")

    def named(text: str) -> str:
        return text.replace("{auth}", auth).replace("{AUTH}", auth.upper())

    message = message.but(line=named(message.line), host=tuple(map(named, message.host)))
    assert_problem(message.send(stack), code, decided=decided, api_url=stack.api_url)


HARMLESS: dict[str, Message] = {
    "a coding behind a tab": _coded("\tchunked"),
    "a coding before a space": _coded(" chunked "),
    "a coding in a line of its own": _coded("\r\n chunked"),
    "a length with a nought before it": _long("Content-Length: 018"),
    "a length between tabs": _long("Content-Length:\t18\t"),
    "a length in a line of its own": _long("Content-Length:\r\n 18"),
    "a chunk size before a space": _chunks(f"12 \r\n{BODY}\r\n{END}"),
    "a chunk size behind a thousand noughts": _chunks(f"{'0' * 1000}12\r\n{BODY}\r\n{END}"),
    "a chunk's extension of 20 KB": _chunks(f"12;{'a' * 20_000}\r\n{BODY}\r\n{END}"),
    "an extension a letter": _chunks("".join(f"1;{'a' * 1_000}\r\n{letter}\r\n" for letter in BODY) + END),
    "a last chunk of three noughts": _chunks(f"12\r\n{BODY}\r\n000\r\n\r\n"),
    "a coding among the trailers": _trailed("Transfer-Encoding: chunked"),
    "a length among the trailers": _trailed("Content-Length: 5"),
    "a token among the trailers": _trailed("Authorization: Bearer x"),
    "a Host among the trailers": _trailed("Host: evil.example"),
    "a business among the trailers": _trailed("x-gw-business-id: biz_x", "x-gw-permissions: x"),
    "a trailer of 70 KB": _trailed("x: " + "a" * 70_000),
    "five hundred trailers": _trailed(*(f"x-{number}: 1" for number in range(500))),
}


@pytest.mark.parametrize("message", HARMLESS.values(), ids=HARMLESS)
def test_can_be_read_one_way_only(stack: Stack, message: Message) -> None:
    answer = message.send(stack)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["first_name"] == "x"
    assert "evil" not in str(answer.headers) + answer.text
