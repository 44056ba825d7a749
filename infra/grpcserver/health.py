"""[pure] grpc.health.v1, as far as probes ask: Check. Watch is left out, which its specification allows.

Its two messages are, byte for byte, wrappers that protobuf brings along: a string and a number, each field 1.
"""

from collections.abc import Callable, Collection

from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import Int32Value, StringValue

from infra.grpcserver.statuses import CallError, Status

CHECK = "/grpc.health.v1.Health/Check"
SERVING = Int32Value(value=1).SerializeToString()
NOT_SERVING = Int32Value(value=2).SerializeToString()
_UNKNOWN = CallError(Status.NOT_FOUND, "no such service")
_UNREADABLE = CallError(Status.INVALID_ARGUMENT, "no HealthCheckRequest")


def check_health(services: Collection[str], serving: Callable[[], bool], message: bytes) -> bytes | CallError:
    """The answer to a Check; the service without a name is the server."""
    try:
        asked = StringValue.FromString(message).value
    except DecodeError:
        return _UNREADABLE
    if asked and asked not in services:
        return _UNKNOWN
    return SERVING if serving() else NOT_SERVING
