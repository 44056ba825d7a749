"""Who has connected is let in, however many they are, on the loop that services run on."""

import asyncio
import resource
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from select import POLLIN, poll
from socket import AF_UNIX, create_connection, socket
from tempfile import TemporaryDirectory

import pytest
import uvloop
from aiohttp import web

from infra.process.address import Address, TcpAddress, UnixAddress
from infra.process.http_server import serve_unrouted
from tests.support.processes import accepts, free_ports

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
MANY, TURNS = 300, 50
WITHIN_S = 10.0


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    if request.param == "tcp":
        yield TcpAddress("127.0.0.1", *free_ports(1))
        return
    with TemporaryDirectory() as folder:
        yield UnixAddress(Path(folder) / "service.sock")


def to(address: Address) -> socket:
    """A connection that has asked."""
    if isinstance(address, TcpAddress):
        line = create_connection((address.host, address.port))
    else:
        line = socket(AF_UNIX)
        line.connect(str(address.path))
    line.sendall(ASK)
    return line


def served(address: Address, while_it_serves: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> None:
    """A service on uvloop, until that is done; the event tells it to stop."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b"word")

    async def run() -> None:
        stop = asyncio.Event()
        async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
            group.create_task(serve_unrouted(answer, address, stop, linger_s=0.0))
            while not await accepts(address):  # noqa: ASYNC110
                await asyncio.sleep(0)
            await while_it_serves(stop)
            stop.set()

    uvloop.run(run())


async def answered(lines: list[socket]) -> int:
    """How many turns of the loop it takes until each has an answer."""
    looks, left, turns = poll(), {line.fileno() for line in lines}, 0
    for number in left:
        looks.register(number, POLLIN)
    while left:
        turns += 1
        await asyncio.sleep(0)
        for number, _ in looks.poll(0):
            left.discard(number)
            looks.unregister(number)
    return turns


def test_hundreds_who_come_at_once_are_all_answered_within_a_few_turns_of_the_loop(address: Address) -> None:
    with ExitStack() as held:

        async def come(_: asyncio.Event) -> None:
            assert await answered([held.enter_context(to(address)) for _ in range(MANY)]) < TURNS

        served(address, come)


@pytest.mark.parametrize("address", ["unix"], indirect=True)  # a port has no path that could be vacated first
def test_all_who_had_connected_when_it_was_told_to_stop_are_answered(address: Address) -> None:
    with ExitStack() as held:

        async def come(stop: asyncio.Event) -> None:
            lines = [held.enter_context(to(address)) for _ in range(MANY)]
            stop.set()
            assert await answered(lines)
            assert all(line.recv(1024).startswith(b"HTTP/1.1 200") for line in lines)

        served(address, come)


def test_who_finds_no_file_descriptor_left_is_let_in_when_there_is_one(address: Address) -> None:
    unforeseen: list[object] = []
    with ExitStack() as held:

        async def come(_: asyncio.Event) -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, told: unforeseen.append(told))
            line = held.enter_context(to(address))
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            try:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert await answered([line])

        served(address, come)
    assert unforeseen == []
