"""[pure] The calls of one connection, from their heads to their answers.

Knows streams and messages; of frames only what they mean for a call. Where a call's own fault ends it, the peer hears
of it here and the connection goes on.
"""

from math import inf

from infra.grpcserver import frames
from infra.grpcserver.errors import ErrorCode, ProtocolError, StreamError
from infra.grpcserver.events import CallCancelled, CallReceived, Event
from infra.grpcserver.flow_control import FlowController, enlarge_stream_window
from infra.grpcserver.messages import PREFIX_BYTES, early_error, parse_message
from infra.grpcserver.request_headers import MalformedHeaders, RequestHead
from infra.grpcserver.statuses import DEADLINE_EXCEEDED, TOO_MANY_CALLS, CallError
from infra.grpcserver.streams import ACTIONS, ERRORS, Action, Stream, StreamState

MAX_MESSAGE_BYTES = 256 * 1024
STREAM_WINDOW = MAX_MESSAGE_BYTES + PREFIX_BYTES
MAX_STREAMS = 256
"""At once; a peer that wants more opens another connection."""
MAX_BUFFERED_BYTES = 16 * 1024 * 1024
"""Of messages that are not complete, in all streams: more is refused."""
MAX_ABANDONED = 1_000
"""Streams that we ended first and of which the peer may still speak; beyond, the oldest are forgotten."""
MAX_TIMEOUT_S = 86_400.0
"""A deadline beyond that is none."""


class Calls:
    """Those that are not answered in full."""

    def __init__(self, sender: FlowController) -> None:
        self._sender = sender
        self._streams: dict[int, Stream] = {}
        self._given_up: dict[int, None] = {}
        self._held = 0
        self.events: list[Event] = []
        self.last = 0
        """The highest stream that was opened."""
        self.leaving = False
        """Whether calls that come now are left unanswered: the peer was told so (RFC 9113 §6.8)."""
        self.due_s = inf
        """No deadline passes before that."""

    def __len__(self) -> int:
        return len(self._streams)

    def action_for(self, stream_id: int, kind: int) -> Action:
        """With a frame of this kind on this stream, by where it stands; ConnectionFault where it must not come."""
        stream = self._streams.get(stream_id)
        do = ACTIONS[self._state(stream_id) if stream is None else stream.state][kind]
        if do in ERRORS:
            raise ProtocolError(*ERRORS[do])
        return do

    def _state(self, stream_id: int) -> StreamState:
        """Where a stream stands that is not open."""
        if stream_id > self.last:
            return StreamState.IDLE
        return StreamState.ABANDONED if stream_id in self._given_up else StreamState.CLOSED

    def open_stream(self, stream_id: int, head: RequestHead | MalformedHeaders, now_s: float, *, ended: bool) -> None:
        """A new one."""
        self.last = stream_id
        if self.leaving:
            self._give_up(stream_id, ended=ended)
        elif isinstance(head, MalformedHeaders):
            self._reset(stream_id, ErrorCode.PROTOCOL_ERROR, ended=ended)
        elif len(self._streams) >= MAX_STREAMS:
            self._reset(stream_id, ErrorCode.REFUSED_STREAM, ended=ended)
        else:
            self._open(stream_id, head, now_s, ended=ended)

    def message(self, stream_id: int, data: bytes, flow_bytes: int, *, ended: bool) -> None:
        """A part of a call's message, `flow_bytes` long with its padding."""
        stream = self._streams[stream_id]
        try:
            stream.receive(data, flow_bytes)
        except StreamError as fault:
            self._fail(stream, fault.code, ended=ended)
            return
        self._held += len(data)
        if ended:
            self._asked(stream)
        elif (
            refused := TOO_MANY_CALLS
            if self._held > MAX_BUFFERED_BYTES
            else early_error(stream.body, MAX_MESSAGE_BYTES)
        ):
            self._refuse(stream, refused)
        elif flow_bytes > len(data):
            # Padding would use a window up that has room for one message.
            self._sender.queue_frames(frames.window_update(stream_id, flow_bytes - len(data)))
            stream.receive_window += flow_bytes - len(data)

    def trailers(self, stream_id: int, trouble: MalformedHeaders | None, *, ended: bool) -> None:
        """Fields after the message."""
        stream = self._streams[stream_id]
        if trouble or not ended:
            self._fail(stream, ErrorCode.PROTOCOL_ERROR, ended=ended)
        else:
            self._asked(stream)

    def cancel(self, stream_id: int) -> None:
        """The peer does not want it any more."""
        stream = self._streams[stream_id]
        self._take_out(stream)
        if stream.state is StreamState.AWAITING_RESPONSE:
            self.events.append(CallCancelled(stream_id))

    def cancel_all(self) -> None:
        """The connection has ended."""
        for stream_id in list(self._streams):
            self.cancel(stream_id)

    def discard(self, stream_id: int, *, ended: bool) -> None:
        """What came on a stream that we have ended."""
        if ended:
            self._given_up.pop(stream_id, None)

    def enlarge_window(self, stream_id: int, more: int) -> None:
        """There is room for so much more of this answer."""
        stream = self._streams[stream_id]
        try:
            enlarge_stream_window(stream, more)
        except StreamError as fault:
            self._fail(stream, fault.code, ended=stream.state is StreamState.AWAITING_RESPONSE)
        else:
            self._go_on(stream)

    def resume_sending(self) -> None:
        """There is more room on the connection."""
        for stream in list(self._streams.values()):
            self._go_on(stream)

    def resize_windows(self, by: int, *, most: int) -> bool:
        """Change all windows of the peer (RFC 9113 §6.9.2) by `by`; false when on the way, at `most`, one overflows."""
        if any(stream.send_window + most > frames.MAX_WINDOW for stream in self._streams.values()):
            return False
        for stream in self._streams.values():
            stream.send_window += by
        return True

    def respond(self, stream_id: int, message: bytes) -> bool:
        """Whether anybody still waits for it."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return False
        stream.deadline_s = inf
        if self._sender.send_response(stream, message):
            del self._streams[stream_id]
        return True

    def reject(self, stream_id: int, refused: CallError) -> bool:
        """Whether anybody still waits for it."""
        stream = self._streams.get(stream_id)
        if stream is not None:
            self._refuse(stream, refused)
        return stream is not None

    def expire(self, now_s: float) -> None:
        """Refuse those whose deadline has passed."""
        for stream in [stream for stream in self._streams.values() if stream.deadline_s <= now_s]:
            if stream.state is StreamState.AWAITING_RESPONSE:
                self.events.append(CallCancelled(stream.stream_id))
            self._refuse(stream, DEADLINE_EXCEEDED)
        self.due_s = min((stream.deadline_s for stream in self._streams.values()), default=inf)

    def _open(self, stream_id: int, head: RequestHead, now_s: float, *, ended: bool) -> None:
        stream = Stream(stream_id, head, STREAM_WINDOW, self._sender.stream_window)
        self._streams[stream_id] = stream
        if head.error:
            stream.state = StreamState.AWAITING_RESPONSE if ended else StreamState.RECEIVING
            self._refuse(stream, head.error)
            return
        if head.timeout_s is not None and head.timeout_s <= MAX_TIMEOUT_S:
            stream.deadline_s = now_s + head.timeout_s
            self.due_s = min(self.due_s, stream.deadline_s)
        if ended:
            self._asked(stream)

    def _asked(self, stream: Stream) -> None:
        head, body = stream.head, stream.body
        if head.content_length is not None and head.content_length != len(body):  # RFC 9113 §8.1.1
            self._fail(stream, ErrorCode.PROTOCOL_ERROR, ended=True)
            return
        stream.state = StreamState.AWAITING_RESPONSE
        message = parse_message(body, MAX_MESSAGE_BYTES)
        if isinstance(message, CallError):
            self._refuse(stream, message)
            return
        self._held -= len(body)
        stream.body = b""
        self.events.append(CallReceived(stream.stream_id, head.path, message, head.kept))

    def _go_on(self, stream: Stream) -> None:
        if stream.unsent and self._sender.resume(stream):
            del self._streams[stream.stream_id]

    def _refuse(self, stream: Stream, refused: CallError) -> None:
        self._sender.send_error(stream.stream_id, refused)
        self._take_out(stream)
        if stream.state is StreamState.RECEIVING:
            # RFC 9113 §8.1: the answer is complete, the rest of the request need not come.
            self._reset(stream.stream_id, ErrorCode.NO_ERROR, ended=False)

    def _fail(self, stream: Stream, code: ErrorCode, *, ended: bool) -> None:
        self._take_out(stream)
        self._reset(stream.stream_id, code, ended=ended)
        if stream.state is StreamState.AWAITING_RESPONSE:
            self.events.append(CallCancelled(stream.stream_id))

    def _take_out(self, stream: Stream) -> None:
        self._held -= len(stream.body)
        del self._streams[stream.stream_id]

    def _reset(self, stream_id: int, code: ErrorCode, *, ended: bool) -> None:
        self._sender.queue_frames(frames.rst_stream(stream_id, code))
        self._give_up(stream_id, ended=ended)

    def _give_up(self, stream_id: int, *, ended: bool) -> None:
        # After a RST_STREAM of ours even a peer that has said all may still send WINDOW_UPDATE or RST_STREAM, which
        # a closed stream takes as well.
        if ended:
            return
        self._given_up[stream_id] = None
        if len(self._given_up) > MAX_ABANDONED:
            del self._given_up[next(iter(self._given_up))]
