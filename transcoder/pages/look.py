"""[pure] How the pages look to a deployment: its name, and the colour of what can be clicked."""

import re
from dataclasses import dataclass

LIGHT = "#ffffff"
DARK = "#1c2022"
"""What the pages are written on, by day and by night; the viewer brings these two itself."""

_READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3."""


@dataclass(frozen=True, slots=True)
class Look:
    """A deployment's own; `color` is for the light pages, `color_dark` for the dark ones, both `#rrggbb`."""

    name: str
    color: str
    color_dark: str

    @property
    def css(self) -> str:
        """The variables that the stylesheet is written in."""
        return (
            f":root{{--page:{LIGHT};--accent:{self.color}}}\n"
            f"@media (prefers-color-scheme:dark){{:root{{--page:{DARK};--accent:{self.color_dark}}}}}\n"
        )


def color_on(text: str, page: str) -> str:
    """A colour that can be read on `page`; ValueError for any other."""
    color = text.lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", color):
        raise ValueError("not a colour")
    found = contrast(color, page)
    if found < _READABLE:
        raise ValueError(f"its contrast to {page} is {found:.1f}, below {_READABLE}")
    return color


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
