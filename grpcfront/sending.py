"""[pure] What goes to a peer, within the room that its windows have (RFC 9113 §5.2 and §6.9).

An answer that finds room leaves in one piece; else its rest waits in its stream until the peer makes room.
"""

from grpcfront import answers
from grpcfront.faults import ConnectionFault, ErrorCode, StreamFault
from grpcfront.frames import FIRST_WINDOW, FRAME_BYTES, MOST_WINDOW
from grpcfront.messages import PREFIX_BYTES, prefixed
from grpcfront.statuses import Refusal
from grpcfront.streams import Stream


class Sender:
    """Bytes for one peer, in their order."""

    def __init__(self) -> None:
        self._out: list[bytes] = []
        self._window = FIRST_WINDOW
        self._before_first_block = answers.NO_TABLE
        self.stream_window = FIRST_WINDOW
        """Of streams to come; the peer's SETTINGS_INITIAL_WINDOW_SIZE."""

    def add(self, frames: bytes) -> None:
        """Frames that no window counts."""
        self._out.append(frames)

    def take(self) -> bytes:
        """All that has to be written now."""
        out, self._out = self._out, []
        return b"".join(out)

    def answer(self, stream: Stream, message: bytes) -> bool:
        """Whether all of the answer has gone; else `go_on` with it later."""
        size = PREFIX_BYTES + len(message)
        if size > self._window or size > stream.to_go or size > FRAME_BYTES or self._before_first_block:
            self.add(answers.head(stream.stream_id, self._once()))
            stream.unsent = prefixed(message)
            return self.go_on(stream)
        self._window -= size
        self._out.append(answers.answer(stream.stream_id, message))
        return True

    def go_on(self, stream: Stream) -> bool:
        """Send what there is room for; whether that was all."""
        while stream.unsent:
            size = min(len(stream.unsent), self._window, stream.to_go, FRAME_BYTES)
            if size <= 0:
                return False
            self.add(answers.piece(stream.stream_id, stream.unsent[:size]))
            stream.unsent = stream.unsent[size:]
            self._window -= size
            stream.to_go -= size
        self.add(answers.trailers(stream.stream_id))
        return True

    def refuse(self, stream_id: int, refused: Refusal) -> None:
        """An answer without a message: no window counts that."""
        self.add(answers.refusal(stream_id, refused, self._once()))

    def widen(self, more: int) -> None:
        """The peer has room for so much more on the connection."""
        if not more:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a window that grows by nothing")
        self._window += more
        if self._window > MOST_WINDOW:
            raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too large")

    def _once(self) -> bytes:
        before, self._before_first_block = self._before_first_block, b""
        return before


def widen(stream: Stream, more: int) -> None:
    """The peer has room for so much more on this stream."""
    if not more:
        raise StreamFault(ErrorCode.PROTOCOL_ERROR, "a window that grows by nothing")
    stream.to_go += more
    if stream.to_go > MOST_WINDOW:
        raise StreamFault(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too large")
