"""Asking the witness what the machine did, and which answers that disturbed.

A shared machine stops, or runs at a tenth of its pace, for a tenth of a second now and then, all of its cores at once.
What was under way then says nothing about us. Knows no figure of ours: whatever took long while the machine was well is
told as it is.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from math import inf
from statistics import mean, median

from benchmarks.flooding import Seen
from benchmarks.recorded import ROOT
from benchmarks.witness import Sample

WINDOW_S = 0.05
SLOW = 2.0
"""A window is slow in which the work took so many times of what it mostly takes."""
AFTER_S = 0.1
"""What came up in a slow window is worked off by then."""
_LONGEST_LINE = 2**24


@dataclass
class Witness:
    """What was seen until now. Without samples nothing is known, and nothing was disturbed."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def windows(self) -> dict[int, float]:
        """How long the work took in each, as a part of what it mostly takes. Where it was not done, nothing was."""
        if not self.samples:
            return {}
        found = defaultdict[int, list[float]](list)
        for at_s, took_s in self.samples:
            found[int(at_s / WINDOW_S)].append(took_s)
        usual_s = median(took_s for _, took_s in self.samples)
        return {number: mean(found.get(number, [inf])) / usual_s for number in range(min(found), max(found) + 1)}

    @property
    def slow(self) -> set[int]:
        """The windows in which the machine was."""
        return {number for number, times in self.windows.items() if times > SLOW}

    def undisturbed(self, seen: Seen) -> Seen:
        """The stage with those answers alone that were not under way in a slow window, or just after it."""
        slow = self.slow
        well = [each for each in seen.answers if slow.isdisjoint(_under_way(seen.began_s + each[0], each[1]))]
        return replace(seen, answers=well)

    def __str__(self) -> str:
        """A line of it."""
        if not self.samples:
            return "nobody could tell whether the machine itself was slow (CAP_SYS_NICE)"
        return f"the machine itself was slow in {len(self.slow)} of {len(self.windows)} windows of {WINDOW_S:.2f} s"


def _under_way(due_s: float, took_s: float) -> range:
    return range(int((due_s - AFTER_S) / WINDOW_S), int((due_s + took_s) / WINDOW_S) + 1)


@asynccontextmanager
async def witnessed() -> AsyncIterator[Witness]:
    """What the machine does meanwhile, on the cores of who asks; told when it is over."""
    command = (sys.executable, "-m", "benchmarks.witness")
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, cwd=ROOT, limit=_LONGEST_LINE)
    stdout, seen = process.stdout, Witness()
    if stdout is None:
        raise RuntimeError("the witness has no pipe")
    await stdout.readline()  # it has begun
    try:
        yield seen
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        told, _ = await process.communicate()
        seen.samples += json.loads(told or b"[]")
