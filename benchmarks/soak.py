"""`python -m benchmarks.soak`: whether authz behind its lean front stays as large as it is, asked for an hour.

A client of grpcio's asks a real process steadily; some of its calls it cancels, some have no time, and every few
seconds it goes and another connects. Printed now and then: memory, open files, and what was answered.
"""

import argparse
import asyncio
import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc

from authz.check_request import METHOD, SERVICE
from benchmarks.where import made_with
from infra.process.address import UnixAddress
from tests.stores.valkey_process import valkey_at
from tests.support.feed import feed_socket, serving_feed
from tests.support.processes import running
from tests.unit.authz.asking import API_URL, CLAIMS, a_check, answer

TOKENS = 500
PARALLEL = 8
RECONNECTS_S = 5.0
CANCELLED, HURRIED = 50, 100
"""Of so many calls one is cancelled, and one has next to no time."""
SAMPLES_S = 30.0
PATIENCE_S = 10.0


async def main() -> None:
    """Ask, and print a line now and then."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=300, help="calls a second")
    chosen = parser.parse_args()
    print(made_with(), flush=True)
    async with _authz() as (socket, pid):
        asking = Asking(f"unix:{socket}", chosen.rate, time.monotonic() + chosen.seconds)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asking.run())
            tasks.create_task(_samples(asking, pid))


@asynccontextmanager
async def _authz() -> AsyncIterator[tuple[Path, int]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        valkey_url, _ = await stack.enter_async_context(valkey_at(folder))
        await stack.enter_async_context(serving_feed(folder))
        socket = folder / "authz.sock"
        environment = {
            "PATH": os.environ["PATH"],
            "LISTEN": f"unix:{socket}",
            "GRPC_FRONT": "lean",
            "VALKEY_URL": valkey_url,
            "PUBLIC_API_URL": API_URL,
            "REVOCATIONS_FEED": f"unix:{feed_socket(folder)}",
            "REVOCATIONS_FILE": f"{folder}/revocations.json",
        }
        command = [sys.executable, "-m", "authz"]
        process = await stack.enter_async_context(running(command, environment, ready=UnixAddress(socket)))
        yield socket, process.pid


def _own_channel(target: str) -> grpc.aio.Channel:
    """Without the pool that would keep a connection open behind its channel."""
    return grpc.aio.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])


class Asking:
    """A client that goes on until `until_s`."""

    def __init__(self, target: str, rate: float, until_s: float) -> None:
        self._target = target
        self._pause_s = PARALLEL / rate
        self.until_s = until_s
        self.seen: Counter[str] = Counter()
        self._questions = [a_check(payload=CLAIMS | {"rate_key": f"app:{n}", "jti": f"t{n}"}) for n in range(TOKENS)]
        self._turns = itertools.count()

    async def run(self) -> None:
        """Connect, ask for a while, go; again and again."""
        while time.monotonic() < self.until_s:
            leaves_s = time.monotonic() + RECONNECTS_S
            async with _own_channel(self._target) as channel, asyncio.TaskGroup() as tasks:
                for _ in range(PARALLEL):
                    tasks.create_task(self._ask(channel, leaves_s))

    async def _ask(self, channel: grpc.aio.Channel, leaves_s: float) -> None:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICE}/{METHOD}")
        while time.monotonic() < leaves_s:
            turn = next(self._turns)
            began_s = time.monotonic()
            asked = call(self._questions[turn % TOKENS], timeout=0.001 if turn % HURRIED == 1 else PATIENCE_S)
            if turn % CANCELLED == 0:
                await asyncio.sleep(0)
                asked.cancel()
            try:
                self.seen[str(answer(await asked).status)] += 1
            except grpc.aio.AioRpcError as error:
                self.seen[error.code().name] += 1
            except asyncio.CancelledError:
                self.seen["cancelled"] += 1
            await asyncio.sleep(max(0.0, self._pause_s - (time.monotonic() - began_s)))


async def _samples(asking: Asking, pid: int) -> None:
    began_s = time.monotonic()
    print(f"{'s':>6} {'RSS KiB':>8} {'files':>6}  answered", flush=True)
    while (now_s := time.monotonic()) < asking.until_s:
        print(f"{now_s - began_s:6.0f} {_size_of(pid)}  {dict(sorted(asking.seen.items()))}", flush=True)
        await asyncio.sleep(min(SAMPLES_S, max(0.1, asking.until_s - now_s)))


def _size_of(pid: int) -> str:
    process = Path("/proc", str(pid))
    status = (process / "status").read_text().splitlines()
    [resident] = [line.split()[1] for line in status if line.startswith("VmRSS")]
    return f"{resident:>8} {sum(1 for _ in (process / 'fd').iterdir()):6}"


if __name__ == "__main__":
    asyncio.run(main())
