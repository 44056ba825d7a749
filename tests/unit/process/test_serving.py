"""Serving and its end: callers are asked to leave, nobody is cut off, and a successor takes the socket over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiohttp import web

from contract.size_and_time_limits import MAX_IN_FLIGHT_PER_TRANSCODER
from infra.process.address import UnixAddress
from infra.process.http_server import LINGER_S, serve, serve_unrouted
from tests.support.processes import accepts

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def address() -> Iterator[UnixAddress]:
    with TemporaryDirectory() as folder:
        yield UnixAddress(Path(folder) / "service.sock")


def routed(word: str, *how: Any, **options: float) -> Coroutine[Any, Any, None]:
    """A service that says a word at its one path."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=word)

    app = web.Application()
    app.router.add_get("/", answer)
    return serve(app, *how, **options)


def unrouted(word: str, *how: Any, **options: float) -> Coroutine[Any, Any, None]:
    """One that says it to everything."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(text=word)

    return serve_unrouted(answer, *how, **options)


@pytest.fixture(params=[routed, unrouted], autouse=True)
def _serves(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is for both ways of serving."""
    monkeypatch.setitem(SERVES, "by", request.param)


SERVES: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {}


@asynccontextmanager
async def serving(address: UnixAddress, word: str, **options: float) -> AsyncIterator[asyncio.Event]:
    """A service that says a word; the event is its SIGTERM."""
    stop = asyncio.Event()
    before = address.path.stat().st_ino if address.path.exists() else 0
    async with asyncio.TaskGroup() as group:
        group.create_task(SERVES["by"](word, address, stop, **options))
        async with asyncio.timeout(5):
            while not address.path.exists() or address.path.stat().st_ino == before:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        try:
            yield stop
        finally:
            stop.set()


class Line:
    """A connection that is kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    @classmethod
    async def to(cls, address: UnixAddress) -> "Line":
        return cls(*await asyncio.open_unix_connection(address.path))

    async def ask(self) -> tuple[str, str]:
        """Head and body of an answer."""
        self._writer.write(ASK)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return head, (await self.reader.readexactly(size)).decode()

    def close(self) -> None:
        self._writer.close()


async def test_as_many_as_the_edge_lets_in_may_connect_while_it_looks_at_nobody(address: UnixAddress) -> None:
    async with serving(address, "word"):
        with ExitStack() as connected:
            for _ in range(MAX_IN_FLIGHT_PER_TRANSCODER):
                line = connected.enter_context(socket(AF_UNIX))
                line.setblocking(False)
                line.connect(str(address.path))  # as the edge does; BlockingIOError if there is no room


async def test_whoever_asks_on_a_kept_connection_is_answered_and_asked_to_close(address: UnixAddress) -> None:
    async with serving(address, "word") as stop:
        line = await Line.to(address)
        assert "connection: close" not in (await line.ask())[0]
        stop.set()
        await asyncio.sleep(0)
        head, word = await line.ask()
        assert word == "word"
        assert "connection: close" in head
        assert await line.reader.read() == b""
        line.close()


async def test_an_idle_connection_is_its_callers_to_close(address: UnixAddress) -> None:
    async with serving(address, "word") as stop:
        line = await Line.to(address)
        await line.ask()
        stop.set()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await line.reader.read()
        line.close()
    assert not await accepts(address)


async def test_a_caller_that_never_leaves_is_left(address: UnixAddress) -> None:
    async with serving(address, "word", linger_s=0.05) as stop:
        line = await Line.to(address)
        await line.ask()
        stop.set()
        async with asyncio.timeout(LINGER_S):
            assert await line.reader.read() == b""
        line.close()


async def test_a_successor_is_who_answers_from_then_on_and_its_predecessor_finishes_what_it_has(
    address: UnixAddress,
) -> None:
    async with serving(address, "old") as stop:
        kept = await Line.to(address)
        await kept.ask()
        async with serving(address, "new"):
            fresh = await Line.to(address)
            assert (await fresh.ask())[1] == "new"
            assert (await kept.ask())[1] == "old"
            stop.set()
            assert (await kept.ask())[1] == "old"
            assert (await fresh.ask())[1] == "new"
            assert await accepts(address), "the end of the old one takes nothing from the new one"
            fresh.close()
            kept.close()


async def test_only_the_owner_may_ask(address: UnixAddress) -> None:
    async with serving(address, "word"):
        assert address.path.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in address.path.parent.iterdir()] == [address.path.name]


async def test_who_has_connected_before_the_end_is_answered_and_nobody_finds_it_afterwards(
    address: UnixAddress,
) -> None:
    async with serving(address, "last") as stop:
        with socket(AF_UNIX) as caller:
            stop.set()
            caller.connect(str(address.path))
            caller.sendall(ASK)
            caller.setblocking(False)
            async with asyncio.timeout(5):
                answer = await asyncio.get_running_loop().sock_recv(caller, 4096)
        assert b"last" in answer
        assert not address.path.exists()
