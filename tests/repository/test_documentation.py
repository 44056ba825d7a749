"""The documentation hangs together: whatever is there can be found, and whatever is linked to is there."""

import re
from pathlib import Path

import pytest

from tests.repository.sources import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
ELSEWHERE = ("https://", "#")
MAP = {(ROOT / target).resolve() for target in LINK.findall(PAGES[0].read_text()) if not target.startswith(ELSEWHERE)}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_link_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    targets = [target.partition("#")[0] for target in LINK.findall(prose) if not target.startswith(ELSEWHERE)]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_section_that_is_linked_to_is_there(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in LINK.findall(prose):
        path, _, section = target.partition("#")
        if section and not target.startswith("https://"):
            assert section in sections((page.parent / path) if path else page), target


def sections(page: Path) -> set[str]:
    """What a heading is called in a link: lower case, without punctuation, a dash for each blank."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_test_that_is_named_is_there(page: Path) -> None:
    """`test_x.py` without its folder is beside the one named before it."""
    folder = ROOT
    for named in re.findall(r"`((?:tests/)?[\w/]*(?:test_\w+\.py|tests/[\w/]+))`", page.read_text()):
        path = ROOT / named if named.startswith("tests/") else folder / named
        assert path.exists(), named
        folder = path.parent


RENDERED_GUIDES = set((ROOT / "docs" / "reference").glob("guide-*.html"))
"""`docs/guides/` is on the map; these are what the gateway serves of it."""
DOCUMENTS = sorted({path for path in (ROOT / "docs").rglob("*") if path.is_file()} - RENDERED_GUIDES)


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_the_readme_has_every_document_on_its_map(file: Path) -> None:
    assert {file, file.parent} & MAP
    assert file.parent != ROOT / "docs" or file in MAP
