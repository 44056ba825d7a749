"""`pytest -n` comes to its end, and tells it, also when one of its sides dies in the middle of a test."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.commands import ROOT

TESTS = 4
FILE = f"""
import os, pathlib, pytest

@pytest.mark.parametrize("number", range({TESTS}))
def test_of_many(number):
    died = pathlib.Path(__file__).with_suffix(".died")
    if number == DIES_IN and not died.exists():
        died.touch()
        os.abort()
"""
ENDS_WITHIN_S = 60


@pytest.mark.parametrize("dies_in", [0, TESTS - 1], ids=["its first test", "its last"])
def test_what_a_side_that_died_had_left_is_run_by_who_takes_its_place(tmp_path: Path, dies_in: int) -> None:
    for name in "abcde":
        (tmp_path / f"test_{name}.py").write_text(FILE.replace("DIES_IN", str(dies_in if name == "e" else TESTS)))
    command = [sys.executable, "-m", "pytest", "-n", "2", "-q", "-c", "/dev/null", f"--rootdir={tmp_path}"]
    plugins = ["-p", "tests.support.order", "-p", "no:asyncio", "-p", "no:valkey"]
    done = subprocess.run(
        [*command, *plugins, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False,
    )  # fmt: skip
    assert f"1 failed, {5 * TESTS} passed" in done.stdout, done.stdout + done.stderr
