"""[pure] What goes to a peer, within the room that its windows have (RFC 9113 §5.2 and §6.9).

An answer that finds room leaves in one piece; else its rest waits in its stream until the peer makes room.
"""

from infra.grpcserver import response_frames
from infra.grpcserver.errors import ErrorCode, ProtocolError, StreamError
from infra.grpcserver.frames import DEFAULT_MAX_FRAME_BYTES, DEFAULT_WINDOW, MAX_WINDOW
from infra.grpcserver.messages import PREFIX_BYTES, encode_message
from infra.grpcserver.statuses import CallError
from infra.grpcserver.streams import Stream


class FlowController:
    """Bytes for one peer, in their order."""

    def __init__(self) -> None:
        self._out: list[bytes] = []
        self._window = DEFAULT_WINDOW
        self._before_first_block = response_frames.NO_DYNAMIC_TABLE
        self.stream_window = DEFAULT_WINDOW
        """Of streams to come; the peer's SETTINGS_INITIAL_WINDOW_SIZE."""

    def queue_frames(self, frames: bytes) -> None:
        """Frames that no window counts."""
        self._out.append(frames)

    def take_bytes(self) -> bytes:
        """All that has to be written now."""
        out, self._out = self._out, []
        return b"".join(out)

    def send_response(self, stream: Stream, message: bytes) -> bool:
        """Whether all of the answer has gone; else `go_on` with it later."""
        size = PREFIX_BYTES + len(message)
        if (
            size > self._window
            or size > stream.send_window
            or size > DEFAULT_MAX_FRAME_BYTES
            or self._before_first_block
        ):
            self.queue_frames(response_frames.response_head(stream.stream_id, self._once()))
            stream.unsent = encode_message(message)
            return self.resume(stream)
        self._window -= size
        self._out.append(response_frames.response_frames(stream.stream_id, message))
        return True

    def resume(self, stream: Stream) -> bool:
        """Send what there is room for; whether that was all."""
        while stream.unsent:
            size = min(len(stream.unsent), self._window, stream.send_window, DEFAULT_MAX_FRAME_BYTES)
            if size <= 0:
                return False
            self.queue_frames(response_frames.data_frame(stream.stream_id, stream.unsent[:size]))
            stream.unsent = stream.unsent[size:]
            self._window -= size
            stream.send_window -= size
        self.queue_frames(response_frames.trailers_frame(stream.stream_id))
        return True

    def send_error(self, stream_id: int, refused: CallError) -> None:
        """An answer without a message: no window counts that."""
        self.queue_frames(response_frames.error_frames(stream_id, refused, self._once()))

    def enlarge_window(self, more: int) -> None:
        """The peer has room for so much more on the connection."""
        if not more:
            raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "a window that grows by nothing")
        self._window += more
        if self._window > MAX_WINDOW:
            raise ProtocolError(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too large")

    def _once(self) -> bytes:
        before, self._before_first_block = self._before_first_block, b""
        return before


def enlarge_stream_window(stream: Stream, more: int) -> None:
    """The peer has room for so much more on this stream."""
    if not more:
        raise StreamError(ErrorCode.PROTOCOL_ERROR, "a window that grows by nothing")
    stream.send_window += more
    if stream.send_window > MAX_WINDOW:
        raise StreamError(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too large")
