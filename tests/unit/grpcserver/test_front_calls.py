"""gRPC as its PROTOCOL-HTTP2 has it: heads, messages, statuses, deadlines, and answers within the peer's windows."""

import hpack
import pytest
from hpack.hpack import encode_integer

from infra.grpcserver.calls import MAX_BUFFERED_BYTES, MAX_MESSAGE_BYTES
from infra.grpcserver.events import CallCancelled, CallReceived
from infra.grpcserver.statuses import CallError, Status
from tests.unit.grpcserver.peer import (
    ACKNOWLEDGED,
    COMPRESSION_ERROR,
    DATA,
    END_HEADERS,
    END_STREAM,
    FLOW_CONTROL_ERROR,
    HEAD,
    HEADERS,
    HELLO,
    NO_ERROR,
    PADDED,
    PATH,
    PREFACE,
    PROTOCOL_ERROR,
    RST_STREAM,
    SETTINGS,
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


def test_an_answer_is_a_head_a_message_and_trailers(peer):
    peer.asks(1)
    peer.front.respond(1, b"world")
    frames = peer.hears()
    assert [(one.kind, one.flags) for one in frames] == [
        (HEADERS, END_HEADERS),
        (DATA, 0),
        (HEADERS, END_HEADERS | END_STREAM),
    ]
    peer.asks(3)
    peer.front.respond(3, b"world")
    answer = peer.hears_answers()[3]
    assert answer.head == {":status": "200", "content-type": "application/grpc"}
    assert answer.message == prefixed(b"world")
    assert answer.trailers == {"grpc-status": "0"}


def test_the_first_header_block_says_that_there_is_no_table(peer):
    peer.asks(1)
    peer.front.reject(1, CallError(Status.NOT_FOUND))
    assert peer.hears()[0].payload[:1] == b"\x20"


def test_a_refusal_is_told_in_trailers_alone_with_its_text_as_grpc_quotes_it(peer):
    peer.asks(1)
    peer.front.reject(1, CallError(Status.NOT_FOUND, "100 % näher\n"))
    answer = peer.hears_answers()[1]
    assert answer.head == {
        ":status": "200",
        "content-type": "application/grpc",
        "grpc-status": "5",
        "grpc-message": "100 %25 n%C3%A4her%0A",
    }


@pytest.mark.parametrize("kind", ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"])
def test_a_call_is_of_the_content_type(peer, kind):
    assert peer.says(call(1, content_type=kind)) == [CallReceived(1, PATH, b"hello")]


REFUSED_BY_HEAD = {
    "is no gRPC": ({"content_type": "application/json"}, 415, 2),
    "is nearly gRPC": ({"content_type": "application/grpcx"}, 415, 2),
    "has no content type": ({"content_type": None}, 415, 2),
    "is a GET": ({":method": "GET"}, 405, 2),
    "is compressed": ({"grpc_encoding": "gzip"}, 200, 12),
    "has a timeout without a unit": ({"grpc_timeout": "100"}, 200, 13),
    "has a timeout without digits": ({"grpc_timeout": "S"}, 200, 13),
    "has a timeout of nine digits": ({"grpc_timeout": "100000000m"}, 200, 13),
    "has a timeout below nought": ({"grpc_timeout": "-1S"}, 200, 13),
}


@pytest.mark.parametrize(("changes", "http_status", "status"), REFUSED_BY_HEAD.values(), ids=REFUSED_BY_HEAD)
def test_a_call_is_refused_before_its_message_when_it(peer, changes, http_status, status):
    assert peer.says(head(1, **changes)) == []
    frames = peer.hears()
    assert frames[-1] == (RST_STREAM, 0, 1, number(NO_ERROR)), "the message need not come"
    assert peer.says(body(1)) == []
    assert peer.says(head(3, END_HEADERS | END_STREAM, **changes)) == []
    answer = peer.hears_answers()[3]
    assert (answer.head[":status"], answer.status) == (str(http_status), status)
    peer.is_served(5)


def test_who_compresses_is_told_what_is_understood(peer):
    peer.says(call(1, grpc_encoding="gzip"))
    assert peer.hears_answers()[1].head["grpc-accept-encoding"] == "identity"
    assert peer.says(call(3, grpc_encoding="identity")) == [CallReceived(3, PATH, b"hello")]


REFUSED_BY_BODY = {
    "nothing at all": (b"", 12),
    "half a prefix": (b"\0\0\0", 13),
    "half a message": (prefixed(b"hello")[:-1], 13),
    "two messages": (prefixed(b"a") + prefixed(b"b"), 12),
    "a message and a byte": (prefixed(b"a") + b"\0", 12),
    "a compressed message": (prefixed(b"a", compressed=1), 13),
    "a message that is too large": (b"\0" + number(MAX_MESSAGE_BYTES + 1), 8),
}


@pytest.mark.parametrize(("said", "status"), REFUSED_BY_BODY.values(), ids=REFUSED_BY_BODY)
def test_a_call_is_refused_that_has(peer, said, status):
    assert peer.says(head(1) + frame(DATA, END_STREAM, 1, said)) == []
    assert peer.hears_answers()[1].status == status
    peer.is_served(3)


def test_a_head_that_ends_its_stream_has_no_message(peer):
    assert peer.says(head(1, END_HEADERS | END_STREAM)) == []
    assert peer.hears_answers()[1].status == 12


def test_what_is_too_large_is_refused_as_soon_as_it_says_so(peer):
    peer.says(head(1) + frame(DATA, 0, 1, b"\0" + number(MAX_MESSAGE_BYTES + 1)))
    refusal, reset = peer.hears()
    assert (refusal.kind, reset) == (HEADERS, (RST_STREAM, 0, 1, number(NO_ERROR)))
    assert peer.says(frame(DATA, 0, 1, bytes(16_000)) + frame(DATA, END_STREAM, 1)) == []
    peer.is_served(3)


def pieces(stream: int, message: bytes, size: int = 16_384) -> bytes:
    said = prefixed(message)
    cuts = [said[at : at + size] for at in range(0, len(said), size)]
    return b"".join(frame(DATA, 0, stream, cut) for cut in cuts[:-1]) + frame(DATA, END_STREAM, stream, cuts[-1])


def test_the_largest_message_is_taken_in_whatever_pieces(peer):
    message = bytes(range(256)) * (MAX_MESSAGE_BYTES // 256)
    assert peer.says(head(1) + pieces(1, message)) == [CallReceived(1, PATH, message)]
    assert peer.says(head(3) + pieces(3, message[:5000], size=1)) == [CallReceived(3, PATH, message[:5000])]


def padded(stream: int, data: bytes, padding: int, flags: int = 0) -> bytes:
    return frame(DATA, flags | PADDED, stream, bytes((padding,)) + data + bytes(padding))


def test_room_that_padding_took_is_given_back(peer):
    peer.says(head(1) + b"".join(padded(1, bytes((byte,)), 255) for byte in prefixed(bytes(1500))[:-1]))
    granted = [one for one in peer.hears() if (one.kind, one.stream) == (WINDOW_UPDATE, 1)]
    assert [one.payload for one in granted] == [number(256)] * 1504
    assert peer.says(padded(1, b"\0", 255, END_STREAM)) == [CallReceived(1, PATH, bytes(1500))]


def test_a_stream_that_overruns_its_window_is_reset(peer):
    whole = prefixed(bytes(MAX_MESSAGE_BYTES))
    said = b"".join(frame(DATA, 0, 1, whole[at : at + 16_384]) for at in range(0, len(whole) - 16_384, 16_384))
    left = len(whole) % 16_384 or 16_384
    assert peer.says(head(1) + said + padded(1, whole[-left:], 0, END_STREAM)) == []
    assert peer.hears_reset(1) == FLOW_CONTROL_ERROR
    peer.is_served(3)


def test_received_bytes_are_given_back_before_the_window_is_used_up(peer):
    message = bytes(MAX_MESSAGE_BYTES)
    for stream in range(1, 201, 2):
        assert peer.says(head(stream) + pieces(stream, message)) == [CallReceived(stream, PATH, message)]
        peer.front.respond(stream, b"")
    granted = [
        int.from_bytes(one.payload, "big") for one in peer.hears() if (one.kind, one.stream) == (WINDOW_UPDATE, 0)
    ]
    assert sum(granted) > 100 * MAX_MESSAGE_BYTES - 16 * 1024 * 1024


def test_messages_that_never_end_are_refused_when_they_fill_what_is_kept_for_them(peer):
    part = prefixed(bytes(MAX_MESSAGE_BYTES))[:-100]
    streams = range(1, 2 * (MAX_BUFFERED_BYTES // len(part) + 1), 2)
    for stream in streams:
        said = b"".join(frame(DATA, 0, stream, part[at : at + 16_384]) for at in range(0, len(part), 16_384))
        peer.says(head(stream) + said)
    answers = {one.stream for one in peer.hears() if one.kind == HEADERS}
    assert answers == {streams[-1]}
    rest = frame(DATA, END_STREAM, 1, bytes(100))
    assert peer.says(rest) == [CallReceived(1, PATH, bytes(MAX_MESSAGE_BYTES))]


def timed(timeout: str) -> Peer:
    peer = Peer()
    peer.says(call(1, grpc_timeout=timeout))
    return peer


UNITS = {"1H": 3600.0, "2M": 120.0, "3S": 3.0, "200m": 0.2, "5000u": 0.005, "99999999n": 0.099999999}


@pytest.mark.parametrize(("timeout", "seconds"), UNITS.items(), ids=UNITS)
def test_a_deadline_is_counted_from_when_the_head_came(timeout, seconds):
    peer = timed(timeout)
    assert peer.front.next_deadline_s == pytest.approx(peer.now_s + seconds)
    assert peer.front.expire(peer.now_s + 0.99 * seconds) == []
    assert peer.hears() == []
    assert peer.front.expire(peer.now_s + 1.01 * seconds) == [CallCancelled(1)]
    assert peer.hears_answers()[1].status == 4
    assert peer.front.next_deadline_s == float("inf")
    peer.front.respond(1, b"too late")
    assert peer.hears() == []


def test_a_call_that_is_still_being_asked_can_be_overdue(peer):
    peer.says(head(1, grpc_timeout="1S"))
    assert peer.front.expire(peer.now_s + 2) == []
    assert [one.kind for one in peer.hears()] == [HEADERS, RST_STREAM]
    assert peer.says(body(1)) == []
    peer.is_served(3)


def test_a_call_without_a_timeout_or_with_one_of_years_is_never_overdue(peer):
    peer.says(call(1) + call(3, grpc_timeout="99999999H"))
    assert peer.front.next_deadline_s == float("inf")
    assert peer.front.expire(peer.now_s + 10**9) == []


def test_the_nearest_deadline_is_the_one_that_counts(peer):
    peer.says(call(1, grpc_timeout="3S") + call(3, grpc_timeout="1S") + call(5, grpc_timeout="2S"))
    assert peer.front.next_deadline_s == peer.now_s + 1
    assert peer.front.expire(peer.now_s + 1) == [CallCancelled(3)]
    assert peer.front.next_deadline_s == peer.now_s + 2


def narrow(window: int) -> Peer:
    """With so much room on each stream."""
    peer = Peer(PREFACE + frame(SETTINGS, 0, 0, setting(4, window)) + ACKNOWLEDGED)
    peer.asks(1)
    return peer


def sent(peer: Peer) -> tuple[bytes, bool]:
    """The message's bytes so far, and whether its stream has ended."""
    frames = peer.hears()
    ended = any(one.kind == HEADERS and one.flags & END_STREAM for one in frames)
    return b"".join(one.payload for one in frames if one.kind == DATA), ended


def test_an_answer_goes_as_far_as_its_stream_has_room():
    peer = narrow(7)
    peer.front.respond(1, b"hello")
    assert sent(peer) == (prefixed(b"hello")[:7], False)
    assert peer.says(frame(WINDOW_UPDATE, 0, 1, number(2))) == []
    assert sent(peer) == (b"ll", False)
    assert peer.says(frame(WINDOW_UPDATE, 0, 1, number(100))) == []
    assert sent(peer) == (b"o", True)


def test_an_answer_waits_while_there_is_no_room_at_all_and_goes_when_settings_make_some():
    peer = narrow(0)
    peer.front.respond(1, b"hello")
    assert sent(peer) == (b"", False)
    peer.says(frame(SETTINGS, 0, 0, setting(4, 3)))
    assert sent(peer)[0] == prefixed(b"hello")[:3]
    peer.says(frame(SETTINGS, 0, 0, setting(4, 100)))
    assert sent(peer) == (prefixed(b"hello")[3:], True)


def test_a_window_may_fall_below_nought():
    peer = narrow(7)
    peer.front.respond(1, b"hello")
    sent(peer)
    peer.says(frame(SETTINGS, 0, 0, setting(4, 0)))
    peer.says(frame(WINDOW_UPDATE, 0, 1, number(7)))
    assert sent(peer) == (b"", False)
    peer.says(frame(WINDOW_UPDATE, 0, 1, number(1)))
    assert sent(peer) == (b"l", False)


def test_answers_share_the_room_of_their_connection(peer):
    for stream in (1, 3):
        peer.asks(stream)
        peer.front.respond(stream, bytes(40_000))
    data = [one for one in peer.hears() if one.kind == DATA]
    assert sum(len(one.payload) for one in data) == 65_535
    assert max(len(one.payload) for one in data) == 16_384
    peer.says(frame(WINDOW_UPDATE, 0, 0, number(100_000)))
    data, ended = sent(peer)
    assert (len(data), ended) == (2 * 40_005 - 65_535, True)
    peer.is_served(5)


def test_a_stream_that_is_widened_wrongly_is_reset_alone():
    for wrong, code in ((number(0), PROTOCOL_ERROR), (number(2**31 - 1), FLOW_CONTROL_ERROR)):
        peer = narrow(1)
        assert peer.says(frame(WINDOW_UPDATE, 0, 1, wrong)) == [CallCancelled(1)]
        assert peer.hears_reset(1) == code


def test_an_answer_that_waits_is_forgotten_when_its_peer_resets_it():
    peer = narrow(7)
    peer.front.respond(1, b"hello")
    peer.says(frame(RST_STREAM, 0, 1, number(8)))
    peer.hears()
    peer.says(frame(WINDOW_UPDATE, 0, 1, number(100)))
    assert peer.hears() == []


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_values_that_nobody_reads_do_not_change_what_a_head_says(peer):
    for number_ in range(20):
        stream = 2 * number_ + 1
        trace = f"00-{number_ * 7919:032x}-{number_:016x}-01"
        said = call(stream, grpc_timeout="200m", traceparent=trace, tracestate="a=" + "b" * (7 * number_))
        assert peer.says(said) == [CallReceived(stream, PATH, b"hello")]


def in_plain(name: bytes, value: bytes) -> bytes:
    """RFC 7541 §6.2.2, name and value as they are."""
    return b"\x00" + bytes((len(name),)) + name + bytes(encode_integer(len(value), 7)) + value


SPELLINGS = {
    "in Huffman code": lambda name, value: block([(name, value)])[1:],  # without the size of the table
    "in plain": lambda name, value: in_plain(name.encode(), value.encode()),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_the_value_of_a_field_that_is_kept_is_told_with_every_call_however_it_is_spelled(spell):
    peer = Peer(keep=("traceparent", "x-absent"))
    for number_ in range(20):
        stream = 2 * number_ + 1
        trace = f"00-{number_ * 7919:032x}-{number_:016x}-0{number_ % 2}"
        # Other values change as well, before and behind, one of them into what does not fit into a byte's length.
        fields = spell("x-before", "b" * (9 * number_)) + spell("traceparent", trace) + spell("x-behind", str(number_))
        said = frame(HEADERS, END_HEADERS, stream, block(HEAD) + fields) + body(stream)
        assert peer.says(said) == [CallReceived(stream, PATH, b"hello", (trace, ""))]


@pytest.mark.parametrize("value", ["a\r\nb", "a\0b", " a"])
def test_a_value_that_is_kept_is_as_good_as_any_that_is_read(value):
    peer = Peer(keep=("traceparent",))
    for stream in (1, 3):
        assert len(peer.says(call(stream, traceparent=TRACE))) == 1
    assert peer.says(call(5, traceparent=value)) == []
    assert peer.hears_reset(5) == 1


def test_huffman_code_that_is_none_ends_the_connection_where_the_value_is_kept():
    peer = Peer(keep=("traceparent",))
    for stream in (1, 3):
        peer.says(call(stream, traceparent=TRACE))
    bad = b"\x00\x0btraceparent\x84" + b"\xff" * 4
    learnt = b"\x00\x0btraceparent\x01a"
    peer.says(frame(HEADERS, END_HEADERS, 5, block(HEAD) + learnt) + body(5))
    events = peer.says(frame(HEADERS, END_HEADERS, 7, block(HEAD) + bad) + body(7))
    assert events[-1].code == COMPRESSION_ERROR


@pytest.mark.parametrize(
    ("changes", "events"),
    {
        "another path": ({":path": "/b/C"}, [CallReceived(5, "/b/C", b"hello")]),
        "another timeout": ({"grpc_timeout": "100m"}, [CallReceived(5, PATH, b"hello")]),
        "no gRPC": ({"content_type": "text/html"}, []),
        "a field name in capitals": ({"Traceparent": TRACE}, []),
        "a connection field": ({"connection": "close"}, []),
    }.values(),
)
def test_a_head_that_is_nearly_like_an_earlier_one_is_read_for_itself(peer, changes, events):
    for stream in (1, 3):
        peer.says(call(stream, grpc_timeout="200m", traceparent=TRACE))
    assert peer.says(call(5, **({"grpc_timeout": "200m", "traceparent": TRACE} | changes))) == events
    if "grpc_timeout" in changes:
        assert peer.front.next_deadline_s == peer.now_s + 0.1


def test_a_value_that_is_cut_off_is_no_earlier_head(peer):
    whole = head(1, traceparent=TRACE)
    peer.says(whole + body(1) + head(3, traceparent=TRACE) + body(3))
    cut = head(5, traceparent=TRACE)[9:-1]
    events = peer.says(frame(HEADERS, END_HEADERS, 5, cut))
    assert events[-1].code == 9


def test_before_the_front_is_acknowledged_heads_may_lean_on_a_table():
    encoder = hpack.Encoder()
    peer = Peer(HELLO)
    fields = [(":method", "POST"), (":scheme", "http"), (":path", PATH), ("content-type", "application/grpc")]
    for stream in (1, 3):
        said = frame(HEADERS, END_HEADERS, stream, bytes(encoder.encode(fields)))
        assert peer.says(said + body(stream)) == [CallReceived(stream, PATH, b"hello")]
    encoder.header_table_size = 0
    for stream in (5, 7):
        said = frame(HEADERS, END_HEADERS, stream, bytes(encoder.encode(fields)))
        assert peer.says((ACKNOWLEDGED if stream == 5 else b"") + said + body(stream)) == [
            CallReceived(stream, PATH, b"hello")
        ]
