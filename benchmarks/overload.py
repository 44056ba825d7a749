"""`python -m benchmarks.overload`: a whole gateway's peak, what is left of it at three times as much, and after that.

Open loop over TLS (`flood`), before the cheap stand-in for the CRM, so that it is our parts that have too much to do.
The stack has one core; the load, the stand-in and the probes have the other: the load must not be short of time.
"""

import argparse
import asyncio
import json
import os
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.contenders import stand_in
from benchmarks.flooding import Flooding, Seen, flooding, quantile
from benchmarks.gateway import Gateway, gateway
from benchmarks.recorded import record
from benchmarks.report import Table
from benchmarks.where import made_with
from benchmarks.witnessing import Witness, witnessed
from benchmarks.works import CREATE, GET, KEYED, LIST_25
from contract.operations import HEALTH_PATH, READINESS_PATH

KINDS = (GET, GET, GET, GET, GET, GET, LIST_25, LIST_25, CREATE, KEYED)
TOKENS, BUSINESSES = 2_000, 40
FIRST_RATE, STEP, STEP_S, SETTLES_S = 150.0, 1.2, 4.0, 1.0
KEPT_UP, GROWN = 0.95, 1.05
"""Beyond the peak less than that part of what was asked is answered, and no more than that part of a step before."""
AT_PEAK, AT_PEAK_S = 1.1, 5.0
"""Before each flood the peak is measured again, by a little more than it: what else the machine does changes."""
TIMES, BEYOND_S = 3.0, 10.0
"""A flood is so many times of what the peak was just before it."""
AFTER_PART, AFTER_S = 0.5, 4.0
"""How much of the peak is asked when the flood is over, and for how long."""
PROBES_S, PROBE_S = 0.1, 10.0
LIMITS_LOST = "limits lost"
"""In authz's log: a charge took too long, or several did, and it counts by itself for a while."""
BACK_S, BACK_TIMES = 0.1, 3.0
"""What takes less, or less than so often p99 of what came later, was served as if nothing had been."""
CALM_S = 0.5
"""When everything that is due for so long is served as usual, the flood is over. At half of the peak a group of calls
takes longer now and then, flood or no flood."""


@dataclass
class Probes:
    """Whether the gateway says that it is well, asked again and again."""

    took_s: dict[str, list[float]] = field(default_factory=lambda: {HEALTH_PATH: [], READINESS_PATH: []})
    sick: Counter[str] = field(default_factory=Counter)

    async def run(self, ours: Gateway, over: asyncio.Event) -> None:
        """Until it is over. Not until it is cancelled: in the middle of a call, httpx may miss that."""
        secure = ssl.create_default_context(cafile=ours.stack.facts["CA_FILE"])
        async with httpx.AsyncClient(base_url=ours.stack.api_url, verify=secure, timeout=PROBE_S) as client:
            while not over.is_set():
                for path, took_s in self.took_s.items():
                    began_s = time.perf_counter()
                    try:
                        said = str((await client.get(path)).status_code)
                    except httpx.TransportError as error:
                        said = type(error).__name__
                    took_s.append(time.perf_counter() - began_s)
                    if said != "200":
                        self.sick[f"{path} {said}"] += 1
                await asyncio.sleep(PROBES_S)

    def __str__(self) -> str:
        """A line of it."""
        told = (f"{path} p99 {quantile(took, 0.99) * 1000:.0f} ms of {len(took)}" for path, took in self.took_s.items())
        return f"{', '.join(told)}; sick: {dict(self.sick) or 'never'}"


@dataclass(frozen=True)
class Asking:
    """The mix that is asked for, at any rates."""

    flood: Flooding
    requests: Sequence[str]
    tokens: Path

    async def at(self, *stages: tuple[float, float]) -> list[Seen]:
        """Rates and how long each lasts."""
        return await self.flood.stages(self.requests, self.tokens, *stages)


def requests(ours: Gateway) -> list[str]:
    """The mix, businesses in the order of their tokens, so that each meets its own. Ten that come after one another are
    of all kinds: forty creates in a row would be a flood of their own.
    """
    asks = [ours.asks(business) for business in range(1, BUSINESSES + 1)]
    return [own[KINDS[(n + turn) % len(KINDS)]].request for turn in range(len(KINDS)) for n, own in enumerate(asks)]


async def steps_to_the_peak(asking: Asking) -> list[Seen]:
    """More and more, until it is too much."""
    steps, rate = list[Seen](), FIRST_RATE
    while True:
        [_, seen] = await asking.at((rate, SETTLES_S), (rate, STEP_S))
        has_grown = not steps or seen.good_per_s > GROWN * steps[-1].good_per_s
        steps.append(seen)
        if seen.good_per_s < KEPT_UP * rate and not has_grown:
            return steps
        rate *= STEP


async def flooded(asking: Asking, ours: Gateway, most: float) -> tuple[float, float]:
    """The peak once more, a flood, and what comes after it; printed. `most`: good answers a second at the steps' peak.

    Returns how many there were at this one, and in the flood.
    """
    probes, over = Probes(), asyncio.Event()
    probing = asyncio.create_task(probes.run(ours, over))
    [_, peak] = await asking.at((AT_PEAK * most, SETTLES_S), (AT_PEAK * most, AT_PEAK_S))
    flood, half = TIMES * peak.good_per_s, AFTER_PART * peak.good_per_s
    stages = (flood, SETTLES_S), (flood, BEYOND_S), (half, AFTER_S)
    async with witnessed() as witness:
        [_, beyond, after] = await asking.at(*stages)
    over.set()
    await probing
    print(table("The peak, a flood, and after it", [peak, beyond, after], peak))
    lost = sum(ours.stack.log(name).count(LIMITS_LOST) for name in ("authz-1", "authz-2"))
    print(f"Back after {back_after_s(after):.2f} s; {probes}; limits lost {lost} times so far.", flush=True)
    print(f"Meanwhile {witness}. {left_out(beyond, after, witness)}")
    print(f"Load average {os.getloadavg()[0]:.1f}.\n", flush=True)
    return peak.good_per_s, beyond.good_per_s


def left_out(beyond: Seen, after: Seen, witness: Witness) -> str:
    """What those have that the machine did not disturb."""
    well = witness.undisturbed(beyond).refused
    p99_ms, back_s = quantile(well, 0.99) * 1000, back_after_s(witness.undisturbed(after))
    part = f"{len(well):,} of {len(beyond.refused):,}"
    told = f"{part} refusals were not under way then or just after: p99 {p99_ms:.1f} ms"
    return f"{told}; by such answers alone, back after {back_s:.2f} s."


def back_after_s(after: Seen) -> float:
    """When, after the flood, all was served as usual for the first time: when the last was due that was not."""
    late = [took for due, took, _ in after.answers if due > after.seconds / 2]
    usual_s = max(BACK_S, BACK_TIMES * quantile(late, 0.99))
    back_s = 0.0
    for due in sorted(due for due, took, status in after.answers if status // 100 != 2 or took > usual_s):
        if due - back_s > CALM_S:
            break
        back_s = due
    return back_s


def table(title: str, stages: Sequence[Seen], peak: Seen) -> str:
    """A line a stage."""
    head = ["asked /s", "good /s", "of the peak", "a CPU second", "of the peak", "p50, ms", "p99"]
    head += ["refused /s", "p50, ms", "p99", "answers", "left late: p99, most, ms"]
    about = "Good answers a second, and for a second of CPU time of the stack."
    return Table(title, about, head, [_row(stage, peak) for stage in stages]).markdown("")


def _row(seen: Seen, peak: Seen) -> list[str]:
    good, refused = seen.good, seen.refused
    return [
        f"{seen.asked_per_s:,.0f}",
        f"{seen.good_per_s:,.0f}",
        f"{seen.good_per_s / peak.good_per_s:.2f}",
        f"{seen.good_per_cpu_s:,.0f}",
        f"{seen.good_per_cpu_s / peak.good_per_cpu_s:.2f}",
        *(f"{quantile(good, part) * 1000:,.0f}" for part in (0.5, 0.99)),
        f"{len(refused) / seen.seconds:,.0f}",
        *(f"{quantile(refused, part) * 1000:,.1f}" for part in (0.5, 0.99)),
        ", ".join(f"{status}: {count:,}" for status, count in sorted(seen.statuses.items())),
        ", ".join(f"{seen.late_s[part] * 1000:.1f}" for part in ("0.99", "1.0")),
    ]


def pin(ours: Gateway, core: int) -> None:
    """Put all processes of the stack, whatever they are, on one core."""
    rows = json.loads((ours.stack.own_folder / "state.json").read_text())["services"]
    for pid in (row["process"]["pid"] for row in rows):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # it may have ended
                os.sched_setaffinity(int(thread.name), {core})


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="floods after the steps")
    rounds = parser.parse_args().rounds
    stack_core, *_, load_core = sorted(os.sched_getaffinity(0)) * 2
    print(f"{made_with()}\n", flush=True)
    os.sched_setaffinity(0, {load_core})
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with stand_in(folder, await record(folder)) as crm:
            with gateway(folder, crm) as ours:
                pin(ours, stack_core)
                async with flooding(ours, load_core) as flood:
                    tokens = ours.tokens(TOKENS, businesses=BUSINESSES, user=1)
                    await measured(Asking(flood, requests(ours), tokens), ours, rounds)


async def measured(asking: Asking, ours: Gateway, rounds: int) -> None:
    """Warm up, find the peak, flood. A machine whose pace changes from one second to the next tells by many floods
    together what is left of the peak: a single one has the pace of its own ten seconds.
    """
    await asking.at((FIRST_RATE, STEP_S))
    steps = await steps_to_the_peak(asking)
    peak = max(steps, key=lambda step: step.good_per_s)
    print(table("Steps", steps, peak), flush=True)
    good = [await flooded(asking, ours, peak.good_per_s) for _ in range(rounds)]
    at_peak, in_flood = (sum(side) for side in zip(*good, strict=True))
    print(f"Of {rounds} floods together: goodput {in_flood / at_peak:.2f} of the peak.")


if __name__ == "__main__":
    asyncio.run(main())
