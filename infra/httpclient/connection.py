"""One connection, from its beginning to its loss: a request goes out, its answer comes back, then the next.

Owns the state of one connection. What an answer is, `ResponseParser` knows; which connection is used, the pool.
"""

import asyncio
import select
from collections.abc import Callable
from typing import cast

from infra.httpclient.errors import ConnectionDropped, InvalidResponse, NoResponse
from infra.httpclient.response_parser import Reply, ResponseParser


class Connection(asyncio.Protocol):
    """Bytes to a server and back. `lost` is told of when that happens while nothing is asked."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lost: "Callable[[Connection], None]") -> None:
        self.usable = True
        """Whether a request may be sent, as far as we have been told."""
        self._loop = loop
        self._lost = lost
        self._reading: ResponseParser | None = None
        self._poll = select.poll()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def is_idle(self) -> bool:
        """Whether a request may be sent: also where the loop has not yet read that the server has closed, or has
        said something that nobody asked for, which would be taken for the answer. Costs a look at the socket.
        """
        return self.usable and not self._poll.poll(0)

    def send(self, request: bytes, reading: ResponseParser) -> "asyncio.Future[Reply]":
        """What `reading` makes of what comes back, in the future; NoAnswer if it makes nothing of it.

        Who leaves before that gives the connection up: nobody else may find the answer on it.
        """
        self._reading = reading
        self._answer: asyncio.Future[Reply] = self._loop.create_future()
        if self.usable:
            self._transport.write(request)
        else:
            self._end(ConnectionDropped("the connection was lost"))
        return self._answer

    def data_received(self, data: bytes) -> None:
        reading = self._reading
        if reading is None:
            self.abort()
            return
        try:
            reading.feed(data)
        except NoResponse as trouble:
            self._end(trouble)
            return
        if reading.reply is not None:
            self._answered(reading, reading.reply)

    def _answered(self, reading: ResponseParser, reply: Reply) -> None:
        self._reading = None
        # An answer before the request was sent whole: what is left of it would be taken for the next one.
        self.usable = self.usable and reading.reusable and not self._transport.get_write_buffer_size()
        if not self._answer.done():
            self._answer.set_result(reply)

    def on_timeout(self) -> None:
        """There will be no answer in time: TimeoutError for who waits."""
        self._end(TimeoutError())

    def _end(self, trouble: NoResponse | TimeoutError) -> None:
        self._reading = None
        self.abort()
        if not self._answer.done():
            self._answer.set_exception(trouble)

    def eof_received(self) -> None:
        reading = self._reading
        if reading is None:
            self.abort()
            return
        self.usable = False
        try:
            reading.on_eof()
        except NoResponse as trouble:
            self._end(trouble)
        else:
            self._answered(reading, cast("Reply", reading.reply))

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        reading = self._reading
        if reading is not None:
            cause = f"the connection was lost: {exc!r}"
            self._end(InvalidResponse(cause) if reading.has_begun else ConnectionDropped(cause))
        self._lost(self)

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self.usable = False
        self._transport.abort()
