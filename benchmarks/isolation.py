"""`python -m benchmarks.isolation`: whether what one does is felt by others, on a whole stack with the sandbox.

One business reads companies and deals at a quiet rate, alone and beside each trouble, in turns. A trouble is a resource
whose service is sick, a client that means harm, or a business that is huge; none of them reads companies or deals. Open
loop over TLS: latency counts from when a request was due.

A turn lasts as long as it takes a trouble to come round: a client that holds what it has for twenty seconds, and then
begins anew, begins once in it.
"""

import argparse
import asyncio
import os
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.attacks import PATIENCE_S, Attacker
from benchmarks.flooding import Flooding, Seen, flooding, quantile
from benchmarks.gateway import ONE_ADDRESS, Gateway, asking
from benchmarks.recorded import ROOT, settings
from benchmarks.report import Table
from benchmarks.rounds import ratio
from benchmarks.where import made_with
from benchmarks.witnessing import witnessed
from tests.support.stack import running_stack

RATE, TURN_S, SETTLES_S = 20.0, PATIENCE_S, 1.0
HUGE, CONTACTS = 2, 100_000
"""The huge business, and how many contacts it has."""
TOKENS = 200
FLOOD_PER_S = 150.0
CLIENTS = 100
"""Connections of a client that is slow on purpose."""
READS = tuple(asking("GET", f"/v1/{resource}?limit=5") for resource in ("companies", "deals"))
ONE_CONTACT = asking("GET", "/v1/contacts?limit=1")
_CONDITION = {"field": "job_title", "operator": "contains", "value": "manager"}
_SEARCH = {"filters": [_CONDITION], "limit": 100}


@dataclass
class Place:
    """A gateway, who floods it, and how those were answered who made trouble."""

    ours: Gateway
    quiet: Flooding
    loud: Flooding
    tokens: Path
    seen: Counter[str] = field(default_factory=Counter)

    async def read(self) -> list[Seen]:
        """A turn of the quiet business."""
        return await self.quiet.stages(READS, self.tokens, (RATE, SETTLES_S), (RATE, TURN_S))

    @asynccontextmanager
    async def asked(self, request: str, rate: float, tokens: Path) -> AsyncIterator[None]:
        """So often that is asked, too, from before to after a turn."""
        task = asyncio.create_task(self.loud.stages([request], tokens, (rate, TURN_S + 3 * SETTLES_S)))
        await asyncio.sleep(SETTLES_S)
        yield
        for stage in await task:
            self.seen.update(str(status) for status in stage.statuses.elements())

    @asynccontextmanager
    async def fault(self, **fault: Any) -> AsyncIterator[None]:
        """The sandbox has it, for calls of contacts."""
        transport = httpx.AsyncHTTPTransport(uds=str(self.ours.stack.own_folder / "sandbox.sock"))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as inside:
            await inside.put("/faults", json={"path": "/contacts", **fault})
            try:
                yield
            finally:
                await inside.delete("/faults")


Trouble = Callable[[Place], AbstractAsyncContextManager[None]]


def _sick(**fault: Any) -> Trouble:
    """Somebody asks for contacts, whose service has that fault."""

    @asynccontextmanager
    async def trouble(place: Place) -> AsyncIterator[None]:
        tokens = place.ours.tokens(TOKENS, tenant=HUGE)
        async with place.fault(**fault), place.asked(ONE_CONTACT, 2 * RATE, tokens):
            yield

    return trouble


def _asks(request: str, rate: float, *, tokens: int = TOKENS, spoilt: bool = False) -> Trouble:
    """The huge business asks for that."""

    @asynccontextmanager
    async def trouble(place: Place) -> AsyncIterator[None]:
        async with place.asked(request, rate, place.ours.tokens(tokens, tenant=HUGE, spoilt=spoilt)):
            yield

    return trouble


def _clients(make: Callable[[Attacker], Awaitable[None]], count: int = CLIENTS) -> Trouble:
    """Many connections of one token do that, again and again, from when it counts what others feel: what a silent
    token may ask for at once comes at first.
    """

    @asynccontextmanager
    async def trouble(place: Place) -> AsyncIterator[None]:
        secure = ssl.create_default_context(cafile=place.ours.stack.facts["CA_FILE"])
        secure.set_alpn_protocols(["http/1.1"])
        token = place.ours.stack.token(tenant=HUGE)
        attacker = Attacker(int(place.ours.at["port"]), secure, lambda: token)

        async def again() -> None:
            await asyncio.sleep(2 * SETTLES_S)
            while True:
                with suppress(OSError, asyncio.IncompleteReadError):
                    await make(attacker)
                    place.seen["done"] += 1

        tasks = [asyncio.create_task(again()) for _ in range(count)]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return trouble


TROUBLES: Mapping[str, Trouble] = {
    "contacts hang": _sick(delay_ms=60_000),
    "contacts take a second": _sick(delay_ms=1_000),
    "contacts fail": _sick(status=500, body="<html>"),
    "a token asks 150 times a second": _asks(ONE_CONTACT, FLOOD_PER_S, tokens=1),
    "150 bad tokens a second": _asks(ONE_CONTACT, FLOOD_PER_S, spoilt=True),
    "five bodies of 2 MiB a second": _clients(Attacker.large_body, 5),
    "100 connections send bodies slowly": _clients(Attacker.slow_body),
    "100 connections do not read": _clients(Attacker.slow_reader),
    "500 streams without a window": _clients(Attacker.no_window, 6),
    "five pages of 200 a second, of 100,000": _asks(asking("GET", "/v1/contacts?limit=200"), 5),
    "a search a second through 100,000": _asks(asking("POST", "/v1/contacts/search", _SEARCH), 1),
}


async def row(name: str, place: Place, rounds: int) -> list[str]:
    """How long the quiet business waits, alone and beside; a line of the table."""
    alone, beside = list[tuple[Seen, Seen]](), list[tuple[Seen, Seen]]()
    for _ in range(rounds):
        alone.append(await _turn(place))
        async with TROUBLES[name](place):
            beside.append(await _turn(place))
    p50 = [[quantile(seen.took, 0.5) * 1000 for seen, _ in side] for side in (alone, beside)]
    cells = [name, *(f"{median(side):,.1f}" for side in p50), str(ratio(p50[1], p50[0]))]
    cells += _p99([[took for seen, _ in side for took in seen.took] for side in (alone, beside)])
    well = [[took for _, undisturbed in side for took in undisturbed.took] for side in (alone, beside)]
    cells += [", ".join(str(len(side)) for side in well), *_p99(well)]
    statuses = Counter(str(status) for seen, _ in beside for status in seen.statuses.elements())
    return [*cells, _counted(statuses), _counted(place.seen)]


async def _turn(place: Place) -> tuple[Seen, Seen]:
    """All reads of a turn, and those that the machine itself did not disturb."""
    async with witnessed() as witness:
        [*_, seen] = await place.read()
    return seen, witness.undisturbed(seen)


def _p99(sides: Sequence[Sequence[float]]) -> list[str]:
    alone, beside = (quantile(side, 0.99) * 1000 for side in sides)
    return [f"{alone:,.1f}", f"{beside:,.1f}", f"{beside / alone:.2f}"]


def _counted(statuses: Counter[str]) -> str:
    return ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))


def furnish(folder: Path) -> None:
    """Give the huge business its contacts, before anything starts."""
    (folder / "store").mkdir(mode=0o700)
    told = settings(folder / "store", folder / "unused.sock")
    for words in (("sandbox", "prepare"), ("sandbox.generate", "--business", str(HUGE), "--contacts", str(CONTACTS))):
        subprocess.run((sys.executable, "-m", *words), cwd=ROOT, env=told, check=True, capture_output=True)


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.isolation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", metavar="WORDS,…", help="troubles whose name has one of them")
    chosen = parser.parse_args()
    print(f"{made_with()}\n", flush=True)
    rows = []
    with TemporaryDirectory() as folder, running_stack(furnish=furnish, settings=ONE_ADDRESS) as stack:
        ours = Gateway(stack, Path(folder))
        async with flooding(ours) as quiet, flooding(ours) as loud:
            await Place(ours, quiet, loud, ours.tokens(TOKENS)).read()
            for name in TROUBLES:
                if any(word in name for word in chosen.only.split(",")):
                    rows.append(await row(name, Place(ours, quiet, loud, ours.tokens(TOKENS)), chosen.rounds))
                    print(" | ".join(rows[-1]), flush=True)
    head = [
        "beside",
        "p50 alone, ms",
        "beside",
        "ratio",
        "p99 alone, ms",
        "beside",
        "ratio",
        "undisturbed",
        "p99 alone, ms",
        "beside",
        "ratio",
        "answered",
        "the trouble was",
    ]
    about = (
        f"{RATE:.0f} reads a second of one business. p50: medians of the rounds, ratios round by round; p99: of all "
        f"rounds' reads together, some {RATE * TURN_S * chosen.rounds:.0f} on each side, and again of those (alone, "
        f"beside) that were not under way while the machine itself was slow."
    )
    print(f"\n{Table('What others feel', about, head, rows).markdown('')}")
    print(f"Load average {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    asyncio.run(main())
