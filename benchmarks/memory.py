"""`python -m benchmarks.memory`: how large each part of a whole stack becomes in hostile floods, and stays afterwards.

Each flood comes twice: what is held for a while is held once, and what is held for ever would grow again. A good caller
asks beside it, so that there is work to be disturbed. Before all that so many token families ask once that whatever is
remembered of them is full, as it is after a day. Owns the floods; what each is answered with is for the security
tests to see.
"""

import argparse
import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.attacks import Attacker
from benchmarks.gateway import ONE_ADDRESS
from benchmarks.report import Table
from benchmarks.soak_stack import FAMILIES, Callers
from benchmarks.where import made_with, rss_mib
from tests.support.stack import Stack, running_stack

PARTS = ("envoy", "authz", "transcoder", "oauth", "valkey", "sandbox")
TIMES = 2
LASTS_S, LOOK_EVERY_S, SETTLES_S = 12.0, 0.25, 4.0
CALLS_PER_S = 20


@dataclass(frozen=True)
class Flood:
    """So many connections, each of which does that again and again."""

    one: Callable[[Attacker], Awaitable[None]]
    connections: int


FLOODS: Mapping[str, Flood] = {
    "2,000 connections that say nothing": Flood(Attacker.silent, 2_000),
    "200 connections, half a head of 30 KiB each": Flood(Attacker.half_a_head, 200),
    "100 connections, heads twice as large as may be": Flood(Attacker.large_head, 100),
    "200 connections, bodies byte by byte": Flood(Attacker.slow_body, 200),
    "20 connections, bodies twice as large as may be": Flood(Attacker.large_body, 20),
    "100 connections ask for pages of 200 and do not read": Flood(Attacker.slow_reader, 100),
    "900 streams without a window": Flood(Attacker.no_window, 10),
    "20 connections reset 50 streams each, before anybody has looked": Flood(Attacker.resets, 20),
    "20 connections reset 50 streams each, at work": Flood(Attacker.resets_at_work, 20),
}


@dataclass
class Sizes:
    """What each part holds in memory, all its processes together, MiB."""

    stack: Stack
    most: dict[str, float] = field(default_factory=dict)

    def now(self) -> dict[str, float]:
        """At this instant."""
        return {part: sum(map(rss_mib, self.stack.pids(part))) for part in PARTS}

    async def watch(self) -> None:
        """Keep the most of each part, until cancelled."""
        while True:
            now = self.now()
            self.most = {part: max(size, self.most.get(part, 0.0)) for part, size in now.items()}
            await asyncio.sleep(LOOK_EVERY_S)


async def flooded(stack: Stack, flood: Flood) -> tuple[dict[str, float], dict[str, float]]:
    """The most of each part while it lasts, and what is left of that some seconds later."""
    secure = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    secure.set_alpn_protocols(["http/1.1"])
    attacker, sizes = Attacker(int(stack.api_url.rpartition(":")[2]), secure, stack.token), Sizes(stack)

    async def again() -> None:
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                await flood.one(attacker)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(again()) for _ in range(flood.connections)]
    tasks += [asyncio.create_task(sizes.watch()), asyncio.create_task(calls(stack))]
    await asyncio.sleep(LASTS_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(SETTLES_S)
    return sizes.most, sizes.now()


async def calls(stack: Stack) -> None:
    """What a good caller does meanwhile."""

    def ask() -> None:
        with stack.client(stack.token()) as client:
            for _ in range(CALLS_PER_S):
                client.get("/v1/contacts", params={"limit": "5"})

    while True:
        await asyncio.to_thread(ask)
        await asyncio.sleep(0.5)


def _row(name: str, sizes: Mapping[str, float], before: Mapping[str, float]) -> list[str]:
    return [name, *(f"{sizes[part]:.0f} ({sizes[part] - before[part]:+.0f})" for part in PARTS)]


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORDS,…", help="floods whose name has one of them")
    chosen = parser.parse_args()
    print(f"{made_with()}\n", flush=True)
    with running_stack(settings=ONE_ADDRESS) as stack:
        await Callers(stack).fill(FAMILIES)
        before = Sizes(stack).now()
        rows = [["before all", *(f"{before[part]:.0f}" for part in PARTS)]]
        for name, flood in FLOODS.items():
            if not any(word in name for word in chosen.only.split(",")):
                continue
            for time in range(1, TIMES + 1):
                start = Sizes(stack).now()
                most, left = await flooded(stack, flood)
                rows += [_row(f"{name}, {time}: at most", most, start), _row("and afterwards", left, start)]
                print(" | ".join(rows[-2]), " | ".join(rows[-1]), sep="\n", flush=True)
    about = f"Resident MiB, all processes of a part together; in brackets, more than before. {LASTS_S:.0f} s each."
    print(f"\n{Table('What floods take', about, ['', *PARTS], rows).markdown('')}")
    print(f"Load average {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    asyncio.run(main())
