"""[pure] What a connection has to tell whoever serves it."""

from collections.abc import Sequence
from typing import NamedTuple

from infra.grpcserver.errors import ErrorCode


class CallReceived(NamedTuple):
    """A call has been asked in full: `respond` to it or `reject` it."""

    stream_id: int
    path: str
    message: bytes
    kept: Sequence[str] = ()
    """Values of the fields that a connection was told to keep, in their order; "" for one that did not come."""


class CallCancelled(NamedTuple):
    """Nobody waits for this answer any more."""

    stream_id: int


class ConnectionEnded(NamedTuple):
    """The connection is to be closed once all is written."""

    code: ErrorCode
    reason: str


Event = CallReceived | CallCancelled | ConnectionEnded
