"""Queries in the CRM's words, operator by operator."""

from decimal import Decimal
from typing import Any

import pytest

from contract.resources import RESOURCES
from contract.types import OPERATORS, CustomType
from transcoder.backend.interface import AllOf, AnyOf, Condition, CustomFieldDefinition, NotOf, Query, UpdatedAfter
from transcoder.dialect.activities import ACTIVITIES
from transcoder.dialect.contacts import CONTACTS
from transcoder.dialect.custom_values import UnknownCustomField, custom_fields_of
from transcoder.dialect.deals import DEALS
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.query_encoding import to_query
from transcoder.dialect.tasks import TASKS

OWN = custom_fields_of(
    [
        CustomFieldDefinition(17, "loyalty_tier", CustomType.SELECT, {"gold": 3, "silver": 4}),
        CustomFieldDefinition(18, "seats", CustomType.NUMBER, {}),
        CustomFieldDefinition(19, "interests", CustomType.MULTI_SELECT, {"pricing": 1, "security": 2}),
        CustomFieldDefinition(20, "consent", CustomType.BOOLEAN, {}),
    ]
)


def a_query(dialect: ResourceMapping = CONTACTS, **changes: Any) -> dict[str, Any]:
    plain = {"where": None, "text": None, "order_by": "created_at", "descending": True, "limit": 50}
    plain |= {"deleted": "exclude", "with_total": False, "place": None}
    return to_query(dialect, Query(**plain | changes), OWN)


def test_a_query_of_everything() -> None:
    assert a_query() == {
        "where": None,
        "text": None,
        "sort": ["-created_at", "-id"],
        "limit": 50,
        "after_key": None,
        "after": None,
        "with_deleted": 0,
        "with_total": 0,
    }


@pytest.mark.parametrize(("word", "number"), [("exclude", 0), ("include", 1), ("only", 2)])
def test_deleted_ones_are_asked_for_by_number(word: str, number: int) -> None:
    assert a_query(deleted=word)["with_deleted"] == number


def test_a_query_goes_on_behind_a_place_in_the_other_direction_and_counts() -> None:
    asked = a_query(place="k3", order_by="last_name", descending=False, limit=200, with_total=True, text="ada")
    told = (asked["after_key"], asked["after"], asked["sort"], asked["limit"], asked["with_total"], asked["text"])
    assert told == ("k3", None, ["last_name", "id"], 200, 1, "ada")


def test_a_bookmark_is_a_place_without_a_key() -> None:
    asked = a_query(place=UpdatedAfter(5, 0), order_by="updated_at", descending=False)
    assert (asked["after_key"], asked["after"], asked["sort"]) == (None, [5, 0], ["updated_at", "id"])


def test_the_order_is_named_as_inside() -> None:
    assert a_query(DEALS, order_by="amount")["sort"] == ["-amount_minor", "-id"]


CONDITIONS: dict[str, tuple[ResourceMapping, Condition, list[Any]]] = {
    "equality": (CONTACTS, Condition("email", "eq", "a@b.cd"), ["email", "=", "a@b.cd"]),
    "an enum": (CONTACTS, Condition("lifecycle_stage", "eq", "former"), ["lifecycle_code", "=", 4]),
    "not an enum": (CONTACTS, Condition("lifecycle_stage", "neq", "lead"), ["lifecycle_code", "!=", 1]),
    "enums": (CONTACTS, Condition("lifecycle_stage", "in", ["lead", "former"]), ["lifecycle_code", "in", [1, 4]]),
    "no enums": (TASKS, Condition("status", "not_in", ["completed"]), ["is_done", "!in", [1]]),
    "an owner": (CONTACTS, Condition("owner_id", "eq", 31), ["owner_user_id", "=", 31]),
    "ids": (CONTACTS, Condition("id", "in", [7, 5]), ["id", "in", [7, 5]]),
    "a flag": (CONTACTS, Condition("do_not_contact", "eq", False), ["dnd", "=", 0]),
    "from an instant on": (CONTACTS, Condition("created_at", "gte", 5), ["created_at", ">=", 5]),
    "before an instant": (CONTACTS, Condition("updated_at", "lt", 5), ["updated_at", "<", 5]),
    "after a day": (CONTACTS, Condition("birth_date", "gt", "1988-03-14"), ["birth_date", ">", "1988-03-14"]),
    "up to an amount": (DEALS, Condition("amount", "lte", 100), ["amount_minor", "<=", 100]),
    "between seconds": (
        ACTIVITIES,
        Condition("duration_seconds", "between", [1, 2]),
        ["duration_ms", "..", [1000, 2000]],
    ),
    "a part of a text": (CONTACTS, Condition("source", "contains", "50%"), ["source", "~", "50%"]),
    "a beginning": (CONTACTS, Condition("address.city", "starts_with", "Bri"), ["address_city", "^", "Bri"]),
    "no value": (CONTACTS, Condition("company_id", "is_null", True), ["company_id", "null", 1]),
    "some value": (CONTACTS, Condition("lifecycle_stage", "is_null", False), ["lifecycle_code", "null", 0]),
    "one of some tags": (CONTACTS, Condition("tags", "has_any", ["VIP"]), ["tags", "any", ["VIP"]]),
    "all contacts": (DEALS, Condition("contact_ids", "has_all", [7, 5]), ["contact_ids", "all", [7, 5]]),
    "none of the tags": (CONTACTS, Condition("tags", "has_none", ["VIP"]), ["tags", "none", ["VIP"]]),
    "no tags": (CONTACTS, Condition("tags", "is_empty", True), ["tags", "empty", 1]),
    "an own option": (CONTACTS, Condition("custom_fields.loyalty_tier", "eq", "gold"), ["custom.17", "=", 3]),
    "own options": (CONTACTS, Condition("custom_fields.loyalty_tier", "in", ["gold"]), ["custom.17", "in", [3]]),
    "an own number": (
        CONTACTS,
        Condition("custom_fields.seats", "between", [1, Decimal("2.5")]),
        ["custom.18", "..", [1, Decimal("2.5")]],
    ),
    "one of own options": (
        CONTACTS,
        Condition("custom_fields.interests", "has_any", ["security"]),
        ["custom.19", "any", [2]],
    ),
    "an own flag": (CONTACTS, Condition("custom_fields.consent", "eq", True), ["custom.20", "=", 1]),
    "no own value": (CONTACTS, Condition("custom_fields.loyalty_tier", "is_null", True), ["custom.17", "null", 1]),
}


@pytest.mark.parametrize(("dialect", "condition", "inside"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_asks_inside_for(dialect: ResourceMapping, condition: Condition, inside: list[Any]) -> None:
    assert a_query(dialect, where=condition)["where"] == inside


def test_every_operator_is_asked_for_in_these_tests() -> None:
    tried = {condition.operator for _, condition, _ in CONDITIONS.values()}
    assert tried == {word for words in OPERATORS.values() for word in words}
    assert RESOURCES


def test_groups_keep_their_shape() -> None:
    tree = AllOf((AnyOf((Condition("id", "eq", 1), Condition("id", "eq", 2))), NotOf(Condition("id", "eq", 3))))
    assert a_query(where=tree)["where"] == {"all": [{"any": [["id", "=", 1], ["id", "=", 2]]}, {"not": ["id", "=", 3]}]}


def test_an_own_field_that_is_not_defined_asks_for_newer_definitions() -> None:
    with pytest.raises(UnknownCustomField):
        a_query(where=Condition("custom_fields.colour", "eq", "red"))
