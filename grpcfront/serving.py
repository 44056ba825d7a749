"""Serving calls on a UNIX socket until told to stop: the I/O around `connection`.

Owns sockets, tasks and the clock. Whatever the calls of one turn of the loop answer leaves in one write.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from pathlib import Path
from typing import cast

from grpcfront.connection import Connection
from grpcfront.events import Called, Cancelled, Ended, Event
from grpcfront.statuses import BROKEN, NO_SUCH_METHOD, Refusal

Handler = Callable[[bytes], Awaitable[bytes | Refusal]]
Methods = Mapping[str, Handler]
"""By the path of a method: `/package.Service/Method`."""

GREETED_WITHIN_S = 10.0
"""Who connects and says nothing does not keep a file open for ever."""
CLOSED_WITHIN_S = 10.0
"""Nor who does not read how it ended."""

_log = logging.getLogger(__name__)


def listening(path: Path) -> socket.socket:
    """A socket at `path`, where nobody is yet; who connects from now on waits for `serve`."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(str(path))
    bound.listen()
    return bound


async def serve(methods: Methods, at: socket.socket, stop: asyncio.Event, *, drain_s: float) -> None:
    """Answer calls of those who connect until `stop`, then finish what is in flight within `drain_s`."""
    peers: set[_Peer] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: _Peer(methods, peers, loop), sock=at)
    try:
        await stop.wait()
    finally:
        server.close()
        await _drained(peers, drain_s)


async def _drained(peers: "set[_Peer]", within_s: float) -> None:
    for peer in list(peers):
        peer.drain()
    ends = [peer.ended for peer in peers]
    if ends:
        await asyncio.wait(ends, timeout=within_s)
    for peer in list(peers):
        peer.abort()


class _Peer(asyncio.Protocol):
    """One connection, from its beginning to its loss."""

    def __init__(self, methods: Methods, peers: "set[_Peer]", loop: asyncio.AbstractEventLoop) -> None:
        self._methods = methods
        self._peers = peers
        self._loop = loop
        self._connection = Connection()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._writes_soon = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_s = inf
        self.ended: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peers.add(self)
        self._greeting = self._loop.call_later(GREETED_WITHIN_S, self._must_have_greeted)
        self._write()

    def data_received(self, data: bytes) -> None:
        self._follow(self._connection.receive(data, self._loop.time()))

    def eof_received(self) -> None:
        """Whoever says no more hears no more: the transport closes, and with it goes what is in flight."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.discard(self)
        self._greeting.cancel()
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._tasks.values():
            task.cancel()
        self.ended.set_result(None)

    def pause_writing(self) -> None:
        # Who does not read its answers is not asked for more questions.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def drain(self) -> None:
        """Take no more than what is on its way."""
        self._connection.drain()
        self._write_soon()

    def abort(self) -> None:
        """The time is over."""
        self._transport.abort()

    def _must_have_greeted(self) -> None:
        if not self._connection.greeted:
            self._transport.abort()

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Called():
                    self._called(event)
                case Cancelled(stream_id):
                    if task := self._tasks.pop(stream_id, None):
                        task.cancel()
                case Ended(code, why):
                    _log.warning("gRPC connection ended: %s: %s", code.name, why)
        if self._connection.due_s < self._alarm_s:
            self._set_alarm()
        self._write_soon()

    def _called(self, call: Called) -> None:
        handler = self._methods.get(call.path)
        if handler is None:
            self._connection.refuse(call.stream_id, NO_SUCH_METHOD)
            return
        # A task of its own, not of a group: it ends with its connection, and nothing else waits for it.
        task = self._loop.create_task(self._answered(handler, call.stream_id, call.message))
        self._tasks[call.stream_id] = task

    async def _answered(self, handler: Handler, stream_id: int, message: bytes) -> None:
        try:
            answer = await handler(message)
        except Exception:
            _log.exception("gRPC handler failed")
            answer = BROKEN
        self._tasks.pop(stream_id, None)
        if isinstance(answer, Refusal):
            self._connection.refuse(stream_id, answer)
        else:
            self._connection.answer(stream_id, answer)
        self._write_soon()

    def _set_alarm(self) -> None:
        # One for all calls. It rings for deadlines of calls that were answered long ago, too, and is then set again.
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._alarm_s = self._connection.due_s
        if self._alarm_s < inf:
            self._alarm = self._loop.call_at(self._alarm_s, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        self._alarm_s = inf
        self._follow(self._connection.expire(self._loop.time()))

    def _write_soon(self) -> None:
        if not self._writes_soon:
            self._writes_soon = True
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._writes_soon = False
        if self._transport.is_closing():
            return
        if out := self._connection.to_send():
            self._transport.write(out)
        if self._connection.finished:
            self._transport.close()
            self._loop.call_later(CLOSED_WITHIN_S, self._transport.abort)
