"""What callers saw of each part that was broken: one row each, with counts, in a table that is left for people to read.

Owns the run of one row and the file of rows; must not know a part.
"""

import asyncio
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from statistics import median

import pytest

from contract.size_and_time_limits import DECISION_TIMEOUT_S
from tests.faults.asks import Book
from tests.faults.callers import Called, Callers, is_good
from tests.support.stack import ROOT, Stack

FOLDER = ROOT / ".faults"
CALLS = int(os.environ.get("FAULTS_CALLS") or 32)
"""Of each row: before, while and after. `make test-faults` makes it long."""
IN_FULL = pytest.mark.skipif("FAULTS_CALLS" not in os.environ, reason="takes long: make test-faults")
"""For what another test of this folder shows of fewer callers, and what waits long."""
IN_A_ROW = 24
"""Good answers until a part counts as back."""
BACK_WITHIN_S = 15.0
"""Far more than what is promised, since the machine does other things, too; the table says what it took."""
READS = frozenset({"list", "get"})
KEYLESS = frozenset({"create", "change"})
KEYED = frozenset({"keyed create", "upsert", "batch"})
NO_DECISION = "503 overloaded"
NO_KEYS = "503 idempotency-unavailable"
NOBODY = "503 upstream-unavailable"
NONSENSE = "502 upstream-invalid"
TOO_LATE = "504 upstream-timeout"


@dataclass(frozen=True)
class Seen:
    """One row: how many calls there were while the part was broken, and what callers heard, by kind."""

    part: str
    breaks: str
    calls: int
    heard: dict[str, dict[str, int]]
    before_ms: float
    while_ms: float
    """The median of good answers."""
    back_s: float
    """From the part's return to the end of the last call that began after it and still failed."""
    notes: str = ""

    def of(self, kinds: Iterable[str]) -> Counter[str]:
        """What was heard by those."""
        return sum((Counter(self.heard.get(kind, {})) for kind in kinds), Counter[str]())

    def bad(self, kinds: Iterable[str] = READS | KEYLESS | KEYED) -> Counter[str]:
        """The same, but for what was good."""
        return Counter({word: count for word, count in self.of(kinds).items() if not is_good(word)})


async def broken(
    stack: Stack,
    book: Book,
    part: str,
    breaks: str,
    breaking: AbstractAsyncContextManager[object],
    *,
    calls: int = CALLS,
    for_s: float = 0.0,
    by_itself: bool = False,
) -> Seen:
    """Callers before, while and after; returns when everything is as it was. `calls`: that begin while it is broken,
    which lasts for `for_s` at least.

    `by_itself`: it is broken for an instant, and what callers hear from then on is of that.
    """
    loop = asyncio.get_running_loop()
    async with Callers(stack, book) as crowd:
        before_s = await _whole(crowd)
        async with breaking:
            broken_s = loop.time()
            await crowd.more(calls, since_s=broken_s)
            await asyncio.sleep(max(0.0, broken_s + for_s - loop.time()))
            mended_s = loop.time()
        await _whole(crowd)
    before = [call for call in crowd.calls if before_s <= call.began_s and call.ended_s < broken_s]
    after = [call for call in crowd.calls if call.ended_s >= broken_s]
    seen = _seen(part, breaks, before, after, broken_s if by_itself else mended_s, everything=by_itself)
    keep(seen)
    assert seen.back_s < BACK_WITHIN_S, seen
    return seen


def _seen(
    part: str, breaks: str, before: list[Called], after: list[Called], mended_s: float, *, everything: bool
) -> Seen:
    """The row. `after`: what ended since the part broke; what began before `mended_s` counts, or `everything`."""
    hurt = [call for call in after if everything or call.began_s < mended_s]
    decided = [call for call in hurt if not _is_undecided(call)]
    heard: dict[str, Counter[str]] = {}
    for call in decided:
        heard.setdefault(call.kind, Counter())[call.word] += 1
    late = [
        call.ended_s - mended_s for call in after if call.began_s >= mended_s and not (call.good or _is_undecided(call))
    ]
    return Seen(
        part,
        breaks,
        len(hurt),
        {kind: dict(words) for kind, words in heard.items()},
        _took_ms(before),
        _took_ms(hurt),
        round(max(late, default=0.0), 2),
        f"{len(hurt) - len(decided)} × no time for a decision" if hurt != decided else "",
    )


async def _whole(crowd: Callers) -> float:
    """Wait until all is well; returns when that began."""
    began_s = asyncio.get_running_loop().time()

    def is_whole() -> bool:
        last = [call for call in crowd.calls if call.began_s >= began_s][-IN_A_ROW:]
        return len(last) == IN_A_ROW and all(call.good for call in last)

    await crowd.until(is_whole, f"{IN_A_ROW} good answers in a row")
    return began_s


def _is_undecided(call: Called) -> bool:
    """Whether authz had no time for it, since the machine was busy. Whoever finds no authz says so at once."""
    return call.word == NO_DECISION and call.ended_s - call.began_s >= DECISION_TIMEOUT_S


def _took_ms(calls: Iterable[Called]) -> float:
    took = [call.ended_s - call.began_s for call in calls if call.good]
    return round(1000 * median(took), 1) if took else 0.0


def keep(seen: Seen) -> None:
    """Put the row into the table, in place of an older one of the same name."""
    FOLDER.mkdir(exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", f"{seen.part} {seen.breaks}".lower()).strip("-")
    (FOLDER / f"{name}.json").write_text(json.dumps(asdict(seen), indent=1))


def note(part: str, breaks: str, notes: object) -> None:
    """A row of another suite, in its own words."""
    keep(Seen(part, breaks, 0, {}, 0, 0, 0, notes=str(notes)))


def table(rows: Iterable[Mapping[str, object]]) -> str:
    """All rows, as Markdown."""
    lines = ["| part | breaks by | calls | callers heard | median ms before → while | back after s |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        seen = Seen(**row)  # type: ignore[arg-type]
        heard = ", ".join(f"{count} × {word}" for word, count in sorted(seen.of(seen.heard).items()))
        took = f"{seen.before_ms} → {seen.while_ms}" if seen.while_ms else ""
        cells = (seen.part, seen.breaks, seen.calls or "", "; ".join(filter(None, (heard, seen.notes))), took)
        lines.append(f"| {' | '.join(map(str, cells))} | {seen.back_s or ''} |")
    return "\n".join(lines)


def written() -> str:
    """The table of all rows that were kept, also put into a file."""
    rows = [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]
    text = table(rows)
    (FOLDER / "matrix.md").write_text(text + "\n")
    return text


if __name__ == "__main__":
    sys.stdout.write(f"{written()}\n")
