"""[pure] HTTP/2 frames (RFC 9113 §4 and §6) as bytes: what comes is cut into frames, what goes is put together.

Knows layouts and sizes; what a frame means where it stands is for `connection` and `streams`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from infra.grpcserver.errors import ErrorCode, ProtocolError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""RFC 9113 §3.4: what every client says first."""

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0x0, 0x1, 0x2, 0x3, 0x4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0x5, 0x6, 0x7, 0x8, 0x9

END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS = 0x1, 0x2, 0x3
INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 0x4, 0x5, 0x6

DEFAULT_MAX_FRAME_BYTES = 16_384
"""SETTINGS_MAX_FRAME_SIZE, which is ours for good and the peer's until it says otherwise: the smallest there is."""
LARGEST_FRAME_BYTES = 2**24 - 1
MAX_WINDOW = 2**31 - 1
DEFAULT_WINDOW = 65_535
"""RFC 9113 §6.9.2: every window's size before anybody says otherwise."""
MAX_STREAM_ID = 2**31 - 1

Frame = tuple[int, int, int, bytes]
"""Kind, flags, stream (0 is the connection), payload. A plain tuple: several are made for each call."""

_HEAD = Struct(">HBBBI")
FRAME_HEADER_BYTES = _HEAD.size
_U32 = Struct(">I")
_SETTING = Struct(">HI")
_GOAWAY = Struct(">II")


@dataclass(frozen=True, slots=True)
class FrameRule:
    """Where a kind of frame may stand, and how long it is."""

    on_stream: bool
    on_connection: bool
    min_bytes: int = 0
    max_bytes: int = DEFAULT_MAX_FRAME_BYTES


FRAME_RULES = {
    DATA: FrameRule(on_stream=True, on_connection=False),
    HEADERS: FrameRule(on_stream=True, on_connection=False),
    PRIORITY: FrameRule(on_stream=True, on_connection=False, min_bytes=5, max_bytes=5),
    RST_STREAM: FrameRule(on_stream=True, on_connection=False, min_bytes=4, max_bytes=4),
    SETTINGS: FrameRule(on_stream=False, on_connection=True),
    PUSH_PROMISE: FrameRule(on_stream=True, on_connection=False),
    PING: FrameRule(on_stream=False, on_connection=True, min_bytes=8, max_bytes=8),
    GOAWAY: FrameRule(on_stream=False, on_connection=True, min_bytes=8),
    WINDOW_UPDATE: FrameRule(on_stream=True, on_connection=True, min_bytes=4, max_bytes=4),
    CONTINUATION: FrameRule(on_stream=True, on_connection=False),
}
_ANYTHING = FrameRule(on_stream=True, on_connection=True)
"""RFC 9113 §5.5: kinds that nobody knows are read and forgotten."""


class FrameReader:
    """Cuts what comes into frames, after the preface. What is incomplete waits: at most a frame."""

    def __init__(self) -> None:
        self._rest = b""
        self._preface_left = PREFACE

    def feed(self, data: bytes) -> Iterator[Frame]:
        """All frames that are complete now; ConnectionFault at the first that cannot be one."""
        if self._preface_left:
            data = self._without_preface(data)
        buffer = self._rest + data if self._rest else data
        at, end = 0, len(buffer)
        while end - at >= FRAME_HEADER_BYTES:
            high, low, kind, flags, stream_id = _HEAD.unpack_from(buffer, at)
            stream_id &= MAX_STREAM_ID  # RFC 9113 §4.1: the reserved bit is ignored
            size = high << 8 | low
            if (
                kind > HEADERS or not stream_id or size > DEFAULT_MAX_FRAME_BYTES
            ):  # nearly every frame is one of a call, and fits
                _must_fit(kind, stream_id, size)
            begins = at + FRAME_HEADER_BYTES
            if end - begins < size:
                break
            at = begins + size
            yield kind, flags, stream_id, buffer[begins:at]
        self._rest = buffer[at:]

    def _without_preface(self, data: bytes) -> bytes:
        known = min(len(data), len(self._preface_left))
        if data[:known] != self._preface_left[:known]:
            raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "this is not HTTP/2")
        self._preface_left = self._preface_left[known:]
        return data[known:]


def _must_fit(kind: int, stream_id: int, size: int) -> None:
    layout = FRAME_RULES.get(kind, _ANYTHING)
    if not (layout.on_stream if stream_id else layout.on_connection):
        raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "a frame on the wrong stream")
    if not layout.min_bytes <= size <= layout.max_bytes:
        raise ProtocolError(ErrorCode.FRAME_SIZE_ERROR, "a frame of the wrong size")


def unpadded(flags: int, payload: bytes) -> bytes:
    """A DATA or HEADERS payload without its padding (RFC 9113 §6.1)."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ProtocolError(ErrorCode.PROTOCOL_ERROR, "more padding than frame")
    return payload[1 : len(payload) - payload[0]]


def header_fragment(flags: int, payload: bytes) -> bytes:
    """What a HEADERS frame holds of a header block: without padding and priority (RFC 9113 §6.2)."""
    fragment = unpadded(flags, payload)
    if not flags & HAS_PRIORITY:
        return fragment
    if len(fragment) < 5:
        raise ProtocolError(ErrorCode.FRAME_SIZE_ERROR, "a priority that is cut off")
    return fragment[5:]


def parse_settings(payload: bytes) -> list[tuple[int, int]]:
    """Names and values, in their order (RFC 9113 §6.5.1)."""
    if len(payload) % _SETTING.size:
        raise ProtocolError(ErrorCode.FRAME_SIZE_ERROR, "a setting that is cut off")
    return list(_SETTING.iter_unpack(payload))


def parse_uint31(payload: bytes) -> int:
    """The 31 bits of a WINDOW_UPDATE, or of the stream that a priority depends on."""
    number: int = _U32.unpack_from(payload)[0]
    return number & MAX_STREAM_ID


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """A frame's bytes."""
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream_id) + payload


def settings_frame(settings: dict[int, int]) -> bytes:
    """What we ask of a peer."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(name, value) for name, value in settings.items()))


def window_update(stream_id: int, more: int) -> bytes:
    """The peer may send so many bytes more."""
    return frame(WINDOW_UPDATE, 0, stream_id, _U32.pack(more))


def rst_stream(stream_id: int, code: ErrorCode) -> bytes:
    """The end of one stream."""
    return frame(RST_STREAM, 0, stream_id, _U32.pack(code))


def goaway(last_stream: int, code: ErrorCode, why: str = "") -> bytes:
    """No stream above `last_stream` was or will be looked at."""
    return frame(GOAWAY, 0, 0, _GOAWAY.pack(last_stream, code) + why.encode())
