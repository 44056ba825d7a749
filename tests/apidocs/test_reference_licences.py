"""A dependency is let in by its licence, and one that is not says what to do about it."""

from collections.abc import Mapping

import pytest

from apidocs import licences
from apidocs.licences import is_allowed, licence, problems

LET_IN = ("MIT", "Apache-2.0 AND MIT", "GPL-3.0-only OR MIT", "GPL-2.0-only AND ISC OR BSD-3-Clause AND MIT")
NOT = (
    "GPL-3.0-only",
    "MIT AND GPL-3.0-only",
    "AGPL-3.0-or-later OR GPL-3.0-only",
    "(GPL-3.0-only OR MIT) AND LGPL-2.1",
)


@pytest.mark.parametrize("expression", LET_IN)
def test_lets_in_what_leaves_a_way_of_allowed_licences(expression: str) -> None:
    assert is_allowed(expression)


@pytest.mark.parametrize("expression", [*NOT, "(GPL-3.0-only) AND (GPL-2.0-only OR MIT OR Zlib)", ""])
def test_lets_nothing_else_in(expression: str) -> None:
    assert not is_allowed(expression)


FROM_METADATA = {
    "aiohttp": "Apache-2.0 AND MIT",  # an expression
    "aiosignal": "Apache-2.0",  # other words for it
    "aiosqlite": "MIT",  # a classifier
    "certifi": "MPL-2.0",
    "jinja2": "BSD-3-Clause",  # read by hand: "BSD" may mean several
}


@pytest.mark.parametrize(("name", "expression"), FROM_METADATA.items())
def test_a_licence_is_told_by_the_package_or_was_read(name: str, expression: str) -> None:
    assert licence(name) == expression


def test_everything_pinned_is_let_in() -> None:
    assert problems() == []


def without(name: str) -> Mapping[str, str]:
    return {key: value for key, value in licences.READ.items() if key != name}


WRONG = {
    "jinja2: its metadata tells no licence": without("jinja2"),
    "uvloop: GPL-3.0-only is not let in": {**licences.READ, "uvloop": "GPL-3.0-only"},
    "left-pad: in READ, but pinned no longer": {**licences.READ, "left-pad": "MIT"},
}


@pytest.mark.parametrize(("words", "read"), WRONG.items())
def test_what_is_not_let_in_is_one_line_with_its_cure(
    words: str, read: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(licences, "READ", read)
    (line,) = problems()
    assert line.startswith(words)
    assert "out" in line.rpartition(". ")[2] or "apidocs/licences.py" in line
    with pytest.raises(SystemExit, match=words.partition(":")[0]):
        licences.licences()
