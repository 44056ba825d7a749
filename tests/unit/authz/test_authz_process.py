"""The process, asked over its socket by a gRPC client, with a real Valkey that comes and goes."""

import asyncio
import itertools
import math
import os
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
import pytest
from redis.asyncio import Redis

from contract.operations import READINESS
from contract.rate_plans import GROWTH
from infra.process.address import Address, TcpAddress, UnixAddress
from infra.process.cpu_priority import AUTHZ_NICE, TRANSCODER_NICE
from infra.process.shared_secret import SharedSecret
from infra.stores.revocations.events import EventKind
from tests.stores.valkey_process import LOADING_SLOWLY, valkey_at
from tests.support.feed import feed_socket, serving_feed
from tests.support.processes import accepts, free_ports, niceness, niceness_beyond_ours, running
from tests.support.waiting import until
from tests.unit.authz.asking import API_URL, CLAIMS, Answer, a_check, answer

PATIENCE_S = 10.0
LIMITS_TIMEOUT_MS = 500
SHARED, OWN = "100", "50"
"""The limit that is told while the count is shared, and while each of two processes counts by itself."""
METHOD = "/envoy.service.auth.v3.Authorization/Check"


def environment(folder: Path, listen: str, front: str = "lean") -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LISTEN": listen,
        "GRPC_FRONT": front,
        "VALKEY_URL": f"unix://{folder}/valkey.sock",
        "PUBLIC_API_URL": API_URL,
        "AUTHZ_AT_WORK": "2",
        # No test here is about 10 ms, and the machine may be busy.
        "LIMITS_TIMEOUT_MS": str(LIMITS_TIMEOUT_MS),
        "REVOCATIONS_FEED": f"unix:{feed_socket(folder)}",
        "REVOCATIONS_FILE": f"{folder}/revocations.json",
    }


@dataclass(frozen=True, slots=True)
class Asker:
    channel: grpc.aio.Channel

    async def __call__(self, operation: str = "contacts.list", **parts) -> Answer:
        call = self.channel.unary_unary(METHOD)
        return answer(await call(a_check(operation, **parts), timeout=PATIENCE_S, wait_for_ready=True))


@pytest.fixture
def bare_folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture
async def folder(bare_folder) -> AsyncIterator[Path]:
    async with serving_feed(bare_folder):
        yield bare_folder


def authz(folder: Path, address: Address, listen: str, front: str = "lean"):
    settings = environment(folder, listen, front)
    return running([sys.executable, "-m", "authz"], settings, ready=address, log=folder / "log")


@pytest.fixture(params=["lean", "grpc"])
def front(request) -> str:
    return request.param


@pytest.fixture
async def process(folder, front):
    socket = folder / "authz.sock"
    async with authz(folder, UnixAddress(socket), f"unix:{socket}", front) as started:
        yield started


@pytest.fixture
async def ask(folder, process):
    async with grpc.aio.insecure_channel(f"unix:{folder}/authz.sock") as channel:
        yield Asker(channel)


_families = itertools.count()


async def limit_told(ask: Asker) -> str:
    told = await ask(payload=CLAIMS | {"rate_key": f"family{next(_families)}"})
    assert told.status == 200
    return told.headers["x-ratelimit-limit"]


async def until_told(ask: Asker, limit: str) -> float:
    began_s = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        while await limit_told(ask) != limit:
            pass
    return time.monotonic() - began_s


async def test_only_its_owner_may_connect(folder, process):
    assert stat.S_IMODE((folder / "authz.sock").stat().st_mode) == 0o600


async def test_it_gives_way_to_whoever_refuses_and_not_to_whoever_works(process):
    assert niceness(process.pid) == niceness_beyond_ours(AUTHZ_NICE)
    assert AUTHZ_NICE < TRANSCODER_NICE


async def test_of_twice_the_limit_in_parallel_the_limit_passes_and_all_are_answered(folder, ask):
    limit = GROWTH.burst.limit
    async with valkey_at(folder):
        await until_told(ask, SHARED)
        began_s = time.monotonic()
        answers = await asyncio.gather(*(ask(payload=CLAIMS | {"rate_key": "parallel"}) for _ in range(2 * limit)))
        refilled = math.ceil((time.monotonic() - began_s) * 1_000_000 / GROWTH.burst.interval_us)
    statuses = Counter(each.status for each in answers)
    assert statuses.keys() == {200, 429}
    assert limit <= statuses[200] <= limit + refilled


async def test_another_method_of_the_service_is_not_there(ask):
    call = ask.channel.unary_unary("/envoy.service.auth.v3.Authorization/Checks")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(a_check(), timeout=PATIENCE_S)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_without_valkey_it_counts_by_itself_and_shares_again_within_a_second_of_valkeys_return(folder, ask):
    for _ in range(2):
        async with valkey_at(folder) as (_, valkey):
            assert await until_told(ask, SHARED) < 1.0
            valkey.kill()
            await valkey.wait()
        assert {await limit_told(ask) for _ in range(10)} == {OWN}
        assert (await ask(READINESS, header=None, payload=None)).status == 200


async def test_without_valkey_its_own_count_is_exact(folder, ask):
    answers = await asyncio.gather(*(ask(payload=CLAIMS | {"rate_key": "alone"}) for _ in range(60)))
    passed = [each for each in answers if each.status == 200]
    assert int(OWN) <= len(passed) < len(answers)
    assert {each.headers["x-ratelimit-limit"] for each in answers} == {OWN}


@asynccontextmanager
async def hung(valkey):
    valkey.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        valkey.send_signal(signal.SIGCONT)


@asynccontextmanager
async def read_only(url):
    async with Redis.from_url(url) as redis:
        await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        yield
        await redis.execute_command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def full(url):
    async with Redis.from_url(url) as redis:
        await redis.config_set("maxmemory", "1")
        yield
        await redis.config_set("maxmemory", "0")


BROKEN = {
    "is black-holed": lambda url, valkey: hung(valkey),
    "is a read-only replica": lambda url, valkey: read_only(url),
    "has no memory left": lambda url, valkey: full(url),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
async def test_it_counts_by_itself_while_valkey(folder, ask, broken):
    async with valkey_at(folder) as (url, valkey):
        await until_told(ask, SHARED)
        async with broken(url, valkey):
            await until_told(ask, OWN)
            assert {await limit_told(ask) for _ in range(10)} == {OWN}
        assert await until_told(ask, SHARED) < 1.0


async def test_it_counts_by_itself_while_valkey_is_loading(folder, ask):
    async with valkey_at(folder) as (url, _), Redis.from_url(url) as redis:
        await redis.mset({str(n): "x" * 1024 for n in range(500)})
        await redis.save()
    async with valkey_at(folder, *LOADING_SLOWLY):
        assert await limit_told(ask) == OWN
        await until_told(ask, SHARED)


async def test_it_counts_by_itself_while_valkey_answers_after_two_seconds(folder, ask):
    """The wire is slow, not the server: every answer comes, and none in time."""

    async def slowly(reader, writer):
        inward = await asyncio.open_unix_connection(folder / "behind" / "valkey.sock")
        await asyncio.gather(carry(reader, inward[1], 0), carry(inward[0], writer, 2.0), return_exceptions=True)

    async def carry(reader, writer, delay_s):
        while data := await reader.read(65536):
            await asyncio.sleep(delay_s)
            writer.write(data)
        writer.close()

    (folder / "behind").mkdir()
    async with valkey_at(folder / "behind"), await asyncio.start_unix_server(slowly, folder / "valkey.sock"):
        assert {await limit_told(ask) for _ in range(20)} == {OWN}


async def test_a_valkey_that_forgot_the_script_counts_on(folder, ask):
    async with valkey_at(folder) as (url, _), Redis.from_url(url) as redis:
        await until_told(ask, SHARED)
        for _ in range(3):
            await redis.script_flush()
            assert await limit_told(ask) == SHARED


async def test_a_silent_valkey_costs_its_deadline_a_few_times_and_then_nothing(folder, ask):
    async with valkey_at(folder) as (_, valkey):
        await until_told(ask, SHARED)
        async with hung(valkey):
            took_s = []
            for _ in range(30):
                began_s = time.monotonic()
                assert await limit_told(ask) == OWN
                took_s.append(time.monotonic() - began_s)
        assert sorted(took_s)[len(took_s) // 2] < LIMITS_TIMEOUT_MS / 1000 / 2


async def test_it_answers_over_tcp_and_starts_only_where_nothing_listens(folder):
    [port] = free_ports(1)
    listen = f"tcp:127.0.0.1:{port}"
    async with authz(folder, TcpAddress("127.0.0.1", port), listen):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert (await Asker(channel)(READINESS)).status == 200
        second = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "authz",
            env=environment(folder, listen),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(PATIENCE_S):
            assert await second.wait() != 0


async def test_told_to_stop_it_finishes_what_is_in_flight(folder, ask, process):
    asked = asyncio.Event()
    # A store that takes calls and never answers: who has called is in flight until the deadline.
    silent = await asyncio.start_unix_server(lambda *_: asked.set(), folder / "valkey.sock")
    async with silent:
        waiting = asyncio.ensure_future(ask())
        async with asyncio.timeout(PATIENCE_S):
            await asked.wait()
            process.terminate()
            assert (await waiting).status == 200
            assert await process.wait() == 0


async def test_a_socket_left_by_a_killed_process_is_no_obstacle(folder, process):
    process.kill()
    await process.wait()
    socket = folder / "authz.sock"
    socket.touch()
    async with (
        authz(folder, UnixAddress(socket), f"unix:{socket}"),
        grpc.aio.insecure_channel(f"unix:{socket}") as channel,
    ):
        assert (await Asker(channel)(READINESS)).status == 200


async def test_without_settings_it_does_not_start_and_names_every_one():
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "authz",
        env={"PATH": os.environ["PATH"], "VALKEY_URL": "http://valkey"},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        _, told = await process.communicate()
    assert process.returncode == 2
    assert [line.split()[1].split("=")[0] for line in told.decode().splitlines()] == [
        "LISTEN",
        "VALKEY_URL",
        "PUBLIC_API_URL",
        "REVOCATIONS_FEED",
        "REVOCATIONS_FILE",
    ]


def born(folder: Path) -> Awaitable[asyncio.subprocess.Process]:
    """A process that has not been waited for."""
    return asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "authz",
        env=environment(folder, f"unix:{folder}/authz.sock"),
        stdout=asyncio.subprocess.PIPE,
    )


async def test_who_has_never_heard_what_is_revoked_does_not_listen(bare_folder):
    socket = UnixAddress(bare_folder / "authz.sock")
    process = await born(bare_folder)
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert b"revocation feed awaited" in await process.stdout.readline()
        assert not await accepts(socket)
        async with serving_feed(bare_folder), asyncio.timeout(PATIENCE_S):
            while not await accepts(socket):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        process.terminate()
        await process.wait()


async def test_told_to_stop_before_it_has_heard_anything_it_ends(bare_folder):
    process = await born(bare_folder)
    async with asyncio.timeout(PATIENCE_S):
        await process.stdout.readline()
        process.terminate()
        assert await process.wait() == 0


async def test_what_it_was_told_in_an_earlier_life_is_enough_to_begin_with(bare_folder):
    socket = bare_folder / "authz.sock"
    async with serving_feed(bare_folder) as feed:
        await feed.tell(EventKind.TOKEN, CLAIMS["jti"])
        async with authz(bare_folder, UnixAddress(socket), f"unix:{socket}"):
            await until((bare_folder / "revocations.json").exists, "the snapshot")
    async with (
        authz(bare_folder, UnixAddress(socket), f"unix:{socket}"),
        grpc.aio.insecure_channel(f"unix:{socket}") as channel,
    ):
        refused = await Asker(channel)()
        assert (refused.status, refused.body["reason"]) == (401, "revoked")


async def test_a_feed_on_a_network_is_shown_the_secret_that_it_asks_for(bare_folder):
    [port] = free_ports(1)
    secret = bare_folder / "internal.secret"
    secret.write_text(f"{'s' * 32}\n{'f' * 32}\n")
    told = environment(bare_folder, f"unix:{bare_folder}/authz.sock")
    told |= {"REVOCATIONS_FEED": f"tcp:127.0.0.1:{port}", "INTERNAL_SECRET_FILE": str(secret)}
    async with serving_feed(bare_folder, secret=SharedSecret(("s" * 32,)), port=port):
        ready = UnixAddress(bare_folder / "authz.sock")
        async with running([sys.executable, "-m", "authz"], told, ready=ready, log=bare_folder / "log"):
            assert "revocations known" in (bare_folder / "log").read_text()


async def test_a_feed_on_a_network_needs_a_secret(bare_folder):
    told = environment(bare_folder, f"unix:{bare_folder}/authz.sock") | {"REVOCATIONS_FEED": "tcp:127.0.0.1:1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "authz", env=told, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE_S):
        _, said = await process.communicate()
    assert process.returncode == 2
    assert said.decode().startswith("authz: INTERNAL_SECRET is not set")
