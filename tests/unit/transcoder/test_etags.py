"""Entity tags and the preconditions that name them."""

import re

import pytest

from contract.headers import IF_MATCH, IF_NONE_MATCH
from contract.versions import VERSIONS
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import AnyRevision, NamedTags, etag, parse_precondition, revisions

ADA = "con_2028xzawvf4039wj1pg44gawme"
BOB = "con_4ghq8n1k291jxsysvdmcb7czsc"
NEWEST, OLDEST = VERSIONS[0], VERSIONS[-1]

READ: dict[str, tuple[str, set[str]]] = {
    "a tag": ('"r2-abc"', {"r2-abc"}),
    "a weak tag": ('W/"r2-abc"', {"r2-abc"}),
    "a bare tag": ("r2-abc", {"r2-abc"}),
    "a bare weak tag": ("W/r2-abc", {"r2-abc"}),
    "a tag with white space around": ('  "r2-abc"\t', {"r2-abc"}),
    "an empty tag": ('""', {""}),
    "a tag with a comma inside": ('"a,b"', {"a,b"}),
    "a list": ('"a", W/"b",c ,\t"d"', {"a", "b", "c", "d"}),
    "a list with empty elements": (',, "a",, "b" , ,', {"a", "b"}),
    "a star between quotes": ('"*"', {"*"}),
}


@pytest.mark.parametrize(("text", "tags"), READ.values(), ids=READ.keys())
@pytest.mark.parametrize("header", [IF_MATCH, IF_NONE_MATCH], ids=lambda header: header.name)
def test_reads(header, text: str, tags: set[str]) -> None:
    assert parse_precondition(header, text) == NamedTags(frozenset(tags))


@pytest.mark.parametrize("text", ["*", " * "])
def test_a_star_is_any_revision(text: str) -> None:
    assert parse_precondition(IF_MATCH, text) == AnyRevision()


def test_no_header_is_no_precondition() -> None:
    assert parse_precondition(IF_MATCH, None) is None


MALFORMED = {
    "nothing": "",
    "white space": "  ",
    "commas alone": ", ,",
    "an open quote": '"r2-abc',
    "a quote at the end": 'r2-abc"',
    "two tags without a comma": '"a" "b"',
    "bare words": "r2 abc",
    "a star in a list": '"a", *',
    "a star before a tag": '*, "a"',
    "two stars": "**",
    "a weak mark alone": "W/",
    "a weak mark in the wrong case": 'w/"a"',
    "a space after the weak mark": 'W/ "a"',
    "a control character": '"a\x01"',
    "a character that is not ASCII": '"\u00e9"',
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED.keys())
def test_refuses(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_precondition(IF_MATCH, text)
    assert refused.value.problem.code == "invalid-parameter"
    (item,) = refused.value.errors or ()
    assert (item.header, item.code) == ("If-Match", "invalid-header")


def test_the_header_at_fault_is_named() -> None:
    with pytest.raises(ApiError) as refused:
        parse_precondition(IF_NONE_MATCH, "")
    assert [item.header for item in refused.value.errors or ()] == ["If-None-Match"]


def test_a_long_list_takes_no_time_to_refuse() -> None:
    with pytest.raises(ApiError):
        parse_precondition(IF_MATCH, ", " * 30_000 + '"')


def test_an_etag_is_opaque_printable_and_short() -> None:
    assert re.fullmatch(r"[\x21\x23-\x7e]{1,64}", etag(ADA, 999_999_999, NEWEST))


def test_an_etag_is_one_per_record_revision_and_version() -> None:
    tags = {etag(record, revision, version) for record in (ADA, BOB) for revision in (1, 2) for version in VERSIONS}
    assert len(tags) == 4 * len(VERSIONS)
    assert etag(ADA, 1, NEWEST) == etag(ADA, 1, NEWEST)


def test_an_etag_of_any_version_names_its_revision() -> None:
    named = NamedTags(frozenset({etag(ADA, 7, NEWEST), etag(ADA, 8, OLDEST), etag(ADA, 123_456_789, OLDEST)}))
    assert revisions(named, ADA) == {7, 8, 123_456_789}


def test_another_record_s_tags_name_no_revision_of_this_one() -> None:
    assert revisions(NamedTags(frozenset({etag(BOB, 7, NEWEST)})), ADA) == frozenset()


@pytest.mark.parametrize("tag", ["", "*", "x", "r1", "r0-aaaaaaa", "r-1-aaaaaaa", "r1-AAAAAAA", "r" + "9" * 99])
def test_names_no_revision(tag: str) -> None:
    assert revisions(NamedTags(frozenset({tag})), ADA) == frozenset()


def test_a_tag_whose_revision_was_respelled_names_none() -> None:
    mark = etag(ADA, 7, NEWEST).split("-")[1]
    for revision in ("07", "+7", "7 ", "\u0667"):
        assert revisions(NamedTags(frozenset({f"r{revision}-{mark}"})), ADA) == frozenset()
