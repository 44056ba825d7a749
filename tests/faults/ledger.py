"""[pure] What callers were told of their writes, held against what is found when everything is over.

Knows no wire, no part of the stack and no way of breaking one. A write leaves one record, known by a mark; a change
leaves one value in a record that was there before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Told(Enum):
    """What one answer says of what it was asked for."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def told_by(status: int, problem: Mapping[str, Any] | None) -> Told:
    """By an answer, or by a part of one: a problem without an outcome is not worth a retry, and wrote nothing."""
    if 200 <= status < 300:
        return Told.DONE
    return Told.UNKNOWN if (problem or {}).get("outcome", "not-applied") == "unknown" else Told.REFUSED


@dataclass
class Write:
    """One record that was asked for, and all that was said of it. Without a key it is sent once."""

    mark: str
    business: int
    keyed: bool
    ids: set[str] = field(default_factory=set)
    """Under which it was acknowledged."""
    said: list[Told] = field(default_factory=list)

    @property
    def told(self) -> Told:
        """All in all: a refused retry does not take back what an earlier attempt may have done."""
        return next((told for told in (Told.DONE, Told.UNKNOWN) if told in self.said), Told.REFUSED)

    def hears(self, told: Told, made: str | None = None) -> None:
        """An answer, or that none came (UNKNOWN)."""
        self.said.append(told)
        if told is Told.DONE and made is not None:
            self.ids.add(made)


@dataclass
class Changes:
    """What one record was changed to, in turn, each time under the condition that it is as its caller knows it."""

    id: str
    business: int
    value: str
    """The last that was acknowledged, or found when nobody knew."""
    open: set[str] = field(default_factory=set)
    """What may have come into it since then."""

    def hears(self, value: str, told: Told) -> None:
        """Of one attempt."""
        if told is Told.DONE:
            self.value, self.open = value, set()
        elif told is Told.UNKNOWN:
            self.open.add(value)

    def is_found(self, value: str) -> str | None:
        """What is wrong with that, if anything is; from now on it is what is known.

        What is still on its way may come in later, but not once another change did: it is as conditional as that.
        """
        wrong = None if value in {self.value, *self.open} else f"CHANGED {self.id}: {value}, told {self.value}"
        if value != self.value:
            self.value, self.open = value, set()
        return wrong


@dataclass(frozen=True)
class Found:
    """A record that bears a mark."""

    mark: str
    business: int
    id: str


def violations(writes: Iterable[Write], found: Iterable[Found]) -> list[str]:
    """Each way in which what was said is not so. None of what is found may belong to nobody's write."""
    by_mark: dict[str, list[Found]] = defaultdict(list)
    for each in found:
        by_mark[each.mark].append(each)
    seen = [wrong for write in writes for wrong in _of(write, by_mark.pop(write.mark, []))]
    return seen + [f"UNASKED {mark}: {len(some)} records" for mark, some in by_mark.items()]


def _of(write: Write, found: Sequence[Found]) -> Iterator[str]:
    if len(found) > 1:
        yield f"DOUBLED {write.mark}: {sorted(each.id for each in found)}"
    if len(write.ids) > 1:
        yield f"TWO ANSWERS {write.mark}: {sorted(write.ids)}"
    if any(each.business != write.business for each in found):
        yield f"CROSSED {write.mark}: sent for {write.business}, found in {sorted({each.business for each in found})}"
    match write.told:
        case Told.DONE if not found:
            yield f"LOST {write.mark}: acknowledged as {sorted(write.ids)}"
        case Told.DONE if write.ids and write.ids != {each.id for each in found}:
            yield f"OTHER ID {write.mark}: told {sorted(write.ids)}, found {sorted(each.id for each in found)}"
        case Told.REFUSED if found:
            yield f"REFUSED AND THERE {write.mark}: {sorted(each.id for each in found)}"
        case Told.UNKNOWN if write.keyed:
            yield f"UNSETTLED {write.mark}: {len(write.said)} attempts"


def totals(writes: Iterable[Write], found: Iterable[Found]) -> dict[str, int]:
    """How many writes of each kind there were, and how many records they left."""
    counts = dict.fromkeys(("keyed writes", "keyless writes", *(told.value for told in Told)), 0)
    for write in writes:
        counts["keyed writes" if write.keyed else "keyless writes"] += 1
        counts[write.told.value] += 1
    return counts | {"records": len(list(found))}
