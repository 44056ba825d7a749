"""`python -m benchmarks.overload`: the peak of a whole gateway, what is left of it at three times as much, and after that.

Open loop over TLS (`flood`), before the cheap stand-in for the CRM, so that it is our parts that have too much to do. The
stack has one core, and the load, the stand-in and the probes the other: the load must not be what is short of time.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.contenders import stand_in
from benchmarks.gateway import PARTS, Gateway, gateway
from benchmarks.load import cpu_us
from benchmarks.recorded import ROOT, record
from benchmarks.report import Table
from benchmarks.where import made_with
from benchmarks.works import CREATE, GET, KEYED, LIST_25
from contract.operations import HEALTH_PATH, READINESS_PATH

KINDS = (GET, GET, GET, GET, GET, GET, LIST_25, LIST_25, CREATE, KEYED)
TOKENS, BUSINESSES = 2_000, 40
CONNECTIONS = 24
FIRST_RATE, STEP = 150.0, 1.2
STEP_S, SETTLES_S = 4.0, 1.0
KEPT_UP = 0.95
"""Of what was asked: less is answered beyond the peak."""
BEYOND_S, AFTER_S = 10.0, 4.0
AFTER_PART = 0.5
"""Of the peak, that is asked when the flood is over."""
PROBES_S = 0.1
USELESS_S = 2.0
"""An answer after that is none: its caller has gone."""
BACK_S = 0.1
"""What is asked in so short a time, and answered as if nothing had been, ends the overload."""
_LONGEST_LINE = 2**28


@dataclass(frozen=True)
class Seen:
    """What came of a stage: answers by when they were due (from its beginning), how long they took, and the status."""

    asked_per_s: float
    seconds: float
    answers: Sequence[tuple[float, float, int]]
    late_s: dict[str, float]
    cpu_s: float
    """That the stack has used meanwhile, all of it."""

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
        """Good answers for a second of the stack's own time: what a core of its own would give."""
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
    """The program that floods."""

    process: Process
    pids: Sequence[int]
    at: dict[str, Any]

    async def stages(self, *stages: tuple[float, float]) -> list[Seen]:
        """Rates and how long each lasts."""
        assert self.process.stdin
        assert self.process.stdout
        job = {**self.at, "stages": stages, "connections": CONNECTIONS}
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        used_s = [self._used_s()]
        for _, seconds in stages:
            await asyncio.sleep(seconds)
            used_s.append(self._used_s())
        told = json.loads(await self.process.stdout.readline())
        seen, began_s = [], 0.0
        for (rate, seconds), before_s, after_s in zip(stages, used_s, used_s[1:], strict=False):
            own = [(due - began_s, took, status) for due, took, status in told["answers"] if 0 <= due - began_s < seconds]
            seen.append(Seen(rate, seconds, own, told["late_s"], after_s - before_s))
            began_s += seconds
        return seen

    def _used_s(self) -> float:
        return sum(cpu_us(pid) for pid in self.pids) / 1e6


@dataclass
class Probes:
    """Whether the gateway says that it is well, asked again and again."""

    took_s: dict[str, list[float]] = field(default_factory=lambda: {HEALTH_PATH: [], READINESS_PATH: []})
    sick: Counter[str] = field(default_factory=Counter)

    async def run(self, ours: Gateway) -> None:
        """Until it is cancelled."""
        secure = ssl.create_default_context(cafile=ours.stack.facts["CA_FILE"])
        async with httpx.AsyncClient(base_url=ours.stack.api_url, verify=secure, timeout=10) as client:
            while True:
                for path, took_s in self.took_s.items():
                    began_s = time.perf_counter()
                    answer = await client.get(path)
                    took_s.append(time.perf_counter() - began_s)
                    if answer.status_code != 200:
                        self.sick[f"{path} {answer.status_code}"] += 1
                await asyncio.sleep(PROBES_S)


@asynccontextmanager
async def flooding(ours: Gateway, tokens: Path, core: int | None) -> AsyncIterator[Flooding]:
    """The program, on that core, until the end."""
    command = (sys.executable, "-m", "benchmarks.flood")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=_LONGEST_LINE)
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        yield Flooding(process, [pid for _, pid in ours.processes], {**ours.at, "requests": requests(ours), "tokens": str(tokens)})
    finally:
        process.terminate()
        await process.communicate()


def requests(ours: Gateway) -> list[str]:
    """Of each kind so many as it has places, of the businesses in turn: as tokens come, so that each meets its own."""
    asks = [ours.asks(business) for business in range(1, BUSINESSES + 1)]
    return [asks[business][kind].request for kind in KINDS for business in range(BUSINESSES)]


async def peak_of(flood: Flooding) -> tuple[Seen, list[Seen]]:
    """By steps: the most that was ever answered, and the steps."""
    steps, rate = [], FIRST_RATE
    while True:
        [_, seen] = await flood.stages((rate, SETTLES_S), (rate, STEP_S))
        steps.append(seen)
        if seen.good_per_s < KEPT_UP * rate and len(steps) > 1 and seen.good_per_s < 1.05 * steps[-2].good_per_s:
            return max(steps, key=lambda step: step.good_per_s), steps
        rate *= STEP


def back_after_s(after: Seen) -> float:
    """When, after the flood, the last request was due that was not served as usual."""
    usual_s = 3 * quantile([took for due, took, _ in after.answers if due > after.seconds / 2], 0.99)
    odd = [due for due, took, status in after.answers if status // 100 != 2 or took > max(usual_s, BACK_S)]
    return max(odd, default=0.0)


def quantile(values: Sequence[float], part: float) -> float:
    """Of no values, nothing."""
    return sorted(values)[int(part * (len(values) - 1))] if values else float("nan")


def pinned(ours: Gateway, core: int | None) -> None:
    """All processes of the stack, whatever they are, on one core."""
    rows = json.loads((ours.stack.own_folder / "state.json").read_text())["services"]
    for pid in (row["process"]["pid"] for row in rows if core is not None):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                os.sched_setaffinity(int(thread.name), {core})


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="floods after the steps")
    parser.add_argument("--shared", action="store_true", help="let everything run on all cores")
    parser.add_argument("--times", type=float, default=3.0, help="the flood, in peaks")
    chosen = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    split = len(cores) > 1 and not chosen.shared
    stack_core, load_core = (cores[0], cores[-1]) if split else (None, None)
    print(f"{made_with()}{', the stack on one core' if split else ''}\n", flush=True)
    if load_core is not None:
        os.sched_setaffinity(0, {load_core})
    os.environ["ADDRESS_LIMIT_PER_S"] = "1000000"
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with stand_in(folder, await record(folder)) as crm:
            with gateway(folder, crm) as ours:
                pinned(ours, stack_core)
                async with flooding(ours, ours.tokens(TOKENS, businesses=BUSINESSES, user=1), load_core) as flood:
                    await flood.stages((FIRST_RATE, 3))
                    best, steps = await peak_of(flood)
                    print(_stages("Steps", steps, best), flush=True)
                    for _ in range(chosen.rounds):
                        await _flooded(flood, ours, best, chosen.times)


async def _flooded(flood: Flooding, ours: Gateway, best: Seen, times: float) -> None:
    probes = Probes()
    probing = asyncio.create_task(probes.run(ours))
    peak = best.good_per_s
    fb = cpu_us(flood.process.pid)
    before = {part: sum(cpu_us(pid) for name, pid in ours.processes if name == part) for part in PARTS}
    first, beyond, after = await flood.stages((times * peak, SETTLES_S), (times * peak, BEYOND_S), (AFTER_PART * peak, AFTER_S))
    used = {part: sum(cpu_us(pid) for name, pid in ours.processes if name == part) - was for part, was in before.items()}
    print({part: round(us / 1e4 / (SETTLES_S + BEYOND_S + AFTER_S)) for part, us in used.items()}, "percent of a core; flood", round((cpu_us(flood.process.pid)-fb)/1e4/15))
    probing.cancel()
    with suppress(asyncio.CancelledError):
        await probing
    print(_stages("Flood, and after it", [first, beyond, after], best))
    healthy = {path: f"p99 {quantile(took, 0.99) * 1000:.0f} ms of {len(took)}" for path, took in probes.took_s.items()}
    print(f"back after {back_after_s(after):.2f} s; probes {healthy}, sick: {dict(probes.sick)}; load {os.getloadavg()[0]:.1f}\n", flush=True)


def _stages(title: str, seen: Sequence[Seen], best: Seen) -> str:
    rows = []
    for each in seen:
        good, refused = each.good, each.refused
        rows.append(
            [
                f"{each.asked_per_s:,.0f}",
                f"{each.good_per_s:,.0f}",
                f"{each.good_per_s / best.good_per_s:.2f}",
                f"{each.good_per_cpu_s:,.0f}",
                f"{each.good_per_cpu_s / best.good_per_cpu_s:.2f}",
                *(f"{quantile(good, part) * 1000:,.0f}" for part in (0.5, 0.99)),
                f"{len(refused) / each.seconds:,.0f}",
                *(f"{quantile(refused, part) * 1000:,.1f}" for part in (0.5, 0.99)),
                ", ".join(f"{status} {count}" for status, count in sorted(each.statuses.items())),
                f"{each.late_s['0.99'] * 1000:.1f}/{each.late_s['1.0'] * 1000:.0f}",
            ]
        )
    head = ["asked /s", "good /s", "of peak", "a CPU second", "of peak", "p50 ms", "p99", "refused /s", "p50 ms", "p99", "answers", "late p99/max ms"]
    return Table(title, "", head, rows).markdown("")


if __name__ == "__main__":
    asyncio.run(main())
