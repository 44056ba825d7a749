"""`python -m benchmarks.transcoder`: what a request costs the transcoder, by its HTTP client and event loop.

Each contender is a whole transcoder on a UNIX socket before one Valkey and one internal service, which says the same
record or page to everything. Counted is the CPU time of that process (Linux: schedstat), 16 requests in flight.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from benchmarks.load import cpu_us
from benchmarks.rounds import Measure, in_turns, table
from benchmarks.where import made_with
from contract.vocabulary import TenantId
from infra.process.address import UnixAddress
from tests.component.transcoder.liar import Liar, lying_at, said
from tests.component.transcoder.places import API_URL, CODEC, ID_KEY, Caller, caller_at
from tests.component.transcoder.test_sick_service import GOOD, RECORD
from tests.stores.valkey_process import valkey_at
from tests.support.processes import running
from transcoder.__main__ import main as serve
from transcoder.settings import load

REQUESTS = 150
IN_FLIGHT = 16
LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
BASE = "aiohttp, asyncio"
CONTENDERS = [(client, loop) for client in ("aiohttp", "pooled") for loop in LOOPS]
CONTACT_ID = CODEC.seal("con", TenantId(1), 5)
PAGE = b'{"ok":true,"result":[' + b",".join([RECORD] * 25) + b'],"paging":{"has_more":false,"next_key":null}}'


async def _get(caller: Caller) -> int:
    return (await caller.get(CONTACT_ID)).status


async def _list(caller: Caller) -> int:
    return (await caller.ask("list")).status


async def _create(caller: Caller) -> int:
    return (await caller.create()).status


KINDS = {"get": (_get, GOOD, 200), "list of 25": (_list, PAGE, 200), "create": (_create, GOOD, 201)}


async def main(rounds: int) -> None:
    """Measure and print."""
    print(made_with())
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        valkey_url, _ = await stack.enter_async_context(valkey_at(folder))
        service = await stack.enter_async_context(lying_at(folder / "service.sock"))
        transcoders = [await stack.enter_async_context(_transcoder(folder, valkey_url, *each)) for each in CONTENDERS]
        for kind in KINDS:
            measures = {name: _measure(kind, service, caller, pid) for name, caller, pid in transcoders}
            costs = await in_turns(measures, rounds=rounds)
            print(f"\n{kind}, {IN_FLIGHT} in flight\n{table(costs, base=BASE)}")


@asynccontextmanager
async def _transcoder(folder: Path, valkey_url: str, client: str, loop: str) -> AsyncIterator[tuple[str, Caller, int]]:
    (folder / "id.key").write_text(ID_KEY.hex())
    (folder / "cursor.keys").write_text("1 " + "ab" * 32)
    socket = folder / f"{client}-{loop}.sock"
    environment = {
        "PATH": os.environ["PATH"],
        "LISTEN": f"unix:{socket}",
        "INTERNAL_CLIENT": client,
        "INTERNAL_URL": f"unix:{folder}/service.sock",
        "OAUTH_INTERNAL_URL": f"unix:{folder}/nobody.sock",
        "VALKEY_URL": valkey_url,
        "PUBLIC_API_URL": API_URL,
        "PUBLIC_AUTH_URL": "https://auth.example",
        "ID_KEY_FILE": str(folder / "id.key"),
        "CURSOR_KEYS_FILE": str(folder / "cursor.keys"),
    }
    command = [sys.executable, "-m", "benchmarks.transcoder", "--loop", loop]
    async with running(command, environment, ready=UnixAddress(socket)) as process, caller_at(socket) as caller:
        yield f"{client}, {loop}", caller, process.pid


def _measure(kind: str, service: Liar, caller: Caller, pid: int) -> Measure:
    ask, answer, status = KINDS[kind]

    async def measure() -> float:
        service.tells, left = [said(answer)], iter(range(REQUESTS))
        service.heard.clear()

        async def one() -> None:
            for _ in left:
                if (got := await ask(caller)) != status:
                    raise SystemExit(f"{kind}: {got}")

        began_us = cpu_us(pid)
        await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
        return (cpu_us(pid) - began_us) / REQUESTS

    return measure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transcoder", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--loop", choices=LOOPS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.loop:
        with asyncio.Runner(loop_factory=LOOPS[chosen.loop]) as runner:
            runner.run(serve(load(os.environ)))
    else:
        asyncio.run(main(chosen.rounds))
