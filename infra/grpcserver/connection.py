"""[pure] One connection of a peer that calls: bytes in, events out, answers in, bytes out. It has no clock.

Whoever holds it feeds what was read to `receive`, hands answers to `respond` and `reject`, and writes what
`data_to_send` gives. A fault of the peer's never leaves here as an exception: a call's ends the call, the connection's
ends it.
"""

from collections.abc import Callable, Mapping, Sequence

from infra.grpcserver import frames
from infra.grpcserver.calls import MAX_STREAMS, STREAM_WINDOW, Calls
from infra.grpcserver.errors import ErrorCode, ProtocolError
from infra.grpcserver.events import ConnectionEnded, Event
from infra.grpcserver.flood_guard import FloodGuard
from infra.grpcserver.flow_control import FlowController
from infra.grpcserver.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HAS_PRIORITY,
    HEADERS,
    PADDED,
    SETTINGS,
)
from infra.grpcserver.header_blocks import MAX_HEADER_LIST_BYTES, HeaderBlockDecoder
from infra.grpcserver.statuses import CallError
from infra.grpcserver.streams import Action

CONNECTION_WINDOW = 16 * 1024 * 1024
MAX_HEADER_BLOCK_BYTES = MAX_HEADER_LIST_BYTES
"""Of a header block as it comes; decoded, it is counted again."""

_SETTINGS = {
    # With no table, a block means the same whatever came before it.
    frames.HEADER_TABLE_SIZE: 0,
    frames.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
    frames.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
    frames.MAX_HEADER_LIST_SIZE: MAX_HEADER_LIST_BYTES,
}
_BOUNDS = {
    frames.ENABLE_PUSH: (0, 1, ErrorCode.PROTOCOL_ERROR),
    frames.INITIAL_WINDOW_SIZE: (0, frames.MAX_WINDOW, ErrorCode.FLOW_CONTROL_ERROR),
    frames.MAX_FRAME_SIZE: (frames.DEFAULT_MAX_FRAME_BYTES, frames.LARGEST_FRAME_BYTES, ErrorCode.PROTOCOL_ERROR),
}
"""RFC 9113 §6.5.2; settings that are not here may have any value, and mean nothing to us."""
_DRAINED = b"drained?"
_FIRST = (SETTINGS, 0)


class Connection:
    """The state of one; `now_s` is by any clock that does not go back. Calls tell the values of `keep`'s fields."""

    def __init__(self, keep: Sequence[str] = ()) -> None:
        self._reader = frames.FrameReader()
        self._blocks = HeaderBlockDecoder(keep)
        self._patience = FloodGuard()
        self._sender = FlowController()
        self._calls = Calls(self._sender)
        self._now_s = 0.0
        # What the next frame must be, where it may not be just any (RFC 9113 §3.4 and §6.10).
        self._expected: tuple[int, int] | None = _FIRST
        self._block: bytearray | None = None
        self._block_ends = False
        self._window = CONNECTION_WINDOW
        self._draining = False
        self._last_told = frames.MAX_STREAM_ID
        self._ended = False
        self._sender.queue_frames(frames.settings_frame(_SETTINGS))
        self._sender.queue_frames(frames.window_update(0, CONNECTION_WINDOW - frames.DEFAULT_WINDOW))

    @property
    def has_preface(self) -> bool:
        """Whether the peer has shown that it speaks HTTP/2."""
        return self._expected is not _FIRST

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come of it: it may be closed once all is written."""
        return self._ended or (self._calls.leaving and not self._calls)

    @property
    def next_deadline_s(self) -> float:
        """No deadline passes before that: `expire` then."""
        return self._calls.due_s

    def receive(self, data: bytes, now_s: float) -> list[Event]:
        """What this means."""
        if self._ended:
            return []
        self._now_s = now_s
        try:
            for kind, flags, stream_id, payload in self._reader.feed(data):
                if self._expected is not None:
                    self._must_be_expected(kind, flags, stream_id)
                _TAKES.get(kind, Connection._on_unknown)(self, flags, stream_id, payload)
        except ProtocolError as fault:
            self._end(fault)
        return self._told()

    def respond(self, stream_id: int, message: bytes) -> None:
        """To a call; nothing, if nobody waits for it any more."""
        if self._calls.respond(stream_id, message):
            self._patience.refund()

    def reject(self, stream_id: int, refused: CallError) -> None:
        """A call, instead of answering it."""
        if self._calls.reject(stream_id, refused):
            self._patience.refund()

    def expire(self, now_s: float) -> list[Event]:
        """Refuse the calls whose deadline has passed."""
        self._calls.expire(now_s)
        return self._told()

    def drain(self) -> None:
        """Say that this will end; calls that are on their way are still taken (RFC 9113 §6.8)."""
        if not self._draining:
            self._draining = True
            self._sender.queue_frames(frames.goaway(self._last_told, ErrorCode.NO_ERROR))
            self._sender.queue_frames(frames.frame(frames.PING, 0, 0, _DRAINED))

    def data_to_send(self) -> bytes:
        """What has to be written."""
        return self._sender.take_bytes()

    def _told(self) -> list[Event]:
        events, self._calls.events = self._calls.events, []
        return events

    def _end(self, fault: ProtocolError) -> None:
        self._ended = True
        self._calls.cancel_all()
        self._go_away(fault.code, fault.why)
        self._calls.events.append(ConnectionEnded(fault.code, fault.why))

    def _go_away(self, code: ErrorCode, why: str = "") -> None:
        """Name the last stream that may have been acted on; the number never grows (RFC 9113 §6.8)."""
        self._last_told = min(self._last_told, self._calls.last)
        self._sender.queue_frames(frames.goaway(self._last_told, code, why))

    def _must_be_expected(self, kind: int, flags: int, stream_id: int) -> None:
        if (kind, stream_id) != self._expected or (kind == SETTINGS and flags & ACK):
            raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "another frame was due")
        self._expected = None

    def _leads_nowhere(self) -> None:
        self._patience.charge(self._now_s)

    def _on_headers(self, flags: int, stream_id: int, payload: bytes) -> None:
        fragment = frames.header_fragment(flags, payload) if flags & (PADDED | HAS_PRIORITY) else payload
        ended = bool(flags & END_STREAM)
        if flags & END_HEADERS:
            self._on_block(stream_id, fragment, ended=ended)
        else:
            self._block, self._block_ends = bytearray(fragment), ended
            self._expected = (CONTINUATION, stream_id)

    def _on_continuation(self, flags: int, stream_id: int, payload: bytes) -> None:
        if self._block is None:
            raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "a continuation of nothing")
        self._leads_nowhere()
        self._block += payload
        if len(self._block) > MAX_HEADER_BLOCK_BYTES:
            raise ProtocolError(ErrorCode.ENHANCE_YOUR_CALM, "a header block without end")
        if flags & END_HEADERS:
            block, self._block = bytes(self._block), None
            self._on_block(stream_id, block, ended=self._block_ends)
        else:
            self._expected = (CONTINUATION, stream_id)

    def _on_block(self, stream_id: int, block: bytes, *, ended: bool) -> None:
        if not stream_id & 1:
            raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "an even stream")
        calls = self._calls
        match calls.action_for(stream_id, HEADERS):
            case Action.OPEN:
                calls.open_stream(stream_id, self._blocks.decode_head(block), self._now_s, ended=ended)
            case Action.TRAILERS:
                calls.trailers(stream_id, self._blocks.check_trailers(block), ended=ended)
            case _:
                self._blocks.check_trailers(block)
                calls.discard(stream_id, ended=ended)

    def _on_data(self, flags: int, stream_id: int, payload: bytes) -> None:
        size, ended = len(payload), bool(flags & END_STREAM)
        self._window -= size
        data = frames.unpadded(flags, payload) if flags & PADDED else payload
        if not data and not ended:
            self._leads_nowhere()
        if self._calls.action_for(stream_id, DATA) is Action.MESSAGE:
            self._calls.message(stream_id, data, size, ended=ended)
        else:
            self._calls.discard(stream_id, ended=ended)
        # Filled up long before it is empty; what is kept of incomplete messages is bounded by `calls`.
        if self._window < CONNECTION_WINDOW // 2:
            self._sender.queue_frames(frames.window_update(0, CONNECTION_WINDOW - self._window))
            self._window = CONNECTION_WINDOW

    def _on_priority(self, flags: int, stream_id: int, payload: bytes) -> None:
        self._leads_nowhere()

    def _on_rst_stream(self, flags: int, stream_id: int, payload: bytes) -> None:
        self._leads_nowhere()
        if self._calls.action_for(stream_id, frames.RST_STREAM) is Action.CANCEL:
            self._calls.cancel(stream_id)
        else:
            self._calls.discard(stream_id, ended=True)

    def _on_settings(self, flags: int, stream_id: int, payload: bytes) -> None:
        self._leads_nowhere()
        if flags & ACK:
            if payload:
                raise ProtocolError(ErrorCode.FRAME_SIZE_ERROR, "an acknowledgement that says more")
            self._blocks.on_settings_ack()
            return
        windows = []
        for name, value in frames.parse_settings(payload):
            self._leads_nowhere()
            least, most, code = _BOUNDS.get(name, (0, value, ErrorCode.NO_ERROR))
            if not least <= value <= most:
                raise ProtocolError(code, "a setting out of bounds")
            if name == frames.INITIAL_WINDOW_SIZE:
                windows.append(value)
        if windows:
            self._resize(windows)
        self._sender.queue_frames(frames.frame(SETTINGS, ACK, 0))

    def _resize(self, windows: Sequence[int]) -> None:
        """Apply the values of one frame, which take effect in their order (RFC 9113 §6.5.3), in one walk of the calls.

        The largest of them is where a window can overflow, the last one is what remains.
        """
        before, self._sender.stream_window = self._sender.stream_window, windows[-1]
        if not self._calls.resize_windows(windows[-1] - before, most=max(windows) - before):
            raise ProtocolError(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too large")
        self._calls.resume_sending()

    def _on_ping(self, flags: int, stream_id: int, payload: bytes) -> None:
        self._leads_nowhere()
        if not flags & ACK:
            self._sender.queue_frames(frames.frame(frames.PING, ACK, 0, payload))
        elif payload == _DRAINED and self._draining and not self._calls.leaving:
            # All that was sent before the peer heard of it has come by now.
            self._calls.leaving = True
            self._go_away(ErrorCode.NO_ERROR)

    def _on_goaway(self, flags: int, stream_id: int, payload: bytes) -> None:
        # It will ask nothing more, or not here; what it has asked is still answered.
        self._leads_nowhere()

    def _on_window_update(self, flags: int, stream_id: int, payload: bytes) -> None:
        self._leads_nowhere()
        more = frames.parse_uint31(payload)
        if not stream_id:
            self._sender.enlarge_window(more)
            self._calls.resume_sending()
        elif self._calls.action_for(stream_id, frames.WINDOW_UPDATE) is Action.ENLARGE_WINDOW:
            self._calls.enlarge_window(stream_id, more)

    def _on_push_promise(self, flags: int, stream_id: int, payload: bytes) -> None:
        raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "a promise of a client's")

    def _on_unknown(self, flags: int, stream_id: int, payload: bytes) -> None:
        self._leads_nowhere()


_TAKES: Mapping[int, Callable[[Connection, int, int, bytes], None]] = {
    DATA: Connection._on_data,
    HEADERS: Connection._on_headers,
    frames.PRIORITY: Connection._on_priority,
    frames.RST_STREAM: Connection._on_rst_stream,
    SETTINGS: Connection._on_settings,
    frames.PUSH_PROMISE: Connection._on_push_promise,
    frames.PING: Connection._on_ping,
    frames.GOAWAY: Connection._on_goaway,
    frames.WINDOW_UPDATE: Connection._on_window_update,
    CONTINUATION: Connection._on_continuation,
}
