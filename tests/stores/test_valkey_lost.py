"""Both clients: a Valkey that is away, silent, full, read-only or none at all is one error, within the deadline, and
comes back by itself.
"""

import asyncio
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest
from redis.asyncio import Redis

from stores.pipelined import Pipelined
from stores.valkey import Script, Scripts, StoreLost, valkey_url
from tests.stores.redis_py import Valkey
from tests.stores.valkey_process import LOADING_SLOWLY, valkey_at
from tests.support.processes import free_ports
from tests.support.waiting import until

TIMEOUT_S = 0.05
AMPLE_S = 5.0
AT_ONCE_S = 1.0
"""Less than redis-py takes with its retries (4 to 5 s), and more than a busy machine adds."""
ANSWER = "return ARGV[1]"
WRITE = "redis.call('SET', KEYS[1], ARGV[1]) return 1"


class Client(Scripts, Protocol):
    """A client of a server, whichever it is."""

    async def close(self) -> None: ...


Connect = Callable[[str, float], Client]
CLIENTS: dict[str, Connect] = {
    "pooled": lambda url, timeout_s: Valkey(url, timeout_s=timeout_s),
    "pipelined": lambda url, timeout_s: Pipelined(url, timeout_s=timeout_s),
}


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS.keys())
def connect(request: pytest.FixtureRequest) -> Connect:
    made: Connect = request.param
    return made


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[tuple[str, Process]]:
    async with valkey_at(folder) as started:
        yield started


@asynccontextmanager
async def connected(connect: Connect, url: str, timeout_s: float) -> AsyncIterator[Client]:
    client = connect(url, timeout_s)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def valkey(connect: Connect, server: tuple[str, Process]) -> AsyncIterator[Client]:
    async with connected(connect, server[0], TIMEOUT_S) as client:
        yield client


@pytest.fixture
async def patient(connect: Connect, valkey_url: str) -> AsyncIterator[Client]:
    async with connected(connect, valkey_url, AMPLE_S) as client:
        yield client


async def lost_after_s(call: Callable[[], Awaitable[object]]) -> float:
    began_s = time.monotonic()
    with pytest.raises(StoreLost):
        await call()
    return time.monotonic() - began_s


async def answering(script: Script) -> None:
    async with asyncio.timeout(AMPLE_S):
        while True:
            try:
                await script([], ["x"])
            except StoreLost:
                continue
            return


async def test_answers_are_what_the_script_returns(patient: Client) -> None:
    words = patient.script("return {1, 'two', {KEYS[1], ARGV[1], ARGV[2]}, false}")
    assert await words(["key"], [b"\x00\r\n\xff", 3]) == [1, b"two", [b"key", b"\x00\r\n\xff", b"3"], None]


async def test_answers_larger_than_a_read_arrive_whole(patient: Client) -> None:
    big = bytes(range(256)) * 8192
    assert await patient.script(ANSWER)([], [big]) == big


async def test_each_of_many_callers_gets_its_own_answer(patient: Client) -> None:
    script = patient.script(ANSWER)
    answers = await asyncio.gather(*(script([], [str(n)]) for n in range(500)))
    assert answers == [str(n).encode() for n in range(500)]


async def test_an_error_of_the_script_is_lost_and_hurts_nobody_else(patient: Client) -> None:
    wrong, right = patient.script("return redis.call('NONSENSE')"), patient.script(ANSWER)
    answers = await asyncio.gather(
        *(script([], ["x"]) for _ in range(20) for script in (wrong, right)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [StoreLost, bytes] * 20


async def test_a_forgotten_script_is_taught_again_to_all_who_call_it_at_once(
    server: tuple[str, Process], connect: Connect
) -> None:
    async with connected(connect, server[0], AMPLE_S) as client, Redis.from_url(server[0]) as redis:
        script = client.script(ANSWER)
        for _ in range(2):
            assert await asyncio.gather(*(script([], ["x"]) for _ in range(20))) == [b"x"] * 20
            await redis.script_flush()


async def test_a_server_that_refuses_is_lost_at_once(connect: Connect) -> None:
    async with connected(connect, "redis://127.0.0.1:1", TIMEOUT_S) as client:
        assert await lost_after_s(lambda: client.script(ANSWER)([], ["x"])) < AT_ONCE_S


async def test_a_server_that_was_killed_is_lost_at_once(server: tuple[str, Process], valkey: Client) -> None:
    script = valkey.script(ANSWER)
    assert await script([], ["x"]) == b"x"
    server[1].kill()
    await server[1].wait()
    assert await lost_after_s(lambda: script([], ["x"])) < AT_ONCE_S


async def test_a_server_that_is_silent_is_lost_within_the_deadline_and_answers_its_next_caller_rightly(
    server: tuple[str, Process], valkey: Client
) -> None:
    script = valkey.script(ANSWER)
    await script([], ["before"])
    server[1].send_signal(signal.SIGSTOP)
    try:
        for _ in range(3):
            assert TIMEOUT_S * 0.9 < await lost_after_s(lambda: script([], ["unheard"])) < AT_ONCE_S
    finally:
        server[1].send_signal(signal.SIGCONT)
    await answering(script)
    # The answers to the calls that were given up must not be taken for answers to later ones.
    assert [await script([], [str(n)]) for n in range(5)] == [str(n).encode() for n in range(5)]


async def test_a_server_that_comes_back_is_found_by_the_next_caller(folder: Path, connect: Connect) -> None:
    async with connected(connect, f"unix://{folder}/valkey.sock", AMPLE_S) as client:
        script = client.script(ANSWER)
        for _ in range(3):
            async with valkey_at(folder) as (_, process):
                assert await script([], ["x"]) == b"x"
                process.kill()
                await process.wait()
            await lost_after_s(lambda: script([], ["x"]))


async def test_a_server_that_is_loading_is_lost_until_it_has_loaded(folder: Path, connect: Connect) -> None:
    async with valkey_at(folder) as (url, _), Redis.from_url(url) as redis:
        await redis.mset({str(n): "x" * 1024 for n in range(1000)})
        await redis.save()
    async with valkey_at(folder, *LOADING_SLOWLY) as (url, _), connected(connect, url, AMPLE_S) as client:
        script = client.script(ANSWER)
        with pytest.raises(StoreLost, match=r"(?i)loading"):
            await script([], ["x"])
        await answering(script)


async def test_a_server_that_is_full_is_lost_for_writes(server: tuple[str, Process], valkey: Client) -> None:
    async with Redis.from_url(server[0]) as redis:
        await redis.config_set("maxmemory", "1")
    await lost_after_s(lambda: valkey.script(WRITE)(["key"], ["x"]))


async def test_a_read_only_replica_is_lost_for_writes(server: tuple[str, Process], valkey: Client) -> None:
    async with Redis.from_url(server[0]) as redis:
        await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    await lost_after_s(lambda: valkey.script(WRITE)(["key"], ["x"]))


async def test_callers_that_leave_take_no_connection_with_them(patient: Client) -> None:
    script = patient.script(ANSWER)
    for wave in range(20):
        calls = [asyncio.ensure_future(script([], ["x"])) for _ in range(64)]
        for _ in range(wave):
            await asyncio.sleep(0)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    answers = await asyncio.gather(*(script([], [str(n)]) for n in range(64)))
    assert answers == [str(n).encode() for n in range(64)]


async def test_callers_that_leave_take_no_answer_from_those_that_stay(patient: Client) -> None:
    script = patient.script(ANSWER)
    await script([], ["the connection is there"])
    for wave in range(20):
        leaving = [asyncio.ensure_future(script([], ["x"])) for _ in range(8)]
        staying = [asyncio.ensure_future(script([], [str(n)])) for n in range(8)]
        for _ in range(wave):
            await asyncio.sleep(0)
        for call in leaving:
            call.cancel()
        assert await asyncio.gather(*staying) == [str(n).encode() for n in range(8)]


async def test_more_callers_than_connections_wait_their_turn(patient: Client) -> None:
    script = patient.script(ANSWER)
    assert len(await asyncio.gather(*(script([], ["x"]) for _ in range(100)))) == 100


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

    async with (
        await asyncio.start_unix_server(answer, folder / "valkey.sock"),
        connected(connect, f"unix://{folder}/valkey.sock", AMPLE_S) as client,
    ):
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

    async with (
        await asyncio.start_unix_server(answer, folder / "valkey.sock"),
        connected(connect, f"unix://{folder}/valkey.sock", TIMEOUT_S) as client,
    ):
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

    async with (
        await asyncio.start_unix_server(answer, folder / "valkey.sock"),
        connected(connect, f"unix://{folder}/valkey.sock", TIMEOUT_S) as client,
    ):
        script = client.script(ANSWER)
        for _ in range(2):
            await lost_after_s(lambda: script([], ["x"]))
        for asked_by_us in range(3, 10):
            with suppress(StoreLost):  # it may still be busy with what nobody waits for
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

    async with (
        await asyncio.start_unix_server(answer, folder / "valkey.sock"),
        connected(CLIENTS["pipelined"], f"unix://{folder}/valkey.sock", 0.4) as client,
    ):
        script = client.script(ANSWER)
        first = asyncio.ensure_future(script([], ["x"]))
        await asyncio.sleep(0.2)
        second = asyncio.ensure_future(script([], ["x"]))
        with pytest.raises(StoreLost, match="within the deadline"):
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

    async with (
        await asyncio.start_unix_server(answer, folder / "valkey.sock"),
        connected(CLIENTS["pipelined"], f"unix://{folder}/valkey.sock", TIMEOUT_S) as client,
    ):
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

    async with (
        await asyncio.start_unix_server(answer, folder / "valkey.sock"),
        connected(CLIENTS["pipelined"], f"unix://{folder}/valkey.sock", AMPLE_S) as client,
    ):
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

    async with (
        await asyncio.start_unix_server(answer, folder / "valkey.sock"),
        connected(CLIENTS["pipelined"], f"unix://{folder}/valkey.sock", AMPLE_S) as client,
    ):
        script = client.script(ANSWER)
        left = asyncio.ensure_future(script([], ["x"]))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        await until(lambda: connections == 1, "the connection that nobody waits for")
        assert await script([], ["x"]) == 1
        assert connections == 1


async def test_who_must_give_a_password_and_a_database_does(folder: Path, connect: Connect) -> None:
    [port] = free_ports(1)
    async with valkey_at(folder, "--port", str(port), "--requirepass", "a password") as (_, _):
        async with connected(connect, f"redis://:a%20password@127.0.0.1:{port}/3", AMPLE_S) as client:
            await client.script(WRITE)(["key"], ["x"])
        async with Redis(port=port, password="a password", db=3) as redis:
            assert await redis.get("key") == b"x"
        async with connected(connect, f"redis://:wrong@127.0.0.1:{port}", AMPLE_S) as client:
            await lost_after_s(lambda: client.script(ANSWER)([], ["x"]))


@pytest.mark.parametrize("text", ["/run/valkey.sock", "http://127.0.0.1", "unix://", "redis://", ""])
def test_refuses_a_url_of_no_server(text: str) -> None:
    with pytest.raises(ValueError, match=r"scheme|no server"):
        valkey_url(text)


@pytest.mark.parametrize("text", ["unix:///run/valkey.sock", "redis://127.0.0.1:6379", "rediss://valkey:6379"])
def test_takes_the_url_of_a_server(text: str) -> None:
    assert valkey_url(text) == text


async def test_callers_that_wait_for_one_connection_are_told_alike_whoever_comes_again_at_once(
    connect: Connect,
) -> None:
    async with connected(connect, "redis://127.0.0.1:1", AMPLE_S) as client:
        script = client.script(ANSWER)

        async def insist() -> None:
            for _ in range(10):
                with pytest.raises(StoreLost):
                    await script([], ["x"])

        await asyncio.gather(*(insist() for _ in range(10)))
