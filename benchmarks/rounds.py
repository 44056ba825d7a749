"""Measuring contenders side by side: in turns, so that whatever else the machine does hits all of them alike.

Owns the turns and the table. Knows nothing of what is measured.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")
FEWEST = 2
Measure = Callable[[], Awaitable[float]]
"""One round; gives CPU microseconds for each thing done."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU microseconds for each thing done, over all rounds. The least is what noise has not reached."""

    least_us: float
    median_us: float


async def rounds_of(
    contenders: Mapping[K, Callable[[], Awaitable[T]]], *, rounds: int, within_s: float | None = None
) -> dict[K, list[T]]:
    """What each gave, round by round, after one round that does not count; fewer rounds when time runs out."""
    seen: dict[K, list[T]] = {name: [] for name in contenders}
    until_s = time.monotonic() + (within_s or float("inf"))
    for number in range(rounds + 1):
        if number > FEWEST and time.monotonic() > until_s:
            break
        for name, measure in contenders.items():
            given = await measure()
            if number:
                seen[name].append(given)
    return seen


async def in_turns(contenders: Mapping[str, Measure], *, rounds: int) -> dict[str, Cost]:
    """Each contender's cost."""
    seen = await rounds_of(contenders, rounds=rounds)
    return {name: Cost(min(costs), median(costs)) for name, costs in seen.items()}


@dataclass(frozen=True, slots=True)
class Ratio:
    """One contender's cost to another's: the median over the rounds, each with the other's figure of the same round."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        """With its range."""
        return f"{self.median:.2f} ({self.least:.2f}–{self.most:.2f})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Round by round, so that what else the machine does falls out."""
    each = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Ratio(median(each), min(each), max(each))


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
