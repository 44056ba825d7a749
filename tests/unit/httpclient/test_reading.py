"""One answer out of bytes: it does not matter in which pieces they come, and nothing is kept that is not bounded."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.httpclient.errors import ConnectionDropped, InvalidResponse
from infra.httpclient.response_parser import MAX_FIELDS, MAX_HEAD_BYTES, Reply, ResponseParser
from tests.fuzz.answers import MAX_BODY_BYTES, read
from tests.upstream.test_answers import CHUNKED, CUT, DIFFERENT, KEPT, LAST, NONE, OK

SHORT = 20_000
ANSWERS = [
    answer
    for answer in (
        *(row[0] for row in (*KEPT.values(), *DIFFERENT.values())),
        *LAST.values(),
        *NONE.values(),
        *CUT.values(),
        OK + b"\r\nuntil the end",
    )
    if len(answer) < SHORT
]


@st.composite
def mistaken(draw: st.DrawFn) -> bytes:
    """An answer, with a few bytes that are others, or are missing, or there twice."""
    answer = draw(st.sampled_from(ANSWERS))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(answer) - 1))
        answer = answer[:at] + draw(st.sampled_from([b"", answer[at : at + 1] * 2, *BYTES])) + answer[at + 1 :]
    return answer


BYTES = [b"\r", b"\n", b"\r\n", b" ", b":", b"0", b"9", b"f", b";", b"\0", b"\xff", b"H", b"\r\n\r\n", b","]


@given(answer=mistaken(), cuts=st.lists(st.integers(0, 400), max_size=12), to_head=st.booleans())
def test_pieces_make_no_difference(answer: bytes, cuts: list[int], to_head: bool) -> None:
    places = [0, *sorted(min(cut, len(answer)) for cut in cuts), len(answer)]
    pieces = [answer[begin:end] for begin, end in pairwise(places) if begin < end]
    assert read(*pieces, to_head=to_head) == read(answer, to_head=to_head)


@given(answer=mistaken())
def test_byte_by_byte_is_no_different(answer: bytes) -> None:
    assert read(*(answer[at : at + 1] for at in range(len(answer)))) == read(answer)


@given(body=st.binary(max_size=MAX_BODY_BYTES), sizes=st.lists(st.integers(1, 300)), more=st.binary(max_size=20))
def test_what_was_sent_is_what_is_read(body: bytes, sizes: list[int], more: bytes) -> None:
    chunks, left = b"", body
    for size in sizes:
        part, left = left[:size], left[size:]
        chunks += b"%x\r\n%b\r\n" % (len(part), part) if part else b""
    chunks += b"%x\r\n%b\r\n" % (len(left), left) if left else b""
    counted = OK + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    # Empty lines behind chunks are gone with them; they are nobody's.
    for answer, surplus in ((counted, more), (CHUNKED + chunks + b"0\r\n\r\n", more.strip(b"\r\n"))):
        reading = ResponseParser(max_body_bytes=MAX_BODY_BYTES)
        reading.feed(answer + more)
        assert reading.reply == Reply(200, body)
        assert reading.reusable is not bool(surplus)


def test_nothing_and_half_a_head_are_no_beginning_of_an_answer() -> None:
    assert read() is ConnectionDropped
    assert read(OK) is ConnectionDropped
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n") is ConnectionDropped
    assert read(b"HTTP/1.") is ConnectionDropped


def test_what_can_never_become_a_head_is_not_waited_for() -> None:
    for beginning in (b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/2", b"<", b"HTTP/1.1 200 OK\nX"):
        with pytest.raises(InvalidResponse):
            ResponseParser(max_body_bytes=0).feed(beginning)


ENDLESS = {
    "a reason": (b"HTTP/1.1 200 ", b"x"),
    "a name": (OK, b"x"),
    "a value": (OK + b"X: ", b"x"),
    "fields": (OK, b"X: x\r\n"),
    "hints": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "an extension": (CHUNKED + b"5;", b"x"),
    "extensions": (CHUNKED, b"1;" + b"x" * 100 + b"\r\na\r\n"),
    "a trailer": (CHUNKED + b"0\r\nX: ", b"x"),
    "trailers": (CHUNKED + b"0\r\n", b"X: x\r\n"),
    "a body": (OK + b"\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
}


@pytest.mark.parametrize(("beginning", "more"), ENDLESS.values(), ids=ENDLESS.keys())
def test_an_end_is_put_to_endless(beginning: bytes, more: bytes) -> None:
    reading, size = ResponseParser(max_body_bytes=MAX_BODY_BYTES), 0
    reading.feed(beginning)
    with pytest.raises(InvalidResponse):
        while size < 4 * MAX_HEAD_BYTES:
            reading.feed(more * 10)
            size += len(more) * 10


def test_the_bounds_themselves_are_within() -> None:
    fields = b"X: x\r\n" * (MAX_FIELDS - 1)
    assert read(OK + fields + b"Content-Length: 2\r\n\r\n{}") == Reply(200, b"{}")
    assert read(OK + fields + b"X: x\r\nContent-Length: 2\r\n\r\n{}") is InvalidResponse
    assert read(OK + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000) == Reply(200, b"x" * 1000)
    assert read(OK + b"Content-Length: 1001\r\n\r\n") is InvalidResponse
    tail = b"\r\nContent-Length: 2\r\n\r\n{}"
    longest = MAX_HEAD_BYTES - len(OK + b"X: " + tail[:-2])
    assert read(OK + b"X: " + b"x" * longest + tail) == Reply(200, b"{}")
    assert read(OK + b"X: " + b"x" * (longest + 1) + tail) is InvalidResponse


def test_another_answer_behind_chunks_adds_nothing_to_the_first() -> None:
    evil = OK + b"Content-Length: 4\r\n\r\nevil"
    reading = ResponseParser(max_body_bytes=MAX_BODY_BYTES)
    reading.feed(CHUNKED + b"4\r\ngood\r\n0\r\n\r\n" + evil)
    assert reading.reply == Reply(200, b"good")
    assert not reading.reusable


INFORMATIONAL = {
    "a length": b"Content-Length: 2",
    "a transfer coding": b"Transfer-Encoding: chunked",
    "a coding that nobody reads": b"Transfer-Encoding: gzip",
}


@pytest.mark.parametrize("field", INFORMATIONAL.values(), ids=INFORMATIONAL.keys())
def test_the_final_answer_is_not_framed_by_what_an_informational_one_says_of(field: bytes) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\n" + field + b"\r\n\r\n"
    assert read(early + OK + b"Connection: close\r\n\r\nabcdef") == Reply(200, b"abcdef")
    assert read(early + OK + b"Content-Length: 6\r\n\r\nabcdef") == Reply(200, b"abcdef")
