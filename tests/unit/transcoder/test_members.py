"""Members that hold more than one value: ids, and the business's own fields of every type."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.resources import COMPANY, CONTACT, DEAL
from tests.unit.transcoder.surroundings import AROUND, DEFINITIONS, an_id, around, nobody
from transcoder.validation.bodies import InvalidBody, validate_create, validate_patch


def faults(read: Any) -> list[tuple[str | None, str]]:
    assert isinstance(read, InvalidBody), read
    return [(error.pointer, error.code) for error in read.errors]


def own(**values: Any) -> Any:
    return validate_patch(CONTACT, {"custom_fields": values}, AROUND)


ONE, TWO = an_id("con", 1), an_id("con", 2)


def test_ids_keep_their_order() -> None:
    assert validate_patch(DEAL, {"contact_ids": [TWO, ONE]}, AROUND) == {"contact_ids": [2, 1]}
    assert validate_patch(DEAL, {"contact_ids": []}, AROUND) == {"contact_ids": []}
    twenty = [an_id("con", n) for n in range(1, 21)]
    assert validate_patch(DEAL, {"contact_ids": twenty}, AROUND) == {"contact_ids": list(range(1, 21))}


def test_a_new_deal_without_contacts_has_none() -> None:
    assert validate_create(DEAL, {"title": "x"}, AROUND)["contact_ids"] == []  # type: ignore[index]


IDS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "null": (None, [("", "not-nullable")]),
    "one id": (ONE, [("", "invalid-type")]),
    "21 ids": ([an_id("con", n) for n in range(1, 22)], [("", "too-many-items")]),
    "one id twice": ([ONE, TWO, ONE], [("/2", "duplicate-item")]),
    "every kind of bad one": (
        [7, None, "x", an_id("cmp", 1), nobody("con"), TWO],
        [
            *(("/0", "invalid-type"), ("/1", "not-nullable"), ("/2", "invalid-id")),
            *(("/3", "invalid-id"), ("/4", "reference-not-found")),
        ],
    ),
}


@pytest.mark.parametrize(("value", "expected"), IDS.values(), ids=IDS.keys())
def test_refuses_as_ids(value: Any, expected: list[tuple[str, str]]) -> None:
    read = validate_patch(DEAL, {"contact_ids": value}, AROUND)
    assert faults(read) == [(f"/contact_ids{place}", code) for place, code in expected]


TAKEN: dict[str, tuple[str, Any, Any]] = {
    "a line, trimmed": ("a_text", " x ", "x"),
    "a line of 255": ("a_text", "x" * 255, "x" * 255),
    "a text, not trimmed": ("a_long_text", " a\r\nb ", " a\nb "),
    "a text of 5000": ("a_long_text", "x" * 5000, "x" * 5000),
    "a number": ("a_number", 25, 25),
    "a number with decimals": ("a_number", Decimal("0.000001"), Decimal("0.000001")),
    "a number with zeros behind": ("a_number", Decimal("2.5000000000"), Decimal("2.5")),
    "a number with a fraction of nothing": ("a_number", Decimal("2.0"), 2),
    "a number with an exponent": ("a_number", Decimal("1.5e3"), 1500),
    "nothing with an exponent": ("a_number", Decimal("0e-400"), 0),
    "the greatest number": ("a_number", 10**12, 10**12),
    "the least number": ("a_number", Decimal("-1e12"), -(10**12)),
    "the finest number": ("a_number", Decimal("-999999999999.999999"), Decimal("-999999999999.999999")),
    "a flag": ("a_boolean", False, False),
    "a day": ("a_date", "2030-01-31", "2030-01-31"),
    "an instant": ("a_datetime", "1970-01-01T01:00:00+01:00", 0),
    "an option": ("a_select", "gold", "gold"),
    "options in their order": ("a_multi_select", ["blue", "red"], ["blue", "red"]),
    "no options, which is no value": ("a_multi_select", [], None),
    "an address": ("a_email", " A@x.example", "a@x.example"),
    "a phone number": ("a_phone", "+44 20 7946 0958", "+442079460958"),
    "a web address": ("a_url", "https://x.example", "https://x.example"),
    "a user": ("a_user", an_id("usr", 31), 31),
}


@pytest.mark.parametrize(("key", "value", "kept"), TAKEN.values(), ids=TAKEN.keys())
def test_an_own_field_takes(key: str, value: Any, kept: Any) -> None:
    taken = own(**{key: value})["custom_fields"][key]
    assert taken == kept
    assert type(taken) is type(kept)


REFUSED: dict[str, tuple[str, Any, str]] = {
    "a line of two": ("a_text", "a\nb", "invalid-characters"),
    "an empty line": ("a_text", "", "too-short"),
    "a line of 256": ("a_text", "x" * 256, "too-long"),
    "a number for a line": ("a_text", 5, "invalid-type"),
    "a blank text": ("a_long_text", " \n", "too-short"),
    "a text of 5001": ("a_long_text", "x" * 5001, "too-long"),
    "a number as text": ("a_number", "5", "invalid-type"),
    "true for a number": ("a_number", True, "invalid-type"),
    "more than 10^12": ("a_number", 10**12 + 1, "out-of-range"),
    "a bit more than 10^12": ("a_number", Decimal("1000000000000.000001"), "out-of-range"),
    "less than -10^12": ("a_number", Decimal("-1e13"), "out-of-range"),
    "a number of a million digits": ("a_number", Decimal("1e999999"), "out-of-range"),
    "seven decimals": ("a_number", Decimal("0.0000001"), "too-many-decimals"),
    "a million decimals": ("a_number", Decimal("1e-999999"), "too-many-decimals"),
    "decimals that arithmetic would round away": ("a_number", Decimal("1." + "0" * 40 + "1"), "too-many-decimals"),
    "a flag as text": ("a_boolean", "true", "invalid-type"),
    "a day that no year has": ("a_date", "2026-02-30", "invalid-date"),
    "a day for an instant": ("a_datetime", "2026-02-28", "invalid-datetime"),
    "an option that is none": ("a_select", "bronze", "unknown-value"),
    "an option in capitals": ("a_select", "Gold", "unknown-value"),
    "an array for an option": ("a_select", ["gold"], "invalid-type"),
    "an option for an array": ("a_multi_select", "red", "invalid-type"),
    "51 options": ("a_multi_select", ["red"] * 51, "too-many-items"),
    "an address that is none": ("a_email", "ada", "invalid-email"),
    "a phone number that is none": ("a_phone", "5", "invalid-phone"),
    "a web address that is none": ("a_url", "x.example", "invalid-url"),
    "a record that is no user": ("a_user", an_id("con", 31), "invalid-id"),
    "a user of nobody": ("a_user", nobody("usr"), "reference-not-found"),
}


@pytest.mark.parametrize(("key", "value", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_an_own_field_refuses(key: str, value: Any, code: str) -> None:
    assert faults(own(**{key: value})) == [(f"/custom_fields/{key}", code)]


def test_every_bad_option_is_told_at_its_place() -> None:
    assert faults(own(a_multi_select=["red", "pink", "red", None, 5])) == [
        ("/custom_fields/a_multi_select/1", "unknown-value"),
        ("/custom_fields/a_multi_select/2", "duplicate-item"),
        ("/custom_fields/a_multi_select/3", "not-nullable"),
        ("/custom_fields/a_multi_select/4", "invalid-type"),
    ]


def test_an_unknown_option_is_told_the_options_there_are() -> None:
    assert own(a_select="bronze").errors[0].allowed == ("gold", "silver")


@pytest.mark.parametrize("key", DEFINITIONS)
def test_null_removes(key: str) -> None:
    assert own(**{key: None}) == {"custom_fields": {key: None}}
    assert "custom_fields" not in validate_create(CONTACT, {"custom_fields": {key: None}}, AROUND)  # type: ignore[operator]


def test_own_fields_are_an_object_of_known_keys() -> None:
    for value, code in ((None, "not-nullable"), ([], "invalid-type"), ("x", "invalid-type")):
        assert faults(validate_patch(COMPANY, {"custom_fields": value}, AROUND)) == [("/custom_fields", code)]
    assert faults(own(**{"a_txt": 1, "a/b": 1})) == [
        ("/custom_fields/a_txt", "unknown-member"),
        ("/custom_fields/a~1b", "unknown-member"),
    ]
    assert own(a_txt=1).errors[0].did_you_mean == "a_text"
    assert validate_patch(CONTACT, {"custom_fields": {}}, AROUND) == {"custom_fields": {}}


def test_two_hundred_keys_are_looked_at_and_no_more() -> None:
    assert faults(own(**{f"k{n}": 1 for n in range(201)})) == [("/custom_fields", "too-many-items")]
    assert len(faults(own(**{f"k{n}": 1 for n in range(200)}))) == 50


@pytest.mark.parametrize(
    ("values", "missed"),
    [
        ({"a_text": "x"}, False),
        ({"a_text": 5}, False),
        ({"a_select": "gold"}, False),
        ({"new": None}, True),
        ({"a_select": "new"}, True),
        ({"a_select": 5}, False),
        ({"a_multi_select": ["red", "new"]}, True),
    ],
    ids=str,
)
def test_what_the_definitions_at_hand_lack_is_noted(values: dict[str, Any], missed: bool) -> None:
    known = around()
    validate_patch(CONTACT, {"custom_fields": values}, known)
    assert known.definitions.missed is missed


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_kept_exactly_or_refused(value: Decimal) -> None:
    taken = own(a_number=value)
    if isinstance(taken, InvalidBody):
        assert abs(value) > 10**12 or value != round(value, 6)
    else:
        assert taken["custom_fields"]["a_number"] == value
