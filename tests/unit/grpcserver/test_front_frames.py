"""HTTP/2 as RFC 9113 has it: what may come on a connection when, and how each fault ends."""

import pytest

from infra.grpcserver.events import CallCancelled, CallReceived, ConnectionEnded
from tests.unit.grpcserver.peer import (
    ACK,
    ACKNOWLEDGED,
    COMPRESSION_ERROR,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HAS_PRIORITY,
    HEAD,
    HEADERS,
    HELLO,
    NO_ERROR,
    PADDED,
    PATH,
    PING,
    PREFACE,
    PRIORITY,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    REFUSED_STREAM,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
    WINDOW_UPDATE,
    Peer,
    block,
    body,
    call,
    frame,
    head,
    number,
    prefixed,
    setting,
)


def test_the_front_speaks_first_and_asks_for_no_table():
    settings, window = Peer(b"").greeting
    assert (settings.kind, settings.flags, settings.stream) == (SETTINGS, 0, 0)
    assert setting(1, 0) in settings.payload  # SETTINGS_HEADER_TABLE_SIZE
    assert setting(3, 256) in settings.payload  # SETTINGS_MAX_CONCURRENT_STREAMS
    assert (window.kind, window.stream) == (WINDOW_UPDATE, 0)


def test_settings_are_acknowledged_once_and_pings_answered():
    peer = Peer(b"")
    peer.says(HELLO + frame(PING, 0, 0, b"12345678") + frame(PING, ACK, 0, b"87654321"))
    assert peer.hears() == [(SETTINGS, ACK, 0, b""), (PING, ACK, 0, b"12345678")]


def test_a_call_is_told_once_its_message_is_complete(peer):
    assert peer.says(head(1) + frame(DATA, 0, 1, prefixed(b"hello")[:7])) == []
    assert peer.says(frame(DATA, END_STREAM, 1, b"llo")) == [CallReceived(1, PATH, b"hello")]


def test_a_message_may_end_by_an_empty_frame_or_by_trailers(peer):
    assert peer.says(head(1) + body(1, flags=0) + frame(DATA, END_STREAM, 1)) == [CallReceived(1, PATH, b"hello")]
    trailers = frame(HEADERS, END_HEADERS | END_STREAM, 3, block({"x-after": "all"}))
    assert peer.says(head(3) + body(3, flags=0) + trailers) == [CallReceived(3, PATH, b"hello")]


def test_padding_and_priority_are_no_part_of_anything(peer):
    fields = block(HEAD)
    padded = bytes((3,)) + number(0) + b"\x10" + fields + b"\0" * 3
    message = bytes((2,)) + prefixed(b"hello") + b"\0" * 2
    flags = END_HEADERS | PADDED | HAS_PRIORITY
    said = frame(HEADERS, flags, 1, padded) + frame(DATA, END_STREAM | PADDED, 1, message)
    assert peer.says(said) == [CallReceived(1, PATH, b"hello")]


def test_a_header_block_may_come_in_continuations(peer):
    fields = block(HEAD)
    parts = [fields[at : at + 10] for at in range(0, len(fields), 10)]
    said = frame(HEADERS, 0, 1, parts[0]) + b"".join(frame(CONTINUATION, 0, 1, part) for part in parts[1:])
    assert peer.says(said + frame(CONTINUATION, END_HEADERS, 1) + body(1)) == [CallReceived(1, PATH, b"hello")]


def test_priorities_unknown_frames_and_unknown_settings_mean_nothing(peer):
    said = frame(PRIORITY, 0, 9, number(0) + b"\x10") + frame(0xBE, 0xFF, 1, b"grease") + frame(0xEF, 0, 0)
    assert peer.says(said + frame(SETTINGS, 0, 0, setting(0xFA, 7))) == []
    assert peer.hears_end() is None
    peer.is_served(11)


def test_the_reserved_bit_of_a_stream_is_ignored(peer):
    said = call(1)
    assert peer.says(said[:5] + bytes((said[5] | 0x80,)) + said[6:]) == [CallReceived(1, PATH, b"hello")]


def test_calls_are_answered_in_any_order(peer):
    for stream in (1, 3, 5):
        peer.asks(stream)
    for stream in (5, 1, 3):
        peer.front.respond(stream, str(stream).encode())
    answers = peer.hears_answers()
    assert list(answers) == [5, 1, 3]
    assert {stream: answer.message for stream, answer in answers.items()} == {
        stream: prefixed(str(stream).encode()) for stream in (1, 3, 5)
    }


CONNECTION_FAULTS = {
    "does not begin with the preface": (b"GET / HTTP/1.1\r\n\r\n", PROTOCOL_ERROR),
    "begins with another frame than SETTINGS": (PREFACE + frame(PING, 0, 0, bytes(8)), PROTOCOL_ERROR),
    "begins with an acknowledgement": (PREFACE + ACKNOWLEDGED, PROTOCOL_ERROR),
    "has a frame above 16,384 bytes": (HELLO + frame(DATA, 0, 1, bytes(16_385)), FRAME_SIZE_ERROR),
    "has DATA on no stream": (HELLO + frame(DATA, 0, 0), PROTOCOL_ERROR),
    "has HEADERS on no stream": (HELLO + frame(HEADERS, END_HEADERS, 0, block(HEAD)), PROTOCOL_ERROR),
    "has SETTINGS on a stream": (HELLO + frame(SETTINGS, 0, 1), PROTOCOL_ERROR),
    "has a PING on a stream": (HELLO + frame(PING, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "has a GOAWAY on a stream": (HELLO + frame(GOAWAY, 0, 1, bytes(8)), PROTOCOL_ERROR),
    "has a PING of seven bytes": (HELLO + frame(PING, 0, 0, bytes(7)), FRAME_SIZE_ERROR),
    "has a WINDOW_UPDATE of three bytes": (HELLO + frame(WINDOW_UPDATE, 0, 0, bytes(3)), FRAME_SIZE_ERROR),
    "has a RST_STREAM of five bytes": (HELLO + head(1) + frame(RST_STREAM, 0, 1, bytes(5)), FRAME_SIZE_ERROR),
    "has a setting that is cut off": (HELLO + frame(SETTINGS, 0, 0, bytes(5)), FRAME_SIZE_ERROR),
    "acknowledges with a setting": (HELLO + frame(SETTINGS, ACK, 0, setting(4, 1)), FRAME_SIZE_ERROR),
    "sets push to two": (HELLO + frame(SETTINGS, 0, 0, setting(2, 2)), PROTOCOL_ERROR),
    "sets a window above 2^31-1": (HELLO + frame(SETTINGS, 0, 0, setting(4, 2**31)), FLOW_CONTROL_ERROR),
    "sets frames below 16,384 bytes": (HELLO + frame(SETTINGS, 0, 0, setting(5, 16_383)), PROTOCOL_ERROR),
    "promises a push": (HELLO + frame(PUSH_PROMISE, END_HEADERS, 1, number(2)), PROTOCOL_ERROR),
    "opens an even stream": (HELLO + head(2), PROTOCOL_ERROR),
    "sends DATA on a stream that is not open": (HELLO + body(1), PROTOCOL_ERROR),
    "resets a stream that is not open": (HELLO + frame(RST_STREAM, 0, 1, number(8)), PROTOCOL_ERROR),
    "widens a stream that is not open": (HELLO + frame(WINDOW_UPDATE, 0, 1, number(1)), PROTOCOL_ERROR),
    "widens the connection by nothing": (HELLO + frame(WINDOW_UPDATE, 0, 0, number(0)), PROTOCOL_ERROR),
    "widens the connection too far": (HELLO + frame(WINDOW_UPDATE, 0, 0, number(2**31 - 1)), FLOW_CONTROL_ERROR),
    "sends DATA after it ended a stream": (HELLO + call(1) + body(1), STREAM_CLOSED),
    "sends HEADERS after it ended a stream": (HELLO + call(1) + head(1), STREAM_CLOSED),
    "opens a lower stream than before": (HELLO + head(3) + head(1), STREAM_CLOSED),
    "continues nothing": (HELLO + frame(CONTINUATION, END_HEADERS, 1), PROTOCOL_ERROR),
    "interrupts a header block": (HELLO + head(1, flags=0) + frame(PING, 0, 0, bytes(8)), PROTOCOL_ERROR),
    "continues another stream's block": (HELLO + head(1, flags=0) + frame(CONTINUATION, 4, 3), PROTOCOL_ERROR),
    "pads HEADERS with more than there is": (HELLO + frame(HEADERS, END_HEADERS | PADDED, 1, b"\5\0"), PROTOCOL_ERROR),
    "pads DATA with more than there is": (HELLO + head(1) + frame(DATA, PADDED, 1, b"\1"), PROTOCOL_ERROR),
    "cuts a priority off": (HELLO + frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, bytes(4)), FRAME_SIZE_ERROR),
    "sends what is no HPACK": (HELLO + frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\xff\x0f"), COMPRESSION_ERROR),
    "names an index that is in no table": (HELLO + frame(HEADERS, END_HEADERS, 1, b"\xc2"), COMPRESSION_ERROR),
    "uses a table after it said it would not": (
        HELLO + ACKNOWLEDGED + frame(HEADERS, END_HEADERS, 1, b"\x3f\xe1\x1f" + block(HEAD)),
        COMPRESSION_ERROR,
    ),
    "keeps its table after it said it would not": (HELLO + ACKNOWLEDGED + frame(HEADERS, 4, 1, b"\x82"), 9),
}


@pytest.mark.parametrize(("said", "code"), CONNECTION_FAULTS.values(), ids=CONNECTION_FAULTS)
def test_a_connection_ends_when_the_peer(said, code):
    peer = Peer(b"")
    events = peer.says(said)
    assert isinstance(events[-1], ConnectionEnded)
    assert events[-1].code == code
    assert peer.hears_end() == code
    assert peer.front.is_finished
    assert peer.says(HELLO + call(101)) == []
    assert peer.hears() == []


def test_calls_in_flight_are_cancelled_when_their_connection_ends(peer):
    peer.asks(1)
    peer.asks(3)
    peer.says(head(5))
    events = peer.says(frame(PUSH_PROMISE, 0, 1))
    assert events[:-1] == [CallCancelled(1), CallCancelled(3)]


def fields_without(*names: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in HEAD.items() if name not in names]


ALL = fields_without()
MALFORMED = {
    "no method": fields_without(":method"),
    "no scheme": fields_without(":scheme"),
    "no path": fields_without(":path"),
    "an empty path": [*fields_without(":path"), (":path", "")],
    "a doubled pseudo field": [(":path", PATH), *ALL],
    "an unknown pseudo field": [(":protocol", "websocket"), *ALL],
    "an answer's pseudo field": [(":status", "200"), *ALL],
    "a pseudo field after others": [*ALL[1:], ALL[0]],
    "a name in capitals": [*ALL, ("X-Capital", "1")],
    "a name with a blank": [*ALL, ("x name", "1")],
    "an empty name": [*ALL, ("", "1")],
    "a value with a line feed": [*ALL, ("x-value", "1\n2")],
    "a value that begins with a blank": [*ALL, ("x-value", " 1")],
    "a connection field": [*ALL, ("connection", "close")],
    "a transfer coding": [*ALL, ("transfer-encoding", "chunked")],
    "other transfer codings than trailers": [*fields_without("te"), ("te", "gzip")],
    "two timeouts": [*ALL, ("grpc-timeout", "1S"), ("grpc-timeout", "2S")],
    "a content length that is no number": [*ALL, ("content-length", "-1")],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
def test_a_call_is_reset_and_the_next_is_served_when_its_head_has(peer, fields):
    assert peer.says(frame(HEADERS, END_HEADERS, 1, block(fields))) == []
    assert peer.hears_reset(1) == PROTOCOL_ERROR
    assert peer.says(body(1)) == [], "what was on its way is forgotten"
    peer.is_served(3)


@pytest.mark.parametrize("length", ["4", "6", "10000"])
def test_a_call_is_reset_when_its_content_length_is_not_its_length(peer, length):
    assert peer.says(call(1, content_length=length)) == []
    assert peer.hears_reset(1) == PROTOCOL_ERROR
    assert peer.says(call(3, content_length="10")) == [CallReceived(3, PATH, b"hello")]


def test_trailers_have_no_pseudo_fields_and_end_the_stream(peer):
    trailers = block({":path": "/"})
    assert peer.says(head(1) + body(1, flags=0) + frame(HEADERS, END_HEADERS | END_STREAM, 1, trailers)) == []
    assert peer.hears_reset(1) == PROTOCOL_ERROR
    assert peer.says(head(3) + body(3, flags=0) + frame(HEADERS, END_HEADERS, 3, block({"x-a": "1"}))) == []
    assert peer.hears_reset(3) == PROTOCOL_ERROR
    peer.is_served(5)


def test_a_call_that_its_peer_resets_is_cancelled(peer):
    peer.asks(1)
    assert peer.says(head(3) + frame(RST_STREAM, 0, 3, number(8)) + frame(RST_STREAM, 0, 1, number(8))) == [
        CallCancelled(1)
    ]
    peer.front.respond(1, b"too late")
    assert peer.hears() == []
    assert peer.says(frame(WINDOW_UPDATE, 0, 1, number(5)) + frame(RST_STREAM, 0, 1, number(8))) == []
    peer.is_served(5)


def test_more_calls_at_once_than_were_allowed_are_refused_and_may_be_repeated(peer):
    streams = range(1, 2 * 256, 2)
    for stream in streams:
        peer.asks(stream)
    assert peer.says(head(513)) == []
    assert peer.hears_reset(513) == REFUSED_STREAM
    peer.front.respond(1, b"")
    peer.is_served(515)


def test_a_peer_that_says_goodbye_still_has_its_answers(peer):
    peer.asks(1)
    assert peer.says(frame(GOAWAY, 0, 0, number(0) + number(NO_ERROR))) == []
    peer.front.respond(1, b"yes")
    assert peer.hears_answers()[1].status == 0


def test_draining_serves_what_is_on_its_way_and_ends_after_it(peer):
    peer.asks(1)
    peer.front.drain()
    goodbye, ping = peer.hears()
    assert (goodbye.kind, goodbye.payload) == (GOAWAY, number(2**31 - 1) + number(NO_ERROR))
    peer.asks(3)
    peer.says(frame(PING, ACK, 0, ping.payload))
    [last] = peer.hears()
    assert (last.kind, last.payload) == (GOAWAY, number(3) + number(NO_ERROR))
    assert peer.says(call(5)) == [], "it was told that nobody would look at it"
    assert not peer.front.is_finished
    for stream in (1, 3):
        peer.front.respond(stream, b"yes")
    assert {answer.status for answer in peer.hears_answers().values()} == {0}
    assert peer.front.is_finished


FLOODS = {
    "pings": frame(PING, 0, 0, bytes(8)),
    "settings": frame(SETTINGS, 0, 0),
    "acknowledgements": ACKNOWLEDGED,
    "priorities": frame(PRIORITY, 0, 1, bytes(5)),
    "resets of what is closed": frame(RST_STREAM, 0, 1, number(8)),
    "widened windows": frame(WINDOW_UPDATE, 0, 0, number(1)),
    "frames that nobody knows": frame(0xBE, 0, 0),
    "goodbyes": frame(GOAWAY, 0, 0, bytes(8)),
}


@pytest.mark.parametrize("said", FLOODS.values(), ids=FLOODS)
def test_a_flood_ends_the_connection(peer, said):
    peer.is_served(1)
    assert peer.says(said * 1000) == [], "some are no flood"
    [ended] = peer.says(said * 1100)
    assert ended.code == ENHANCE_YOUR_CALM


def test_a_flood_of_empty_data_ends_the_connection(peer):
    peer.says(head(1))
    [ended] = peer.says(frame(DATA, 0, 1) * 2100)
    assert ended.code == ENHANCE_YOUR_CALM


def test_calls_that_are_reset_at_once_end_the_connection_when_there_are_too_many(peer):
    said = b"".join(call(stream) + frame(RST_STREAM, 0, stream, number(8)) for stream in range(1, 4202, 2))
    assert peer.says(said)[-1].code == ENHANCE_YOUR_CALM


def test_continuations_without_end_end_the_connection(peer):
    [ended] = peer.says(head(1, flags=0) + frame(CONTINUATION, 0, 1) * 2100)
    assert ended.code == ENHANCE_YOUR_CALM
    [ended] = Peer().says(head(1, flags=0) + frame(CONTINUATION, 0, 1, bytes(16_000)) * 5)
    assert ended.code == ENHANCE_YOUR_CALM


def test_a_header_list_that_unfolds_to_more_than_was_allowed_ends_the_connection():
    peer = Peer(HELLO)
    # One field of 4,000 bytes in the table, and then a byte for each time that it is meant.
    bomb = b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 100
    [ended] = peer.says(frame(HEADERS, END_HEADERS, 1, bomb))
    assert ended.code == ENHANCE_YOUR_CALM


def test_time_and_answered_calls_give_patience_back(peer):
    ping = frame(PING, 0, 0, bytes(8))
    for _ in range(5):
        assert peer.says(ping * 1900) == []
        peer.now_s += 2
    for stream in range(1, 2001, 2):
        peer.is_served(stream)
        assert peer.says(ping * 4) == []


INITIAL_WINDOW_SIZE = 4


def resized(*windows: int) -> bytes:
    return frame(SETTINGS, 0, 0, b"".join(setting(INITIAL_WINDOW_SIZE, window) for window in windows))


def test_the_last_of_the_windows_in_one_frame_counts(peer):
    peer.asks(1)
    peer.says(resized(0, 70_000, 5))
    peer.hears()
    peer.front.respond(1, b"123")
    assert [one.payload for one in peer.hears() if one.kind == DATA] == [prefixed(b"123")[:5]]


def test_a_window_that_overflows_on_the_way_is_a_fault_whatever_follows(peer):
    peer.asks(1)
    peer.says(frame(WINDOW_UPDATE, 0, 1, number(100)))
    peer.says(resized(2**31 - 1, 10))
    assert peer.hears_end() == FLOW_CONTROL_ERROR


def test_a_window_out_of_bounds_is_a_fault_whatever_follows(peer):
    peer.says(resized(2**31, 10))
    assert peer.hears_end() == FLOW_CONTROL_ERROR


def test_a_frame_of_settings_walks_the_open_calls_no_more_often_for_holding_many(peer, monkeypatch):
    walks = []
    calls = type(peer.front._calls)
    for name in ("resize_windows", "resume_sending"):
        walk = getattr(calls, name)
        monkeypatch.setattr(calls, name, lambda *args, walk=walk, **more: walks.append(walk) or walk(*args, **more))
    peer.says(resized(*range(1000)))
    assert len(walks) == 2


def test_each_setting_of_a_frame_is_counted_as_one_that_leads_nowhere(peer):
    peer.says(resized(*range(2_700)))
    assert peer.hears_end() == ENHANCE_YOUR_CALM


def test_a_fault_after_a_drain_names_no_later_stream_than_the_drain_did(peer):
    peer.asks(1)
    peer.front.drain()
    (_, ping) = peer.hears()
    peer.says(frame(PING, ACK, 0, ping.payload))
    (last,) = peer.hears()
    assert last.payload == number(1) + number(NO_ERROR)
    peer.says(call(5) + frame(PUSH_PROMISE, 0, 1, number(2)))
    (end,) = [one for one in peer.hears() if one.kind == GOAWAY]
    assert end.payload[:8] == number(1) + number(PROTOCOL_ERROR)


def test_an_odd_value_that_nobody_reads_is_held_against_its_own_call_alone(peer):
    peer.is_served(1)
    peer.says(head(3, x_odd="odd ") + body(3))
    assert peer.hears_reset(3) == PROTOCOL_ERROR
    for stream, value in ((5, "even"), (7, "another")):
        assert peer.says(head(stream, x_odd=value) + body(stream)) == [CallReceived(stream, PATH, b"hello")]
