"""[pure] JSON as RFC 8259 has it and no more: what two parsers could read differently is refused, with line and column.

Refused: duplicate member names, NaN and Infinity, lone surrogates, U+0000, more nesting or tokens than may be, trailing
data, bytes that are not UTF-8, numbers whose exponent no decimal holds. A leading byte order mark is ignored (RFC 8259
§8.1). Numbers with a fraction or an exponent become Decimal, those with an exponent a Scientific one.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from contract.size_and_time_limits import MAX_BODY_BYTES, MAX_JSON_TOKENS, MAX_NESTING
from contract.vocabulary import Json

_BOM = b"\xef\xbb\xbf"
# Runs of plain characters in one step each: one by one, 8 MiB of them held everyone else up for over a second.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|-?(?:NaN|Infinity|[0-9][0-9.eE+-]*)')
# Of a text that nobody has read yet: a string without an end is one token, or each quote in it would be a new start.
_ANY_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]|[0-9][0-9.eE+-]*+', re.DOTALL)
_HINTS = '"[{,:'
"""Each token has one of these in it or before it, but the first."""
_COLON = re.compile(r"[ \t\r\n]*:")
# Escapes one after another from the left, pairs of surrogates first: what a group holds is at fault.
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u(0000)|u([dD][89a-fA-F]..)|.)", re.DOTALL)
_CLOSES = {"]": "array", "}": "object"}
_BRACKETS = str.maketrans("{}", "[]")
_NO_BRACKETS = re.compile(r"[^\[\]]+")
_LONGEST_INTEGER = 400
"""Digits; longer ones become Decimal, since int() of thousands of digits is slow and refused by Python."""


@dataclass(frozen=True, slots=True)
class MalformedJson:
    """Why a text is no JSON for us; `line` and `column` count from 1, the column in characters."""

    reason: str
    detail: str
    line: int
    column: int


class ScientificNumber(Decimal):
    """A number that was written with an exponent, which some values may not be."""


class _Unacceptable(ValueError):
    """Something that Python's decoder takes and we do not; it cannot say where."""


def parse(raw: bytes) -> Json | MalformedJson:
    """The value, or what is wrong with the text."""
    raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        return _malformed("invalid-utf8", "The body is not UTF-8", before, len(before))
    if overfull := _overfull(text):
        return overfull
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        reason = "trailing-data" if error.msg == "Extra data" else "invalid-json"
        told, index = _trailing_comma(text, error.pos) or (error.msg.lower(), error.pos)
        return _malformed(reason, f"The body is not JSON: {told}", text, index)
    except (_Unacceptable, RecursionError):
        return next(_unwelcome(text))
    if _is_too_deep(text):
        return next(_unwelcome(text))
    return _bad_escape(text) or value


def _pairs(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Unacceptable
    return members


def _constant(_: str) -> NoReturn:
    raise _Unacceptable


def _integer(digits: str) -> int | Decimal:
    # An integer has no -0, and where no sign may stand, none is to be lost.
    return int(digits) if len(digits) <= _LONGEST_INTEGER and digits != "-0" else Decimal(digits)


def _fraction(digits: str) -> Decimal:
    try:
        return ScientificNumber(digits) if "e" in digits or "E" in digits else Decimal(digits)
    except InvalidOperation:  # an exponent beyond 10^18 or so
        raise _Unacceptable from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_fraction, parse_int=_integer, strict=True
)


def _malformed(reason: str, detail: str, text: str, index: int) -> MalformedJson:
    line = text.count("\n", 0, index) + 1
    column = index - (text.rfind("\n", 0, index) + 1) + 1
    return MalformedJson(reason, detail, line, column)


def _trailing_comma(text: str, index: int) -> tuple[str, int] | None:
    """What CPython says of such a comma since 3.13, and where; before, it missed what should have followed."""
    before = text[:index].rstrip(" \t\r\n")
    kind = _CLOSES.get(text[index : index + 1])
    if kind is None or not before.endswith(","):
        return None
    return f"illegal trailing comma before end of {kind}", len(before) - 1


def _overfull(text: str) -> MalformedJson | None:
    """What is wrong with a text that is not read at all: there is too much in it, or it is too deep before that."""
    if len(text) <= MAX_BODY_BYTES or sum(map(text.count, _HINTS)) < MAX_JSON_TOKENS:
        return None
    depth = number = 0
    for token in _ANY_TOKEN.finditer(text):
        if token[0] in "]}":
            depth -= 1
            continue
        depth += token[0] in "[{"
        number += 1
        if depth > MAX_NESTING:
            return _too_deep(text, token.start())
        if number > MAX_JSON_TOKENS:
            detail = f"There are more than {MAX_JSON_TOKENS} strings, numbers, objects and arrays"
            return _malformed("too-many-tokens", detail, text, token.start())
    return None


def _too_deep(text: str, index: int) -> MalformedJson:
    return _malformed("too-deep", f"Nesting is deeper than {MAX_NESTING}", text, index)


def _is_too_deep(text: str) -> bool:
    """Whether brackets nest deeper than the bound, in a text that the decoder has read."""
    if text.count("[") + text.count("{") <= MAX_NESTING:
        return False
    marks = _NO_BRACKETS.sub("", _STRING.sub("", text).translate(_BRACKETS))
    for _ in range(MAX_NESTING):  # each round takes the innermost layer away
        marks = marks.replace("[]", "")
    return bool(marks)


def _bad_escape(text: str) -> MalformedJson | None:
    """The first escape of U+0000 or of half a surrogate pair, in a text that the decoder has read."""
    if "\\u" not in text:
        return None
    for escape in _ESCAPE.finditer(text):
        if escape[1] is not None:
            return _malformed("nul-character", "A string contains U+0000", text, escape.start())
        if escape[2] is not None:
            return _malformed("lone-surrogate", "A string contains half of a surrogate pair", text, escape.start())
    return None


def _unwelcome(text: str) -> Iterator[MalformedJson]:
    """What the decoder took or could not place, in the order of the text. Walked only where there is such a thing."""
    names: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            names.append(set() if mark == "{" else None)
            if len(names) > MAX_NESTING:
                yield _too_deep(text, token.start())
        elif mark in "]}":
            names.pop()
        elif mark[0] == '"':
            own = names[-1] if names else None
            if own is not None and _COLON.match(text, token.end()):
                name = json.loads(mark) if "\\" in mark else mark[1:-1]
                if name in own:
                    detail = "A member name stands twice in one object"
                    yield _malformed("duplicate-member", detail, text, token.start())
                own.add(name)
        elif mark.endswith(("NaN", "Infinity")):
            yield _malformed("invalid-json", "NaN and Infinity are no JSON", text, token.start())
        elif _is_out_of_range(mark):
            yield _malformed("number-out-of-range", "No number can be as large or small", text, token.start())


def _is_out_of_range(number: str) -> bool:
    if "e" not in number and "E" not in number:
        return False
    try:
        Decimal(number)
    except InvalidOperation:
        return True
    return False
