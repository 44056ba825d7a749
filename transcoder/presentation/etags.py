"""[pure] Entity tags, one per revision and version of a record, and preconditions that name them (RFC 9110 §13.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from contract.base32 import Base32
from contract.headers import Header
from contract.problems import INVALID_PARAMETER, ItemError
from contract.versions import VERSIONS, Version
from transcoder.presentation.errors import ApiError

_ETAG = re.compile(r"r([1-9][0-9]{0,17})-([a-z2-7]{7})")
_TAG = re.compile(r'(?:W/)?(?:"([\x21\x23-\x7e]*)"|((?!\*|W/)[\x21\x23-\x2b\x2d-\x7e]+))')
_MARK_BYTES, _DIGITS = 5, 7
_MARKS = Base32(_MARK_BYTES, "abcdefghijklmnopqrstuvwxyz234567", _DIGITS)
_COMMAS = re.compile(r"(?:[ \t]*,)+[ \t]*")


@dataclass(frozen=True, slots=True)
class AnyRevision:
    """`*`: the record must exist, whatever its revision."""


@dataclass(frozen=True, slots=True)
class NamedTags:
    """The tags that a precondition lists, without quotes and `W/`."""

    tags: frozenset[str]


Precondition = AnyRevision | NamedTags


def etag(record_id: str, revision: int, version: Version) -> str:
    """The record's `etag` in a version; an ETag header is the same between quotes."""
    return f"r{revision}-{_mark(record_id, version)}"


def etags(record_ids: Sequence[str], revisions: Sequence[int], version: Version) -> list[str]:
    """The etags of several records, in a version."""
    behind = f" {version.date}"
    marks = _MARKS.encode_many([sha256((each + behind).encode()).digest()[:_MARK_BYTES] for each in record_ids])
    return [f"r{revision}-{mark}" for revision, mark in zip(revisions, marks, strict=True)]


def _mark(record_id: str, version: Version) -> str:
    """What its tags have in common, whatever its revision: a digest of record and version."""
    return _MARKS.encode(sha256(f"{record_id} {version.date}".encode()).digest()[:_MARK_BYTES])


def parse_precondition(header: Header, value: str | None) -> Precondition | None:
    """What `If-Match` or `If-None-Match` says; None without one. A malformed one is a 400.

    Bare tags are taken beside quoted ones: the record's `etag` member can be sent as it is. Empty elements of a list
    say nothing (RFC 9110 §5.6.1.2).
    """
    if value is None:
        return None
    text = value.strip()
    if text == "*":
        return AnyRevision()
    tags: list[str] = []
    place = _behind_commas(text, 0)
    while place < len(text) or not tags:
        tag = _TAG.match(text, place)
        if tag is None:
            raise _malformed(header)
        tags.append(tag[1] if tag[1] is not None else tag[2])
        place = _behind_commas(text, tag.end())
        if place == tag.end() < len(text):
            raise _malformed(header)
    return NamedTags(frozenset(tags))


def _behind_commas(text: str, place: int) -> int:
    commas = _COMMAS.match(text, place)
    return place if commas is None else commas.end()


def _malformed(header: Header) -> ApiError:
    detail = 'Expected *, or entity tags such as "r2-8f3kd1a".'
    return ApiError(INVALID_PARAMETER, errors=[ItemError("invalid-header", detail, header=header.title)])


def revisions(named: NamedTags, record_id: str) -> frozenset[int]:
    """The revisions of this record that the tags name, in any version; tags of other records name none."""
    marks = {_mark(record_id, version) for version in VERSIONS}
    forms = (_ETAG.fullmatch(tag) for tag in named.tags)
    return frozenset(int(form[1]) for form in forms if form is not None and form[2] in marks)
