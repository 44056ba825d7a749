"""[pure] A unary call's one message within its stream of bytes (gRPC, "Length-Prefixed-Message")."""

from struct import Struct

from infra.grpcserver.statuses import (
    COMPRESSED_WITHOUT_ENCODING,
    INCOMPLETE_MESSAGE,
    NOT_ONE_MESSAGE,
    TOO_LARGE,
    CallError,
)

_PREFIX = Struct(">BI")
PREFIX_BYTES = _PREFIX.size
"""Whether the message is compressed, and its length."""


def early_error(body: bytes | bytearray, most_bytes: int) -> CallError | None:
    """Why the rest need not be waited for."""
    if len(body) < PREFIX_BYTES:
        return None
    compressed, size = _PREFIX.unpack_from(body)
    if size > most_bytes:
        return TOO_LARGE
    if compressed:
        # A call that names a compression was refused by its head.
        return COMPRESSED_WITHOUT_ENCODING
    return NOT_ONE_MESSAGE if len(body) > PREFIX_BYTES + size else None


def parse_message(body: bytes | bytearray, most_bytes: int) -> bytes | CallError:
    """The message of a body that is complete, or why there is none."""
    size = len(body) - PREFIX_BYTES
    if 0 <= size <= most_bytes and body.startswith(_PREFIX.pack(0, size)):
        return bytes(body[PREFIX_BYTES:])
    if not body:
        return NOT_ONE_MESSAGE
    return early_error(body, most_bytes) or INCOMPLETE_MESSAGE


def encode_message(message: bytes) -> bytes:
    """A message as it goes."""
    return _PREFIX.pack(0, len(message)) + message
