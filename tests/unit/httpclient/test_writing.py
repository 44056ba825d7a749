"""A request as bytes: one request, whatever stands in it."""

import pytest

from infra.httpclient.request_encoder import RequestEncoder

HEADS = RequestEncoder("service.example:8080", {"Accept-Encoding": "identity"})
FIRST = b"Host: service.example:8080\r\nAccept-Encoding: identity\r\n"


def test_a_request_is_its_line_its_fields_and_its_body() -> None:
    assert HEADS.encode("GET", "/a?b=c%20d", {"X-A": "1", "X-B": "two"}, None) == (
        b"GET /a?b=c%20d HTTP/1.1\r\n" + FIRST + b"X-A: 1\r\nX-B: two\r\n\r\n"
    )
    assert HEADS.encode("POST", "/", {}, b"{}") == (b"POST / HTTP/1.1\r\n" + FIRST + b"Content-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    ("method", "body", "says"),
    [
        *((method, None, False) for method in ("GET", "HEAD", "OPTIONS")),
        *((method, body, True) for method in ("POST", "PUT", "PATCH") for body in (None, b"")),
        ("DELETE", b"", True),
    ],
)
def test_an_empty_body_is_told_of_where_a_server_expects_one(method: str, body: bytes | None, says: bool) -> None:
    assert HEADS.encode(method, "/", {}, body).endswith(b"Content-Length: 0\r\n\r\n") is says


def test_a_field_of_the_caller_s_takes_the_place_of_the_client_s_in_whatever_case() -> None:
    request = HEADS.encode("GET", "/", {"host": "other", "X-A": "é"}, None)
    assert request == "GET / HTTP/1.1\r\nhost: other\r\nAccept-Encoding: identity\r\nX-A: é\r\n\r\n".encode()


SPLIT = ["a\r\nX-Evil: 1", "a\r\n\r\nGET /evil HTTP/1.1", "a\n", "\ra", "a\0b"]


@pytest.mark.parametrize("value", SPLIT)
def test_a_value_begins_no_line_of_its_own(value: str) -> None:
    with pytest.raises(ValueError, match="line end"):
        HEADS.encode("GET", "/", {"X-A": value}, None)
    with pytest.raises(ValueError, match="line end"):
        RequestEncoder(value, {})


@pytest.mark.parametrize("name", ["", "X A", "X:A", "X-A\r\nX-Evil", "X-Ä", "X-A\n"])
def test_a_name_is_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="no field"):
        HEADS.encode("GET", "/", {name: "a"}, None)


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection", "Expect", "Upgrade", "TE"])
def test_what_frames_a_message_is_not_the_caller_s_to_say(name: str) -> None:
    with pytest.raises(ValueError, match="no field"):
        HEADS.encode("POST", "/", {name: "1"}, b"{}")


@pytest.mark.parametrize(
    "target", ["", "a", "http://else/", "/a b", "/a\r\nX-Evil: 1", "/a#b", "/ä", "/a\n", "/a\t", "*"]
)
def test_a_target_is_a_path_and_a_query(target: str) -> None:
    with pytest.raises(ValueError, match="no target"):
        HEADS.encode("GET", target, {}, None)


@pytest.mark.parametrize("method", ["", "GET /", "G\r\nET", "CONNECT"])
def test_a_method_is_a_method(method: str) -> None:
    with pytest.raises(ValueError, match="no method"):
        HEADS.encode(method, "/", {}, None)
