"""Guides as programs: the fenced blocks of a page in Markdown, run in their order by one shell.

A block of `sh` is run, one of `python` is saved as the file that its first line names, and the `text` right behind a
block is what that prints, `…` standing for anything; a block without such text prints nothing. Others are only read.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.stack import GIVEN, ROOT, Stack

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAME = re.compile(r"# ([a-z_]+\.py)\b")
END = "-- the block ends --"
PATIENCE_S = 240


@dataclass(frozen=True)
class Block:
    """What the shell is given, and what that prints."""

    text: str
    prints: str = ""

    def printed(self, said: str) -> bool:
        """Whether it said what it should."""
        parts = (re.escape(part) for part in self.prints.strip().split("…"))
        return re.fullmatch(".*?".join(parts), said.strip(), re.DOTALL) is not None


def blocks(page: str) -> list[Block]:
    """The blocks that are run, in order."""
    found: list[Block] = []
    for language, text in FENCE.findall(page):
        match language:
            case "sh":
                found.append(Block(text))
            case "python":
                found.append(Block(f"cat > {file_name(text)} <<'SAVED'\n{text}SAVED\n"))
            case "text":
                found[-1] = replace(found[-1], prints=text)
    return found


def files(page: str) -> dict[str, str]:
    """The programs that a page has its reader save."""
    return {file_name(text): text for language, text in FENCE.findall(page) if language == "python"}


def file_name(program: str) -> str:
    """The file that a program is to be saved as."""
    named = NAME.match(program)
    assert named, f"a program names its file in its first line: {program.splitlines()[0]!r}"
    return named[1]


def run(texts: Sequence[str], stack: Stack, folder: Path) -> list[str]:
    """What each block says, standard error included."""
    script = "\n".join(f"{text}\necho '{END}'" for text in texts)
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=_environment(stack, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    said = done.stdout.split(f"{END}\n")
    assert done.returncode == 0, f"block {len(said)} of {len(texts)} failed:\n{done.stdout}"
    return said[:-1]


def _environment(stack: Stack, folder: Path) -> dict[str, str]:
    """A shell that finds this Python, a `make` that knows the stack, and no certificates but what the page names."""
    tools = folder / "tools"
    tools.mkdir()
    make = tools / "make"
    make.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m tests.support.make "$@"\n')
    make.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("CA_BUNDLE", "CERT_FILE"))}
    return {
        **kept,
        **{f"STACK_{name}": stack.facts[name] for name in GIVEN},
        "PATH": f"{tools}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
