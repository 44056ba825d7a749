"""Asking the load for something and reading what it tells. Owns the program and the words of a job."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.recorded import ROOT

IN_FLIGHT = 16
_LONGEST_LINE = 2**26


@dataclass(frozen=True)
class Told:
    """What came of a job. `cpu_us`: of each process, a request. `latency_us`: by percentile."""

    done: int
    per_s: float
    cpu_us: tuple[float, ...]
    latency_us: Mapping[str, float]
    statuses: Mapping[str, int]

    @property
    def all_cpu_us(self) -> float:
        """Of all the processes together."""
        return sum(self.cpu_us)


class Load:
    """Makes load, one job after the other."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(
        self,
        at: Mapping[str, str | int],
        requests: Sequence[str],
        pids: Sequence[int],
        seconds: float,
        *,
        good: Sequence[int],
        in_flight: int = IN_FLIGHT,
        rate: float | None = None,
        tokens: Path | None = None,
    ) -> Told:
        """Closed loop with so many in flight, or open at `rate` a second. Raises when an answer is not `good`."""
        job = {**at, "requests": requests, "pids": pids, "seconds": seconds, "connections": in_flight, "rate": rate}
        told = await self._ask({**job, "tokens": tokens and str(tokens)})
        done = sum(told["statuses"].values())
        if not done or any(int(status) not in good for status in told["statuses"]):
            raise RuntimeError(f"{requests[0][:60]!r}: {told['statuses']}")
        used = tuple(us / done for us in told["cpu_us"])
        return Told(done, done / told["seconds"], used, told["latency_us"], told["statuses"])

    async def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the load has no pipes")
        stdin.write(json.dumps(job).encode() + b"\n")
        await stdin.drain()
        told: dict[str, Any] = json.loads(await stdout.readline())
        if "error" in told:
            raise RuntimeError(f"the load: {told['error']}")
        return told


@asynccontextmanager
async def loading() -> AsyncIterator[Load]:
    """The program, until the end."""
    command = (sys.executable, str(ROOT / "benchmarks" / "load.py"))
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, env={"PATH": os.environ["PATH"]}, limit=_LONGEST_LINE
    )
    try:
        yield Load(process)
    finally:
        process.terminate()
        await process.communicate()
