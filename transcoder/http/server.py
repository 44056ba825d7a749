"""Serve requests with aiohttp: what it brings becomes a `Request`, and a `Response` becomes what it sends.

There are no routes: the edge has matched the path and named the operation.
"""

import asyncio
import time
from email.utils import formatdate
from functools import lru_cache, partial
from http import HTTPStatus

from aiohttp import HttpVersion11, web

from infra.process.address import Address
from infra.process.http_server import LINGER_S, serve_unrouted
from transcoder.http.messages import BodyLost, Request, RequestHandler, Response

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


async def serve(handler: RequestHandler, address: Address, stop: asyncio.Event, *, linger_s: float = LINGER_S) -> None:
    """Listen until `stop`, then drain (`infra.process.http_server`)."""
    await serve_unrouted(partial(_answer, handler), address, stop, linger_s=linger_s)


async def _answer(handler: RequestHandler, asked: web.BaseRequest) -> web.StreamResponse:
    return _WholeResponse(await handler(_request(asked)))


def _request(asked: web.BaseRequest) -> Request:
    url, lines = asked.rel_url, asked.headers
    headers = {name.lower(): value for name, value in lines.items()}
    repeated: set[str] = set()
    if len(headers) < len(lines):
        repeated = {name for name in headers if len(lines.getall(name)) > 1}
        headers |= {name: ", ".join(lines.getall(name)) for name in repeated}
    length = _length(headers.get("content-length"))
    # aiohttp holds the greatest length of all for none.
    body = _Streamed(asked, length) if asked.body_exists or length else None
    return Request(asked.method, url.raw_path, url.raw_query_string, headers, repeated, body)


def _length(told: str | None) -> int | None:
    """The body's length. `told` is digits, of which there may be more than Python reads: the parser has seen to it."""
    return None if told is None else int(told.lstrip("0") or "0")


class _Streamed:
    """A body as aiohttp brings it."""

    def __init__(self, asked: web.BaseRequest, length: int | None) -> None:
        self.length = length
        self._asked = asked
        self._content = asked.content
        self._is_awaited = asked.version >= HttpVersion11 and asked.headers.get("Expect", "").lower() == "100-continue"
        """Whether its sender waits to be told to send it (RFC 9110 §10.1.1)."""

    def rest(self) -> bytes | None:
        """See `Body`."""
        return self._content.read_nowait() if self._content.is_eof() else None

    async def part(self) -> bytes:
        """See `Body`."""
        if self._is_awaited:
            self._is_awaited = False
            if self._asked.transport is not None:
                self._asked.transport.write(_CONTINUE)
        try:
            return await self._content.readany()
        except (web.RequestPayloadError, ConnectionError) as error:
            raise BodyLost(repr(error)) from None


class _WholeResponse(web.StreamResponse):
    """A response that is known before any of it is sent: its head and body leave in one write.

    aiohttp's own `web.Response` spends 18 µs more on it, a fortieth of the CPU time of a get through the whole gateway.
    Nothing beyond what is answered here: no chunks, cookies, compression or signals.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(status=response.status)
        self._whole = response

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection goes on: as its caller asks, unless `force_close` was called."""
        forced = super().keep_alive
        return self._asked.keep_alive if forced is None else forced

    async def prepare(self, request: web.BaseRequest) -> None:
        """Take note of who asks. Nothing leaves before `write_eof`."""
        self._asked = request

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it, and wait for a caller who reads slowly. Raises ConnectionResetError when the caller has left."""
        request = self._asked
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the caller has left")
        is_1_1 = request.version >= HttpVersion11
        transport.write(_encode(self._whole, request.method, is_1_1=is_1_1, keep_alive=bool(self.keep_alive)))
        if request.protocol.writing_paused:
            await request.writer.drain()


def _encode(response: Response, method: str, *, is_1_1: bool, keep_alive: bool) -> bytes:
    """The response as bytes (RFC 9112 §4, §6). Raises ValueError where a header would begin another one."""
    headers = "".join([f"{name}: {value}\r\n" for name, value in response.headers.items()])
    if not headers.count("\r") == headers.count("\n") == len(response.headers) or "\0" in headers:
        raise ValueError("a header's value with a line end, or with a null")
    body = b"" if response.body is None or response.status in _WITHOUT_A_BODY else response.body
    length = "" if response.status in _WITHOUT_A_BODY else f"Content-Length: {len(body)}\r\n"
    # What becomes of the connection is said where HTTP's version does not say it.
    connection = "" if keep_alive is is_1_1 else f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
    head = f"{_STATUS_LINES[response.status]}{headers}{length}{_date_line(int(time.time()))}{connection}\r\n".encode()
    return head if method == "HEAD" else head + body


@lru_cache(maxsize=1)
def _date_line(now_s: int) -> str:
    """The same for all responses of a second."""
    return f"Date: {formatdate(now_s, usegmt=True)}\r\n"


_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_WITHOUT_A_BODY = (204, 304)
