"""[pure] gRPC's statuses as far as a front answers them by itself, and how a refusal is written."""

from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """https://grpc.github.io/grpc/core/md_doc_statuscodes.html"""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that ends without a message. `http_status` is not 200 for what is no gRPC at all."""

    status: Status
    text: str = ""
    http_status: int = 200


NOT_GRPC = Refusal(Status.UNKNOWN, "content-type is not application/grpc", http_status=415)
NOT_POST = Refusal(Status.UNKNOWN, "a call is a POST", http_status=405)
NO_SUCH_METHOD = Refusal(Status.UNIMPLEMENTED, "no such method")
COMPRESSED = Refusal(Status.UNIMPLEMENTED, "no compression is spoken here")
COMPRESSED_BY_NOTHING = Refusal(Status.INTERNAL, "a compressed message of a call without grpc-encoding")
BAD_TIMEOUT = Refusal(Status.INTERNAL, "malformed grpc-timeout")
TOO_LARGE = Refusal(Status.RESOURCE_EXHAUSTED, "the message is too large")
NO_ROOM = Refusal(Status.RESOURCE_EXHAUSTED, "too much is waiting on this connection")
NOT_ONE_MESSAGE = Refusal(Status.UNIMPLEMENTED, "a unary call has exactly one message")
CUT_OFF = Refusal(Status.INTERNAL, "the message is cut off")
OVERDUE = Refusal(Status.DEADLINE_EXCEEDED, "the deadline has passed")
BROKEN = Refusal(Status.UNKNOWN, "the handler failed")
