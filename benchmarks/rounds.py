"""Measuring contenders side by side: in turns, so that whatever else the machine does hits all of them alike.

Owns the turns and the table. Knows nothing of what is measured.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], Awaitable[float]]
"""One round; gives CPU microseconds for each thing done."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU microseconds for each thing done, over all rounds. The least is what noise has not reached."""

    least_us: float
    median_us: float


async def in_turns(contenders: Mapping[str, Measure], *, rounds: int) -> dict[str, Cost]:
    """Each contender's cost, after one round that does not count."""
    seen: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, measure in contenders.items():
            cost_us = await measure()
            if number:
                seen[name].append(cost_us)
    return {name: Cost(min(costs), median(costs)) for name, costs in seen.items()}


def table(costs: Mapping[str, Cost], *, base: str) -> str:
    """A line a contender, with its ratio to `base` in the same run."""
    to = costs[base]
    wide = max(map(len, costs))
    head = f"{'CPU µs':{wide}}  {'min':>7} {'median':>7}  {'ratio of min':>12} {'of median':>9}"
    lines = (
        f"{name:{wide}}  {cost.least_us:7.1f} {cost.median_us:7.1f}"
        f"  {cost.least_us / to.least_us:12.3f} {cost.median_us / to.median_us:9.3f}"
        for name, cost in costs.items()
    )
    return "\n".join((head, *lines))
