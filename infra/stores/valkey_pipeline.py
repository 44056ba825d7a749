"""One connection to Valkey for all callers of a process: commands go out as they come, answers come back in order.

For the hot path, where redis-py's pool would cost more than the decision itself. Owns the wire (RESP2), the deadline
and the way back after a loss; knows no key and no script.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha1
from typing import Any, cast

import hiredis

from infra.stores.valkey import Call, Server, StoreUnavailable, server, side_by_side

CONNECT_TIMEOUT_S = 1.0
"""Nobody waits so long: callers go when their own deadline has passed, and find the connection when they come again."""
STALL_TIMEOUT_S = 0.25
"""An answer that is overdue for longer never comes: the connection is given up."""

# The stub of hiredis knows commands of one word only.
_packed = cast("Callable[[tuple[str | bytes | int, ...]], bytes]", hiredis.pack_command)
_INCOMPLETE = object()
_UNKNOWN_SCRIPT = "NOSCRIPT"


class PipelinedClient:
    """A client of the server at `url`; nothing is opened before the first call.

    Each caller waits for as long as it may, and no longer: an answer that comes late is known by its place and dropped.
    A connection on which one is long overdue is given up with all that waits on it. How many may wait is for the
    callers to bound. `node`: another server that the URL's credentials are good for.
    """

    def __init__(self, url: str, *, timeout_s: float, node: tuple[str, int] | None = None) -> None:
        place = server(url)
        self._place = replace(place, host=node[0], port=node[1]) if node else place
        self._timeout_s = timeout_s
        self._link: _Link | None = None
        self._opening: asyncio.Task[str] | None = None

    def script(self, text: str) -> "PipelinedScript":
        """A script to call."""
        return PipelinedScript(self, text)

    def partition(self, key: str) -> str:
        """The whole."""
        return ""

    async def execute_transaction(self, *commands: tuple[str | bytes | int, ...]) -> Any:
        """The answer to the last of several commands that nothing comes between."""
        return (await self.execute_packed(list(map(_packed, commands))))[-1]

    async def execute(self, *command: str | bytes | int) -> Any:
        """The answer to one command, bulk strings as bytes and an error as `hiredis.ReplyError`; else StoreLost."""
        return (await self.execute_packed([_packed(command)]))[0]

    def execute_packed(self, commands: Sequence[bytes]) -> Awaitable[list[Any]]:
        """The answers to several commands, as `ask` has them. They are asked before anybody waits for them."""
        link = self._link
        return self._ask_anew(commands) if link is None or link.lost else link.ask(commands)

    async def _ask_anew(self, commands: Sequence[bytes]) -> list[Any]:
        return await (await self._opened()).ask(commands)

    async def close(self) -> None:
        """Give up the connection, and one that is being made."""
        if self._opening is not None:
            self._opening.cancel()
            with suppress(asyncio.CancelledError):
                await self._opening
        if self._link is not None:
            self._link.give_up("closed")

    async def _opened(self) -> "_Link":
        # A task of its own: the caller that happened to come first may leave, and others wait for the same connection.
        opening = self._opening
        if opening is None or opening.done():
            opening = self._opening = asyncio.create_task(self._open())
        done, _ = await asyncio.wait({opening}, timeout=self._timeout_s)
        if not done:
            raise StoreUnavailable("not connected within the deadline")
        # Of the attempt that was waited for: by now somebody may have begun another one.
        trouble = opening.result()
        if trouble or self._link is None:
            raise StoreUnavailable(trouble)
        return self._link

    async def _open(self) -> str:
        """Make the connection; tells why there is none, and nothing if there is."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                link = await self._connected()
                for command in _introductions(self._place):
                    if isinstance(refusal := (await link.ask([command]))[0], hiredis.ReplyError):
                        link.give_up("not let in")
                        return f"not let in: {refusal}"
                self._link = link
                return ""
        except (OSError, StoreUnavailable) as error:
            return f"{type(error).__name__}: {error}"

    async def _connected(self) -> "_Link":
        loop, place = asyncio.get_running_loop(), self._place

        def link() -> _Link:
            return _Link(loop, self._timeout_s)

        if place.path:
            return (await loop.create_unix_connection(link, place.path))[1]
        secure = ssl.create_default_context(cafile=place.ca_file) if place.secure else None
        return (await loop.create_connection(link, place.host, place.port, ssl=secure))[1]


class PipelinedScript:
    """A Lua script, sent as EVALSHA; a server that has forgotten it (NOSCRIPT) is taught it again."""

    def __init__(self, valkey: PipelinedClient, text: str) -> None:
        self._valkey = valkey
        self._text = text
        self._name = sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """See `Script`."""
        answer = await self.call(keys, args)
        if isinstance(answer, hiredis.ReplyError):
            # Loading, read-only, out of memory, not what we take it for.
            raise StoreUnavailable(str(answer))
        return answer

    async def call_many(self, calls: Sequence[Call]) -> Sequence[Any | StoreUnavailable]:
        """See `Script`: all in one write, answered when the last one is."""
        try:
            answers = await self._valkey.execute_packed([call.packed or self._pack(call) for call in calls])
        except StoreUnavailable as lost:
            return [lost] * len(calls)
        for place, answer in enumerate(answers):
            if isinstance(answer, hiredis.ReplyError):
                answers[place] = await self._instead(answer, calls[place])
        return answers

    async def _instead(self, error: hiredis.ReplyError, call: Call) -> Any:
        if not str(error).startswith(_UNKNOWN_SCRIPT):
            return StoreUnavailable(str(error))
        [answer] = await side_by_side(self, [call])
        return answer

    def _pack(self, call: Call) -> bytes:
        call.packed = _packed(("EVALSHA", self._name, len(call.keys), *call.keys, *call.args))
        return call.packed

    async def call(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """As a call, but for an error of the server's: that is an answer."""
        answer = await self._valkey.execute("EVALSHA", self._name, len(keys), *keys, *args)
        if isinstance(answer, hiredis.ReplyError) and str(answer).startswith(_UNKNOWN_SCRIPT):
            answer = await self._valkey.execute("EVAL", self._text, len(keys), *keys, *args)
        return answer

    async def call_asking(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """As `call`, of a server that a slot is on its way to."""
        return await self._valkey.execute_transaction(("ASKING",), ("EVAL", self._text, len(keys), *keys, *args))


def _introductions(place: Server) -> list[bytes]:
    """What has to be said first on a connection, by the URL's name, password and number of the database."""
    said: list[tuple[str, ...]] = []
    if place.password:
        said.append(("AUTH", place.username, place.password))
    if place.database:
        said.append(("SELECT", str(place.database)))
    return [_packed(command) for command in said]


class _Asked:
    """So many commands that were asked together, and what came of them so far."""

    __slots__ = ("answers", "came", "count")

    def __init__(self, answers: asyncio.Future[list[Any]], count: int) -> None:
        self.answers = answers
        self.count = count
        self.came: list[Any] = []


class _Link(asyncio.Protocol):
    """One connection, from its beginning to its loss."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_s: float) -> None:
        self.lost = False
        self._loop = loop
        self._timeout_s = timeout_s
        self._reader = hiredis.Reader(notEnoughData=_INCOMPLETE)
        self._unsent: list[bytes] = []
        self._asking: deque[_Asked] = deque()
        # Per write: when its answers are due, and those that are still missing, given up or not.
        self._sent: deque[tuple[float, deque[_Asked]]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, commands: Sequence[bytes]) -> asyncio.Future[list[Any]]:
        """The answers to packed commands, in the future; StoreLost when the connection is given up before all came."""
        answers: asyncio.Future[list[Any]] = self._loop.create_future()
        if self.lost:
            answers.set_exception(StoreUnavailable("the connection was lost"))
            return answers
        # All commands of one turn of the loop leave in one write.
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent += commands
        self._asking.append(_Asked(answers, len(commands)))
        return answers

    def _send(self) -> None:
        if self.lost:
            return
        # Due from now on, not from when it was asked: what this process itself took in between is not Valkey's doing.
        due_s = self._loop.time() + self._timeout_s
        self._sent.append((due_s, self._asking))
        self._asking = deque()
        self._transport.write(b"".join(self._unsent))
        self._unsent.clear()
        self._wake_at(due_s)

    def _wake_at(self, when_s: float) -> None:
        if self._alarm is not None:
            if self._alarm.when() <= when_s:
                return
            self._alarm.cancel()
        self._alarm = self._loop.call_at(when_s, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        # One alarm for all that waits, set again when it rings. What has arrived by now was read before: the loop
        # serves sockets first.
        self._alarm = None
        if not self._sent:
            return
        now_s = self._loop.time()
        rings_s = self._sent[0][0] + STALL_TIMEOUT_S
        if rings_s <= now_s:
            self.give_up("no answer long after the deadline")
            return
        for due_s, waiting in self._sent:
            if due_s > now_s:
                rings_s = min(rings_s, due_s)
                break
            _tell(waiting, "no answer within the deadline")
        self._wake_at(rings_s)

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not _INCOMPLETE:
                self._answered(answer)
        except hiredis.ProtocolError as error:
            self.give_up(f"not RESP: {error}")

    def _answered(self, answer: Any) -> None:
        if not self._sent:
            raise hiredis.ProtocolError("an answer to nothing")
        waiting = self._sent[0][1]
        asked = waiting[0]
        asked.came.append(answer)
        if len(asked.came) < asked.count:
            return
        waiting.popleft()
        if not waiting:
            self._sent.popleft()
        # Whoever asked may have left; raising here would leave all later answers unread.
        if not asked.answers.done():
            asked.answers.set_result(asked.came)

    def connection_lost(self, exc: Exception | None) -> None:
        self.give_up(f"the connection was lost: {exc or 'closed by the server'}")

    def give_up(self, cause: str) -> None:
        """Close, and tell all who wait."""
        if self.lost:
            return
        self.lost = True
        if self._alarm is not None:
            self._alarm.cancel()
        self._transport.abort()
        for waiting in (*(waiting for _, waiting in self._sent), self._asking):
            _tell(waiting, cause)
        self._sent.clear()


def _tell(waiting: deque[_Asked], cause: str) -> None:
    """Those who still wait for one of these get none."""
    for asked in waiting:
        if not asked.answers.done():
            asked.answers.set_exception(StoreUnavailable(cause))
