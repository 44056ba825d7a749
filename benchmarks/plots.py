"""Plots as SVG: bars, and lines over a logarithmic axis. Owns the drawing; knows no measurement."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

WIDE, HIGH, LEFT, TOP, BOTTOM = 760, 320, 70, 40, 40
COLOURS = ("#1f6f8b", "#d1603d", "#6a994e", "#8d6a9f", "#c9a227", "#5c677d")
_TEXT = 'font-family="sans-serif" font-size="12" fill="#222"'


class Plot(Protocol):
    """Something to draw."""

    @property
    def title(self) -> str:
        """What it shows."""

    @property
    def file(self) -> str:
        """Its name among the others."""

    def svg(self) -> str:
        """The drawing."""


@dataclass(frozen=True)
class Bars:
    """A bar for each name, the shorter the better."""

    title: str
    file: str
    values: Mapping[str, float]

    def svg(self) -> str:
        """See `Plot`."""
        most, row, left = max(self.values.values(), default=1), 24, 220
        drawn = [_title(self.title)]
        for number, (name, value) in enumerate(self.values.items()):
            y, long = TOP + number * row, (WIDE - left - 90) * value / most
            drawn.append(_words(left - 8, y + 14, name, "end"))
            drawn.append(f'<rect x="{left}" y="{y}" width="{long:.1f}" height="18" fill="{COLOURS[number % 6]}"/>')
            drawn.append(_words(left + long + 6, y + 14, f"{value:,.0f}"))
        return _whole(drawn, TOP + len(self.values) * row + 20)


@dataclass(frozen=True)
class Lines:
    """A line for each name over sizes: what grows is seen, what is flat too. The axis below is logarithmic."""

    title: str
    file: str
    sizes: Sequence[float]
    values: Mapping[str, Sequence[float]]

    def svg(self) -> str:
        """See `Plot`."""
        return _whole([_title(self.title), *self._axes(), *self._lines()], HIGH + 24 * len(self.values))

    def _x(self, size: float) -> float:
        low, high = math.log10(self.sizes[0]), math.log10(self.sizes[-1])
        return LEFT + (math.log10(size) - low) / ((high - low) or 1) * (WIDE - LEFT - 60)

    def _y(self, value: float) -> float:
        most = max(max(each) for each in self.values.values())
        return HIGH - BOTTOM - value / (most or 1) * (HIGH - TOP - BOTTOM - 10)

    def _axes(self) -> Iterator[str]:
        for size in self.sizes:
            yield _words(self._x(size), HIGH - 16, f"{size:,.0f}", "middle")
        most = max(max(each) for each in self.values.values())
        for value in (0, most / 2, most):
            y = self._y(value)
            yield f'<line x1="{LEFT}" x2="{WIDE - 40}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>'
            yield _words(LEFT - 8, y + 4, f"{value:,.0f}", "end")

    def _lines(self) -> Iterator[str]:
        for number, (name, values) in enumerate(self.values.items()):
            points = [(self._x(size), self._y(value)) for size, value in zip(self.sizes, values, strict=True)]
            joined, colour = " ".join(f"{x:.1f},{y:.1f}" for x, y in points), COLOURS[number % 6]
            yield f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
            yield f'<rect x="{LEFT}" y="{HIGH + number * 22}" width="14" height="14" fill="{colour}"/>'
            yield _words(LEFT + 22, HIGH + 12 + number * 22, name)


def _words(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {_TEXT}>{escape(text)}</text>'


def _title(text: str) -> str:
    return f'<text x="12" y="22" {_TEXT} font-weight="bold">{escape(text)}</text>'


def _whole(drawn: Sequence[str], high: float) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high:.0f}" width="{WIDE}" height="{high:.0f}">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *drawn, "</svg>", ""])
