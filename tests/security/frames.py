"""HTTP/2 frame by frame, for conversations that no library would have. Knows nothing of what is asked."""

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from hpack import Encoder

from tests.support.stack import Stack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
INITIAL_WINDOW_SIZE = 4
WITHIN_S = 15.0
_HEAD_BYTES, _READ_BYTES = 9, 65_536


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", *, says: int | None = None) -> bytes:
    """A frame; `says` is another length than it has."""
    length = len(payload) if says is None else says
    return struct.pack(">I", length)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value: int) -> bytes:
    """Four bytes."""
    return struct.pack(">I", value)


def setting(name: int, value: int) -> bytes:
    """One member of SETTINGS."""
    return struct.pack(">HI", name, value)


def block(stack: Stack, token: str, *more: tuple[str, str], path: str = "/v1/me") -> bytes:
    """A good request's headers, of a connection's first request."""
    fields = (
        *((":method", "GET"), (":scheme", "https"), (":authority", urlsplit(stack.api_url).netloc), (":path", path)),
        *(("authorization", f"Bearer {token}"), ("version", "2026-11-24"), *more),
    )
    return Encoder().encode(fields)


@contextmanager
def line(stack: Stack) -> Iterator[ssl.SSLSocket]:
    """A connection that has agreed to HTTP/2, and said nothing yet."""
    url = urlsplit(stack.api_url)
    context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection((url.hostname, url.port or 443), timeout=WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=url.hostname) as connection,
    ):
        yield connection


def frames(connection: ssl.SSLSocket) -> Iterator[tuple[int, int, int, bytes]]:
    """Kind, flags, stream and payload of what comes, until the connection is closed. TimeoutError: it stays open."""
    held = b""
    while True:
        while len(held) >= _HEAD_BYTES and len(held) >= (size := _HEAD_BYTES + int.from_bytes(held[:3], "big")):
            yield held[3], held[4], int.from_bytes(held[5:9], "big"), held[_HEAD_BYTES:size]
            held = held[size:]
        try:
            told = connection.recv(_READ_BYTES)
        except (ConnectionError, ssl.SSLError):
            return
        if not told:
            return
        held += told
