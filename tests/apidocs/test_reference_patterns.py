"""What the document allows of a text is what the transcoder takes, character by character."""

import re

import pytest

from apidocs.type_schemas import request_schema
from contract.types import Domain, Line, Text
from tests.unit.transcoder.surroundings import around
from transcoder.validation.values import WHITE_SPACE, InvalidValue, domain, single_line, text

AROUND = around()
CHARACTERS = sorted({*map(chr, range(0x100)), *WHITE_SPACE, "\ufeff", "\u200b", "\u180e", "é", "\U0001f600"})
PLACES = ("{}", "a{}", "{}a", "a{}b", " {} ")
HOSTS = (
    f"{'a' * 64}.b",
    "a.b",
    "A.b.",
    " a.b\t",
    "-a.b",
    "a-.b",
    "a-b.c",
    "a",
    "a..b",
    ".a.b",
    "a.b..",
    f"{'a' * 63}.b",
    f"{'a' * 64}.b",
)


def allowed(kind: Line | Text | Domain, value: str) -> bool:
    schema = request_schema(kind)
    return len(value) <= schema["maxLength"] and re.search(schema["pattern"].replace("$", r"\Z"), value) is not None


@pytest.mark.parametrize("place", PLACES)
def test_a_line_may_hold(place: str) -> None:
    kind = Line(100)
    for value in map(place.format, CHARACTERS):
        assert allowed(kind, value) is not isinstance(single_line(kind, value, AROUND), InvalidValue), ascii(value)


@pytest.mark.parametrize("place", PLACES)
def test_a_text_may_hold(place: str) -> None:
    kind = Text(100)
    for value in map(place.format, CHARACTERS):
        assert allowed(kind, value) is not isinstance(text(kind, value, AROUND), InvalidValue), ascii(value)


@pytest.mark.parametrize("value", HOSTS)
def test_a_domain_may_be(value: str) -> None:
    assert allowed(Domain(), value) is not isinstance(domain(Domain(), value, AROUND), InvalidValue)
