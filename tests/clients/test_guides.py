"""The guides as they stand: every block is run against the listener, and prints what the guide says."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from contract.documents import EXAMPLE_API_URL
from contract.problem_docs import client_action, example_body
from contract.problems import PROBLEMS, Problem
from tests.spec.operations import PLANS
from tests.support import guides
from tests.support.stack import ROOT, Stack

FOLDER = ROOT / "docs" / "guides"
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.md"))}
TAKES = {"starter": "9 d", "growth": "5 h 33 min", "scale": "2 h 46 min"}
"""Two million contacts, by batches of 100."""


@pytest.mark.parametrize("guide", PAGES)
def test_a_guide_does_what_it_says(stack: Stack, guide: str, tmp_path: Path) -> None:
    blocks = guides.blocks(PAGES[guide])
    said = guides.run([block.text for block in blocks], stack, tmp_path)
    for block, printed in zip(blocks, said, strict=True):
        assert block.printed(printed), f"{block.text}\nprinted\n\n{printed}\nand should print\n\n{block.prints}"


def test_the_sync_guide_says_how_long_each_plan_takes() -> None:
    assert TAKES.keys() == PLANS.keys()
    for plan, (burst, daily) in PLANS.items():
        units = 2_000_000 // 100 * 10
        slower_s = max((units - burst) * 10 / burst, (units - daily) * 86_400 / daily)
        days, hours, minutes = int(slower_s // 86_400), int(slower_s // 3600), int(slower_s % 3600 // 60)
        assert TAKES[plan] == (f"{days} d" if days else f"{hours} h {minutes} min")
        assert f"| `{plan}` | {TAKES[plan]} |" in PAGES["sync"]


@pytest.fixture(scope="session")
def treated() -> Callable[[Mapping[str, Any]], str]:
    """What the guide's client does about a problem."""
    names: dict[str, Any] = {}
    exec(guides.files(PAGES["problems"])["client.py"], names)  # noqa: S102  (it is ours, and run by its readers)
    return names["treatment"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_the_guide_s_client_treats_a_problem_as_the_table_says(
    treated: Callable[[Mapping[str, Any]], str], problem: Problem
) -> None:
    assert treated(example_body(problem, EXAMPLE_API_URL)) == client_action(problem)


def test_a_block_that_says_something_else_is_noticed() -> None:
    block = guides.Block("", "one … three\n")
    assert block.printed("one two three\n")
    assert not block.printed("one two four\n")
    assert not guides.Block("echo", "").printed("anything")
