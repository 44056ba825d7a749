"""A peer that speaks HTTP/2 by hand, frame by frame, so that it can also say what no library would.

Its layouts are typed from RFC 9113 and know nothing of the front's.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import hpack

from infra.grpcserver.connection import Connection
from infra.grpcserver.events import CallReceived, Event

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 1, 1, 4, 8, 0x20
PROTOCOL_ERROR, FLOW_CONTROL_ERROR, STREAM_CLOSED, FRAME_SIZE_ERROR = 1, 3, 5, 6
NO_ERROR, REFUSED_STREAM, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 0, 7, 9, 11

PATH = "/a.Service/Method"
HEAD = {
    ":method": "POST",
    ":scheme": "http",
    ":path": PATH,
    ":authority": "front",
    "te": "trailers",
    "content-type": "application/grpc",
}


class Frame(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def cut(data: bytes) -> list[Frame]:
    """The frames in what was sent."""
    found = []
    while data:
        size = int.from_bytes(data[:3], "big")
        assert len(data) >= 9 + size, "half a frame"
        found.append(Frame(data[3], data[4], int.from_bytes(data[5:9], "big"), data[9 : 9 + size]))
        data = data[9 + size :]
    return found


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def setting(name: int, value: int) -> bytes:
    return name.to_bytes(2, "big") + number(value)


def prefixed(message: bytes, compressed: int = 0) -> bytes:
    return bytes((compressed,)) + number(len(message)) + message


def block(fields: dict[str, str] | list[tuple[str, str]]) -> bytes:
    """A header block without a dynamic table, which it says first (RFC 7541 §6.3)."""
    return _encoded(tuple(fields.items()) if isinstance(fields, dict) else tuple(fields))


@lru_cache(maxsize=10_000)
def _encoded(fields: tuple[tuple[str, str], ...]) -> bytes:
    # Remembered, since a fuzzer asks for the same ones again and again, and this takes longer than all that it tests.
    encoder = hpack.Encoder()
    encoder.header_table_size = 0
    return bytes(encoder.encode([hpack.NeverIndexedHeaderTuple(name, value) for name, value in fields]))


def head(stream: int, flags: int = END_HEADERS, **changes: str | None) -> bytes:
    """The HEADERS of a good call, but for the changes; `_` in a name is `-`, and None leaves it out."""
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    return frame(HEADERS, flags, stream, block({k: v for k, v in (HEAD | named).items() if v is not None}))


def body(stream: int, message: bytes = b"hello", flags: int = END_STREAM) -> bytes:
    return frame(DATA, flags, stream, prefixed(message))


def call(stream: int, message: bytes = b"hello", **changes: str | None) -> bytes:
    return head(stream, **changes) + body(stream, message)


HELLO = PREFACE + frame(SETTINGS, 0, 0)
ACKNOWLEDGED = frame(SETTINGS, ACK, 0)


class Answered(NamedTuple):
    """What a call came to."""

    head: dict[str, str]
    message: bytes
    trailers: dict[str, str]

    @property
    def status(self) -> int:
        return int((self.trailers or self.head)["grpc-status"])


class Peer:
    """One end of a connection whose other end is the front."""

    def __init__(self, hello: bytes = HELLO + ACKNOWLEDGED, keep: Sequence[str] = ()) -> None:
        self.front = Connection(keep)
        self.now_s = 1000.0
        self._decoder = hpack.Decoder()
        self.greeting = cut(self.front.data_to_send())
        if hello:
            assert self.says(hello) == []
            self.hears()

    def says(self, data: bytes) -> list[Event]:
        return self.front.receive(data, self.now_s)

    def hears(self) -> list[Frame]:
        return cut(self.front.data_to_send())

    def hears_answers(self) -> dict[int, Answered]:
        """Of the streams that are spoken of."""
        answers: dict[int, Answered] = {}
        for one in self.hears():
            if one.kind == HEADERS:
                fields = dict(self._decoder.decode(one.payload))
                before = answers.get(one.stream)
                answers[one.stream] = before._replace(trailers=fields) if before else Answered(fields, b"", {})
            if one.kind == DATA:
                before = answers[one.stream]
                answers[one.stream] = before._replace(message=before.message + one.payload)
        return answers

    def hears_end(self) -> int | None:
        """The code of the GOAWAY that ended it."""
        ends = [one for one in self.hears() if one.kind == GOAWAY]
        return int.from_bytes(ends[-1].payload[4:8], "big") if ends else None

    def hears_reset(self, stream: int) -> int | None:
        resets = [one for one in self.hears() if one.kind == RST_STREAM and one.stream == stream]
        return int.from_bytes(resets[-1].payload, "big") if resets else None

    def asks(self, stream: int, message: bytes = b"hello") -> None:
        """A call that is taken, and not answered yet."""
        assert self.says(call(stream, message)) == [CallReceived(stream, PATH, message)]

    def is_served(self, stream: int) -> None:
        """Everything still works."""
        self.asks(stream, b"still there?")
        self.front.respond(stream, b"yes")
        answer = self.hears_answers()[stream]
        assert (answer.message, answer.status) == (prefixed(b"yes"), 0)
