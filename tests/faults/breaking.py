"""Ways to break a part for a while: each is a block at whose end the part is as it was.

Owns what is done to processes, sockets, limits and files; must not know what callers are to see of it.
"""

import asyncio
import fcntl
import json
import os
import resource
import signal
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import httpx
from redis.asyncio import Redis

from deploy.local.run_folder import locate
from tests.faults.conftest import Parts
from tests.faults.relay import Lie, Relay, in_place_of, refused
from tests.stores.valkey_process import valkey_at
from tests.support.processes import free_ports
from tests.support.stack import Stack
from tests.support.waiting import until

KEYS_TO_LOAD = 3_000
KEY_LOADS_US = 1_000
LIVES = 2
PIPE_BYTES = 4096


def socket_of(stack: Stack, name: str) -> Path:
    """Where a part listens."""
    return Path(locate(stack.own_folder).socket(name))


@asynccontextmanager
async def dead(stack: Stack, kind: str) -> AsyncIterator[None]:
    """All processes of a kind are killed, and nobody starts them before the end."""
    # Callers go on while somebody waits for the processes.
    block = Parts(stack).dead(kind)
    await asyncio.to_thread(block.__enter__)
    yield
    await asyncio.to_thread(block.__exit__, None, None, None)


@asynccontextmanager
async def hung(stack: Stack, kind: str, count: int | None = None) -> AsyncIterator[None]:
    """The first `count` processes stand still; all, without one."""
    with Parts(stack).hung(kind, count):
        yield


@asynccontextmanager
async def signalled(stack: Stack, kind: str, number: signal.Signals, count: int | None = 1) -> AsyncIterator[None]:
    """A signal to one process (to all, with None) that is to be its end; over when there is another in its place."""
    gone = set(stack.pids(kind)[:count])
    for pid in gone:
        os.kill(pid, number)
    yield
    await until(lambda: not gone & set(stack.pids(kind)) and is_whole(stack), f"another {kind}", within_s=30)


def is_whole(stack: Stack) -> bool:
    """Whether every process has told that it is ready."""
    rows = json.loads((stack.own_folder / "state.json").read_text())["services"]
    return all(row["stage"] == "ready" for row in rows)


@asynccontextmanager
async def crash_looping(stack: Stack, kind: str) -> AsyncIterator[None]:
    """One of them is killed as soon as it is there, for some lives."""
    rows = json.loads((stack.own_folder / "state.json").read_text())["services"]
    name = next(row["name"] for row in rows if row["kind"] == kind)
    over = threading.Event()

    def kill_on() -> None:
        killed = set[int]()
        while not over.is_set() or len(killed) < LIVES:
            rows = json.loads((stack.own_folder / "state.json").read_text())["services"]
            process = next(row["process"] for row in rows if row["name"] == name)
            if process and process["pid"] not in killed:
                with suppress(ProcessLookupError):
                    os.kill(process["pid"], signal.SIGKILL)
                killed.add(process["pid"])
            over.wait(0.02)

    killing = asyncio.create_task(asyncio.to_thread(kill_on))
    try:
        yield
    finally:
        over.set()
        await killing
        await until(lambda: is_whole(stack), f"{kind} to stay", within_s=30)


@asynccontextmanager
async def valkey(stack: Stack) -> AsyncIterator[Redis]:
    """A connection to it, past everybody."""
    redis = Redis(unix_socket_path=str(socket_of(stack, "valkey")))
    try:
        yield redis
    finally:
        await redis.aclose()


@asynccontextmanager
async def valkey_lying(stack: Stack, lie: Lie) -> AsyncIterator[Relay]:
    """Valkey says what the lie makes of it."""
    async with valkey(stack) as redis:
        await redis.ping()
        async with in_place_of(socket_of(stack, "valkey")) as relay:
            relay.lie = lie
            await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            yield relay


@asynccontextmanager
async def valkey_refusing(stack: Stack) -> AsyncIterator[None]:
    """Valkey lives, and nobody gets in."""
    async with valkey(stack) as redis:
        await redis.ping()
        async with refused(socket_of(stack, "valkey")):
            await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            yield


@asynccontextmanager
async def valkey_told(stack: Stack, name: str, value: str, usual: str) -> AsyncIterator[None]:
    """Another value of one of Valkey's own settings."""
    async with valkey(stack) as redis:
        await redis.config_set(name, value)
        try:
            yield
        finally:
            await redis.config_set(name, usual)


@asynccontextmanager
async def valkey_following(stack: Stack, folder: Path, *, slowly: bool) -> AsyncIterator[None]:
    """Valkey is a replica: it has taken over what another one has, or is (`slowly`) still loading that."""
    [port] = free_ports(1)
    async with valkey_at(folder, "--port", str(port)) as (url, _), Redis.from_url(url) as other, valkey(stack) as redis:
        await other.mset({f"elsewhere:{n}": "x" * 100 for n in range(KEYS_TO_LOAD if slowly else 1)})
        await other.config_set("repl-diskless-sync-delay", 0)
        await redis.config_set("key-load-delay", KEY_LOADS_US if slowly else 0)
        await redis.config_set("loading-process-events-interval-bytes", 1024)
        await redis.execute_command("REPLICAOF", "127.0.0.1", str(port))
        yield
        await redis.config_set("key-load-delay", 0)
        await redis.execute_command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def scripts_flushed(stack: Stack) -> AsyncIterator[None]:
    """Valkey forgets its scripts, again and again."""
    async with valkey(stack) as redis:
        over = asyncio.Event()

        async def flush_on() -> None:
            while not over.is_set():
                await redis.script_flush()
                await asyncio.sleep(0.05)

        flushing = asyncio.create_task(flush_on())
        yield
        over.set()
        await flushing


@contextmanager
def _limited(pids: list[int]) -> Iterator[None]:
    """No process of these can open anything more."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_NOFILE) for pid in pids}
    for pid, (_, most) in before.items():
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(list(Path(f"/proc/{pid}/fd").iterdir())), most))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


@asynccontextmanager
async def without_descriptors(stack: Stack, *kinds: str) -> AsyncIterator[None]:
    """None of those processes can open a file or a connection."""
    with _limited([pid for kind in kinds for pid in stack.pids(kind)]):
        yield


@asynccontextmanager
async def logging_into(stack: Stack, names: Sequence[str], make: str) -> AsyncIterator[None]:
    """The parts begin anew, with logs that take nothing: `full`, as on a full disk, or `stuck`, a pipe nobody reads."""
    held: list[int] = []
    for name in names:
        log = stack.own_folder / "logs" / f"{name}.log"
        log.rename(log.with_suffix(".before"))
        if make == "full":
            log.symlink_to("/dev/full")
        else:
            os.mkfifo(log)
            held.append(os.open(log, os.O_RDWR | os.O_NONBLOCK))
            fcntl.fcntl(held[-1], fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    try:
        await begun_anew(stack, names)
        yield
    finally:
        for name in names:
            log = stack.own_folder / "logs" / f"{name}.log"
            log.unlink()
            log.with_suffix(".before").rename(log)
        await begun_anew(stack, names)
        for each in held:
            os.close(each)


async def begun_anew(stack: Stack, names: Sequence[str]) -> None:
    """New processes in place of those, killed for it, while others of their kinds serve."""
    for number in sorted({name.rpartition("-")[2] for name in names}):
        rows = json.loads((stack.own_folder / "state.json").read_text())["services"]
        some = [row for row in rows if row["name"] in names and row["name"].endswith(number)]
        gone = {row["process"]["pid"] for row in some}
        for pid in gone:
            os.kill(pid, signal.SIGKILL)
        kinds = {row["kind"] for row in some}
        await until(
            lambda gone=gone, kinds=kinds: not any(gone & set(stack.pids(kind)) for kind in kinds) and is_whole(stack),
            "new processes",
            within_s=30,
        )


def told(stack: Stack, name: str, metric: str) -> float:
    """A metric of one process."""
    transport = httpx.HTTPTransport(uds=str(socket_of(stack, f"{name}-told")))
    with httpx.Client(transport=transport, base_url="http://told") as client:
        lines = client.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{metric} ")).rpartition(" ")[2])


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    """For what is broken already."""
    yield
