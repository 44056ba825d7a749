"""An aiohttp response that is known in whole before any of it is sent: its head and body leave in one write.

Owns how such an answer is framed (RFC 9112). Not what aiohttp's own can do beyond that: no chunks, no cookies, no
compression, no signals. Knows nothing of what is answered.
"""

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion11, web

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_WITHOUT_A_BODY = (204, 304)


class Whole(web.StreamResponse):
    """An answer in whole. `body` None: there is none, and its length is told as 0 unless the status has no body."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
        super().__init__(status=status)
        self._lines = headers
        self._whole_body = body or b""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Take note of who asks. Nothing leaves before `write_eof`."""
        self._asked = request

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it. ConnectionResetError: nobody is there any more. Who reads slowly is waited for."""
        request = self._asked
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the caller has left")
        head = self._head(request).encode()
        transport.write(head if request.method == "HEAD" or self.status in _WITHOUT_A_BODY else head + self._whole_body)
        if request.protocol.writing_paused:
            await request.writer.drain()

    def _head(self, request: web.BaseRequest) -> str:
        told = "".join([f"{name}: {value}\r\n" for name, value in self._lines.items()])
        # A value with a line end would begin a line of its own.
        if not told.count("\r") == told.count("\n") == len(self._lines) or "\0" in told:
            raise ValueError("a header's value with a line end, or with a null")
        length = "" if self.status in _WITHOUT_A_BODY else f"Content-Length: {len(self._whole_body)}\r\n"
        own = f"{length}{_date_line(int(time.time()))}{self._connection_line(request)}"
        return f"{_STATUS_LINES[self.status]}{told}{own}\r\n"

    def _connection_line(self, request: web.BaseRequest) -> str:
        """What becomes of the connection, where that is not what the caller's version takes for granted."""
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        if request.version >= HttpVersion11:
            return "" if self._keep_alive else "Connection: close\r\n"
        return "Connection: keep-alive\r\n" if self._keep_alive else ""


@lru_cache(maxsize=1)
def _date_line(now_s: int) -> str:
    """The same for all answers of a second."""
    return f"Date: {formatdate(now_s, usegmt=True)}\r\n"
