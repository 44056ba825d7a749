"""Both clients: a Valkey that is away, silent, full or read-only is one error, within the deadline, and comes back."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from infra.stores.valkey import StoreUnavailable, valkey_url
from tests.stores.valkey_clients import (
    AMPLE_S,
    ANSWER,
    AT_ONCE_S,
    TIMEOUT_S,
    Client,
    Connect,
    answering,
    connected,
    lost_after_s,
)
from tests.stores.valkey_process import LOADING_SLOWLY, valkey_at
from tests.support.processes import free_ports

WRITE = "redis.call('SET', KEYS[1], ARGV[1]) return 1"


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[tuple[str, Process]]:
    async with valkey_at(folder) as started:
        yield started


@pytest.fixture
async def valkey(connect: Connect, server: tuple[str, Process]) -> AsyncIterator[Client]:
    async with connected(connect, server[0], TIMEOUT_S) as client:
        yield client


@pytest.fixture
async def patient(connect: Connect, valkey_url: str) -> AsyncIterator[Client]:
    async with connected(connect, valkey_url, AMPLE_S) as client:
        yield client


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
    assert [type(answer) for answer in answers] == [StoreUnavailable, bytes] * 20


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
        with pytest.raises(StoreUnavailable, match=r"(?i)loading"):
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
                with pytest.raises(StoreUnavailable):
                    await script([], ["x"])

        await asyncio.gather(*(insist() for _ in range(10)))
