"""The guide for platform teams says what is there."""

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

from tests.spec.operations import CURRENT
from tests.support.stack import ROOT
from transcoder.backend.interface import Capabilities

PATIENCE_S = 120
GUIDE = (ROOT / "docs" / "your-own-services.md").read_text()


@pytest.mark.parametrize("capability", [field.name for field in dataclasses.fields(Capabilities)])
def test_it_tells_what_is_without_each_capability(capability: str) -> None:
    assert re.search(rf"^\| `{capability}` \| .+ \|$", GUIDE, re.MULTILINE)


def test_the_function_in_it_is_the_one_in_the_example() -> None:
    [shown] = re.findall(r"```python\n(.+?)```", GUIDE, re.DOTALL)
    stands = (ROOT / "examples" / "foreign" / "dialect.py").read_text()
    for line in shown.splitlines():
        assert line in stands


def test_what_it_says_to_see_it_run_is_run(tmp_path: Path) -> None:
    [block] = re.findall(r"```sh\n(.+?)```", GUIDE, re.DOTALL)
    script = f"""
export PORT=0
trap 'make down; kill %1' EXIT
{block.replace("/tmp/book", f"{tmp_path}/book")}
eval "$(make -s where | grep -E '^(API_URL|CA_FILE)=')"
curl --silent --fail-with-body --cacert "$CA_FILE" "$API_URL/v1/contacts" \\
  -H "Authorization: Bearer $(make -s token)" -H "Version: {CURRENT}"
"""
    done = subprocess.run(
        ["bash", "-euc", script], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"data":[' in done.stdout


@pytest.mark.parametrize("guide", ["your-own-services.md", "adding-a-resource.md"])
def test_every_file_that_a_guide_names_is_there(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text()
    named = re.findall(r"`((?:contract|transcoder|tests|examples|sandbox|docs)/[\w./]*)`", text)
    assert len(named) > 3
    assert [path for path in named if not (ROOT / path).exists()] == []
