"""[pure] JSON as RFC 8259 has it and no more: what two parsers could read differently is refused, with line and column.

Refused: duplicate member names, NaN and Infinity, lone surrogates, U+0000, nesting over the bound, trailing data, bytes
that are not UTF-8. A leading byte order mark is ignored (RFC 8259 §8.1). Numbers with a fraction or an exponent become
Decimal.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from contract.bounds import MAX_NESTING
from contract.vocabulary import Json

_BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_COLON = re.compile(r"[ \t\r\n]*:")
_LONGEST_INTEGER = 400
"""Digits; longer ones become Decimal, since int() of thousands of digits is slow and refused by Python."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why a text is no JSON for us; `line` and `column` count from 1, the column in characters."""

    reason: str
    detail: str
    line: int
    column: int


class _DuplicateMember(ValueError):
    pass


class _NotANumber(ValueError):
    pass


def parse(raw: bytes) -> Json | Malformed:
    """The value, or what is wrong with the text."""
    raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        return _malformed("invalid-utf8", "The body is not UTF-8", before, len(before))
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        reason = "trailing-data" if error.msg == "Extra data" else "invalid-json"
        return Malformed(reason, f"The body is not JSON: {error.msg.lower()}", error.lineno, error.colno)
    except (_DuplicateMember, _NotANumber, RecursionError):
        return _locate(text) or _malformed("invalid-json", "NaN and Infinity are no JSON", text, 0)
    if "\\u" in text or text.count("[") + text.count("{") > MAX_NESTING:
        return _locate(text) or value
    return value


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateMember
    return members


def _constant(_: str) -> NoReturn:
    raise _NotANumber


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else Decimal(digits)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_float=Decimal, parse_int=_integer, strict=True
)


def _malformed(reason: str, detail: str, text: str, index: int) -> Malformed:
    line = text.count("\n", 0, index) + 1
    column = index - (text.rfind("\n", 0, index) + 1) + 1
    return Malformed(reason, detail, line, column)


def _locate(text: str) -> Malformed | None:
    """The first fault that the decoder lets pass or cannot place; slow, and only walked where one is likely."""
    names: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            names.append(set() if mark == "{" else None)
            if len(names) > MAX_NESTING:
                return _malformed("too-deep", f"Nesting is deeper than {MAX_NESTING}", text, token.start())
        elif mark in "]}":
            if names:
                names.pop()
        elif mark[0] == '"':
            fault = _string_fault(mark)
            if fault is not None:
                return _malformed(*fault, text, token.start())
            own = names[-1] if names else None
            if own is not None and _COLON.match(text, token.end()):
                name = json.loads(mark)
                if name in own:
                    return _malformed(
                        "duplicate-member", "A member name stands twice in one object", text, token.start()
                    )
                own.add(name)
    return None


def _string_fault(literal: str) -> tuple[str, str] | None:
    if "\\u" not in literal:
        return None
    value = json.loads(literal)
    if "\0" in value:
        return "nul-character", "A string contains U+0000"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "lone-surrogate", "A string contains half of a surrogate pair"
    return None
