"""What is written down: tables in Markdown. Knows no measurement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.plots import Plot


@dataclass(frozen=True)
class Table:
    """A table under its title; `about` says what its figures are."""

    title: str
    about: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    plots: Sequence[Plot] = field(default=())

    def markdown(self, folder: str) -> str:
        """As Markdown; its plots are in `folder`."""
        lines = [
            f"## {self.title}",
            "",
            self.about,
            "",
            _line(self.head),
            _line(["---", *["--:"] * (len(self.head) - 1)]),
        ]
        lines += map(_line, self.rows)
        lines += (f"\n![{plot.title}]({folder}/{plot.file})" for plot in self.plots)
        return "\n".join([*lines, ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def middle(values: Sequence[float]) -> float:
    """The median; nothing at all is not a number."""
    return median(values) if values else float("nan")


def us(values: Sequence[float]) -> str:
    """A median with its range, in microseconds."""
    return f"{middle(values):,.0f} ({min(values):,.0f}–{max(values):,.0f})" if values else "–"
