"""`python -m benchmarks.limits_lost`: how much longer a decision takes while Valkey is away, and how soon it is back.

A real authz is asked one question after the other, while its Valkey is whole, dead, black-holed (stopped: it accepts
and says nothing) and slow (every answer comes after two seconds). Milliseconds of the wall clock, since that is what a
caller would notice.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import grpc

from authz.check_request import METHOD, SERVICE
from authz.ext_authz_pb2 import CheckResponse
from authz.limiter import FAILURES_TO_OPEN
from benchmarks.where import made_with
from contract.headers import RATE_LIMIT
from infra.process.address import UnixAddress
from tests.stores.valkey_process import valkey_at
from tests.support.feed import feed_socket, serving_feed
from tests.support.processes import running
from tests.unit.authz.asking import API_URL, CLAIMS, a_check

ROUNDS, CALLS = 7, 60
SLOW_S = 2.0
SHARED = "100"

Ask = Callable[[], Awaitable[str]]
"""Asks once; tells the limit that the answer told."""


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits_lost", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    calls = parser.parse_args().rounds * CALLS
    print(f"{made_with()}\n")
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with _authz(folder) as ask:
            async with valkey_at(folder) as (_, valkey):
                whole = await _took_ms(ask, calls)
                _tell("whole", whole)
                valkey.send_signal(signal.SIGSTOP)
                _tell("black-holed", await _took_ms(ask, calls), whole)
                valkey.send_signal(signal.SIGCONT)
                await _back("answers again", ask)
                valkey.kill()
                await valkey.wait()
                _tell("dead", await _took_ms(ask, calls), whole)
            async with valkey_at(folder):
                await _back("was started again", ask)
        async with _wire(folder) as wire, _authz(folder) as ask:
            whole = await _took_ms(ask, calls)
            wire.delay_s = SLOW_S
            _tell("slow, 2 s", await _took_ms(ask, calls), whole)
            wire.delay_s = 0.0
            await _back("was quick again", ask)


@asynccontextmanager
async def _authz(folder: Path) -> AsyncIterator[Ask]:
    socket = folder / "authz.sock"
    environment = {
        "PATH": os.environ["PATH"],
        "LISTEN": f"unix:{socket}",
        "VALKEY_URL": f"unix://{folder}/valkey.sock",
        "PUBLIC_API_URL": API_URL,
        "AUTHZ_AT_WORK": "2",
        "REVOCATIONS_FEED": f"unix:{feed_socket(folder)}",
        "REVOCATIONS_FILE": f"{folder}/revocations.json",
        "LOG_LEVEL": "error",
    }
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving_feed(folder))
        await stack.enter_async_context(
            running([sys.executable, "-m", "authz"], environment, ready=UnixAddress(socket))
        )
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"unix:{socket}"))
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICE}/{METHOD}")
        families = iter(range(10**9))

        async def ask() -> str:
            message = a_check(payload=CLAIMS | {"rate_key": f"family{next(families)}"})
            answer = CheckResponse.FromString(await call(message))
            told = {each.header.key: each.header.value for each in answer.ok_response.response_headers_to_add}
            return told[RATE_LIMIT]

        await _took_ms(ask, 50)
        yield ask


class _Wire:
    """The way to a Valkey, on which answers can be made to take their time."""

    def __init__(self, behind: Path) -> None:
        self._behind = behind
        self.delay_s = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection. It ends with the server, which cancels it."""
        from_valkey, to_valkey = await asyncio.open_unix_connection(self._behind / "valkey.sock")
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._inwards(reader, to_valkey), self._back(from_valkey, writer))

    async def _inwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await asyncio.sleep(self.delay_s)
            writer.write(data)
        writer.close()


@asynccontextmanager
async def _wire(folder: Path) -> AsyncIterator[_Wire]:
    wire = _Wire(folder / "behind")
    (folder / "behind").mkdir()
    (folder / "valkey.sock").unlink(missing_ok=True)
    async with (
        valkey_at(folder / "behind"),
        await asyncio.start_unix_server(wire.serve, folder / "valkey.sock"),
    ):
        yield wire


async def _took_ms(ask: Ask, calls: int) -> list[float]:
    took_ms = []
    for _ in range(calls):
        began_s = time.perf_counter()
        await ask()
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return took_ms


async def _back(what: str, ask: Ask) -> None:
    began_s = time.perf_counter()
    while await ask() != SHARED:
        pass
    print(f"back {(time.perf_counter() - began_s) * 1000:.0f} ms after Valkey {what}")


def _tell(what: str, took_ms: list[float], whole: list[float] | None = None) -> None:
    """The first calls one by one, then the others, which are in the breaker's hands."""
    first, later = took_ms[:FAILURES_TO_OPEN], took_ms[FAILURES_TO_OPEN:]
    usual = median(whole) if whole else 0.0
    of_all = f"median {median(later) - usual:.1f}, p99 {quantiles(later, n=100)[98] - usual:.1f} ms"
    added = ", ".join(f"{each - usual:.1f}" for each in first)
    print(f"{what + ('' if whole is None else ', added'):20} first {added} ms; then {of_all}")


if __name__ == "__main__":
    asyncio.run(main())
