"""What stands where a Valkey should be: both clients leave it in time, and believe nothing that comes late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from infra.stores.valkey import StoreUnavailable
from tests.stores.valkey_clients import (
    AMPLE_S,
    ANSWER,
    AT_ONCE_S,
    CLIENTS,
    TIMEOUT_S,
    Client,
    Connect,
    answering,
    connected,
    lost_after_s,
)
from tests.support.waiting import until

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(folder: Path, answer: Answering, connect: Connect, timeout_s: float) -> AsyncIterator[Client]:
    """A client of what answers so."""
    socket = folder / "valkey.sock"
    async with (
        await asyncio.start_unix_server(answer, socket),
        connected(connect, f"unix://{socket}", timeout_s) as client,
    ):
        yield client


GARBAGE = {
    "speaks HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "answers with bytes at random": bytes(range(255, 127, -1)),
    "answers half and closes": b"$10\r\nabc",
    "closes at once": b"",
    "announces an answer without end": b"*1000000\r\n:1\r\n",
    "announces a negative size": b"$-7\r\n",
}


@pytest.mark.parametrize("said", GARBAGE.values(), ids=GARBAGE.keys())
async def test_a_peer_is_no_server_that(said: bytes, folder: Path, connect: Connect) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)
        writer.close()

    async with peer(folder, answer, connect, AMPLE_S) as client:
        for _ in range(3):
            assert await lost_after_s(lambda: client.script(ANSWER)([], ["x"])) < AT_ONCE_S


async def test_a_peer_that_stops_in_the_middle_of_an_answer_is_lost_within_the_deadline(
    folder: Path, connect: Connect
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"$10\r\nabc")
        await reader.read()
        writer.close()

    async with peer(folder, answer, connect, TIMEOUT_S) as client:
        for _ in range(3):
            assert await lost_after_s(lambda: client.script(ANSWER)([], ["x"])) < AT_ONCE_S


async def test_a_peer_that_answers_too_late_is_not_believed_later(folder: Path, connect: Connect) -> None:
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while said := await reader.read(1000):
            for _ in range(said.count(b"EVALSHA")):
                asked += 1
                if asked <= 2:
                    # Both come late; the answers name what was asked.
                    await asyncio.sleep(2 * TIMEOUT_S)
                writer.write(b":%d\r\n" % asked)
        writer.close()

    async with peer(folder, answer, connect, TIMEOUT_S) as client:
        script = client.script(ANSWER)
        for _ in range(2):
            await lost_after_s(lambda: script([], ["x"]))
        for asked_by_us in range(3, 10):
            with suppress(StoreUnavailable):  # it may still be busy with what nobody waits for
                assert await script([], ["x"]) == asked_by_us
                break
        else:
            raise AssertionError("no answer any more")


async def test_what_waits_behind_an_answer_that_is_overdue_has_its_own_time(folder: Path) -> None:
    """Only where one connection carries all."""
    goes_on = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        await goes_on.wait()
        await reader.read(1000)
        writer.write(b":1\r\n:2\r\n")
        await reader.read(1000)
        writer.write(b":3\r\n")
        writer.close()

    async with peer(folder, answer, CLIENTS["pipelined"], 0.4) as client:
        script = client.script(ANSWER)
        first = asyncio.ensure_future(script([], ["x"]))
        await asyncio.sleep(0.2)
        second = asyncio.ensure_future(script([], ["x"]))
        with pytest.raises(StoreUnavailable, match="within the deadline"):
            await first
        goes_on.set()
        assert await second == 2
        assert await script([], ["x"]) == 3


async def test_a_connection_on_which_an_answer_never_comes_is_left_for_another_one(folder: Path) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.read(1000):
            if connections > 1:
                writer.write(b":1\r\n")
        writer.close()

    async with peer(folder, answer, CLIENTS["pipelined"], TIMEOUT_S) as client:
        await answering(client.script(ANSWER))


async def test_a_peer_that_says_more_than_it_was_asked_is_left(folder: Path) -> None:
    """Only where answers are told apart by their order; the pool looks before it lends a connection."""
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read(1000)
        writer.write(b":1\r\n:2\r\n")
        await reader.read()
        writer.close()

    async with peer(folder, answer, CLIENTS["pipelined"], AMPLE_S) as client:
        script = client.script(ANSWER)
        assert [await script([], ["x"]) for _ in range(3)] == [1, 1, 1]
        assert connections == 3


async def test_a_connection_that_its_first_caller_did_not_wait_for_is_the_next_ones(folder: Path) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.read(1000):
            writer.write(b":1\r\n")
        writer.close()

    async with peer(folder, answer, CLIENTS["pipelined"], AMPLE_S) as client:
        script = client.script(ANSWER)
        left = asyncio.ensure_future(script([], ["x"]))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        await until(lambda: connections == 1, "the connection that nobody waits for")
        assert await script([], ["x"]) == 1
        assert connections == 1
