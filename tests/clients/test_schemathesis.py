"""schemathesis reads the document that is served and tries the API by it: every check, both versions.

In a few minutes: every operation a little, and one resource with all that its schemas allow and forbid. With
SCHEMATHESIS_S (`make test-scale`) every operation so, for as long. What is made up is the same at every run.
"""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.spec.operations import CURRENT, FIRST
from tests.support.stack import GIVEN, ROOT, Stack

HERE = Path(__file__).parent
LONG_S = int(os.environ.get("SCHEMATHESIS_S", "0"))
SHORT_S = 25
"""For each run; what was begun then is finished."""
PATIENCE_S = 300
A_LITTLE = ("--phases", "fuzzing,stateful", "--max-examples", "1")
IN_DEPTH = ("--phases", "examples,coverage", "--include-tag")
EVERYTHING = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "20")
RUNS = {
    "a little of everything": (CURRENT, A_LITTLE),
    "a little of everything, in the first version": (FIRST, A_LITTLE),
    "contacts in depth": (CURRENT, (*IN_DEPTH, "contacts")),
    "deals in depth, in the first version": (FIRST, (*IN_DEPTH, "deals")),
}
LONG_RUNS = {"everything": (CURRENT, EVERYTHING), "everything, in the first version": (FIRST, EVERYTHING)}
CHOSEN = LONG_RUNS if LONG_S else RUNS
FEW, MAX_EXCUSED = 5, 0.01
"""How often each excuse of schemathesis_hooks.py may be used: a few times, and for that share of the calls."""


@pytest.mark.parametrize(("version", "options"), CHOSEN.values(), ids=CHOSEN.keys())
def test_what_is_served_is_what_is_documented(
    stack: Stack, version: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    told = {f"STACK_{name}": stack.facts[name] for name in GIVEN}
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{stack.api_url}/v1/openapi.json?version={version}"),
        *("--url", stack.api_url, "--tls-verify", stack.facts["CA_FILE"]),
        *("--generation-deterministic", "--workers", "1", "--continue-on-failure", "--no-color"),
        *("--max-time", str(LONG_S or SHORT_S), *options),
    ]
    told |= {"SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    environment = os.environ | told
    patience_s = LONG_S + PATIENCE_S
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=patience_s, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    logging.getLogger(__name__).info("%s", done.stdout.partition("= SUMMARY =")[2])
    [calls] = re.findall(r"(\d+) generated", done.stdout)
    excused = json.loads(done.stdout.rpartition("Excused:")[2])
    assert all(times <= FEW + MAX_EXCUSED * int(calls) for times in excused.values()), excused
