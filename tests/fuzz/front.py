"""What must hold of the lean front whatever a peer sends, and conversations built from choices.

What each fault must lead to is for the cases of `tests/unit/grpcserver`.
"""

from collections.abc import Callable

from infra.grpcserver.calls import MAX_MESSAGE_BYTES, MAX_STREAMS
from infra.grpcserver.connection import Connection
from infra.grpcserver.events import CallCancelled, CallReceived, ConnectionEnded, Event
from tests.unit.grpcserver.peer import (
    ACKNOWLEDGED,
    DATA,
    END_HEADERS,
    END_STREAM,
    HAS_PRIORITY,
    HEAD,
    HEADERS,
    HELLO,
    PADDED,
    PING,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    block,
    body,
    call,
    cut,
    frame,
    head,
    number,
    prefixed,
    setting,
)


def plain(data: bytes) -> tuple[bytes, int]:
    """What an input of plain bytes says, a greeting before it unless it begins by itself, and how many at a time."""
    greeting = b"" if data[:1] >= b"\x40" else HELLO + ACKNOWLEDGED
    return greeting + data[1:], 1 + (data[0] % 64 if data else 0)


Pick = Callable[[int], int]
"""A number below its argument."""


def judge(said: bytes, step: int) -> list[Event]:
    """What came of it; AssertionError where that is not as it must be, or another when it comes by so many bytes."""
    events, sent = _told(said, len(said) or 1)
    assert (events, sent) == _told(said, step)
    cut(sent)  # whole frames
    _is_in_order(events)
    return events


def _told(said: bytes, step: int) -> tuple[list[Event], bytes]:
    """Half of the calls are answered in the end; the others are overdue, if they ever are."""
    front = Connection(("traceparent", "x-a"))
    events = [event for at in range(0, len(said), step) for event in front.receive(said[at : at + step], 1.0)]
    for event in events:
        if isinstance(event, CallReceived) and event.stream_id % 4 == 1:
            front.respond(event.stream_id, event.message)
    events += front.expire(100.0)
    front.drain()
    return events, front.data_to_send()


def _is_in_order(events: list[Event]) -> None:
    waiting: set[int] = set()
    for number_, event in enumerate(events):
        match event:
            case CallReceived(stream, path, message):
                assert stream % 2, "a stream of the server's"
                assert path
                assert len(message) <= MAX_MESSAGE_BYTES
                waiting.add(stream)
                assert len(waiting) <= MAX_STREAMS
            case CallCancelled(stream):
                assert stream in waiting, "nobody was told of that call"
                waiting.remove(stream)
            case ConnectionEnded():
                assert events[number_ + 1 :] == [], "something came after the end"


FIELDS = (
    ("x-a", "1"),
    ("X-A", "1"),
    ("connection", "close"),
    ("te", "gzip"),
    ("grpc-timeout", "1S"),
    ("grpc-timeout", "x"),
    ("grpc-encoding", "gzip"),
    ("content-length", "10"),
    ("content-length", "x"),
    (":path", "/b/C"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("content-type", "text/html"),
)


def built(pick: Pick, raw: Callable[[int], bytes]) -> bytes:
    """A conversation: good frames, frames that are nearly good, and sometimes bytes that are none."""
    said = HELLO if pick(16) else raw(30)
    said += ACKNOWLEDGED if pick(4) else b""
    stream = 1
    for _ in range(pick(12)):
        said += _spoken(pick, raw, stream)
        stream += 2 * pick(3)
    return said


def _spoken(pick: Pick, raw: Callable[[int], bytes], stream: int) -> bytes:
    fields = [*HEAD.items(), *((FIELDS[pick(len(FIELDS))],) if pick(2) else ())]
    match pick(14):
        case 0 | 1 | 2:
            return call(stream)
        case 3:
            return frame(HEADERS, (END_HEADERS, END_HEADERS | END_STREAM)[pick(2)], stream, block(fields)) + body(
                stream
            )
        case 4:
            parts = block(fields)
            at = pick(len(parts))
            return frame(HEADERS, 0, stream, parts[:at]) + frame(9, END_HEADERS, stream, parts[at:]) + body(stream)
        case 5:
            return head(stream) + frame(DATA, pick(2), stream, prefixed(raw(20), pick(2))[: pick(24)])
        case 6:
            return frame(DATA, PADDED | pick(2), stream, bytes((pick(4),)) + raw(8))
        case 7:
            return frame(HEADERS, pick(256) & (END_HEADERS | END_STREAM | PADDED | HAS_PRIORITY), stream, raw(40))
        case 8:
            return frame(RST_STREAM, 0, max(1, stream - 2 * pick(2)), number(pick(12)))
        case 9:
            return frame(WINDOW_UPDATE, 0, (0, stream)[pick(2)], number((0, 1, 2**31 - 1)[pick(3)]))
        case 10:
            return frame(SETTINGS, pick(2), 0, setting(pick(8), (0, 1, 16_384, 2**31)[pick(4)])[: 6 * pick(2)])
        case 11:
            return frame(PING, pick(2), 0, bytes(8))
        case 12:
            return frame(pick(12), pick(256), pick(6), raw(12))
    return raw(12)
