"""[pure] The frames of an answer, with header blocks that are ready-made.

No block uses HPACK's dynamic table, so that they mean the same at any time; `NO_DYNAMIC_TABLE` says so to the peer,
once.
"""

from struct import Struct
from urllib.parse import quote

from hpack.hpack import encode_integer

from infra.grpcserver.frames import DATA, END_HEADERS, END_STREAM, HEADERS, frame
from infra.grpcserver.messages import PREFIX_BYTES
from infra.grpcserver.statuses import CallError, Status

NO_DYNAMIC_TABLE = b"\x20"
"""RFC 7541 §6.3: our table has room for nothing. Stands before the first block, whatever the peer would allow."""

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


def _sized(text: bytes) -> bytes:
    return bytes(encode_integer(len(text), 7)) + text


def _field(name: bytes, value: bytes) -> bytes:
    """RFC 7541 §6.2.2, with a name of our own."""
    return b"\x00" + _sized(name) + _sized(value)


_STATUS_200 = b"\x88"
_INDEX_OF_STATUS = b"\x08"
_INDEX_OF_CONTENT_TYPE = b"\x0f\x10"
_CONTENT_TYPE = _INDEX_OF_CONTENT_TYPE + _sized(b"application/grpc")
HEAD = _STATUS_200 + _CONTENT_TYPE
TRAILERS = _field(b"grpc-status", b"0")

_BEFORE_HEAD = frame(HEADERS, END_HEADERS, 0, HEAD)[:5]
_BEFORE_TRAILERS = frame(HEADERS, END_HEADERS | END_STREAM, 0, TRAILERS)[:5]
_ANSWER = Struct(f">5sI{len(HEAD)}sHBBBIBI")
_TRAILERS = Struct(f">5sI{len(TRAILERS)}s")


def response_frames(stream_id: int, message: bytes) -> bytes:
    """Head, message and trailers, for when there is room for all: put together in one go, since it is done per call."""
    size = len(message)
    flow = size + PREFIX_BYTES
    before = _ANSWER.pack(_BEFORE_HEAD, stream_id, HEAD, flow >> 8, flow & 0xFF, DATA, 0, stream_id, 0, size)
    return b"".join((before, message, _TRAILERS.pack(_BEFORE_TRAILERS, stream_id, TRAILERS)))


def response_head(stream_id: int, before: bytes = b"") -> bytes:
    """The beginning of an answer that comes in pieces."""
    return frame(HEADERS, END_HEADERS, stream_id, before + HEAD)


def data_frame(stream_id: int, data: bytes) -> bytes:
    """A part of it."""
    return frame(DATA, 0, stream_id, data)


def trailers_frame(stream_id: int) -> bytes:
    """Its end."""
    return frame(HEADERS, END_HEADERS | END_STREAM, stream_id, TRAILERS)


def error_frames(stream_id: int, refused: CallError, before: bytes = b"") -> bytes:
    """All of a call that has no message ("Trailers-Only")."""
    return frame(HEADERS, END_HEADERS | END_STREAM, stream_id, before + _refusal_block(refused))


def _refusal_block(refused: CallError) -> bytes:
    http_status = refused.http_status
    status = _STATUS_200 if http_status == 200 else _INDEX_OF_STATUS + _sized(str(http_status).encode())
    block = status + _CONTENT_TYPE + _field(b"grpc-status", str(int(refused.status)).encode())
    if refused.text:
        block += _field(b"grpc-message", quote(refused.text, safe=_PRINTABLE).encode())
    if refused.status is Status.UNIMPLEMENTED:
        block += _field(b"grpc-accept-encoding", b"identity")
    return block
