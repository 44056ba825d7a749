"""`python -m benchmarks.crowd`: CPU time of a request by process while many are in flight, and what each process holds.

The other end of `kinds`: system calls are shared between requests here, as they are on a busy day.
"""

import argparse
import asyncio
import ssl
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.where import Stack, made_with, running

VERSION = "2026-11-24"
OURS = ("envoy", "authz", "transcoder", "valkey")
_PAGE_BYTES = 4096
_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request, and whether it is sent with an Idempotency-Key."""

    name: str
    method: str
    path: str
    body: Any = None
    keyed: bool = False


class Crowd:
    """Clients that each wait for their answer and ask again; a token of its own for every few requests."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self._stack, self._session = stack, session
        self._asked, self._token = 0, ""

    async def ask(self, kind: Kind) -> Any:
        """One request; the benchmark ends if it is refused. A 503 is asked again: the machine was busy with others."""
        while True:
            headers = {"Authorization": f"Bearer {self._next_token()}", "Version": VERSION}
            if kind.keyed:
                headers["Idempotency-Key"] = f"crowd {id(self)} {next(_NUMBERS)}"
            url = self._stack.api_url + kind.path
            async with self._session.request(kind.method, url, json=kind.body, headers=headers) as answer:
                told = await answer.json()
            if answer.status < 400:
                return told["data"]
            if answer.status != 503:
                raise SystemExit(f"{kind.name}: {answer.status} {told}")

    def _next_token(self) -> str:
        if self._asked % 10 == 0:
            self._token = self._stack.token()
        self._asked += 1
        return self._token

    async def round(self, kind: Kind, requests: int, clients: int) -> dict[str, float]:
        """CPU time a request, by kind of process, in microseconds."""
        before, left = self._stack.cpu_us(), iter(range(requests))

        async def client() -> None:
            for _ in left:
                await self.ask(kind)

        await asyncio.gather(*(client() for _ in range(clients)))
        after = self._stack.cpu_us()
        return {name: (after[name] - before[name]) / requests for name in after}


async def kinds(crowd: Crowd) -> tuple[Kind, ...]:
    """One of each that a client's day is made of; what they need is made first."""
    create = Kind("create", "POST", "/v1/contacts", {"first_name": "Ada", "last_name": "Crowd", "tags": ["new"]})
    made = [await crowd.ask(create) for _ in range(30)]
    condition = {"field": "last_name", "operator": "starts_with", "value": "Crowd"}
    return (
        Kind("get", "GET", f"/v1/contacts/{made[0]['id']}"),
        Kind("list of 25", "GET", "/v1/contacts?limit=25"),
        Kind("search, 25", "POST", "/v1/contacts/search", {"filters": [condition], "limit": 25}),
        create,
        Kind("create, keyed", create.method, create.path, create.body, keyed=True),
    )


def held(stack: Stack) -> str:
    """Memory and open sockets of each kind of process, the largest of it."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for kind, pid in stack.parts:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        links = [path.readlink() for path in Path(f"/proc/{pid}/fd").iterdir()]
        sockets = sum(str(link).startswith("socket:") for link in links)
        found[kind].append((pages * _PAGE_BYTES // 2**20, sockets))
    rows = (f"| {kind} | {max(m for m, _ in each)} | {max(s for _, s in each)} |" for kind, each in found.items())
    return "\n".join(("| process | RSS, MiB | sockets |", "| --- | --: | --: |", *rows))


async def main() -> None:
    """Measure the running stack and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=300, help="of a kind in a round")
    parser.add_argument("--clients", type=int, default=16)
    chosen = parser.parse_args()
    stack = running()
    secure = ssl.create_default_context(cafile=stack.ca_file)
    connector = aiohttp.TCPConnector(ssl=secure, limit=chosen.clients)
    measured: dict[str, list[dict[str, float]]] = defaultdict(list)
    async with aiohttp.ClientSession(connector=connector) as session:
        crowd = Crowd(stack, session)
        chosen_kinds = await kinds(crowd)
        for _ in range(chosen.rounds):
            for kind in chosen_kinds:
                measured[kind.name].append(await crowd.round(kind, chosen.requests, chosen.clients))
        sys.stdout.write(f"{made_with()}, {chosen.clients} clients\n\n{table(measured)}\n\n{held(stack)}\n")


def table(measured: dict[str, list[dict[str, float]]]) -> str:
    """The least of the rounds, since whatever else this machine does only adds."""
    lines = [f"| µs a request | {' | '.join(OURS)} | ours | ours, median |", f"| --- {'| --: ' * (len(OURS) + 2)}|"]
    for name, rounds in measured.items():
        least = {kind: min(each[kind] for each in rounds) for kind in OURS}
        medians = sum(statistics.median(each[kind] for each in rounds) for kind in OURS)
        figures = (*least.values(), sum(least.values()), medians)
        lines.append(f"| {name} | {' | '.join(f'{figure:,.0f}' for figure in figures)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    asyncio.run(main())
