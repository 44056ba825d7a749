"""What must hold of a connection to our own server, whatever bytes come and however they are cut."""

from collections.abc import Callable, Coroutine, Generator
from typing import Any, cast

from infra.httpserver import connection
from infra.httpserver.arriving import Arriving
from infra.httpserver.connection import Connection
from infra.httpserver.messages import Request, Response

_LEAVES_BODY = 0x80
ANSWER = b"answered"


class _Turn:
    """Awaited: until whoever drives has fed more."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class _Loop:
    """As much of a loop as a connection takes; nothing happens but when it is driven."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.tasks: list[Coroutine[Any, Any, None]] = []

    def time(self) -> float:
        return 1.0

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def drive(self) -> None:
        """Until there is nothing to do without more bytes."""
        while True:
            soon, self.soon = self.soon, []
            for callback in soon:
                callback()
            tasks, self.tasks = self.tasks, []
            for task in tasks:
                try:
                    task.send(None)
                except StopIteration:
                    pass
                else:
                    self.tasks.append(task)
            if not soon and len(self.tasks) == len(tasks):
                return


class _Task:
    """Begun by the loop that drives it."""

    def done(self) -> bool:
        return False

    def cancel(self) -> None:
        raise AssertionError("nobody is cancelled here")


class Caller:
    """Both ends: what the handler saw, and what came back."""

    def __init__(self, *, leaves_body: bool) -> None:
        self.seen: list[tuple[object, ...]] = []
        self.written = b""
        self.writes = 0
        self.closed = False
        self.paused = False
        self._leaves_body = leaves_body
        self._busy = False
        self._loop = _Loop()
        self._connection = Connection(self, cast("Any", self._loop))
        self._connection.connection_made(cast("Any", self))

    def feed(self, *pieces: bytes) -> "Caller":
        """Each as soon as it is read, and then the end."""
        before, connection._begun = connection._begun, cast("Any", self._begun)
        try:
            for piece in pieces:
                if self.closed:
                    break
                assert not self.paused, "nothing is under way, and nothing is read"
                self._connection.data_received(piece)
                self._loop.drive()
            self._gone()
        finally:
            connection._begun = before
        return self

    def _gone(self) -> None:
        self.gave_up, self.closed = self.closed, True
        self._connection.connection_lost(None)
        self._loop.drive()
        assert not self._loop.tasks, "somebody waits for what will never come"

    def _begun(self, coroutine: Coroutine[Any, Any, None], loop: _Loop) -> _Task:
        loop.tasks.append(coroutine)
        return _Task()

    # The house.

    async def answering(self, request: Request) -> Response:
        assert not self._busy, "two requests of one connection at once"
        self._busy = True
        body = await self._read(request)
        self.seen.append((request.method, request.path, request.query, dict(request.headers), request.repeated, body))
        self._busy = False
        return Response(200, {}, ANSWER)

    async def _read(self, request: Request) -> object:
        body = request.body
        if body is None or self._leaves_body:
            return None
        while (rest := body.rest()) is None:
            if cast("Arriving", body).lost:
                return "lost"
            await _Turn()
        return rest

    def leaves(self) -> bool:
        return False

    def came(self, _: Connection) -> None:
        """See `House`."""

    went = came

    # The transport.

    def write(self, data: bytes) -> None:
        self.written += data
        self.writes += 1

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def judge(data: bytes) -> tuple[int, bool]:
    """Say what follows the first byte, which tells in which pieces and whether bodies are read; see that it is right.

    How many requests there were, and whether the connection was given up.
    """
    how = (data[:1] or b"\0")[0]
    leaves_body, size = bool(how & _LEAVES_BODY), how & ~_LEAVES_BODY
    asked = data[1:]
    whole = Caller(leaves_body=leaves_body).feed(asked)
    assert whole.writes == whole.written.count(b"HTTP/1.1 ") >= len(whole.seen) - 1
    if size:
        cut = Caller(leaves_body=leaves_body).feed(*(asked[at : at + size] for at in range(0, len(asked), size)))
        assert (cut.seen, cut.gave_up) == (whole.seen, whole.gave_up), (cut.seen, whole.seen)
        assert _undated(cut.written) == _undated(whole.written)
    return len(whole.seen), whole.gave_up


def _undated(answers: bytes) -> list[bytes]:
    """Without the date; and it depends on the pieces whether an answer knows already that nothing will follow it."""
    return [line for line in answers.split(b"\r\n") if not line.startswith((b"Date: ", b"Connection: close"))]
