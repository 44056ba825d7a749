"""[pure] What a connection has to tell whoever serves it."""

from collections.abc import Sequence
from typing import NamedTuple

from grpcfront.faults import ErrorCode


class Called(NamedTuple):
    """A call has been asked in full: `answer` or `refuse` it."""

    stream_id: int
    path: str
    message: bytes
    kept: Sequence[str] = ()
    """Values of the fields that a connection was told to keep, in their order; "" for one that did not come."""


class Cancelled(NamedTuple):
    """Nobody waits for this answer any more."""

    stream_id: int


class Ended(NamedTuple):
    """The connection is to be closed once all is written."""

    code: ErrorCode
    why: str


Event = Called | Cancelled | Ended
