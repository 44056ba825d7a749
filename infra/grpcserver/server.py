"""Serving calls on a UNIX socket until told to stop: the I/O around `connection`.

Owns sockets, tasks and the clock. Answers of calls that came together and are answered together leave in one write.
"""

import asyncio
import logging
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import cast

from infra.grpcserver.connection import Connection
from infra.grpcserver.events import CallCancelled, CallReceived, ConnectionEnded, Event
from infra.grpcserver.statuses import HANDLER_FAILED, NO_SUCH_METHOD, CallError

Response = bytes | CallError
SendResponse = Callable[[CallReceived, Response], None]
Handler = Callable[[Sequence[CallReceived], SendResponse], Awaitable[None]]
"""Gives its answer to each of the calls that came at once, as soon as it has it; what is shared by them costs once."""
Methods = Mapping[str, Handler]
"""By the path of a method: `/package.Service/Method`."""

PREFACE_TIMEOUT_S = 10.0
"""Who connects and says nothing does not keep a file open for ever."""
CLOSE_TIMEOUT_S = 10.0
"""Nor who does not read how it ended."""

_log = logging.getLogger(__name__)


def bind(path: Path) -> socket.socket:
    """A socket at `path`, where nobody is yet; who connects from now on waits for `serve`."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(str(path))
    bound.listen()
    return bound


async def serve(
    methods: Methods, at: socket.socket, stop: asyncio.Event, *, drain_s: float, keep: Sequence[str] = ()
) -> None:
    """Answer calls of those who connect until `stop`, then finish what is in flight within `drain_s`.

    `keep`: names of fields (gRPC's metadata) that handlers are told the values of.
    """
    peers: set[_Peer] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: _Peer(methods, keep, peers, loop), sock=at)
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

    def __init__(
        self, methods: Methods, keep: Sequence[str], peers: "set[_Peer]", loop: asyncio.AbstractEventLoop
    ) -> None:
        self._methods = methods
        self._peers = peers
        self._loop = loop
        self._connection = Connection(keep)
        self._waiting: dict[int, _Batch] = {}
        self._writes_soon = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_s = inf
        self.ended: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peers.add(self)
        self._greeting = self._loop.call_later(PREFACE_TIMEOUT_S, self._must_have_greeted)
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
        for batch in self._waiting.values():
            batch.task.cancel()
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
        if not self._connection.has_preface:
            self._transport.abort()

    def _follow(self, events: list[Event]) -> None:
        called: dict[Handler, list[CallReceived]] = defaultdict(list)
        for event in events:
            match event:
                case CallReceived():
                    if handler := self._methods.get(event.path):
                        called[handler].append(event)
                    else:
                        self._connection.reject(event.stream_id, NO_SUCH_METHOD)
                case CallCancelled(stream_id):
                    self._cancelled(stream_id)
                case ConnectionEnded(code, why):
                    _log.warning("gRPC connection ended: %s: %s", code.name, why)
        for handler, calls in called.items():
            self._call(handler, calls)
        if self._connection.next_deadline_s < self._alarm_s:
            self._set_alarm()
        self._write()

    def _call(self, handler: Handler, calls: Sequence[CallReceived]) -> None:
        # A task of its own, not of a group: it ends with its connection, and nothing else waits for it.
        batch = _Batch(self._loop.create_task(self._answered(handler, calls)), len(calls))
        for call in calls:
            self._waiting[call.stream_id] = batch

    async def _answered(self, handler: Handler, calls: Sequence[CallReceived]) -> None:
        try:
            await handler(calls, self._give)
        except Exception:
            _log.exception("gRPC handler failed")
        for call in calls:
            if call.stream_id in self._waiting:
                self._give(call, HANDLER_FAILED)

    def _give(self, call: CallReceived, answer: Response) -> None:
        if isinstance(answer, CallError):
            self._connection.reject(call.stream_id, answer)
        else:
            self._connection.respond(call.stream_id, answer)
        batch = self._waiting.pop(call.stream_id, None)
        if batch is None:
            return
        batch.left -= 1
        if batch.left:
            self._write_soon()
        else:
            # Nothing of this read is left to wait for: another turn of the loop would cost a poll.
            self._write()

    def _cancelled(self, stream_id: int) -> None:
        """Who left alone is only forgotten: its answer will be for nobody. When all have left, it is not looked for."""
        batch = self._waiting.pop(stream_id, None)
        if batch is not None:
            batch.left -= 1
            if not batch.left:
                batch.task.cancel()

    def _set_alarm(self) -> None:
        # One for all calls. It rings for deadlines of calls that were answered long ago, too, and is then set again.
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        self._alarm_s = self._connection.next_deadline_s
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
        if out := self._connection.data_to_send():
            self._transport.write(out)
        if self._connection.is_finished:
            self._transport.close()
            self._loop.call_later(CLOSE_TIMEOUT_S, self._transport.abort)


@dataclass(slots=True)
class _Batch:
    """Calls that are answered together, and how many of them still wait."""

    task: asyncio.Task[None]
    left: int


def for_each(handler: Callable[[bytes], Awaitable[Response]]) -> Handler:
    """For what shares nothing: each call is answered for itself."""

    async def answered(call: CallReceived, give: SendResponse) -> None:
        try:
            give(call, await handler(call.message))
        except Exception:
            _log.exception("gRPC handler failed")
            give(call, HANDLER_FAILED)

    async def on_calls(calls: Sequence[CallReceived], give: SendResponse) -> None:
        async with asyncio.TaskGroup() as tasks:
            for call in calls:
                tasks.create_task(answered(call, give))

    return on_calls
