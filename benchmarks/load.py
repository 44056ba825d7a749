"""The load: a program that speaks HTTP/1.1 to one contender at a time and tells what that cost the contender.

A line of JSON in is a job, a line out is what came of it. It imports nothing of ours: it must not know what is asked.
Closed loop: so many connections, each asks again once it is answered.
Open loop: requests leave at random instants of a fixed rate, whether or not others were answered; one that finds no
free connection waits, and its wait counts (no coordinated omission).
"""

import asyncio
import itertools
import json
import random
import secrets
import ssl
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvloop

UNIQUE, TOKEN = b"@UNIQUE@", b"@TOKEN@"
"""In a request: something that no other request has, and a token, each one in its turn."""
WARM_UP_PART = 0.2
"""Of the time of a job, before it counts."""
FEWEST = 10
"""Answers that are waited for, however short the time was to be."""
OPEN_CONNECTIONS = 64
ANSWER_S = 20.0
PERCENTILES = (50, 90, 99, 99.9)
_END = b"\r\n\r\n"


def cpu_us(pid: int) -> float:
    """CPU time that a process has used so far, all its threads together (Linux)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1000


class Connection(asyncio.Protocol):
    """One connection; asks and tells the status of each answer that came in whole."""

    transport: asyncio.Transport

    def __init__(self, answered: Callable[["Connection", int], None], lost: Callable[[], None]) -> None:
        self._answered, self._lost = answered, lost
        self._seen = b""
        self._wanted = 0
        self.asked_s = 0.0

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._lost()

    def ask(self, request: bytes, due_s: float) -> None:
        """Send a request that was due at that instant."""
        self._seen, self._wanted, self.asked_s = b"", 0, due_s
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._seen = self._seen + data if self._seen else data
        if not self._wanted:
            self._wanted = _length(self._seen)
        if self._wanted and len(self._seen) >= self._wanted:
            self._answered(self, int(self._seen[9:12]))


def _length(seen: bytes) -> int:
    """How long an answer is in whole; 0 when that is not known yet."""
    head, end, body = seen.partition(_END)
    if not end:
        return 0
    head = head.lower()
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if found:
        return len(head) + len(_END) + int(rest.partition(b"\r\n")[0])
    if b"\r\ntransfer-encoding: chunked" in head:
        return len(seen) if body.endswith(b"0\r\n\r\n") else 0
    return len(head) + len(_END)


class Run:
    """One job under way."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._requests = requests_of(job)
        self._statuses: Counter[int] = Counter()
        self._took_s: list[float] = []
        self._under_way = 0
        self._counting = False
        self._asking = True
        self._next: Callable[[Connection], None] = self._ask_now
        self._idle, self._enough = asyncio.Event(), asyncio.Event()

    async def closed(self, connections: Sequence[Connection]) -> dict[str, Any]:
        """Each connection asks again at once."""
        for connection in connections:
            self._ask_now(connection)
        return await self._counted()

    async def open(self, connections: Sequence[Connection], rate: float) -> dict[str, Any]:
        """Requests leave when they are due."""
        free, waiting = deque(connections), deque[float]()

        def next_one(connection: Connection) -> None:
            self._ask(connection, waiting.popleft()) if waiting else free.append(connection)

        self._next = next_one
        arrivals = asyncio.create_task(self._arrive(rate, free, waiting))
        told = await self._counted()
        await arrivals
        return told

    async def _arrive(self, rate: float, free: deque[Connection], waiting: deque[float]) -> None:
        # What is due between two turns of the loop, a millisecond, leaves together; it is due when this turn comes.
        chance, at_s = random.Random(1), time.perf_counter()  # noqa: S311
        while self._asking:
            now_s = time.perf_counter()
            while at_s <= now_s:
                at_s += chance.expovariate(rate)
                self._ask(free.popleft(), now_s) if free else waiting.append(now_s)
            await asyncio.sleep(0.0005)

    async def _counted(self) -> dict[str, Any]:
        """Warm up, count, wait for what is still under way."""
        await asyncio.sleep(self._job["seconds"] * WARM_UP_PART)
        pids = self._job["pids"]
        before, began_s, self._counting = [cpu_us(pid) for pid in pids], time.perf_counter(), True
        await asyncio.sleep(self._job["seconds"])
        async with asyncio.timeout(ANSWER_S):
            await self._enough.wait()
        self._counting, seconds = False, time.perf_counter() - began_s
        used = [cpu_us(pid) - was for pid, was in zip(pids, before, strict=True)]
        self._asking = False
        if self._under_way:
            await asyncio.wait_for(self._idle.wait(), ANSWER_S)
        return {
            "seconds": seconds,
            "cpu_us": used,
            "statuses": self._statuses,
            "latency_us": _percentiles(self._took_s),
        }

    def _ask_now(self, connection: Connection) -> None:
        self._ask(connection, time.perf_counter())

    def _ask(self, connection: Connection, due_s: float) -> None:
        self._under_way += 1
        connection.ask(next(self._requests), due_s)

    def answered(self, connection: Connection, status: int) -> None:
        """One is done; on with the next."""
        self._under_way -= 1
        if self._counting:
            self._statuses[status] += 1
            self._took_s.append(time.perf_counter() - connection.asked_s)
            if len(self._took_s) == FEWEST:
                self._enough.set()
        if self._asking:
            self._next(connection)
        elif not self._under_way:
            self._idle.set()

    def lost(self) -> None:
        """A connection broke: what it was asked is never answered."""
        if self._asking:
            self._statuses[0] += 1


def _percentiles(took_s: list[float]) -> dict[str, float]:
    took_s.sort()
    places = ((each, min(len(took_s) - 1, int(len(took_s) * each / 100))) for each in PERCENTILES)
    return {str(each): took_s[place] * 1e6 for each, place in places} if took_s else {}


def requests_of(job: dict[str, Any]) -> Iterator[bytes]:
    """The job's requests in turn, without end."""
    templates = [request.encode() for request in job["requests"]]
    tokens = itertools.cycle(Path(job["tokens"]).read_bytes().split()) if job.get("tokens") else itertools.repeat(b"")
    numbers, run = itertools.count(), secrets.token_hex(6)
    for template in itertools.cycle(templates):
        request = template.replace(TOKEN, next(tokens)) if TOKEN in template else template
        yield request.replace(UNIQUE, f"{run}{next(numbers):012}".encode()) if UNIQUE in request else request


async def _do(job: dict[str, Any]) -> dict[str, Any]:
    run = Run(job)
    loop, rate = asyncio.get_running_loop(), job.get("rate")
    secure = ssl.create_default_context(cafile=job["ca"]) if job.get("ca") else None
    connections: list[Connection] = []
    for _ in range(OPEN_CONNECTIONS if rate else job["connections"]):
        made = lambda: Connection(run.answered, run.lost)  # noqa: E731
        if "socket" in job:
            _, connection = await loop.create_unix_connection(made, job["socket"])
        else:
            _, connection = await loop.create_connection(made, "localhost", job["port"], ssl=secure)
        connections.append(connection)
    try:
        return await (run.open(connections, rate) if rate else run.closed(connections))
    finally:
        for connection in connections:
            connection.transport.abort()


def main() -> None:
    """Do each job; what goes wrong with one is told in its place."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            try:
                told = runner.run(_do(json.loads(line)))
            except Exception as error:
                told = {"error": repr(error)}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
