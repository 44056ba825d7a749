"""[pure] Pages in Markdown: a title, words, tables. Knows nothing of the contract."""

from collections.abc import Iterable

GENERATED = "<!-- Written by `python -m apidocs`. What is changed here is lost: change the facts. -->"


def page(title: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join((GENERATED, f"# {title}", *parts)) + "\n"


def table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; a line break in a cell is a space."""
    named = tuple(titles)
    return "\n".join((_row(named), _row("---" for _ in named), *map(_row, rows)))


def code(text: object) -> str:
    """Text as it is typed."""
    return f"`{text}`"


def codes(texts: Iterable[object]) -> str:
    """Several, separated by commas."""
    return ", ".join(map(code, texts))


def mark(is_so: bool) -> str:
    """A mark where something is so."""
    return "✓" if is_so else ""


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
