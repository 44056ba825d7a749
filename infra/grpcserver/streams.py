"""[pure] What may come on a stream when (RFC 9113 §5.1), as a table, and what is kept of a call while it lasts.

A server of unary calls has few states: it never pushes, and it answers only what has been asked in full or what
it refuses. PRIORITY is not in the table: it may come at any time and means nothing (§5.3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from math import inf

from infra.grpcserver.errors import ErrorCode, StreamError
from infra.grpcserver.frames import DATA, HEADERS, RST_STREAM, WINDOW_UPDATE
from infra.grpcserver.request_headers import RequestHead


class StreamState(IntEnum):
    """Of a stream, from where we stand."""

    IDLE = auto()
    RECEIVING = auto()
    """The head came; the message is on its way ("open")."""
    AWAITING_RESPONSE = auto()
    """The peer has said all; we owe the answer ("half-closed (remote)")."""
    ABANDONED = auto()
    """We have ended it, and the peer may not know yet: what comes is forgotten."""
    CLOSED = auto()


class Action(IntEnum):
    """With a frame."""

    OPEN = auto()
    MESSAGE = auto()
    TRAILERS = auto()
    CANCEL = auto()
    ENLARGE_WINDOW = auto()
    DISCARD = auto()
    REJECT_IDLE = auto()
    """A connection error: there is no such stream so far."""
    REJECT_CLOSED = auto()
    """A connection error: the peer has ended it itself."""


ACTIONS: Mapping[StreamState, Mapping[int, Action]] = {
    StreamState.IDLE: {
        HEADERS: Action.OPEN,
        DATA: Action.REJECT_IDLE,
        RST_STREAM: Action.REJECT_IDLE,
        WINDOW_UPDATE: Action.REJECT_IDLE,
    },
    StreamState.RECEIVING: {
        HEADERS: Action.TRAILERS,
        DATA: Action.MESSAGE,
        RST_STREAM: Action.CANCEL,
        WINDOW_UPDATE: Action.ENLARGE_WINDOW,
    },
    StreamState.AWAITING_RESPONSE: {
        HEADERS: Action.REJECT_CLOSED,
        DATA: Action.REJECT_CLOSED,
        RST_STREAM: Action.CANCEL,
        WINDOW_UPDATE: Action.ENLARGE_WINDOW,
    },
    StreamState.ABANDONED: {
        HEADERS: Action.DISCARD,
        DATA: Action.DISCARD,
        RST_STREAM: Action.DISCARD,
        WINDOW_UPDATE: Action.DISCARD,
    },
    StreamState.CLOSED: {
        HEADERS: Action.REJECT_CLOSED,
        DATA: Action.REJECT_CLOSED,
        RST_STREAM: Action.DISCARD,
        WINDOW_UPDATE: Action.DISCARD,
    },
}

ERRORS = {
    Action.REJECT_IDLE: (ErrorCode.PROTOCOL_ERROR, "a frame on a stream that was never opened"),
    Action.REJECT_CLOSED: (ErrorCode.STREAM_CLOSED, "a frame on a stream that was ended"),
}


@dataclass(slots=True)
class Stream:
    """A call that is not answered in full. The windows are bytes that may still come and go."""

    stream_id: int
    head: RequestHead
    receive_window: int
    send_window: int
    deadline_s: float = inf
    state: StreamState = StreamState.RECEIVING
    body: bytes | bytearray = b""
    unsent: bytes = b""
    """Of an answer for which the peer's windows have no room yet."""

    def receive(self, data: bytes, flow_bytes: int) -> None:
        """A part of the message; it came in a frame of `flow_bytes` (RFC 9113 §6.9.1: padding counts)."""
        self.receive_window -= flow_bytes
        if self.receive_window < 0:
            raise StreamError(ErrorCode.FLOW_CONTROL_ERROR, "more than the window")
        if not self.body:
            self.body = data
            return
        if isinstance(self.body, bytes):
            self.body = bytearray(self.body)
        self.body += data
