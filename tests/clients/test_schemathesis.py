"""schemathesis reads the document that is served and tries the API by it: every check, every operation, both versions.

What it makes up is the same at every run. More of it: `st run` as below, with higher numbers.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.spec.operations import VERSIONS
from tests.support.stack import GIVEN, ROOT, Stack

HERE = Path(__file__).parent
BUDGET_S = 20
"""For each run; what was begun then is finished."""
PATIENCE_S = 300
PHASES = ("fuzzing,stateful", "examples,coverage")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("phases", PHASES)
def test_what_is_served_is_what_is_documented(stack: Stack, version: str, phases: str, tmp_path: Path) -> None:
    told = {f"STACK_{name}": stack.facts[name] for name in GIVEN}
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{stack.api_url}/v1/openapi.json?version={version}"),
        *("--url", stack.api_url, "--tls-verify", stack.facts["CA_FILE"]),
        *("--phases", phases, "--max-examples", "1", "--generation-deterministic", "--workers", "1"),
        *("--max-time", str(BUDGET_S), "--no-color"),
    ]
    told |= {"SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    environment = os.environ | told
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
