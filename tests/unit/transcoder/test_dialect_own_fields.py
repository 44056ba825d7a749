"""The business's own fields: by key outside, by number inside, each value by its type."""

from decimal import Decimal
from typing import Any

import pytest

from contract.types import CustomType
from tests.unit.transcoder.inside import as_sent
from transcoder.backend.interface import CustomFieldDefinition
from transcoder.dialect.conversions import UnreadableResponse, decoder
from transcoder.dialect.custom_fields import FIELD_DEFINITIONS
from transcoder.dialect.custom_fields import to_definition as to_definition_of
from transcoder.dialect.custom_values import (
    NO_CUSTOM_FIELDS,
    CustomFields,
    CustomValue,
    UnknownCustomField,
    custom_fields_of,
    write_custom_values,
)
from transcoder.dialect.custom_values import read_custom_values as read_own_of

TIER = CustomFieldDefinition(17, "loyalty_tier", CustomType.SELECT, {"gold": 3, "silver": 4})
SEATS = CustomFieldDefinition(18, "seats", CustomType.NUMBER, {})
INTERESTS = CustomFieldDefinition(19, "interests", CustomType.MULTI_SELECT, {"pricing": 1, "security": 2})
CONSENT = CustomFieldDefinition(20, "consent", CustomType.BOOLEAN, {})
NICKNAME = CustomFieldDefinition(21, "nickname", CustomType.TEXT, {})
OWN = custom_fields_of([TIER, SEATS, INTERESTS, CONSENT, NICKNAME])


_own_values, _definition = decoder(list[CustomValue]), decoder(FIELD_DEFINITIONS.reader.row)


def read_own(stored: Any, own: CustomFields) -> dict[str, Any]:
    return read_own_of(_own_values(as_sent(stored)), own)


def to_definition(stored: Any) -> tuple[str, CustomFieldDefinition]:
    return to_definition_of(_definition(as_sent(stored)))


def test_values_are_read_by_key() -> None:
    stored = [
        {"field_id": 17, "value": 3},
        {"field_id": 18, "value": Decimal("25.50")},
        {"field_id": 19, "value": [2, 1]},
        {"field_id": 20, "value": 0},
    ]
    read = read_own(stored, OWN)
    assert read == {
        "loyalty_tier": "gold",
        "seats": Decimal("25.5"),
        "interests": ["security", "pricing"],
        "consent": False,
    }


def test_a_change_sets_and_unsets_by_number_and_an_empty_choice_is_none() -> None:
    put, unset = write_custom_values({"loyalty_tier": "silver", "consent": True, "seats": None, "interests": []}, OWN)
    assert put == [{"field_id": 17, "value": 4}, {"field_id": 20, "value": 1}]
    assert unset == ["custom.18", "custom.19"]


def test_an_empty_choice_inside_is_no_value() -> None:
    assert read_own([{"field_id": 19, "value": []}], OWN) == {}


NUMBERS = [(3, 3), (Decimal("3.0"), 3), (Decimal("2.50"), Decimal("2.5")), (Decimal("1e3"), 1000)]
NUMBERS += [(Decimal("0.000001"), Decimal("0.000001")), (-(10**12), -(10**12))]


@pytest.mark.parametrize(("stored", "read"), NUMBERS)
def test_a_number_keeps_its_digits(stored: Any, read: Any) -> None:
    value = read_own([{"field_id": 18, "value": stored}], OWN)["seats"]
    assert (value, type(value), str(value)) == (read, type(read), str(read))


NEWER: list[list[dict[str, Any]]] = [[{"field_id": 99, "value": 1}], [{"field_id": 17, "value": 5}]]
NEWER += [[{"field_id": 19, "value": [1, 5]}]]


@pytest.mark.parametrize("stored", NEWER, ids=repr)
def test_what_newer_definitions_may_know_is_told_apart(stored: Any) -> None:
    with pytest.raises(UnknownCustomField):
        read_own(stored, OWN)


@pytest.mark.parametrize("values", [{"colour": "red"}, {"loyalty_tier": "tin"}, {"interests": ["tin"]}], ids=repr)
def test_a_key_or_option_of_ours_that_is_unknown_is_told_apart(values: dict[str, Any]) -> None:
    with pytest.raises(UnknownCustomField):
        write_custom_values(values, OWN)


WRONG: dict[str, Any] = {
    "no array": {},
    "no object": [17],
    "no number": [{"value": 3}],
    "a number as text": [{"field_id": "17", "value": 3}],
    "no value": [{"field_id": 18}],
    "an option by its word": [{"field_id": 17, "value": "gold"}],
    "a number that is true": [{"field_id": 18, "value": True}],
    "a number as text inside": [{"field_id": 18, "value": "25"}],
    "a number without end": [{"field_id": 18, "value": Decimal("1e999999")}],
    "too fine a number": [{"field_id": 18, "value": Decimal("0.1234567")}],
    "null": [{"field_id": 18, "value": None}],
    "a flag of 2": [{"field_id": 20, "value": 2}],
    "a number for a text": [{"field_id": 21, "value": 5}],
}


@pytest.mark.parametrize("stored", WRONG.values(), ids=WRONG)
def test_cannot_read(stored: Any) -> None:
    with pytest.raises(UnreadableResponse) as fault:
        read_own(stored, OWN)
    assert not isinstance(fault.value, UnknownCustomField)


def test_nothing_is_known_without_definitions() -> None:
    assert read_own([], NO_CUSTOM_FIELDS) == {}
    with pytest.raises(UnknownCustomField):
        read_own([{"field_id": 17, "value": 3}], NO_CUSTOM_FIELDS)


STORED = {"id": 17, "resource": "contacts", "key": "loyalty_tier", "label": "Tier", "type_code": 7, "revision": 1}
STORED |= {"options": [{"id": 3, "value": "gold", "label": "Gold"}], "created_at": 5, "updated_at": 5}


def test_a_definition_is_read_with_the_numbers_of_its_options() -> None:
    assert to_definition(STORED) == (
        "contacts",
        CustomFieldDefinition(17, "loyalty_tier", CustomType.SELECT, {"gold": 3}),
    )


@pytest.mark.parametrize(
    "change",
    [{"type_code": 13}, {"resource": "leads"}, {"options": None}, {"options": [{"value": "gold", "label": "Gold"}]}],
    ids=repr,
)
def test_a_definition_that_is_not_of_the_form_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableResponse):
        to_definition(STORED | change)
