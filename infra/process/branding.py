"""How pages look in a deployment: its name, and the colour of what can be clicked. One brand a deployment.

Owns what a brand is and which variables tell it; must not know a page.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.process.settings import SettingsReader

LIGHT = "#ffffff"
DARK = "#1c2022"
"""What the pages are written on, by day and by night; the viewer brings these two itself."""

_READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3."""
_MAX_NAME = 60
_MAX_LOGO = 256 * 1024
_COLOR = "a colour such as #1a56b0 that can be read on {}"


@dataclass(frozen=True, slots=True)
class Branding:
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


@dataclass(frozen=True, slots=True)
class Logo:
    """A deployment's own picture; `kind` is `svg` or `png`."""

    kind: str
    raw: bytes


def read_branding(reader: SettingsReader) -> Branding:
    """The brand that the environment tells."""
    return Branding(
        name=reader.read("BRAND_NAME", _name, f"at most {_MAX_NAME} printable characters", default="Public API"),
        color=reader.read("BRAND_COLOR", _on(LIGHT), _COLOR.format(LIGHT), default="#1a56b0"),
        color_dark=reader.read("BRAND_COLOR_DARK", _on(DARK), _COLOR.format(DARK), default="#8ab4f8"),
    )


def read_logo(reader: SettingsReader) -> Logo | None:
    """The picture in the file that the environment names, if any."""
    expected = f"the path of an SVG or PNG of at most {_MAX_LOGO // 1024} KiB, or none"
    return reader.read("BRAND_LOGO_FILE", _logo, expected, default="none")


def _logo(path: str) -> Logo | None:
    if path == "none":
        return None
    kind, raw = Path(path).suffix.lower().removeprefix("."), Path(path).read_bytes()
    if kind not in ("svg", "png") or not raw or len(raw) > _MAX_LOGO:
        raise ValueError("no such picture")
    return Logo(kind, raw)


def _name(text: str) -> str:
    if not text.isprintable() or not text.strip() or len(text) > _MAX_NAME:
        raise ValueError("not a name")
    return text.strip()


def _on(page: str) -> Callable[[str], str]:
    return partial(readable_color, page=page)


def readable_color(text: str, page: str) -> str:
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
