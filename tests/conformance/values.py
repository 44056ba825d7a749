"""Values of every type, by hand: good ones with what answers show of them, and bad ones with the code that each earns.

A bad value's code may come with the place below the member.
"""

from typing import Any

from tests.conformance.examples import unique
from tests.conformance.world import nobodys
from tests.spec.operations import PREFIXES
from tests.spec.resources import Member

Good = list[tuple[Any, Any]]
Bad = list[tuple[Any, str, str]]
"""(value, where below the member, code)."""

RESOURCE_OF = {prefix: resource for resource, prefix in PREFIXES.items()}
NOT_STRINGS: Bad = [(value, "", "invalid-type") for value in (5, True, [], {})]
NOT_OBJECTS: Bad = [(value, "", "invalid-type") for value in (5, True, [], "x")]
NOT_ARRAYS: Bad = [(value, "", "invalid-type") for value in (5, True, {}, "x")]


def _coded(code: str, *values: Any) -> Bad:
    return [(value, "", code) for value in values]


def _number(type_: str) -> int:
    return int(type_.partition("(")[2].rstrip(")").split(",")[-1])


def _line(member: Member) -> tuple[Good, Bad]:
    most = _number(member.type)
    word = unique()[: most // 2]
    good = [
        (f"  {word}  ", word),
        ("e\u0301" + word, "é" + word),
        (f"\u2003{word}\u00a0", word),
        ("é" * (most - 16) + word[:16], "é" * (most - 16) + word[:16]),
    ]
    bad = _coded("too-short", "", " \u00a0") + _coded("too-long", "x" * (most + 1))
    return good, NOT_STRINGS + bad + _coded("invalid-characters", "a\nb", "a\u0001b", "\u007f")


def _text(member: Member) -> tuple[Good, Bad]:
    most = _number(member.type)
    good: Good = [("a\r\nb\tc", "a\nb\tc"), (" <b>e\u0301</b> ", " <b>é</b> "), ("x" * most, "x" * most)]
    bad = _coded("too-short", "", " \n") + _coded("too-long", "x" * (most + 1))
    return good, NOT_STRINGS + bad + _coded("invalid-characters", "a\u0001b", "\u007f")


def _int(member: Member) -> tuple[Good, Bad]:
    low, high = (int(text) for text in member.type[4:-1].split(".."))
    bad = _coded("invalid-type", "5", True, 1.5, [], {}) + _coded("out-of-range", low - 1, high + 1, 2**60, 1e300)
    return [(low, low), (high, high), (float(low + 1), low + 1)], bad


def _enum(member: Member) -> tuple[Good, Bad]:
    words = member.type[5:-1].split(",")
    return [(word, word) for word in words], NOT_STRINGS + _coded("unknown-value", "", words[0].upper(), "nothing")


def _id(member: Member) -> tuple[Good, Bad]:
    prefix = member.type[3:-1]
    nobody = nobodys(RESOURCE_OF[prefix])
    bad = _coded("invalid-id", "", "x", nobody.upper(), nobody[:-1], nobody + "0", "x" + nobody, nobody[:-1] + "u")
    return [], NOT_STRINGS + bad + _coded("reference-not-found", nobody)


def _ids(member: Member) -> tuple[Good, Bad]:
    prefix, most = member.type[4:-1].split(",")
    nobody = nobodys(RESOURCE_OF[prefix])
    bad: Bad = [
        ([5], "/0", "invalid-type"),
        ([None], "/0", "not-nullable"),
        (["x"], "/0", "invalid-id"),
        ([nobody], "/0", "reference-not-found"),
        ([nobody] * (int(most) + 1), "", "too-many-items"),
    ]
    return [([], [])], NOT_ARRAYS + bad


def _tags(_: Member) -> tuple[Good, Bad]:
    many = [f"tag {number}" for number in range(50)]
    bad: Bad = [
        ([5], "/0", "invalid-type"),
        ([None], "/0", "not-nullable"),
        ([""], "/0", "too-short"),
        (["a", "x" * 65], "/1", "too-long"),
        (["a\nb"], "/0", "invalid-characters"),
        (["a", "b", "A"], "/2", "duplicate-item"),
        ([*many, "one more"], "", "too-many-items"),
    ]
    return [([" VIP "], ["VIP"]), (many, many), ([], [])], NOT_ARRAYS + bad


def _address(_: Member) -> tuple[Good, Bad]:
    empty = dict.fromkeys(("line1", "line2", "city", "region", "postal_code", "country"))
    good: Good = [
        ({"city": " Bristol ", "country": " gb "}, {**empty, "city": "Bristol", "country": "GB"}),
        (dict.fromkeys(empty), None),
    ]
    bad: Bad = [
        ({"street": "x"}, "/street", "unknown-member"),
        ({"city": 5}, "/city", "invalid-type"),
        ({"city": ""}, "/city", "too-short"),
        ({"line1": "x" * 201}, "/line1", "too-long"),
        ({"postal_code": "x" * 21}, "/postal_code", "too-long"),
        ({"region": "a\nb"}, "/region", "invalid-characters"),
        ({"country": "XX"}, "/country", "unknown-value"),
        ({"country": "GBR"}, "/country", "unknown-value"),
        ({"country": 44}, "/country", "invalid-type"),
    ]
    return good, NOT_OBJECTS + bad


def _email(_: Member) -> tuple[Good, Bad]:
    word = unique()
    label = "x" * 60
    good = [
        (f" {word.upper()}@Northwind.Example ", f"{word}@northwind.example"),
        (f"o'{word}|+a@a.b", f"o'{word}|+a@a.b"),
    ]
    bad = _coded("invalid-email", "", "ada@", "@x.example", "ada@x", "a b@x.example", "é@x.example", "ada@-x.example")
    long = f"ada@{'.'.join([label] * 5)}.example"
    return good, NOT_STRINGS + bad + _coded("invalid-email", "a" * 65 + "@x.example", long, "ada@x..example", "a@b@c.d")


def _phone(_: Member) -> tuple[Good, Bad]:
    good: Good = [
        ("+44 (20) 7946-0958", "+442079460958"),
        (" +1.2345.67 ", "+1234567"),
        ("+" + "9" * 15, "+" + "9" * 15),
    ]
    wrong = ("", "00442079460958", "442079460958", "+0123456789", "+123456", "+" + "9" * 16, "+44 20 x", "+44/20 7946")
    return good, NOT_STRINGS + _coded("invalid-phone", *wrong)


def _url(_: Member) -> tuple[Good, Bad]:
    long = "https://x.example/" + "a" * 2030
    good: Good = [(" https://X.example:8443/a?b=c#d ", "https://X.example:8443/a?b=c#d"), (long, long)]
    wrong = (
        "",
        "ftp://x.example",
        "www.x.example",
        "//x.example",
        "https://",
        "https://user@x.example/",
        "mailto:a@b.c",
    )
    return good, NOT_STRINGS + _coded("invalid-url", *wrong, "https://x .example/", long + "a")


def _domain(_: Member) -> tuple[Good, Bad]:
    good: Good = [(" WWW.Northwind.Example. ", "northwind.example"), ("a.b-c.d", "a.b-c.d")]
    wrong = ("", "https://northwind.example", "northwind", "northwind.example:80", "northwind.example/x", "-a.example")
    return good, NOT_STRINGS + _coded("invalid-domain", *wrong, "a-.example", "a..example", "x" * 64 + ".example")


def _date(member: Member) -> tuple[Good, Bad]:
    good: Good = [("2024-02-29", "2024-02-29"), ("1900-01-01", "1900-01-01")]
    wrong = ("", "2026-02-30", "20260101", "2026-1-1", "2026-01-01T00:00:00Z", "2023-02-29", " 2026-01-01")
    beyond = ["1899-12-31", "2101-01-01"] + (["2099-01-01"] if member.name == "birth_date" else [])
    return good, NOT_STRINGS + _coded("invalid-date", *wrong) + _coded("out-of-range", *beyond)


def _datetime(member: Member) -> tuple[Good, Bad]:
    good: Good = [
        ("2025-06-17T16:30:00+02:00", "2025-06-17T14:30:00Z"),
        ("2025-06-17T14:30:00.1239Z", "2025-06-17T14:30:00.123Z"),
        ("2025-06-17T14:30:00.000Z", "2025-06-17T14:30:00Z"),
        ("2025-06-17t14:30:00z", "2025-06-17T14:30:00Z"),
        ("1970-01-01T00:00:00-23:59", "1970-01-01T23:59:00Z"),
    ]
    wrong = (
        "",
        "2026-06-17",
        "2026-06-17T14:30:00",
        "2026-02-30T00:00:00Z",
        "2026-06-17 14:30:00Z",
        "2026-06-17T24:00:00Z",
    )
    beyond = ["1969-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "1970-01-01T00:00:00+00:01"]
    if member.name in ("closed_at", "completed_at", "occurred_at"):
        beyond.append("2099-01-01T00:00:00Z")
    return good, NOT_STRINGS + _coded("invalid-datetime", *wrong) + _coded("out-of-range", *beyond)


def _bool(_: Member) -> tuple[Good, Bad]:
    return [(True, True), (False, False)], _coded("invalid-type", 1, 0, "true", [], {})


def _amount(_: Member) -> tuple[Good, Bad]:
    # Beside the business's own currency, GBP.
    good: Good = [("1200.5", "1200.50"), (1200.5, "1200.50"), ("0", "0.00"), (7, "7.00"), ("1.230000", "1.23")]
    good += [("9" * 12 + ".99", "9" * 12 + ".99")]
    wrong = ("", "-1", "+1", "1e3", " 1", "1 000", "01", ".5", "1.", "1.2.3", "1" * 13, "1.0000000", "1,5", -1, 1e30)
    many = _coded("too-many-decimals", "1.234", 0.001)
    return good, _coded("invalid-type", True, [], {}) + _coded("invalid-amount", *wrong) + many


def _currency(_: Member) -> tuple[Good, Bad]:
    return [(" usd ", "USD"), ("JPY", "JPY")], NOT_STRINGS + _coded("unknown-value", "", "XXX", "GB", "BTC")


def _custom(_: Member) -> tuple[Good, Bad]:
    many = {f"nothing_{number}": 1 for number in range(201)}
    return [({}, {})], [*NOT_OBJECTS, ({"nothing": 1}, "/nothing", "unknown-member"), (many, "", "too-many-items")]


_KINDS = {
    "line": _line,
    "text": _text,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "domain": _domain,
    "date": _date,
    "datetime": _datetime,
    "int": _int,
    "bool": _bool,
    "enum": _enum,
    "id": _id,
    "ids": _ids,
    "tags": _tags,
    "address": _address,
    "amount": _amount,
    "currency": _currency,
    "custom": _custom,
}


def good_values(member: Member) -> Good:
    """(given, shown) pairs."""
    return _KINDS[member.kind](member)[0]


def bad_values(member: Member) -> Bad:
    """(given, below, code) triples."""
    return _KINDS[member.kind](member)[1]
