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
class CallError:
    """A call that ends without a message. `http_status` is not 200 for what is no gRPC at all."""

    status: Status
    text: str = ""
    http_status: int = 200


NOT_GRPC = CallError(Status.UNKNOWN, "content-type is not application/grpc", http_status=415)
NOT_POST = CallError(Status.UNKNOWN, "a call is a POST", http_status=405)
NO_SUCH_METHOD = CallError(Status.UNIMPLEMENTED, "no such method")
COMPRESSED = CallError(Status.UNIMPLEMENTED, "no compression is spoken here")
COMPRESSED_WITHOUT_ENCODING = CallError(Status.INTERNAL, "a compressed message of a call without grpc-encoding")
BAD_TIMEOUT = CallError(Status.INTERNAL, "malformed grpc-timeout")
TOO_LARGE = CallError(Status.RESOURCE_EXHAUSTED, "the message is too large")
TOO_MANY_CALLS = CallError(Status.RESOURCE_EXHAUSTED, "too much is waiting on this connection")
NOT_ONE_MESSAGE = CallError(Status.UNIMPLEMENTED, "a unary call has exactly one message")
INCOMPLETE_MESSAGE = CallError(Status.INTERNAL, "the message is cut off")
DEADLINE_EXCEEDED = CallError(Status.DEADLINE_EXCEEDED, "the deadline has passed")
HANDLER_FAILED = CallError(Status.UNKNOWN, "the handler failed")
