"""The strict reader: what it refuses and where, and that it otherwise reads what everyone reads."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.http.strict_json import MalformedJson, ScientificNumber, parse

REFUSED = {
    "nothing": (b"", "invalid-json", 1, 1),
    "white space alone": (b" \n ", "invalid-json", 2, 2),
    "an unclosed object": (b'{"a": 1', "invalid-json", 1, 8),
    "a trailing comma in an array": (b"[1, ]", "invalid-json", 1, 3),
    "a trailing comma in an object": (b'{"a": 1,}', "invalid-json", 1, 8),
    "single quotes": (b"{'a': 1}", "invalid-json", 1, 2),
    "a comment": (b"// no\n{}", "invalid-json", 1, 1),
    "a leading zero": (b"[01]", "invalid-json", 1, 3),
    "a leading plus": (b"[+1]", "invalid-json", 1, 2),
    "a number that ends in its dot": (b"[1.]", "invalid-json", 1, 3),
    "hexadecimal": (b"[0x10]", "invalid-json", 1, 3),
    "a line break in a string": (b'["a\nb"]', "invalid-json", 1, 4),
    "a raw U+0000 in a string": (b'["a\x00"]', "invalid-json", 1, 4),
    "an unknown escape": (b'["a\\x"]', "invalid-json", 1, 4),
    "a short escape": (b'["\\u12"]', "invalid-json", 1, 4),
    "a form feed between values": (b"[1,\x0c2]", "invalid-json", 1, 4),
    "a non-breaking space between values": ("[1,\u00a02]".encode(), "invalid-json", 1, 4),
    "True as Python spells it": (b'{"a":\n True}', "invalid-json", 2, 2),
    "NaN": (b"[1,\n  NaN]", "invalid-json", 2, 3),
    "Infinity": (b'{"a": "NaN", "b": Infinity}', "invalid-json", 1, 19),
    "minus Infinity": (b"-Infinity", "invalid-json", 1, 1),
    "NaN before a string that cannot be read": (b'[NaN, "\\u12"]', "invalid-json", 1, 2),
    "a second value": (b"{}\n {}", "trailing-data", 2, 2),
    "a comma after the value": (b"{},", "trailing-data", 1, 3),
    "a second byte order mark": (b"\xef\xbb\xbf\xef\xbb\xbf{}", "invalid-json", 1, 1),
    "a duplicate member": (b'{"a": 1,\n "b": 2,\n  "a": 3}', "duplicate-member", 3, 3),
    "a duplicate member by escape": (b'{"a": 1, "\\u0061": 2}', "duplicate-member", 1, 10),
    "a duplicate member deep inside": (b'{"a": [{"b": {"c": 1, "d": "c", "c": 2}}]}', "duplicate-member", 1, 33),
    "a duplicate member beside a name alike": (b'{"a": {"a": 1}, "b": "a", "a": 1}', "duplicate-member", 1, 27),
    "an escaped U+0000": (b'{"a": "x\\u0000"}', "nul-character", 1, 9),
    "an escaped U+0000 in a name": (b'{"\\u0000": 1}', "nul-character", 1, 3),
    "a high surrogate alone": (b'["\\ud83d"]', "lone-surrogate", 1, 3),
    "a low surrogate alone": (b'["\\uDE00"]', "lone-surrogate", 1, 3),
    "surrogates the wrong way round": (b'["\\ude00\\ud83d"]', "lone-surrogate", 1, 3),
    "a high surrogate before another escape": (b'["\\ud83d\\u0041"]', "lone-surrogate", 1, 3),
    "half a pair behind an escaped backslash": (b'["\\\\ud83d\\ude00"]', "lone-surrogate", 1, 10),
    "a lone surrogate behind a pair": (b'["\\ud83d\\ude00\\ud83d"]', "lone-surrogate", 1, 15),
    "a raw surrogate": (b'["\xed\xa0\x80"]', "invalid-utf8", 1, 3),
    "Latin-1": ('{\n "name": "Zoë"}'.encode("latin-1"), "invalid-utf8", 2, 13),
    "an overlong encoding": (b'"\xc0\xaf"', "invalid-utf8", 1, 2),
    "UTF-16": ("{}".encode("utf-16"), "invalid-utf8", 1, 1),
    "a cut character": (b'"\xe2\x82', "invalid-utf8", 1, 2),
    "33 levels of arrays": (b"[" * 33 + b"]" * 33, "too-deep", 1, 33),
    "33 levels of objects": (b'{"a":\n' * 32 + b"{}" + b"}" * 32, "too-deep", 33, 1),
    "33 levels after many shallow ones": (b"[" + b"[]," * 40 + b"[" * 32 + b"]" * 33, "too-deep", 1, 153),
    "more levels than the stack holds": (b"[" * 100_000, "too-deep", 1, 33),
    "a token more than may be": (b"[" + b"0,  " * 349_999 + b"0]", "too-many-tokens", 1, 1_399_998),
    "many in a text that ends nowhere": (b"[" + b'"a",' * 350_000 + b'"', "too-many-tokens", 1, 1_399_998),
    "too deep before it is too many": (b"{},\n" + b"[" * 1_100_000, "too-deep", 2, 33),
    "an exponent that no decimal holds": (b"[1e5,\n1e99999999999999999999]", "number-out-of-range", 2, 1),
    "such an exponent below zero": (b'{"e": "1e9", "a": -1E-99999999999999999999}', "number-out-of-range", 1, 19),
}


@pytest.mark.parametrize(
    "raw",
    [b"[" + b"0,  " * 349_998 + b"0]", b'["' + b"[],{}:0 " * 350_000 + b'"]', b"[" + b"null," * 350_000 + b"-0.5]"],
    ids=["as many tokens as may be", "a string of more", "nothing as many times"],
)
def test_reads_what_has_much_in_it_but_not_too_much(raw: bytes) -> None:
    assert parse(raw) == json.loads(raw, parse_float=Decimal)


@pytest.mark.parametrize("raw", [b"1e2", b"1E2", b"1e-2", b"0.1e+1"])
def test_remembers_that_a_number_had_an_exponent(raw: bytes) -> None:
    assert isinstance(parse(raw), ScientificNumber)


def test_remembers_the_sign_of_nothing() -> None:
    assert str(parse(b"-0")) == "-0"


@pytest.mark.parametrize(("raw", "reason", "line", "column"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(raw: bytes, reason: str, line: int, column: int) -> None:
    refusal = parse(raw)
    assert isinstance(refusal, MalformedJson), refusal
    assert (refusal.reason, refusal.line, refusal.column) == (reason, line, column)
    assert refusal.detail


READ = {
    "a byte order mark": (b"\xef\xbb\xbf{}", {}),
    "white space around": (b" \t\r\n[] \n", []),
    "a scalar": (b"null", None),
    "members in their order": (b'{"b": 1, "a": 2}', {"b": 1, "a": 2}),
    "fractions as decimals": (b"[1.10, 1e2, 0.1]", [Decimal("1.10"), Decimal("1e2"), Decimal("0.1")]),
    "integers as they are": (b"[9007199254740993, -0]", [9007199254740993, 0]),
    "a pair of surrogates": (b'"\\ud83d\\ude00"', "\U0001f600"),
    "an escaped backslash before what looks like an escape": (b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
    "32 levels": (b"[" * 32 + b"]" * 32, json.loads("[" * 32 + "]" * 32)),
    "brackets in strings": (b'["' + b"[{" * 100 + b'"]', ["[{" * 100]),
    "brackets in a string behind an escaped quote": (b'["\\"' + b"[{" * 100 + b'"]', ['"' + "[{" * 100]),
    "one name in two objects": (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
    "a value that is a name elsewhere": (b'{"a": "b", "b": "a"}', {"a": "b", "b": "a"}),
    "many siblings": (b"[" + b"{}," * 99 + b"{}]", [{}] * 100),
}


@pytest.mark.parametrize(("raw", "value"), READ.values(), ids=READ.keys())
def test_reads(raw: bytes, value: Any) -> None:
    assert parse(raw) == value


def test_an_integer_of_a_million_digits_is_read_and_costs_no_time() -> None:
    assert parse(b"9" * 1_000_000) == Decimal("9" * 1_000_000)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | NAMES
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=25)


@given(value=VALUES, ascii_only=st.booleans(), indent=st.none() | st.integers(0, 2))
def test_whatever_json_dumps_writes_is_read_back(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()) == value


# Texts near JSON: fragments of it in any order, so that many are almost right.
FRAGMENTS = (
    *("{", "}", "[", "]", ",", ":", '"', '"a"', '"b"', "1", "-", ".", "e5", "0", "true", "null", "NaN", "\\", "\\u"),
    *("d83d", "de00", "0000", " ", "\n", "\x00", "é", '{"a":', "[[", "]]", "Infinity", "1e99999999999999999999"),
)
NEAR_JSON = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join).map(str.encode) | st.binary(max_size=12)


@given(raw=NEAR_JSON)
def test_whatever_the_standard_library_refuses_is_refused_and_nothing_raises(raw: bytes) -> None:
    ours = parse(raw)
    try:
        theirs = json.loads(raw.decode(), parse_float=str)
    except ValueError:
        assert isinstance(ours, MalformedJson)
        return
    if not isinstance(ours, MalformedJson):
        assert json.loads(raw, parse_float=Decimal) == ours or theirs is None


@given(raw=NEAR_JSON)
def test_a_refusal_points_into_the_text(raw: bytes) -> None:
    refusal = parse(raw)
    if isinstance(refusal, MalformedJson):
        lines = raw.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").split("\n")
        assert 1 <= refusal.line <= len(lines)
        assert 1 <= refusal.column <= len(lines[refusal.line - 1]) + 1
