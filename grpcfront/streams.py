"""[pure] What may come on a stream when (RFC 9113 §5.1), as a table, and what is kept of a call while it lasts.

A server of unary calls has few states: it never pushes, and it answers only what has been asked in full or what
it refuses. PRIORITY is not in the table: it may come at any time and means nothing (§5.3.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from math import inf

from grpcfront.faults import ErrorCode, StreamFault
from grpcfront.frames import DATA, HEADERS, RST_STREAM, WINDOW_UPDATE
from grpcfront.heads import Head


class State(IntEnum):
    """Of a stream, from where we stand."""

    IDLE = auto()
    ASKING = auto()
    """The head came; the message is on its way ("open")."""
    ASKED = auto()
    """The peer has said all; we owe the answer ("half-closed (remote)")."""
    GIVEN_UP = auto()
    """We have ended it, and the peer may not know yet: what comes is forgotten."""
    CLOSED = auto()


class Do(IntEnum):
    """With a frame."""

    BEGIN = auto()
    MESSAGE = auto()
    TRAILERS = auto()
    CANCEL = auto()
    WIDEN = auto()
    FORGET = auto()
    NOT_YET = auto()
    """A connection error: there is no such stream so far."""
    NO_MORE = auto()
    """A connection error: the peer has ended it itself."""


WHEN: Mapping[State, Mapping[int, Do]] = {
    State.IDLE: {
        HEADERS: Do.BEGIN,
        DATA: Do.NOT_YET,
        RST_STREAM: Do.NOT_YET,
        WINDOW_UPDATE: Do.NOT_YET,
    },
    State.ASKING: {
        HEADERS: Do.TRAILERS,
        DATA: Do.MESSAGE,
        RST_STREAM: Do.CANCEL,
        WINDOW_UPDATE: Do.WIDEN,
    },
    State.ASKED: {
        HEADERS: Do.NO_MORE,
        DATA: Do.NO_MORE,
        RST_STREAM: Do.CANCEL,
        WINDOW_UPDATE: Do.WIDEN,
    },
    State.GIVEN_UP: {
        HEADERS: Do.FORGET,
        DATA: Do.FORGET,
        RST_STREAM: Do.FORGET,
        WINDOW_UPDATE: Do.FORGET,
    },
    State.CLOSED: {
        HEADERS: Do.NO_MORE,
        DATA: Do.NO_MORE,
        RST_STREAM: Do.FORGET,
        WINDOW_UPDATE: Do.FORGET,
    },
}

FAULTS = {
    Do.NOT_YET: (ErrorCode.PROTOCOL_ERROR, "a frame on a stream that was never opened"),
    Do.NO_MORE: (ErrorCode.STREAM_CLOSED, "a frame on a stream that was ended"),
}


@dataclass(slots=True)
class Stream:
    """A call that is not answered in full. The windows are bytes that may still come and go."""

    stream_id: int
    head: Head
    to_come: int
    to_go: int
    due_s: float = inf
    state: State = State.ASKING
    body: bytes | bytearray = b""
    unsent: bytes = b""
    """Of an answer for which the peer's windows have no room yet."""

    def take(self, data: bytes, flow_bytes: int) -> None:
        """A part of the message; it came in a frame of `flow_bytes` (RFC 9113 §6.9.1: padding counts)."""
        self.to_come -= flow_bytes
        if self.to_come < 0:
            raise StreamFault(ErrorCode.FLOW_CONTROL_ERROR, "more than the window")
        if not self.body:
            self.body = data
            return
        if isinstance(self.body, bytes):
            self.body = bytearray(self.body)
        self.body += data
