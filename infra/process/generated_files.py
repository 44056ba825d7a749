"""Rendered files: a tool writes those that it wants, or tells which are not as it would write them.

Owns the two ways, and what becomes of orphans; must not know what is rendered.
"""

import sys
from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, wanted: Mapping[str, str]) -> None:
    """Make the files of `folder` be those of `wanted`, text by name; others there are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    for orphan in _orphans(folder, wanted):
        orphan.unlink()


def check(folder: Path, wanted: Mapping[str, str], writer: str) -> None:
    """Exit 1 unless the files of `folder` are those that `writer`, a command, would leave there."""
    faults = [f"{path} is not what `{writer}` writes" for path in _stale(folder, wanted)]
    faults += [f"{path} is written by nobody" for path in _orphans(folder, wanted)]
    if faults:
        sys.stderr.writelines(f"{fault}\n" for fault in faults)
        raise SystemExit(1)


def _stale(folder: Path, wanted: Mapping[str, str]) -> list[Path]:
    files = {folder / name: text for name, text in wanted.items()}
    return [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]


def _orphans(folder: Path, wanted: Mapping[str, str]) -> list[Path]:
    return sorted(set(folder.glob("*")) - {folder / name for name in wanted})
