"""One connection, from its beginning to its loss: a request comes, its answer goes, then the next.

Owns the state of one connection: what is answered, what waits to be read, whether who reads is waited for. What a
request is, `heads` knows; how many connections there are, the server.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Protocol, cast

from infra.httpserver.arriving import Arriving, Come
from infra.httpserver.heads import Head, Malformed, end_of_head, past_empty_lines, read_head
from infra.httpserver.messages import Body, Request, Response
from infra.httpserver.writing import CONTINUE, written

Answering = Callable[[Request], Awaitable[Response]]
"""Answers every request, whatever its path."""

HEAD_WITHIN_S = 10.0
"""How long a head may take that was begun. One that was not costs nothing, and is its caller's to begin."""
LEFT_OVER_WITHIN_S = 10.0
"""How long the rest of a body is read that nobody wanted: who still sends it does not hear the answer else."""
LEFT_OVER_BYTES = 16 * 1024 * 1024
_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
_BAD_REQUEST = Response(400, _PLAIN, b"400: Bad Request")
_BROKEN = Response(500, _PLAIN, b"500: Internal Server Error")

_log = logging.getLogger(__name__)


class House(Protocol):
    """What connections belong to."""

    answering: Answering

    def leaves(self) -> bool:
        """Whether it answers what it has, and then ends."""

    def came(self, connection: "Connection") -> None:
        """There is one more."""

    def went(self, connection: "Connection") -> None:
        """There is one less."""


def _begun(coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
    if sys.version_info >= (3, 12):
        # At once: most of a request's work needs no other turn of the loop. Not by the loop's task factory, which
        # uvloop calls with arguments of its own.
        return asyncio.Task(coroutine, loop=loop, eager_start=True)
    return loop.create_task(coroutine)


class Connection(asyncio.Protocol):
    """Requests of one caller, one at a time: what comes meanwhile waits where it is."""

    def __init__(self, house: House, loop: asyncio.AbstractEventLoop) -> None:
        self.late_s = 0.0
        """When what was begun will have taken too long (loop time); nought: nothing was."""
        self._house = house
        self._loop = loop
        self._unread = bytearray()
        """What has come and was not looked at; of a head that is not there in whole, all."""
        self._head: Head | None = None
        """Of the request that is being answered."""
        self._body: Arriving | None = None
        """Its body, while more of that is to come."""
        self._left_over_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._is_paused = False
        self._is_full = False
        """Whether who reads our answers is behind."""
        self._is_last = False
        """Whether nothing more is read after this answer."""

    @property
    def is_busy(self) -> bool:
        """Whether there is a request that was not answered, or an answer that was not read."""
        return self._head is not None or self._is_full

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._house.came(self)

    def data_received(self, data: bytes) -> None:
        if self._body is not None:
            self._take(self._body, data)
        elif not (self._head or self._is_full or self._is_paused or self._is_last):
            self._look(data)
        elif not self._is_last:
            self._unread += data
            self._pause()

    def _look(self, data: bytes) -> None:
        """At what comes between requests."""
        seen = looked_at = len(self._unread)
        if seen:
            self._unread += data
        whole = self._unread if seen else data
        try:
            if whole[:1] == b"\r":
                whole, looked_at = past_empty_lines(whole), 0
            end = end_of_head(whole, looked_at)
            if end < 0:
                self._wait(whole)
                return
            head = read_head(bytes(whole[:end]))
        except Malformed:
            self._refuse()
            return
        if seen:
            self._unread = bytearray()
            self.late_s = 0.0
        self._begin(head, bytes(whole[end:]))

    def _wait(self, whole: bytes | bytearray) -> None:
        """For the rest of a head."""
        if whole is not self._unread:
            self._unread = bytearray(whole)
        if not whole:
            self.late_s = 0.0
        elif not self.late_s:
            self.late_s = self._loop.time() + HEAD_WITHIN_S

    def _begin(self, head: Head, behind: bytes) -> None:
        """A request that is not chunked and has no body, or has one that is there, needs nothing to be waited for."""
        self._head = head
        length = head.length
        body: Body | None = None
        if length == 0 or (length is not None and length <= len(behind)):
            if length:
                body, behind = Come(behind[:length]), behind[length:]
            self._keep(behind)
        else:
            body = self._body = Arriving(length, partial(self._want, head))
            if behind:
                self._take(self._body, behind)
        request = Request(head.method, head.path, head.query, head.fields, head.repeated, body)
        task = _begun(self._answer(request, head), self._loop)
        self._task = None if task.done() else task

    def _keep(self, behind: bytes) -> None:
        if behind:
            self._unread += behind
            self._pause()

    async def _answer(self, request: Request, head: Head) -> None:
        try:
            response = await self._house.answering(request)
        except asyncio.CancelledError:
            self._transport.abort()
            raise
        except Exception:
            _log.exception("a request was not answered")
            self._is_last = True
            response = _BROKEN
        self._send(response, head)
        self._answered()

    def _send(self, response: Response, head: Head | None) -> None:
        """In one write; to nobody if nobody is there any more."""
        if self._transport.is_closing():
            self._is_last = True
            return
        if head is None or not head.keeps_alive or self._house.leaves() or (self._body and self._body.lost):
            self._is_last = True
        try:
            out = written(
                response.status,
                response.headers,
                response.body,
                int(time.time()),
                to_head=head is not None and head.method == "HEAD",
                keeps_alive=not self._is_last,
                is_1_1=head is None or head.is_1_1,
            )
        except Exception:
            # Whatever it is: who asked would wait for ever, and nothing more be read of it.
            _log.exception("an answer was not sent")
            self._is_last = True
            return
        self._transport.write(out)

    def _answered(self) -> None:
        self._task = self._head = None
        body = self._body
        if body is None or body.ended or body.lost:
            self._body = None
            self._go_on()
        elif not self._transport.is_closing():
            self.late_s = self._loop.time() + LEFT_OVER_WITHIN_S
            self._left_over_bytes = LEFT_OVER_BYTES
            body.drop()

    def _go_on(self) -> None:
        """With the next request, once the answer was read, unless this was the last."""
        if self._is_last:
            self._transport.close()
        elif self._is_full:
            return
        elif self._unread:
            # A turn later: who sent a thousand at once is not answered by calls within calls.
            self._loop.call_soon(self._look_again)
        else:
            self._resume()

    def _look_again(self) -> None:
        if self._head is None and not self._transport.is_closing():
            data, self._unread = bytes(self._unread), bytearray()
            self._resume()
            self._look(data)

    def _take(self, body: Arriving, data: bytes) -> None:
        """More of a body."""
        if body.lost:
            return
        try:
            behind = body.take(data)
        except Malformed as fault:
            self._lose(body, str(fault))
            return
        if body.ended:
            self._body = None
            self._keep(behind)
            if self._head is None:
                self.late_s = 0.0
                self._go_on()
        elif body.is_full:
            self._pause()
        elif self._head is None:
            self._left_over_bytes -= len(data)
            if self._left_over_bytes < 0:
                self._transport.close()

    def _lose(self, body: Arriving, why: str) -> None:
        body.lose(why)
        self._is_last = True
        if self._head is None:
            self._transport.close()

    def _want(self, head: Head) -> None:
        """More of the body of that request."""
        if self._body is not None and not self._transport.is_closing():
            if head is self._head and head.expects_continue and self._body.is_awaited():
                self._transport.write(CONTINUE)
            self._resume()

    def _refuse(self) -> None:
        """What is no request; where the next one would begin nobody knows."""
        self._send(_BAD_REQUEST, None)
        self._transport.close()

    def _pause(self) -> None:
        if not self._is_paused and not self._transport.is_closing():
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._head is None and self._body is None:
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        # Who answers goes on: what was begun may change something, and is told to nobody.
        body, self._body = self._body, None  # it knows us: two that know each other wait for the collector
        if body is not None:
            self._lose(body, f"the connection was lost: {exc!r}")
        self._is_full = False
        self._house.went(self)

    def leave(self) -> None:
        """Close, at once or behind what is under way."""
        self._is_last = True
        if not self.is_busy:
            self._transport.close()

    def give_up(self) -> None:
        """Close at once, whatever is under way."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()
