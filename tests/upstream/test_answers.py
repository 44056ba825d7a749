"""What is an answer, where it ends, and what is none: the same through every client."""

import pytest

from tests.component.transcoder.liar import ends, raw, resets, then
from tests.upstream.wire import GOOD, Service, ask, trouble
from transcoder.backend.upstream import HttpUpstream, Reply

MEBIBYTE = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 5\r\n\r\nhello"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
INVALID = "upstream-invalid"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

KEPT: dict[str, tuple[bytes, int, bytes]] = {
    "a counted body": (OK + LENGTH, 200, b"hello"),
    "an informational head with a length of its own": (
        b"HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n" + OK + LENGTH,
        200,
        b"hello",
    ),
    "an informational head with a coding of its own": (
        b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + OK + LENGTH,
        200,
        b"hello",
    ),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", 200, b""),
    "names and values as some write them": (
        OK + b"cOnTeNt-LeNgTh:  \t 5 \t \r\nX-Empty:\r\n\r\nhello",
        200,
        b"hello",
    ),
    "no reason": (b"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", 200, b"hello"),
    "a reason of several words": (b"HTTP/1.1 404 Not \xc3\xa0 Found\r\nContent-Length: 2\r\n\r\n{}", 404, b"{}"),
    "a fault": (b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}", 503, b"{}"),
    "a redirection, not followed": (b"HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n", 302, b""),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "304 with the length that it would have": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
    "100 before it": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH, 200, b"hello"),
    "103 twice before it": (
        2 * b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + LENGTH,
        200,
        b"hello",
    ),
    "a chunk": (CHUNKED + CHUNKS, 200, b"hello"),
    "chunks, of sizes in either case": (
        CHUNKED + b"A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
        200,
        b"01234567890123456789a",
    ),
    "a chunk of nothing": (CHUNKED + b"0\r\n\r\n", 200, b""),
    "chunks with extensions": (CHUNKED + b'5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n', 200, b"hello"),
    "chunks with trailers": (CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n", 200, b"hello"),
    "compressed bytes, left as they are": (
        OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\x8b\x08\x00\x00",
        200,
        b"\x1f\x8b\x08\x00\x00",
    ),
    "HTTP/1.0 that stays": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
        200,
        b"hello",
    ),
    "100 fields": (OK + b"X-Field: x\r\n" * 100 + LENGTH, 200, b"hello"),
    "a field of 8,000 bytes": (OK + b"X-Long: " + b"x" * 8000 + b"\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello"),
    "16 MiB": (OK + b"Content-Length: 16777216\r\n\r\n" + b"x" * 16 * MEBIBYTE, 200, b"x" * 16 * MEBIBYTE),
}


@pytest.mark.parametrize(("answer", "status", "body"), KEPT.values(), ids=KEPT.keys())
async def test_an_answer_is_read_whole_and_its_connection_kept(
    upstream: HttpUpstream, service: Service, answer: bytes, status: int, body: bytes
) -> None:
    service.says(answer, GOOD)
    reply = await ask(upstream)
    assert (reply.status, reply.body) == (status, body)
    assert (await ask(upstream)).body == b"good"
    assert service.opened == 1


LAST: dict[str, bytes] = {
    "says so": OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
    "says so among other things": OK + b"Connection: x, Close\r\nContent-Length: 5\r\n\r\nhello",
    "is of HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "is followed by another one": OK + LENGTH + GOOD.replace(b"good", b"evil"),
    "is followed by another one behind its chunks": CHUNKED + CHUNKS + GOOD.replace(b"good", b"evil"),
}


@pytest.mark.parametrize("answer", LAST.values(), ids=LAST.keys())
async def test_a_connection_is_not_used_again_after_an_answer_that(
    upstream: HttpUpstream, service: Service, answer: bytes
) -> None:
    service.says(answer, GOOD)
    assert (await ask(upstream)).body == b"hello"
    assert (await ask(upstream)).body == b"good"
    assert service.opened == 2


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
async def test_an_answer_without_a_length_goes_on_until_its_connection_ends(
    upstream: HttpUpstream, service: Service, version: bytes
) -> None:
    service.says(then(raw(version + b" 200 OK\r\n\r\nhel"), raw(b"lo"), ends), GOOD)
    assert (await ask(upstream)).body == b"hello"
    assert (await ask(upstream)).body == b"good"


TO_HEAD = {
    "with a length": OK + b"Content-Length: 5\r\n\r\n",
    "of chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n",
}


@pytest.mark.parametrize("answer", TO_HEAD.values(), ids=TO_HEAD.keys())
async def test_an_answer_to_head_has_no_body(upstream: HttpUpstream, service: Service, answer: bytes) -> None:
    service.says(answer, GOOD)
    assert await ask(upstream, "HEAD") == Reply(200, b"")
    assert (await ask(upstream)).body == b"good"


NONE: dict[str, bytes] = {
    "of another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "of garbage": bytes(range(256)) + b"\r\n\r\n",
    "of HTTP/0.9": b"hello\r\n\r\n",
    "with a status that is none": b"HTTP/1.1 abc OK\r\nContent-Length: 5\r\n\r\nhello",
    "with a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello",
    "with two lengths": OK + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
    "with one length twice": OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "with a list of lengths": OK + b"Content-Length: 5, 5\r\n\r\nhello",
    "with a length that is signed": OK + b"Content-Length: +5\r\n\r\nhello",
    "with a length below nought": OK + b"Content-Length: -5\r\n\r\nhello",
    "with a length in hexadecimal": OK + b"Content-Length: 0x5\r\n\r\nhello",
    "with a length beyond all": OK + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "with an empty length": OK + b"Content-Length:\r\n\r\nhello",
    "with a length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "with chunks and a length": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "with a chunk of no size": CHUNKED + b"\r\nhello\r\n0\r\n\r\n",
    "with a chunk of a signed size": CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n",
    "with a chunk of a size with a prefix": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "with a chunk that is longer than it says": CHUNKED + b"4\r\nhello\r\n0\r\n\r\n",
    "with a chunk of a size beyond all": CHUNKED + b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "with a null in a value": OK + b"X-A: a\0b\r\nContent-Length: 5\r\n\r\nhello",
    "with a blank before a colon": OK + b"X-A : a\r\nContent-Length: 5\r\n\r\nhello",
    "with a line without a colon": OK + b"X-A\r\nContent-Length: 5\r\n\r\nhello",
    "with an empty name": OK + b": a\r\nContent-Length: 5\r\n\r\nhello",
    "with 1,000 fields": OK + b"X-Field: x\r\n" * 1000 + LENGTH,
    "with a field of 100,000 bytes": OK + b"X-Long: " + b"x" * 100_000 + b"\r\nContent-Length: 5\r\n\r\nhello",
    "of 17 MiB": OK + b"Content-Length: 17825792\r\n\r\n" + b"x" * 17 * MEBIBYTE,
    "of 17 MiB in chunks": CHUNKED + (b"100000\r\n" + b"x" * MEBIBYTE + b"\r\n") * 17 + b"0\r\n\r\n",
    "of 17 MiB without a length": OK + b"\r\n" + b"x" * 17 * MEBIBYTE,
}


@pytest.mark.parametrize("answer", NONE.values(), ids=NONE.keys())
async def test_there_is_no_answer_in_what_is(upstream: HttpUpstream, service: Service, answer: bytes) -> None:
    service.says(then(raw(answer), ends))
    assert await trouble(upstream) == (INVALID, "not-applied")
    assert await trouble(upstream, "POST", body=b"{}") == (INVALID, "unknown")
    service.says(GOOD)
    assert (await ask(upstream)).body == b"good"


CUT: dict[str, bytes] = {
    "a counted body": OK + b"Content-Length: 5\r\n\r\nhell",
    "a counted body of which nothing has come": OK + b"Content-Length: 5\r\n\r\n",
    "a chunk": CHUNKED + b"5\r\nhell",
    "chunks": CHUNKED + b"5\r\nhello\r\n",
    "the last chunk": CHUNKED + b"5\r\nhello\r\n0\r\n",
    "trailers": CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n",
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT.keys())
@pytest.mark.parametrize("breaks", [ends, resets], ids=["the end", "a reset"])
async def test_an_answer_that_is_cut_within_is_none_and_not_asked_for_again(
    upstream: HttpUpstream, service: Service, answer: bytes, breaks: object
) -> None:
    service.says(then(raw(answer), breaks))  # type: ignore[arg-type]
    assert await trouble(upstream) == (INVALID, "not-applied")
    assert len(service.heard) == 1
    assert await trouble(upstream, "POST", body=b"{}") == (INVALID, "unknown")


DIFFERENT: dict[str, tuple[bytes, str | int, str | int]] = {
    "is of HTTP/2": (b"HTTP/2.0 200 OK\r\n" + LENGTH, INVALID, 200),
    "is of RTSP": (b"RTSP/1.0 200 OK\r\n" + LENGTH, INVALID, 200),
    "changes the protocol": (b"HTTP/1.1 101 Now\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", INVALID, 101),
    "has a status below 100": (b"HTTP/1.1 099 OK\r\n" + LENGTH, INVALID, 99),
    "has a status above 599": (b"HTTP/1.1 600 OK\r\n" + LENGTH, INVALID, 600),
    "begins with an empty line": (b"\r\n" + OK + LENGTH, INVALID, 200),
    "has lines that end with a line feed": (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", INVALID, 200),
    "has one line that ends with a line feed": (OK + b"X-A: a\n" + LENGTH, INVALID, 200),
    "has a folded value": (OK + b"X-A: a\r\n b\r\n" + LENGTH, INVALID, 200),
    "has a control character in a value": (OK + b"X-A: a\x01b\r\n" + LENGTH, INVALID, 200),
    "has a coding beside chunks": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS, INVALID, 200),
    "has a coding instead of chunks": (OK + b"Transfer-Encoding: gzip\r\n\r\nhello", INVALID, 200),
    "is chunked twice": (OK + 2 * b"Transfer-Encoding: chunked\r\n" + b"\r\n" + CHUNKS, INVALID, 200),
    "is chunked in HTTP/1.0": (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, INVALID, 200),
    "has a blank behind a chunk's size": (CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n", INVALID, 200),
    "has 300 kB of early hints": (300 * (b"HTTP/1.1 103 E\r\nX: " + b"x" * 1000 + b"\r\n\r\n") + GOOD, INVALID, 200),
    "has a field of 9,000 bytes": (OK + b"X-Long: " + b"x" * 9000 + b"\r\n" + LENGTH, 200, INVALID),
    "is followed by garbage": (OK + LENGTH + b"more", 200, INVALID),
    "is followed by garbage behind its chunks": (CHUNKED + CHUNKS + b"more", 200, INVALID),
    "is a 204 with a body": (b"HTTP/1.1 204 No Content\r\n" + LENGTH, 204, INVALID),
    "is a 304 with a body": (b"HTTP/1.1 304 Not Modified\r\n" + LENGTH, 304, INVALID),
}
"""What our own client makes of it, and what aiohttp's does. Ours takes no liberty with what might frame a message; an
answer that was whole stays one whatever follows it, on a connection that nobody uses again.
"""


@pytest.mark.parametrize(("answer", "ours", "theirs"), DIFFERENT.values(), ids=DIFFERENT.keys())
async def test_clients_differ_in_an_answer_that(
    client: str, upstream: HttpUpstream, service: Service, answer: bytes, ours: str | int, theirs: str | int
) -> None:
    service.says(then(raw(answer), ends), GOOD)
    expected = ours if client == "pooled" else theirs
    if expected == INVALID:
        assert await trouble(upstream) == (INVALID, "not-applied")
    else:
        assert (await ask(upstream)).status == expected
    assert (await ask(upstream)).body == b"good"
