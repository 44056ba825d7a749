"""Values of prose, places on the web, numbers and money, type by type: what is taken and as what, what is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.currencies import EXPONENTS
from contract.types import Amount, Currency, Domain, Int, Text, Url
from tests.unit.transcoder.surroundings import AROUND
from transcoder.http.strict_json import ScientificNumber, parse
from transcoder.validation.values import InvalidValue, check, in_units

COUNT = Int(0, 10_000_000)
MONEY = Amount("currency")
LABEL_63 = "a" * 63

TAKEN: dict[str, tuple[Any, Any, Any]] = {
    "a text as it is": (Text(50), "Call before 10:00.", "Call before 10:00."),
    "a text that is not trimmed": (Text(50), " \n Ada\t", " \n Ada\t"),
    "line breaks of Windows": (Text(5), "a\r\nb\r\n", "a\nb\n"),
    "a carriage return alone": (Text(50), "a\rb", "a\rb"),
    "a text composed": (Text(3), "Zoe\u0308", "Zo\u00eb"),
    "a text of code points": (Text(3), "\U0001f600" * 3, "\U0001f600" * 3),
    "markup, which means nothing": (Text(50), "<b>&amp;</b>", "<b>&amp;</b>"),
    "a text with a C1 control character": (Text(50), "a\x85b", "a\x85b"),
    "a web address": (Url(), "https://www.northwind.example/", "https://www.northwind.example/"),
    "a web address without s": (Url(), "http://x", "http://x"),
    "a web address trimmed": (Url(), " \u3000https://x.example/a?b=c#d\n", "https://x.example/a?b=c#d"),
    "a web address with a port": (Url(), "https://x.example:8443/", "https://x.example:8443/"),
    "a web address of numbers": (Url(), "http://192.0.2.1/", "http://192.0.2.1/"),
    "a web address of version 6": (Url(), "http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
    "a web address in capitals": (Url(), "HTTPS://X.example/A", "HTTPS://X.example/A"),
    "a web address of another script": (
        Url(),
        "https://m\u00fcnchen.example/\u00e4",
        "https://m\u00fcnchen.example/\u00e4",
    ),
    "an at-sign behind the host": (Url(), "https://x.example/@ada", "https://x.example/@ada"),
    "a web address of 2048": (Url(), "https://x.example/" + "a" * 2030, "https://x.example/" + "a" * 2030),
    "a host": (Domain(), "northwind.example", "northwind.example"),
    "a host as people write it": (Domain(), " WWW.Northwind.example. ", "northwind.example"),
    "one www of two": (Domain(), "www.www.example.com", "www.example.com"),
    "a label of 63": (Domain(), f"{LABEL_63}.bc", f"{LABEL_63}.bc"),
    "a label of digits and hyphens": (Domain(), "1-2.x-y.z", "1-2.x-y.z"),
    "253 characters of host": (Domain(), "b." * 125 + "abc", "b." * 125 + "abc"),
    "an international host as it is sent": (Domain(), "xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    "the least number": (COUNT, 0, 0),
    "the greatest number": (COUNT, 10_000_000, 10_000_000),
    "a number with a fraction of nothing": (COUNT, Decimal("5.0"), 5),
    "a number with an exponent": (COUNT, Decimal("1e3"), 1000),
    "nothing below nothing": (COUNT, Decimal("-0.0"), 0),
    "an amount": (MONEY, "1200.5", Decimal("1200.5")),
    "an amount of nothing": (MONEY, "0", Decimal(0)),
    "an amount with zeros behind": (MONEY, "0.000000", Decimal("0.000000")),
    "an amount as a number": (MONEY, Decimal("1200.50"), Decimal("1200.50")),
    "an amount as a whole number": (MONEY, 1200, Decimal(1200)),
    "twelve digits and six": (MONEY, "999999999999.999999", Decimal("999999999999.999999")),
    "twelve digits as a number": (MONEY, 999_999_999_999, Decimal(999_999_999_999)),
    "a currency": (Currency(), "GBP", "GBP"),
    "a currency in small letters": (Currency(), " jpy ", "JPY"),
    "a young currency": (Currency(), "ZWG", "ZWG"),
}


@pytest.mark.parametrize(("kind", "given_value", "kept"), TAKEN.values(), ids=TAKEN.keys())
def test_takes(kind: Any, given_value: Any, kept: Any) -> None:
    taken = check(kind, given_value, AROUND)
    assert taken == kept
    assert type(taken) is type(kept)


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "a text that is a number": (Text(9), 5, "invalid-type"),
    "an empty text": (Text(9), "", "too-short"),
    "a text of white space": (Text(9), " \n\t\u2028 ", "too-short"),
    "a text one over": (Text(3), "Adas", "too-long"),
    "a text one over with its space": (Text(3), "Ada ", "too-long"),
    "a bell": (Text(9), "a\x07", "invalid-characters"),
    "a vertical tab": (Text(9), "a\x0bb", "invalid-characters"),
    "a form feed": (Text(9), "a\x0cb", "invalid-characters"),
    "DEL in a text": (Text(9), "a\x7f", "invalid-characters"),
    "a web address that is a number": (Url(), 5, "invalid-type"),
    "an empty web address": (Url(), "", "invalid-url"),
    "a host for a web address": (Url(), "www.northwind.example", "invalid-url"),
    "a web address without a scheme": (Url(), "//x.example/", "invalid-url"),
    "another scheme": (Url(), "ftp://x.example/", "invalid-url"),
    "a script": (Url(), "javascript:alert(1)", "invalid-url"),
    "a mail address": (Url(), "mailto:ada@x.example", "invalid-url"),
    "a scheme alone": (Url(), "https://", "invalid-url"),
    "a scheme without slashes": (Url(), "https:x.example", "invalid-url"),
    "a scheme with three": (Url(), "https:///x.example", "invalid-url"),
    "a port without a host": (Url(), "https://:80/", "invalid-url"),
    "a user": (Url(), "https://ada@x.example/", "invalid-url"),
    "a user and a password": (Url(), "https://ada:secret@x.example/", "invalid-url"),
    "a space inside": (Url(), "https://x.example/a b", "invalid-url"),
    "a line break inside": (Url(), "https://x.example/a\nb", "invalid-url"),
    "a line separator inside": (Url(), "https://x.example/a\u2028b", "invalid-url"),
    "a control character inside": (Url(), "https://x.example/a\x01b", "invalid-url"),
    "DEL inside": (Url(), "https://x.example/a\x7fb", "invalid-url"),
    "a port that is none": (Url(), "https://x.example:port/", "invalid-url"),
    "a port that is too large": (Url(), "https://x.example:65536/", "invalid-url"),
    "half a bracket": (Url(), "https://[2001:db8::1/", "invalid-url"),
    "a web address of 2049": (Url(), "https://x.example/" + "a" * 2031, "invalid-url"),
    "a host that is a number": (Domain(), 5, "invalid-type"),
    "an empty host": (Domain(), "", "invalid-domain"),
    "a host of one label": (Domain(), "localhost", "invalid-domain"),
    "www alone": (Domain(), "www.", "invalid-domain"),
    "one label behind www": (Domain(), "www.example", "invalid-domain"),
    "a scheme before a host": (Domain(), "https://northwind.example", "invalid-domain"),
    "a port behind a host": (Domain(), "northwind.example:443", "invalid-domain"),
    "a path behind a host": (Domain(), "northwind.example/", "invalid-domain"),
    "an address for a host": (Domain(), "ada@northwind.example", "invalid-domain"),
    "two dots at the end": (Domain(), "northwind.example..", "invalid-domain"),
    "a dot in front of a host": (Domain(), ".northwind.example", "invalid-domain"),
    "an empty label": (Domain(), "a..bc", "invalid-domain"),
    "a label of 64": (Domain(), f"{LABEL_63}a.bc", "invalid-domain"),
    "254 characters of host": (Domain(), "b." * 125 + "abcd", "invalid-domain"),
    "a hyphen in front of a label": (Domain(), "-a.bc", "invalid-domain"),
    "a hyphen behind a label": (Domain(), "a-.bc", "invalid-domain"),
    "an underscore in a host": (Domain(), "a_b.cd", "invalid-domain"),
    "a host of another script": (Domain(), "m\u00fcnchen.example", "invalid-domain"),
    "a host that lower-casing makes ASCII": (Domain(), "\u212aelvin.example", "invalid-domain"),
    "a line break behind a host": (Domain(), "a.bc\nx", "invalid-domain"),
    "a number as text": (COUNT, "5", "invalid-type"),
    "true for a number": (COUNT, True, "invalid-type"),
    "a fraction": (COUNT, Decimal("5.5"), "invalid-type"),
    "a fraction too small to see": (COUNT, Decimal("5.0000000000000000000000000000000000001"), "invalid-type"),
    "a number below the least": (COUNT, -1, "out-of-range"),
    "a number above the greatest": (COUNT, 10_000_001, "out-of-range"),
    "a number that no float holds": (COUNT, 2**53, "out-of-range"),
    "a number of a million digits": (COUNT, Decimal("1e999999"), "out-of-range"),
    "the same below nothing": (COUNT, Decimal("-1e999999"), "out-of-range"),
    "true for an amount": (MONEY, True, "invalid-type"),
    "an array for an amount": (MONEY, ["1"], "invalid-type"),
    "an empty amount": (MONEY, "", "invalid-amount"),
    "a sign": (MONEY, "+1", "invalid-amount"),
    "less than nothing": (MONEY, "-1", "invalid-amount"),
    "less than nothing as a number": (MONEY, -1, "invalid-amount"),
    "less than nothing as a fraction": (MONEY, Decimal("-0.5"), "invalid-amount"),
    "a space": (MONEY, " 1", "invalid-amount"),
    "a zero in front": (MONEY, "01", "invalid-amount"),
    "a dot in front": (MONEY, ".5", "invalid-amount"),
    "a dot behind": (MONEY, "5.", "invalid-amount"),
    "a comma": (MONEY, "1,5", "invalid-amount"),
    "a comma between thousands": (MONEY, "1,000.00", "invalid-amount"),
    "an exponent": (MONEY, "1e2", "invalid-amount"),
    "an exponent as a number": (MONEY, ScientificNumber("1e2"), "invalid-amount"),
    "an exponent as a number of cents": (MONEY, ScientificNumber("1e-2"), "invalid-amount"),
    "a sign before nothing as a number": (MONEY, Decimal("-0"), "invalid-amount"),
    "an exponent of a million": (MONEY, Decimal("1e999999"), "invalid-amount"),
    "thirteen digits": (MONEY, "1" * 13, "invalid-amount"),
    "thirteen digits as a number": (MONEY, 10**12, "invalid-amount"),
    "seven decimals": (MONEY, "1.0000000", "invalid-amount"),
    "seven decimals as a number": (MONEY, Decimal("1.0000000"), "invalid-amount"),
    "digits of another script": (MONEY, "\u0661\u0662", "invalid-amount"),
    "a currency in an amount": (MONEY, "5 GBP", "invalid-amount"),
    "a line break behind an amount": (MONEY, "5\n", "invalid-amount"),
    "a currency that is a number": (Currency(), 826, "invalid-type"),
    "an empty currency": (Currency(), "", "unknown-value"),
    "a currency that is none": (Currency(), "XXX", "unknown-value"),
    "gold": (Currency(), "XAU", "unknown-value"),
    "a currency that is gone": (Currency(), "DEM", "unknown-value"),
    "a sign of a currency": (Currency(), "\u00a3", "unknown-value"),
    "letters that upper-casing makes a currency": (Currency(), "u\u017fd", "unknown-value"),
}


@pytest.mark.parametrize(("kind", "given_value", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(kind: Any, given_value: Any, code: str) -> None:
    fault = check(kind, given_value, AROUND)
    assert isinstance(fault, InvalidValue), fault
    assert fault.code == code
    assert fault.detail
    assert fault.at == ""


def named(kind: Any) -> str:
    return type(kind).__name__


@pytest.mark.parametrize("kind", [Text(9000), Url(), Domain(), COUNT, MONEY, Currency()], ids=named)
def test_the_example_in_a_refusal_is_itself_valid(kind: Any) -> None:
    fault = check(kind, [], AROUND)
    assert fault.code == "invalid-type"
    assert not isinstance(check(kind, fault.example, AROUND), InvalidValue)


def test_an_unknown_currency_is_told_those_that_are_known() -> None:
    allowed = check(Currency(), "XXX", AROUND).allowed
    assert len(allowed) == len(EXPONENTS)
    assert {"GBP", "JPY", "KWD"} <= set(allowed)


UNITS: dict[str, tuple[str, str, int | str]] = {
    "pounds and pence": ("1200.5", "GBP", 120_050),
    "pounds": ("1200", "GBP", 120_000),
    "zeros that say nothing": ("1200.500000", "GBP", 120_050),
    "no money": ("0", "GBP", 0),
    "yen": ("1500.00", "JPY", 1500),
    "dinars": ("1.234", "KWD", 1234),
    "the most there can be": ("999999999999.999", "KWD", 999_999_999_999_999),
    "a third of a penny": ("1.333", "GBP", "too-many-decimals"),
    "half a yen": ("1.5", "JPY", "too-many-decimals"),
    "a tenth of a fils": ("1.2345", "KWD", "too-many-decimals"),
    "the least bit too much": ("999999999999.990001", "GBP", "too-many-decimals"),
}


@pytest.mark.parametrize(("text", "code", "units"), UNITS.values(), ids=UNITS.keys())
def test_an_amount_is_counted_in_the_smallest_unit(text: str, code: str, units: int | str) -> None:
    read = in_units(MONEY, Decimal(text), code)
    assert (read.code if isinstance(read, InvalidValue) else read) == units


@pytest.mark.parametrize("digits", ["5.0", "1e3", "1E+6", "0e5", "-0"])
def test_a_number_is_whole_whatever_its_spelling(digits: str) -> None:
    assert check(COUNT, parse(digits.encode()), AROUND) == int(float(digits))


@given(st.decimals(0, 10**7, allow_nan=False, places=3))
def test_a_decimal_is_a_whole_number_exactly_when_it_has_no_fraction(value: Decimal) -> None:
    read = check(COUNT, value, AROUND)
    assert isinstance(read, InvalidValue) is (value != value.to_integral_value())
    assert isinstance(read, InvalidValue) or read == value


@pytest.mark.parametrize("kind", [Text(12), Url(), Domain(), MONEY, Currency()], ids=named)
@given(text=st.text(max_size=14) | st.from_regex(r"\s?https?://[a-z.:@/]{1,9}\s?") | st.from_regex(r"[wW.a-z]{1,9}\.?"))
def test_what_was_taken_is_taken_again_as_it_is(kind: Any, text: str) -> None:
    taken = check(kind, text, AROUND)
    # One `www.` is dropped; a host that had two of them has one left, which would be dropped in its turn.
    if not isinstance(taken, InvalidValue) and not str(taken).startswith("www."):
        assert check(kind, str(taken), AROUND) == taken
