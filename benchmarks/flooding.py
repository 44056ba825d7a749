"""Asking the flood for stages of a rate each, and reading what came of them. Owns the program and a job's words."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gateway import Gateway
from benchmarks.load import cpu_us
from benchmarks.recorded import ROOT

CONNECTIONS = 24
USELESS_S = 2.0
"""An answer after that is none: its caller has gone."""
_LONGEST_LINE = 2**28
Answer = tuple[float, float, int]
"""When its request was due, how long it took (seconds), and the status."""


@dataclass(frozen=True)
class Seen:
    """What came of a stage: answers by when they were due (from its beginning), how long they took, and the status.

    `began_s`: when it did (`time.perf_counter`). `late_s`: how late requests left, by the part of them. `cpu_s`: what
    the stack has used meanwhile.
    """

    asked_per_s: float
    began_s: float
    seconds: float
    answers: Sequence[Answer]
    late_s: dict[str, float]
    cpu_s: float

    @property
    def took(self) -> list[float]:
        """How long each answer took."""
        return [took for _, took, _ in self.answers]

    @property
    def good(self) -> list[float]:
        """How long each good answer took."""
        return [took for _, took, status in self.answers if status // 100 == 2 and took < USELESS_S]

    @property
    def good_per_s(self) -> float:
        """Good answers a second."""
        return len(self.good) / self.seconds

    @property
    def good_per_cpu_s(self) -> float:
        """Good answers for a second of the stack's own time: whatever else the machine did meanwhile."""
        return len(self.good) / self.cpu_s

    @property
    def refused(self) -> list[float]:
        """How long each refusal took."""
        return [took for _, took, status in self.answers if status == 503]

    @property
    def statuses(self) -> Counter[int]:
        """How often each."""
        return Counter(status for _, _, status in self.answers)


@dataclass
class Flooding:
    """Floods, one after the other."""

    ours: Gateway
    process: Process

    async def stages(self, requests: Sequence[str], tokens: Path, *stages: tuple[float, float]) -> list[Seen]:
        """Rates and how long each lasts, without a pause between them."""
        job = {
            **self.ours.at,
            "requests": requests,
            "tokens": str(tokens),
            "connections": CONNECTIONS,
            "stages": stages,
        }
        asking = asyncio.create_task(self._ask(job))
        used_s = [self._used_s()]
        for _, seconds in stages:
            await asyncio.sleep(seconds)
            used_s.append(self._used_s())
        told, began_s, seen = await asking, 0.0, list[Seen]()
        for (rate, seconds), before_s, after_s in zip(stages, used_s[:-1], used_s[1:], strict=True):
            since = ((due - began_s, took, status) for due, took, status in told["answers"])
            answers = [each for each in since if 0 <= each[0] < seconds]
            seen.append(Seen(rate, told["began_s"] + began_s, seconds, answers, told["late_s"], after_s - before_s))
            began_s += seconds
        return seen

    async def _ask(self, job: dict[str, Any]) -> Any:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the flood has no pipes")
        stdin.write(json.dumps(job).encode() + b"\n")
        return json.loads(await stdout.readline())

    def _used_s(self) -> float:
        return sum(cpu_us(pid) for _, pid in self.ours.processes) / 1e6


@asynccontextmanager
async def flooding(ours: Gateway, core: int | None = None) -> AsyncIterator[Flooding]:
    """The program, on that core if one is named, until the end."""
    command = (sys.executable, "-m", "benchmarks.flood")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=_LONGEST_LINE)
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        yield Flooding(ours, process)
    finally:
        process.terminate()
        await process.communicate()


def quantile(values: Sequence[float], part: float) -> float:
    """Of no values, nothing."""
    return sorted(values)[int(part * (len(values) - 1))] if values else float("nan")
