"""[pure] A whole answer as bytes (RFC 9112 §4, §6). Owns which fields a server itself writes.

No chunks, no cookies, no compression: head and body are one piece, which leaves in one write.
"""

from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
WITHOUT_A_BODY = (204, 304)
_KEPT, _CLOSED = "Connection: keep-alive\r\n", "Connection: close\r\n"
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


def written(
    status: int,
    headers: Mapping[str, str],
    body: bytes | None,
    now_s: int,
    *,
    to_head: bool = False,
    keeps_alive: bool = True,
    is_1_1: bool = True,
) -> bytes:
    """The answer; `to_head`: to a request for nothing but its head. ValueError: it would be another one, or two."""
    told = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    # A value with a line end would begin a line of its own.
    if not told.count("\r") == told.count("\n") == len(headers) or "\0" in told:
        raise ValueError("a header's value with a line end, or with a null")
    length = "" if status in WITHOUT_A_BODY else f"Content-Length: {len(body or b'')}\r\n"
    # What becomes of the connection is told where that is not what the caller's version takes for granted.
    connection = "" if keeps_alive is is_1_1 else _KEPT if keeps_alive else _CLOSED
    head = f"{_STATUS_LINES[status]}{told}{length}{_date_line(now_s)}{connection}\r\n".encode()
    return head if to_head or not body or status in WITHOUT_A_BODY else head + body


@lru_cache(maxsize=1)
def _date_line(now_s: int) -> str:
    """The same for all answers of a second."""
    return f"Date: {formatdate(now_s, usegmt=True)}\r\n"
