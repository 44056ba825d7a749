"""A Valkey that is away, silent, full or read-only is one error, within the deadline, and comes back by itself."""

import asyncio
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from stores.valkey import Script, StoreLost, Valkey, valkey_url
from tests.stores.valkey_process import valkey_at

TIMEOUT_S = 0.05
AMPLE_S = 5.0
AT_ONCE_S = 1.0
"""Less than redis-py takes with its retries (4 to 5 s), and more than a busy machine adds."""
ANSWER = "return ARGV[1]"
WRITE = "redis.call('SET', KEYS[1], ARGV[1]) return 1"


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, Process]]:
    with TemporaryDirectory() as folder:
        async with valkey_at(Path(folder)) as started:
            yield started


@pytest.fixture
async def valkey(server: tuple[str, Process]) -> AsyncIterator[Valkey]:
    client = Valkey(server[0], timeout_s=TIMEOUT_S)
    yield client
    await client.close()


@pytest.fixture
async def patient(valkey_url: str) -> AsyncIterator[Valkey]:
    client = Valkey(valkey_url, timeout_s=AMPLE_S)
    yield client
    await client.close()


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


async def test_a_server_that_refuses_is_lost_at_once() -> None:
    client = Valkey("redis://127.0.0.1:1", timeout_s=TIMEOUT_S)
    assert await lost_after_s(lambda: client.script(ANSWER)([], ["x"])) < AT_ONCE_S
    await client.close()


async def test_a_server_that_was_killed_is_lost_at_once(server: tuple[str, Process], valkey: Valkey) -> None:
    script = valkey.script(ANSWER)
    assert await script([], ["x"]) == b"x"
    server[1].kill()
    await server[1].wait()
    assert await lost_after_s(lambda: script([], ["x"])) < AT_ONCE_S


async def test_a_server_that_is_silent_is_lost_within_the_deadline_and_answers_its_next_caller_rightly(
    server: tuple[str, Process], valkey: Valkey
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


async def test_a_server_that_is_full_is_lost_for_writes(server: tuple[str, Process], valkey: Valkey) -> None:
    async with Redis.from_url(server[0]) as redis:
        await redis.config_set("maxmemory", "1")
    await lost_after_s(lambda: valkey.script(WRITE)(["key"], ["x"]))


async def test_a_read_only_replica_is_lost_for_writes(server: tuple[str, Process], valkey: Valkey) -> None:
    async with Redis.from_url(server[0]) as redis:
        await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
    await lost_after_s(lambda: valkey.script(WRITE)(["key"], ["x"]))


async def test_callers_that_leave_take_no_connection_with_them(patient: Valkey) -> None:
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


async def test_more_callers_than_connections_wait_their_turn(patient: Valkey) -> None:
    script = patient.script(ANSWER)
    assert len(await asyncio.gather(*(script([], ["x"]) for _ in range(100)))) == 100


@pytest.mark.parametrize("text", ["/run/valkey.sock", "http://127.0.0.1", "unix://", "redis://", ""])
def test_refuses_a_url_of_no_server(text: str) -> None:
    with pytest.raises(ValueError, match=r"scheme|no server"):
        valkey_url(text)


@pytest.mark.parametrize("text", ["unix:///run/valkey.sock", "redis://127.0.0.1:6379", "rediss://valkey:6379"])
def test_takes_the_url_of_a_server(text: str) -> None:
    assert valkey_url(text) == text
