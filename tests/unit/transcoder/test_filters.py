"""Filters of searches: what each operator takes of each field, and every way to be wrong about one."""

from decimal import Decimal
from typing import Any

import pytest

from contract.resources import COMPANY, CONTACT, DEAL, NOTE, TASK, Resource
from tests.unit.transcoder.surroundings import AROUND, SAME, an_id, nobody, older
from transcoder.backend.interface import NO_RECORD, Condition
from transcoder.validation.bodies import InvalidBody
from transcoder.validation.filters import parse_filters


def condition(field: Any, operator: Any, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def read(resource: Resource, *filters: Any, old: bool = False) -> Any:
    return parse_filters(resource, list(filters), AROUND, older(resource) if old else SAME)


def faults(tree: Any) -> list[tuple[str | None, str]]:
    assert isinstance(tree, InvalidBody), tree
    return [(error.pointer, error.code) for error in tree.errors]


TAKEN: dict[str, tuple[Resource, tuple[str, str, Any], Any]] = {
    "an id": (CONTACT, ("id", "eq", an_id("con", 7)), 7),
    "an id of nobody": (CONTACT, ("id", "eq", nobody("con")), NO_RECORD),
    "other ids than": (CONTACT, ("company_id", "neq", an_id("cmp", 7)), 7),
    "several ids, one of nobody": (CONTACT, ("owner_id", "in", [an_id("usr", 3), nobody("usr")]), [3, NO_RECORD]),
    "ids not among": (CONTACT, ("created_by_id", "not_in", [an_id("usr", 3)]), [3]),
    "no reference": (CONTACT, ("company_id", "is_null", True), True),
    "some reference": (CONTACT, ("company_id", "is_null", False), False),
    "a word of a list": (CONTACT, ("lifecycle_stage", "in", ["lead", "former"]), ["lead", "former"]),
    "an address as it is written down": (CONTACT, ("email", "eq", " Ada@X.example"), "ada@x.example"),
    "a phone number as people write it": (CONTACT, ("phone", "eq", "+44 (20) 7946-0958"), "+442079460958"),
    "a line composed and trimmed": (CONTACT, ("last_name", "not_in", [" Zoe\u0308 "]), ["Zo\u00eb"]),
    "a part of a line as it is": (CONTACT, ("last_name", "contains", " Ok"), " Ok"),
    "255 characters of a part": (CONTACT, ("last_name", "starts_with", "x" * 255), "x" * 255),
    "a part of an address that is no address": (CONTACT, ("email", "contains", "@X"), "@X"),
    "a city": (CONTACT, ("address.city", "eq", " Bristol"), "Bristol"),
    "no region": (CONTACT, ("address.region", "is_null", True), True),
    "the start of a postal code": (CONTACT, ("address.postal_code", "starts_with", "BS"), "BS"),
    "a country in small letters": (CONTACT, ("address.country", "in", ["gb", "FR"]), ["GB", "FR"]),
    "a flag": (CONTACT, ("do_not_contact", "eq", False), False),
    "a day": (CONTACT, ("birth_date", "lt", "1988-03-14"), "1988-03-14"),
    "a span of days": (CONTACT, ("birth_date", "between", ["1988-03-14"] * 2), ["1988-03-14"] * 2),
    "a day that lies ahead": (DEAL, ("expected_close_date", "gte", "2030-01-01"), "2030-01-01"),
    "an instant": (CONTACT, ("created_at", "gte", "2026-06-17T15:30:00+01:00"), 1_781_706_600_000),
    "an instant that lies ahead, of a field that cannot": (
        NOTE,
        ("occurred_at", "lt", "2030-01-01T00:00:00Z"),
        1_893_456_000_000,
    ),
    "any of some tags": (CONTACT, ("tags", "has_any", [" VIP "]), ["VIP"]),
    "no tag at all": (CONTACT, ("tags", "is_empty", True), True),
    "contacts of a deal": (DEAL, ("contact_ids", "has_all", [an_id("con", 7), nobody("con")]), [7, NO_RECORD]),
    "none of some contacts": (DEAL, ("contact_ids", "has_none", [an_id("con", 7)]), [7]),
    "a number": (COMPANY, ("employee_count", "gt", 5), 5),
    "a number with a fraction of nothing": (COMPANY, ("employee_count", "eq", Decimal("5.0")), 5),
    "a span of numbers": (COMPANY, ("employee_count", "between", [0, 10_000_000]), [0, 10_000_000]),
    "a part of a text": (COMPANY, ("description", "contains", "a\nb"), "a\nb"),
    "no text": (COMPANY, ("description", "is_null", True), True),
    "a domain as people write it": (COMPANY, ("domain", "eq", "WWW.Northwind.example."), "northwind.example"),
    "a web address": (COMPANY, ("website", "eq", " https://x.example "), "https://x.example"),
    "a currency": (DEAL, ("currency", "eq", "gbp"), "GBP"),
    "no amount, in whatever currency": (DEAL, ("amount", "is_null", True), True),
    "an own line": (CONTACT, ("custom_fields.a_text", "starts_with", "x"), "x"),
    "an own text": (CONTACT, ("custom_fields.a_long_text", "contains", "x"), "x"),
    "an own number": (CONTACT, ("custom_fields.a_number", "gte", Decimal("2.50")), Decimal("2.5")),
    "an own flag": (CONTACT, ("custom_fields.a_boolean", "eq", True), True),
    "an own day": (CONTACT, ("custom_fields.a_date", "eq", "2030-01-01"), "2030-01-01"),
    "an own instant": (CONTACT, ("custom_fields.a_datetime", "eq", "1970-01-01T00:00:01Z"), 1000),
    "an own choice": (CONTACT, ("custom_fields.a_select", "not_in", ["gold"]), ["gold"]),
    "own choices": (CONTACT, ("custom_fields.a_multi_select", "has_all", ["red", "blue"]), ["red", "blue"]),
    "no own choices": (CONTACT, ("custom_fields.a_multi_select", "is_empty", False), False),
    "an own address": (CONTACT, ("custom_fields.a_email", "eq", "A@x.example"), "a@x.example"),
    "an own phone number": (CONTACT, ("custom_fields.a_phone", "is_null", True), True),
    "an own web address": (CONTACT, ("custom_fields.a_url", "eq", "https://x.example"), "https://x.example"),
    "an own user": (CONTACT, ("custom_fields.a_user", "eq", an_id("usr", 3)), 3),
    "an own user of nobody": (CONTACT, ("custom_fields.a_user", "in", [nobody("usr")]), [NO_RECORD]),
}


@pytest.mark.parametrize(("resource", "said", "value"), TAKEN.values(), ids=TAKEN.keys())
def test_takes(resource: Resource, said: tuple[str, str, Any], value: Any) -> None:
    field, operator, _ = said
    tree = read(resource, condition(*said))
    assert tree == Condition(field, operator, value)
    assert type(tree.value) is type(value)


REFUSED: dict[str, tuple[Resource, tuple[Any, Any, Any], str, str]] = {
    "a field that is none": (CONTACT, ("nickname", "eq", "x"), "field", "unknown-field"),
    "no field": (CONTACT, ("", "eq", "x"), "field", "unknown-field"),
    "a field of another resource": (CONTACT, ("amount", "is_null", True), "field", "unknown-field"),
    "a member of a field that has none": (CONTACT, ("email.domain", "eq", "x"), "field", "unknown-field"),
    "a member that an address has not": (CONTACT, ("address.street", "eq", "x"), "field", "unknown-field"),
    "a member of a city": (CONTACT, ("address.city.name", "eq", "x"), "field", "unknown-field"),
    "an own field that is none": (CONTACT, ("custom_fields.nothing", "eq", "x"), "field", "unknown-field"),
    "an own field without a name": (CONTACT, ("custom_fields.", "eq", "x"), "field", "unknown-field"),
    "own fields of a resource without": (TASK, ("custom_fields.a_text", "eq", "x"), "field", "unknown-field"),
    "a street": (CONTACT, ("address.line1", "eq", "x"), "field", "not-filterable"),
    "an address as a whole": (CONTACT, ("address", "is_null", True), "field", "not-filterable"),
    "own fields as a whole": (CONTACT, ("custom_fields", "is_empty", True), "field", "not-filterable"),
    "a computed name": (CONTACT, ("full_name", "eq", "x"), "field", "not-filterable"),
    "an etag": (CONTACT, ("etag", "eq", "x"), "field", "not-filterable"),
    "the time of deletion": (CONTACT, ("deleted_at", "is_null", True), "field", "not-filterable"),
    "an operator that is none": (CONTACT, ("email", "like", "x"), "operator", "invalid-operator"),
    "an operator in capitals": (CONTACT, ("email", "EQ", "x"), "operator", "invalid-operator"),
    "an order of lines": (CONTACT, ("last_name", "gt", "x"), "operator", "invalid-operator"),
    "null where null cannot be": (CONTACT, ("lifecycle_stage", "is_null", True), "operator", "invalid-operator"),
    "null of an id": (CONTACT, ("id", "is_null", True), "operator", "invalid-operator"),
    "null of tags": (CONTACT, ("tags", "is_null", True), "operator", "invalid-operator"),
    "equal tags": (CONTACT, ("tags", "eq", ["VIP"]), "operator", "invalid-operator"),
    "days among days": (CONTACT, ("birth_date", "in", ["2000-01-01"]), "operator", "invalid-operator"),
    "an equal text": (COMPANY, ("description", "eq", "x"), "operator", "invalid-operator"),
    "a flag that is another": (CONTACT, ("do_not_contact", "neq", True), "operator", "invalid-operator"),
    "own choices that are null": (
        *(CONTACT, ("custom_fields.a_multi_select", "is_null", True), "operator", "invalid-operator"),
    ),
    "null": (CONTACT, ("email", "eq", None), "value", "not-nullable"),
    "null as a flag": (CONTACT, ("email", "is_null", None), "value", "not-nullable"),
    "null among values": (CONTACT, ("email", "in", ["a@x.example", None]), "value", "not-nullable"),
    "null in a span": (COMPANY, ("employee_count", "between", [None, 5]), "value", "not-nullable"),
    "a flag that is none": (CONTACT, ("email", "is_null", "true"), "value", "invalid-type"),
    "an address that is none": (CONTACT, ("email", "eq", "ada"), "value", "invalid-email"),
    "a number for a line": (CONTACT, ("last_name", "eq", 5), "value", "invalid-type"),
    "an empty line": (CONTACT, ("last_name", "eq", ""), "value", "too-short"),
    "a line that no record has room for": (CONTACT, ("last_name", "eq", "x" * 101), "value", "too-long"),
    "an empty part": (CONTACT, ("last_name", "contains", ""), "value", "too-short"),
    "256 characters of a part": (CONTACT, ("last_name", "starts_with", "x" * 256), "value", "too-long"),
    "a number for a part": (CONTACT, ("last_name", "contains", 5), "value", "invalid-type"),
    "one value for several": (CONTACT, ("email", "in", "a@x.example"), "value", "invalid-type"),
    "no value of several": (CONTACT, ("email", "in", []), "value", "too-few-items"),
    "201 values": (CONTACT, ("email", "in", ["a@x.example"] * 201), "value", "too-many-items"),
    "a bad one of several": (CONTACT, ("email", "not_in", ["a@x.example", "b"]), "value", "invalid-email"),
    "an id of another type": (CONTACT, ("company_id", "eq", an_id("con", 7)), "value", "invalid-id"),
    "a number for an id": (CONTACT, ("company_id", "eq", 7), "value", "invalid-type"),
    "ids of another type": (DEAL, ("contact_ids", "has_any", [an_id("cmp", 7)]), "value", "invalid-id"),
    "one id for several": (DEAL, ("contact_ids", "has_any", an_id("con", 7)), "value", "invalid-type"),
    "no tag of several": (CONTACT, ("tags", "has_none", []), "value", "too-few-items"),
    "an empty tag": (CONTACT, ("tags", "has_any", ["VIP", ""]), "value", "too-short"),
    "a word that no list has": (CONTACT, ("lifecycle_stage", "eq", "lost"), "value", "unknown-value"),
    "a country that is none": (CONTACT, ("address.country", "eq", "UK"), "value", "unknown-value"),
    "half a span": (CONTACT, ("birth_date", "between", ["2000-01-01"]), "value", "invalid-type"),
    "a span of three": (COMPANY, ("employee_count", "between", [1, 2, 3]), "value", "invalid-type"),
    "a span as an object": (COMPANY, ("employee_count", "between", {"low": 1}), "value", "invalid-type"),
    "a span turned round": (COMPANY, ("employee_count", "between", [2, 1]), "value", "out-of-range"),
    "days turned round": (CONTACT, ("birth_date", "between", ["2000-01-02", "2000-01-01"]), "value", "out-of-range"),
    "instants turned round": (
        CONTACT,
        ("created_at", "between", ["2026-06-17T14:30:00Z", "2026-06-17T15:30:00+02:00"]),
        "value",
        "out-of-range",
    ),
    "a day for an instant": (CONTACT, ("created_at", "gt", "2026-06-17"), "value", "invalid-datetime"),
    "an instant for a day": (CONTACT, ("birth_date", "gt", "2026-06-17T14:30:00Z"), "value", "invalid-date"),
    "a fraction of a person": (COMPANY, ("employee_count", "eq", Decimal("5.5")), "value", "invalid-type"),
    "more persons than there can be": (COMPANY, ("employee_count", "lt", 10_000_001), "value", "out-of-range"),
    "a currency that is none": (DEAL, ("currency", "neq", "XXX"), "value", "unknown-value"),
    "an own option that is none": (CONTACT, ("custom_fields.a_select", "eq", "bronze"), "value", "unknown-value"),
    "one of own options that is none": (
        *(CONTACT, ("custom_fields.a_multi_select", "has_any", ["red", "pink"]), "value", "unknown-value"),
    ),
    "own options that are no array": (
        *(CONTACT, ("custom_fields.a_multi_select", "has_any", "red"), "value", "invalid-type"),
    ),
    "an own number of seven decimals": (
        *(CONTACT, ("custom_fields.a_number", "eq", Decimal("0.0000001")), "value", "too-many-decimals"),
    ),
}


@pytest.mark.parametrize(("resource", "said", "member", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(resource: Resource, said: tuple[Any, Any, Any], member: str, code: str) -> None:
    assert faults(read(resource, condition(*said))) == [(f"/filters/0/{member}", code)]


def test_a_wrong_operator_is_told_the_right_ones_of_its_field() -> None:
    def allowed(resource: Resource, field: str) -> tuple[str, ...]:
        return tuple(read(resource, condition(field, "?", 1)).errors[0].allowed)

    words = ("eq", "neq", "in", "not_in")
    order = ("gt", "gte", "lt", "lte", "between")
    assert allowed(CONTACT, "id") == words
    assert allowed(CONTACT, "company_id") == (*words, "is_null")
    assert allowed(CONTACT, "lifecycle_stage") == words
    assert allowed(CONTACT, "email") == (*words, "contains", "starts_with", "is_null")
    assert allowed(COMPANY, "name") == (*words, "contains", "starts_with")
    assert allowed(COMPANY, "description") == ("contains", "is_null")
    assert allowed(NOTE, "body") == ("contains",)
    assert allowed(CONTACT, "do_not_contact") == ("eq",)
    assert allowed(COMPANY, "employee_count") == (*words, *order, "is_null")
    assert allowed(CONTACT, "birth_date") == ("eq", "neq", *order, "is_null")
    assert allowed(CONTACT, "created_at") == ("eq", "neq", *order)
    assert allowed(CONTACT, "tags") == ("has_any", "has_all", "has_none", "is_empty")
    assert allowed(CONTACT, "custom_fields.a_boolean") == ("eq", "is_null")


def test_a_misspelt_field_is_told_what_it_may_have_meant() -> None:
    (error,) = read(CONTACT, condition("emial", "eq", "x")).errors
    assert error.did_you_mean == "email"


def test_a_missing_operator_is_told_those_of_its_field() -> None:
    def allowed(resource: Resource, node: dict[str, Any], *, old: bool = False) -> tuple[str, ...]:
        (error,) = (each for each in read(resource, node, old=old).errors if each.pointer == "/filters/0/operator")
        assert error.code == "required"
        return tuple(error.allowed)

    assert allowed(CONTACT, {"field": "tags", "value": "x"}) == ("has_any", "has_all", "has_none", "is_empty")
    assert allowed(CONTACT, {"field": "do_not_contact"}) == ("eq",)
    assert allowed(TASK, {"field": "due_date", "value": 1}, old=True)[0] == "eq"
    for field in ("nothing", "custom_fields", None, 5):
        assert allowed(CONTACT, {"field": field}) == ()
    assert allowed(CONTACT, {"value": 5}) == ()


@pytest.mark.parametrize(("field", "operator"), [("email", "is_null"), ("tags", "is_empty")])
def test_a_flag_without_a_value_is_told_what_it_takes(field: str, operator: str) -> None:
    (absent,) = read(CONTACT, {"field": field, "operator": operator}).errors
    (null,) = read(CONTACT, condition(field, operator, None)).errors
    assert absent.detail == f"A condition has field, operator and value. {operator} takes true or false."
    assert null.detail == f"{operator} takes true or false."
    assert absent.example is True and null.example is True


@pytest.mark.parametrize(
    ("field", "operator", "way"),
    [
        ("email", "eq", 'use "operator":"is_null","value":true.'),
        ("tags", "has_any", 'use "operator":"is_empty","value":true.'),
        ("created_at", "lt", "this field is never null."),
    ],
)
def test_who_compares_with_null_is_told_what_there_is_instead(field: str, operator: str, way: str) -> None:
    (error,) = read(CONTACT, condition(field, operator, None)).errors
    assert error.detail == f"null is no value to compare with: {way}"
