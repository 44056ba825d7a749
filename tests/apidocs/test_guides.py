"""The guides as they are served: for a reader who has the platform's hosts and no checkout."""

import re
from pathlib import Path

import pytest

from apidocs.guides import guide
from contract.documents import GUIDES, Guide

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "guides"


def rendered(row: Guide) -> str:
    return guide((FOLDER / f"{row.name}.md").read_text("utf-8"))


def test_every_guide_is_listed_and_nothing_else_is() -> None:
    assert sorted(row.name for row in GUIDES) == sorted(path.stem for path in FOLDER.glob("*.md"))


@pytest.mark.parametrize("row", GUIDES, ids=lambda row: row.name)
def test_a_guide_is_listed_by_its_own_title(row: Guide) -> None:
    assert re.findall("<h1>(.*)</h1>", rendered(row)) == [row.title]


@pytest.mark.parametrize("row", GUIDES, ids=lambda row: row.name)
def test_no_program_of_a_served_guide_needs_a_checkout(row: Guide) -> None:
    programs = re.findall(r"<pre.*?</pre>", rendered(row), re.DOTALL)
    assert programs
    assert not [text for text in programs if re.search(r"make -s|CA_FILE|\.venv", text)]


@pytest.mark.parametrize("row", GUIDES, ids=lambda row: row.name)
def test_links_lead_to_what_is_served_or_to_another_site(row: Guide) -> None:
    served = {"/problems", *(f"/docs/guides/{each.name}" for each in GUIDES)}
    assert all(href in served or href.startswith("https://") for href in re.findall(r'href="([^"]*)"', rendered(row)))


def test_hosts_stand_where_a_checkout_asks_for_its_own() -> None:
    text = (
        "# A\n\n```sh\neval \"$(make -s where | grep -E '^(API_URL|CA_FILE)=')\"  # on the platform: see there\n```\n"
    )
    assert "export API_URL=https://api.example.com\nexport AUTH_URL=https://auth.example.com\n</code>" in guide(text)


def test_a_paragraph_for_the_checkout_is_left_out() -> None:
    assert "local" not in guide("# A\n\n<!-- in a checkout -->\nThe local CA.\n\nMore.\n")


def test_what_is_written_is_text_and_no_markup() -> None:
    assert "&lt;b&gt;" in guide("# A\n\n<b>loud</b>\n")
