"""Frames that break HTTP/2's rules, or keep them to exhaust the server: their own connection pays, and no other."""

import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.security.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    block,
    frame,
    frames,
    line,
    number,
    setting,
)
from tests.security.wire import Message
from tests.support.stack import Stack

HELLO = PREFACE + frame(SETTINGS) + frame(SETTINGS, ACK)
PINGED = b"are here"
AT_ONCE = 8
Said = Callable[[bytes], bytes]
"""What is said on a connection behind its greeting, by the headers of a good request."""


def open_stream(headers: bytes, flags: int = 0, stream: int = 1) -> bytes:
    return frame(HEADERS, END_HEADERS | flags, stream, headers)


def _reset_at_once(headers: bytes) -> bytes:
    # The first has its names in the table of the connection from then on; the bytes are the same, and as good.
    return b"".join(
        open_stream(headers, END_STREAM, stream) + frame(RST_STREAM, 0, stream, number(8))
        for stream in range(1, 8_000, 2)
    )


ENDED: dict[str, Said] = {
    "a length that no frame may have": lambda _: frame(DATA, 0, 1, b"", says=2**24 - 1),
    "a frame longer than was agreed": lambda headers: open_stream(headers) + frame(DATA, 0, 1, bytes(2**14 + 1)),
    "DATA of nothing": lambda _: frame(DATA, 0, 0, b"x"),
    "DATA of a stream that was never opened": lambda _: frame(DATA, 0, 1, b"x"),
    "padding longer than the frame": lambda headers: open_stream(headers) + frame(DATA, PADDED, 1, b"\xff1"),
    "HEADERS of nothing": lambda headers: open_stream(headers, stream=0),
    "HEADERS of a stream of the server's": lambda headers: open_stream(headers, stream=2),
    "something between HEADERS and their end": lambda headers: (
        frame(HEADERS, 0, 1, headers) + frame(PING, 0, 0, bytes(8))
    ),
    "the end of other HEADERS": lambda headers: frame(HEADERS, 0, 1, headers) + frame(CONTINUATION, END_HEADERS, 3),
    "the end of no HEADERS": lambda headers: frame(CONTINUATION, END_HEADERS, 1, headers),
    "headers that are in no table": lambda _: open_stream(b"\xff\xff\xff\xff\x0f"),
    "a header of index nought": lambda _: open_stream(b"\x80"),
    "letters that Huffman does not have": lambda _: open_stream(b"\x00\x84\xff\xff\xff\xff\x84\xff\xff\xff\xff"),
    "headers that end in the midst of one": lambda headers: open_stream(headers[:-3]),
    "a table larger than was agreed": lambda headers: open_stream(b"\x3f\xe1\xff\xff\x07" + headers),
    "SETTINGS of a stream": lambda _: frame(SETTINGS, 0, 1),
    "SETTINGS of an odd length": lambda _: frame(SETTINGS, 0, 0, bytes(5)),
    "SETTINGS that acknowledge and set": lambda _: frame(SETTINGS, ACK, 0, setting(3, 1)),
    "a window beyond all windows": lambda _: frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 2**31)),
    "a frame size that is too small": lambda _: frame(SETTINGS, 0, 0, setting(5, 1)),
    "a push that is neither on nor off": lambda _: frame(SETTINGS, 0, 0, setting(2, 2)),
    "a PING of an odd length": lambda _: frame(PING, 0, 0, bytes(7)),
    "a PING of a stream": lambda _: frame(PING, 0, 1, bytes(8)),
    "a GOAWAY of a stream": lambda _: frame(GOAWAY, 0, 1, bytes(8)),
    "a GOAWAY that is too short": lambda _: frame(GOAWAY, 0, 0, bytes(7)),
    "a promise": lambda headers: open_stream(headers) + frame(PUSH_PROMISE, END_HEADERS, 1, number(2) + headers),
    "the reset of a stream that was never opened": lambda _: frame(RST_STREAM, 0, 1, number(8)),
    "the reset of nothing": lambda _: frame(RST_STREAM, 0, 0, number(8)),
    "a reset of an odd length": lambda headers: open_stream(headers) + frame(RST_STREAM, 0, 1, bytes(3)),
    "no more window": lambda _: frame(WINDOW_UPDATE, 0, 0, number(0)),
    "more window than there is": lambda _: frame(WINDOW_UPDATE, 0, 0, number(2**31 - 1)) * 2,
    "a window of an odd length": lambda _: frame(WINDOW_UPDATE, 0, 0, bytes(3)),
    "a stream that depends on itself": lambda headers: frame(
        HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, 1, number(1) + b"\x01" + headers
    ),
    # Floods: each frame by itself is a good one.
    "resets without end": _reset_at_once,
    "headers without end": lambda headers: (
        frame(HEADERS, 0, 1, headers)
        + b"".join(frame(CONTINUATION, 0, 1, b"\x00\x01x\x7f\x80\x78" + b"a" * 247) for _ in range(4_000))
    ),
    "ends of headers that are none": lambda headers: frame(HEADERS, 0, 1, headers) + frame(CONTINUATION, 0, 1) * 10_000,
    "one header over and over": lambda headers: open_stream(
        headers + b"\x40\x01x\x7f\x81\x1e" + b"a" * 4_000 + b"\xbe" * 16_000
    ),
    "empty bodies without end": lambda headers: open_stream(headers) + frame(DATA, 0, 1) * 10_000,
    "priorities without end": lambda _: frame(PRIORITY, 0, 1, number(3) + b"\x01") * 20_000,
    "windows without end": lambda headers: open_stream(headers) + frame(WINDOW_UPDATE, 0, 0, number(1)) * 20_000,
    "SETTINGS without end": lambda _: frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 1)) * 400_000,
    "PINGs without end": lambda _: frame(PING, 0, 0, bytes(8)) * 400_000,
}


def _is_ended(stack: Stack, said: Said) -> bool:
    with line(stack) as connection:
        try:
            connection.sendall(HELLO + said(block(stack, stack.token())))
            return any(kind == GOAWAY for kind, *_ in frames(connection)) or True
        except TimeoutError:
            return False
        except (ConnectionError, ssl.SSLError):
            return True


@pytest.fixture(scope="module")
def ended(stack: Stack) -> Mapping[str, bool]:
    """Some at once: a connection that is ended without a word is closed a second later."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(zip(ENDED, threads.map(lambda said: _is_ended(stack, said), ENDED.values()), strict=True))


@pytest.mark.parametrize("case", ENDED)
def test_ends_its_own_connection_by(stack: Stack, ended: Mapping[str, bool], case: str) -> None:
    assert ended[case]
    assert Message().send(stack).status_code == 200


STANDING: dict[str, Said] = {
    "a kind of frame that nobody knows": lambda _: frame(0x42, 0xFF, 1, b"x" * 100),
    "a setting that nobody knows": lambda _: frame(SETTINGS, 0, 0, setting(0x4242, 1)),
    "a flag that nobody knows": lambda headers: frame(HEADERS, END_HEADERS | END_STREAM | 0xC2, 1, headers),
    "a priority long before its stream": lambda _: frame(PRIORITY, 0, 99, number(3) + b"\x01"),
    "a stream older than the last": lambda headers: open_stream(headers, stream=5) + open_stream(headers, stream=3),
    "priority of nothing": lambda _: frame(PRIORITY, 0, 0, bytes(5)),
    "the reserved bit": lambda headers: frame(HEADERS, END_HEADERS | END_STREAM, 2**31 + 1, headers),
    "a request in three pieces": lambda headers: (
        frame(HEADERS, END_STREAM, 1, headers[:9])
        + frame(CONTINUATION, 0, 1, headers[9:40])
        + frame(CONTINUATION, END_HEADERS, 1, headers[40:])
    ),
    "no window for any answer": lambda headers: (
        frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 0)) + open_stream(headers, END_STREAM)
    ),
    "a hundred streams at once": lambda headers: b"".join(
        open_stream(headers, END_STREAM, stream) for stream in range(1, 200, 2)
    ),
}


@pytest.mark.parametrize("said", STANDING.values(), ids=STANDING)
def test_goes_on_after(stack: Stack, said: Said) -> None:
    with line(stack) as connection:
        connection.sendall(HELLO + said(block(stack, stack.token())) + frame(PING, 0, 0, PINGED))
        assert any((kind, flags, payload) == (PING, ACK, PINGED) for kind, flags, _, payload in frames(connection))
    assert Message().send(stack).status_code == 200
