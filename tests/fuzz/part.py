"""Fuzzes a pure part by coverage: `python -m tests.fuzz.part json -max_total_time=120`, options of libFuzzer.

Without a name, one part after the other. What a run has learnt is kept in a folder when one is named as the last
argument; `json --keep FOLDER` adds that folder's files to the part's corpus.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["contract", "transcoder"]):
    from tests.fuzz.parts import PARTS

from tests.fuzz.corpus import main


def corpus(name: str) -> Path:
    """The inputs that are kept of a part."""
    return Path(__file__).with_name(f"{name}.corpus")


def _judge(name: str, data: bytes) -> None:
    PARTS[name](data)


def _all(options: list[str]) -> int:
    """Each in a process of its own: a fuzzer ends its process."""
    for name in PARTS:
        sys.stderr.write(f"-- {name}\n")
        code = subprocess.run([sys.executable, "-m", "tests.fuzz.part", name, *options], check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in PARTS:
        main(sys.argv[2:], corpus(sys.argv[1]), partial(_judge, sys.argv[1]))
    else:
        sys.exit(_all(sys.argv[1:]))
