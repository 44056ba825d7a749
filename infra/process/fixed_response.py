"""An aiohttp response that is known in whole before any of it is sent: its head and body leave in one write.

Framed as our own server frames it. Not what aiohttp's own can do beyond that: no chunks, no cookies, no compression, no
signals. Knows nothing of what is answered.
"""

import time

from aiohttp import HttpVersion11, web

from infra.httpserver.messages import Response
from infra.httpserver.writing import written


class FixedResponse(web.StreamResponse):
    """An answer in whole."""

    def __init__(self, response: Response) -> None:
        super().__init__(status=response.status)
        self._told = response

    async def prepare(self, request: web.BaseRequest) -> None:
        """Take note of who asks. Nothing leaves before `write_eof`."""
        self._asked = request

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it. ConnectionResetError: nobody is there any more. Who reads slowly is waited for."""
        request, told = self._asked, self._told
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the caller has left")
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        transport.write(
            written(
                told.status,
                told.headers,
                told.body,
                int(time.time()),
                to_head=request.method == "HEAD",
                keeps_alive=self._keep_alive,
                is_1_1=request.version >= HttpVersion11,
            )
        )
        if request.protocol.writing_paused:
            await request.writer.drain()
