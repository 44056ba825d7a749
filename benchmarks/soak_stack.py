"""`python -m benchmarks.soak_stack`: whether each process of a whole stack stays as large as it is, for an hour.

Mixed calls over HTTP/1.1 and HTTP/2, of many tokens, a tenth of them `attacks`. Sampled now and then: memory, open
files and threads of each process, and what Valkey says that it uses. At the end, a line's slope through the samples of
each after a warm-up, with what chance alone makes of it. Before all that, so many token families ask once that whatever
is remembered of them is full: it would grow for the hour otherwise, and end where its bound is.
"""

import argparse
import asyncio
import itertools
import json
import random
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.attacks import Attacker
from benchmarks.report import Table
from benchmarks.where import made_with
from contract.versions import LATEST_VERSION
from envoy_config.local_rate_limits import MAX_RATE_KEYS
from tests.support.lines import Http1, Http2, Lost, Sent
from tests.support.stack import Stack, running_stack

PARTS = ("envoy", "authz", "transcoder", "oauth", "valkey", "sandbox")
ATTACKS_EVERY = 10
REQUESTS_A_TOKEN = 20
SAMPLES_S = 15.0
WARM_UP_PART = 0.25
KEYS = 200
"""Idempotency keys in use: nearly each request under one is a replay, so that what is kept for a day is soon there."""
ANSWER_S = 30.0
HALVES = 2
FAMILIES, FILL_PER_S = MAX_RATE_KEYS + 500, 80.0


@dataclass(frozen=True)
class Sample:
    """One process, or Valkey's own count, at one time."""

    part: str
    at_s: float
    kib: float
    files: int
    threads: int


class Callers:
    """Good calls and bad ones at a rate."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        port = int(stack.api_url.rpartition(":")[2])
        secure = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
        self._clients: tuple[Http1 | Http2, ...] = (
            Http1(port, _speaking(secure, "http/1.1")),
            Http2(port, _speaking(secure, "h2")),
        )
        self._attacker = Attacker(port, _speaking(secure, "http/1.1"), self.token)
        self._numbers = itertools.count()
        self._token, self._left = "", 0
        self.seen: Counter[str] = Counter()
        with stack.client(self.token()) as client:
            bodies = [{"last_name": f"Soak {number}"} for number in range(50)]
            made = client.post("/v1/contacts/batch/create", json={"items": bodies}).json()["data"]
        self._ids = [entry["data"]["id"] for entry in made]

    def token(self) -> str:
        """Of a new family every few requests."""
        if not self._left:
            self._token, self._left = self._stack.token(), REQUESTS_A_TOKEN
        self._left -= 1
        return self._token

    async def fill(self, families: int) -> None:
        """Each of so many families asks once."""
        due_s = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(families):
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                self._left = 0
                tasks.create_task(self._send(number, Sent("GET", "/v1/me", self._headers())))
                due_s += 1 / FILL_PER_S

    async def run(self, rate: float, until_s: float) -> None:
        """Leave when they are due, until then."""
        due_s = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            while due_s < until_s:
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                tasks.create_task(self._one(next(self._numbers)))
                due_s += random.expovariate(rate)

    async def _one(self, number: int) -> None:
        if number % ATTACKS_EVERY == 0:
            self.seen[f"attack: {await self._attacker.next_one()}"] += 1
            return
        await self._send(number, self._call(number))

    async def _send(self, number: int, sent: Sent) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                got = await self._clients[number % len(self._clients)].ask(sent)
            self.seen[str(got.status)] += 1
        except (OSError, Lost, TimeoutError) as fault:
            self.seen[type(fault).__name__] += 1

    def _call(self, number: int) -> Sent:
        one = self._ids[number % len(self._ids)]
        condition = {"field": "last_name", "operator": "starts_with", "value": "Soak"}
        calls: tuple[tuple[str, str, Any], ...] = (
            ("GET", f"/v1/contacts/{one}", None),
            ("GET", "/v1/contacts?limit=25", None),
            ("PATCH", f"/v1/contacts/{one}", {"job_title": f"Chief {number % 7}"}),
            ("GET", f"/v1/contacts/{one}?fields=email", None),
            ("POST", "/v1/contacts/search", {"filters": [condition], "limit": 10}),
            ("GET", "/v1/me", None),
            ("POST", "/v1/contacts", {"last_name": f"Keyed {number % KEYS}"}),
            ("GET", "/v1/deals?limit=10", None),
            ("POST", "/v1/contacts", {"frist_name": "Ada"}),
            ("POST", "/v1/contacts/batch/get", {"ids": self._ids[:20]}),
            ("GET", "/v1/requests?idempotency_key=none", None),
        )
        method, path, body = calls[number % len(calls)]
        told = self._headers()
        if body is not None:
            told["content-type"] = "application/json"
        if body is not None and "last_name" in body:
            told["idempotency-key"] = f"soak-{number % KEYS}"
        return Sent(method, path, told, b"" if body is None else json.dumps(body).encode())

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token()}", "version": LATEST_VERSION.date}


def _speaking(secure: ssl.SSLContext, protocol: str) -> ssl.SSLContext:
    own = ssl.create_default_context(cadata=b"".join(secure.get_ca_certs(binary_form=True)))
    own.set_alpn_protocols([protocol])
    return own


def samples_of(stack: Stack, at_s: float) -> list[Sample]:
    """Each process now."""
    found = []
    for part in PARTS:
        for number, pid in enumerate(stack.pids(part), 1):
            process = Path("/proc", str(pid))
            told = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            files = sum(1 for _ in (process / "fd").iterdir())
            kib = float(told["VmRSS"].split()[0])
            found.append(Sample(f"{part}-{number}", at_s, kib, files, int(told["Threads"])))
    used, keys = _valkey(stack)
    return [*found, Sample("valkey, used_memory; keys as files", at_s, used / 1024, keys, 0)]


def _valkey(stack: Stack) -> tuple[int, int]:
    path = next(stack.own_folder.rglob("valkey.sock"), None) or Path(stack.facts["SOCKETS"]) / "valkey.sock"
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        line.sendall(b"INFO memory\r\nDBSIZE\r\n")
        text = b""
        while b"\r\n:" not in text:
            text += line.recv(65_536)
    used = next(row for row in text.decode().splitlines() if row.startswith("used_memory:"))
    return int(used.partition(":")[2]), int(text.rpartition(b":")[2])


async def _sampling(
    stack: Stack, callers: Callers, until_s: float, tell: Callable[[Sequence[Sample]], None]
) -> list[Sample]:
    began_s, found = time.monotonic(), list[Sample]()
    while (now_s := time.monotonic()) < until_s:
        latest = samples_of(stack, now_s - began_s)
        found += latest
        tell(latest)
        await asyncio.sleep(min(SAMPLES_S, max(0.1, (until_s - began_s) / 40)))
    return found


def slope(samples: Sequence[Sample]) -> tuple[float, float]:
    """KiB an hour by least squares, and twice its standard error were the samples independent, which they are not."""
    at, size = [each.at_s / 3600 for each in samples], [each.kib for each in samples]
    middle_at, middle_size = sum(at) / len(at), sum(size) / len(size)
    over = sum((each - middle_at) ** 2 for each in at)
    found = sum((x - middle_at) * (y - middle_size) for x, y in zip(at, size, strict=True)) / over
    left = sum((y - middle_size - found * (x - middle_at)) ** 2 for x, y in zip(at, size, strict=True))
    return found, 2 * (left / max(1, len(at) - 2) / over) ** 0.5


def table(found: Sequence[Sample], seconds: float) -> str:
    """A line for each part."""
    rows = []
    for part in dict.fromkeys(each.part for each in found):
        own = [each for each in found if each.part == part]
        late = [each for each in own if each.at_s >= WARM_UP_PART * seconds]
        halves = late[: len(late) // HALVES], late[len(late) // HALVES :]
        per_hour, error = slope(late)
        sizes = [f"{median(each.kib for each in half):,.0f}" for half in halves]
        files = f"{late[0].files}, {late[-1].files} ({max(each.files for each in late)})"
        rows.append(
            [part, f"{own[0].kib:,.0f}", *sizes, f"{per_hour:,.0f} ± {error:,.0f}", files, str(late[-1].threads)]
        )
    head = ["", "KiB at first", "median of the first half", "of the second", "KiB an hour", "files (most)", "threads"]
    return Table("After the warm-up", "The first quarter is the warm-up.", head, rows).markdown("")


def sizes_of(latest: Sequence[Sample]) -> str:
    """All parts in a line: KiB and files."""
    return " ".join(f"{each.part.partition(',')[0]}={each.kib:.0f}/{each.files}" for each in latest)


async def main() -> None:
    """Call, sample, tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_stack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=30, help="calls a second")
    chosen = parser.parse_args()
    print(made_with(), flush=True)
    with running_stack() as stack:
        callers = Callers(stack)
        for part in (0.4, 0.3, 0.3):
            await callers.fill(int(FAMILIES * part))
            print("filling:", sizes_of(samples_of(stack, 0.0)), flush=True)
        until_s = time.monotonic() + chosen.seconds

        def tell(latest: Sequence[Sample]) -> None:
            print(f"{latest[0].at_s:6.0f} s {sizes_of(latest)} {callers.seen.total()} calls", flush=True)

        async with asyncio.TaskGroup() as tasks:
            sampling = tasks.create_task(_sampling(stack, callers, until_s, tell))
            tasks.create_task(callers.run(chosen.rate, until_s))
        restarts = stack.local("status")
    print(table(sampling.result(), chosen.seconds))
    print(restarts)
    print("\n".join(f"{count:8,} {what}" for what, count in sorted(callers.seen.items())))


if __name__ == "__main__":
    asyncio.run(main())
