"""The guide for platform teams says what is there."""

import dataclasses
import re

import pytest

from tests.support.stack import ROOT
from transcoder.records import Capabilities

GUIDE = (ROOT / "docs" / "your-own-services.md").read_text()


@pytest.mark.parametrize("capability", [field.name for field in dataclasses.fields(Capabilities)])
def test_it_tells_what_is_without_each_capability(capability: str) -> None:
    assert re.search(rf"^\| `{capability}` \| .+ \|$", GUIDE, re.MULTILINE)


def test_the_function_in_it_is_the_one_in_the_example() -> None:
    [shown] = re.findall(r"```python\n(.+?)```", GUIDE, re.DOTALL)
    stands = (ROOT / "examples" / "foreign" / "dialect.py").read_text()
    for line in shown.splitlines():
        assert line in stands


@pytest.mark.parametrize("guide", ["your-own-services.md", "adding-a-resource.md"])
def test_every_file_that_a_guide_names_is_there(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text()
    named = re.findall(r"`((?:contract|transcoder|tests|examples|sandbox|docs)/[\w./]*)`", text)
    assert len(named) > 3
    assert [path for path in named if not (ROOT / path).exists()] == []
