"""[pure] What a connection has to tell whoever serves it."""

from typing import NamedTuple

from grpcfront.faults import ErrorCode


class Called(NamedTuple):
    """A call has been asked in full: `answer` or `refuse` it."""

    stream_id: int
    path: str
    message: bytes


class Cancelled(NamedTuple):
    """Nobody waits for this answer any more."""

    stream_id: int


class Ended(NamedTuple):
    """The connection is to be closed once all is written."""

    code: ErrorCode
    why: str


Event = Called | Cancelled | Ended
