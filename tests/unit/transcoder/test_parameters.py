"""Query parameters: every one that a list and a get take, and every way to be wrong about them."""

from typing import Any

import pytest

from contract.operations import BY_ID, OPERATIONS, Operation
from contract.vocabulary import Kind
from tests.unit.transcoder.surroundings import AROUND, SAME, an_id, nobody
from transcoder.backend.interface import NO_RECORD, Condition
from transcoder.http.parameters import ParameterContext, Parameters, parse_parameters, parsers_of, unknown_parameter
from transcoder.presentation.errors import ApiError


def read(operation_id: str, *pairs: tuple[str, str]) -> Parameters:
    operation = BY_ID[operation_id]
    return parse_parameters(parsers_of(operation), pairs, ParameterContext(operation, AROUND, SAME))


def refused(operation_id: str, *pairs: tuple[str, str]) -> list[tuple[str | None, str]]:
    with pytest.raises(ApiError) as raised:
        read(operation_id, *pairs)
    assert raised.value.problem.code == "invalid-parameter"
    return [(item.parameter, item.code) for item in raised.value.errors or ()]


def test_a_list_without_parameters_is_fifty_live_records_newest_first() -> None:
    asked = read("contacts.list")
    assert asked == Parameters()
    assert (asked.limit, asked.order_by, asked.descending, asked.deleted) == (50, None, None, "exclude")
    assert (asked.fields, asked.cursor, asked.include_total, asked.conditions) == (None, None, False, ())


TAKEN: dict[str, tuple[str, str, str, Any]] = {
    "limit 1": ("limit", "1", "limit", 1),
    "limit 200": ("limit", "200", "limit", 200),
    "a cursor as it is": ("cursor", "x+y", "cursor", "x+y"),
    "an empty cursor, for the cursor's own refusal": ("cursor", "", "cursor", ""),
    "order by last name": ("order_by", "last_name", "order_by", "last_name"),
    "order by e-mail": ("order_by", "email", "order_by", "email"),
    "order by creation": ("order_by", "created_at", "order_by", "created_at"),
    "order by change": ("order_by", "updated_at", "order_by", "updated_at"),
    "ascending": ("sort_direction", "asc", "descending", False),
    "descending": ("sort_direction", "desc", "descending", True),
    "the total": ("include_total", "true", "include_total", True),
    "no total": ("include_total", "false", "include_total", False),
    "deleted ones too": ("deleted", "include", "deleted", "include"),
    "deleted ones only": ("deleted", "only", "deleted", "only"),
    "live ones": ("deleted", "exclude", "deleted", "exclude"),
    "a field": ("fields", "email", "fields", {"email"}),
    "fields, one of them twice": ("fields", "email,id,email,full_name", "fields", {"email", "id", "full_name"}),
}


@pytest.mark.parametrize(("name", "text", "member", "value"), TAKEN.values(), ids=TAKEN.keys())
def test_a_list_takes(name: str, text: str, member: str, value: Any) -> None:
    assert getattr(read("contacts.list", (name, text)), member) == value


CONDITIONS: dict[str, tuple[str, str, Condition]] = {
    "created since": (
        "created_since",
        "2026-06-17T14:30:00Z",
        Condition("created_at", "gte", 1_781_706_600_000),
    ),
    "created until": ("created_until", "2026-06-17T14:30:00.5Z", Condition("created_at", "lt", 1_781_706_600_500)),
    "updated since": (
        "updated_since",
        "2026-06-17T15:30:00+01:00",
        Condition("updated_at", "gte", 1_781_706_600_000),
    ),
    "an unescaped plus": (
        "updated_until",
        "2026-06-17T15:30:00 01:00",
        Condition("updated_at", "lt", 1_781_706_600_000),
    ),
    "an e-mail address, normalised": ("email", " Ada@X.example", Condition("email", "eq", "ada@x.example")),
    "a phone number": ("phone", "+44 20 7946 0958", Condition("phone", "eq", "+442079460958")),
    "a phone number with an unescaped plus": ("phone", " 442079460958", Condition("phone", "eq", "+442079460958")),
    "an external id, in its case": ("external_id", " erp:A ", Condition("external_id", "eq", "erp:A")),
    "a company": ("company_id", an_id("cmp", 771), Condition("company_id", "eq", 771)),
    "an owner": ("owner_id", an_id("usr", 31), Condition("owner_id", "eq", 31)),
    "a stage": ("lifecycle_stage", "lead", Condition("lifecycle_stage", "eq", "lead")),
    "ids": ("ids", f"{an_id('con', 7)},{an_id('con', 5)}", Condition("id", "in", [7, 5])),
    "ids, some of nobody": ("ids", f"{nobody('con')},{an_id('con', 5)}", Condition("id", "in", [NO_RECORD, 5])),
}


@pytest.mark.parametrize(("name", "text", "condition"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_list_is_narrowed_by(name: str, text: str, condition: Condition) -> None:
    asked = read("contacts.list", (name, text))
    assert asked.conditions == (condition,)


@pytest.mark.parametrize(
    ("name", "text", "condition"),
    [
        ("company_id", nobody("cmp"), Condition("company_id", "eq", NO_RECORD)),
        ("owner_id", nobody("usr"), Condition("owner_id", "eq", NO_RECORD)),
        ("ids", nobody("con"), Condition("id", "in", [NO_RECORD])),
    ],
)
def test_an_id_of_nobody_is_compared_as_the_number_of_no_record(name: str, text: str, condition: Condition) -> None:
    assert read("contacts.list", (name, text)).conditions == (condition,)


def test_conditions_add_up() -> None:
    pairs = [("lifecycle_stage", "lead"), ("email", "a@b.cd"), ("created_since", "2026-06-17T14:30:00Z")]
    assert {condition.field for condition in read("contacts.list", *pairs).conditions} == {
        "lifecycle_stage",
        "email",
        "created_at",
    }


REFUSED: dict[str, tuple[str, str, str]] = {
    "limit 0": ("limit", "0", "out-of-range"),
    "limit 201": ("limit", "201", "out-of-range"),
    "a limit of many digits": ("limit", "9" * 5000, "out-of-range"),
    "a negative limit": ("limit", "-1", "out-of-range"),
    "a limit with a fraction": ("limit", "5.0", "invalid-type"),
    "an empty limit": ("limit", "", "invalid-type"),
    "a limit in other digits": ("limit", "\u0665", "invalid-type"),
    "a superscript": ("limit", "\u00b2", "invalid-type"),
    "an order that is no field's": ("order_by", "name", "not-sortable"),
    "an order by a field that has none": ("order_by", "phone", "not-sortable"),
    "an order with a direction in it": ("order_by", "-created_at", "not-sortable"),
    "a direction in capitals": ("sort_direction", "ASC", "unknown-value"),
    "a total of 1": ("include_total", "1", "unknown-value"),
    "a total in capitals": ("include_total", "True", "unknown-value"),
    "deleted as a boolean": ("deleted", "true", "unknown-value"),
    "an unknown field": ("fields", "email,nickname", "unknown-field"),
    "no field": ("fields", "", "unknown-field"),
    "a field within a field": ("fields", "address.city", "unknown-field"),
    "fields with spaces": ("fields", "email, phone", "unknown-field"),
    "malformed ids": ("ids", f"{an_id('con', 7)},x", "invalid-id"),
    "ids of another type": ("ids", an_id("cmp", 7), "invalid-id"),
    "no ids": ("ids", "", "invalid-id"),
    "201 ids": ("ids", ",".join([an_id("con", 7)] * 201), "too-many-items"),
    "an instant without an offset": ("created_since", "2026-06-17T14:30:00", "invalid-datetime"),
    "a day for an instant": ("created_until", "2026-06-17", "invalid-datetime"),
    "an instant outside the span": ("updated_since", "1969-01-01T00:00:00Z", "out-of-range"),
    "an empty instant": ("updated_until", "", "invalid-datetime"),
    "an e-mail address that is none": ("email", "ada", "invalid-email"),
    "a phone number that is none": ("phone", "2079460958", "invalid-phone"),
    "an empty external id": ("external_id", "", "too-short"),
    "an external id that is no UTF-8": ("external_id", "erp:\udcff", "invalid-characters"),
    "a field that is no UTF-8": ("fields", "email,\udcff", "unknown-field"),
    "a stage that is no UTF-8": ("lifecycle_stage", "\udcff", "unknown-value"),
    "a malformed company": ("company_id", "771", "invalid-id"),
    "an owner of another type": ("owner_id", an_id("con", 1), "invalid-id"),
    "an unknown stage": ("lifecycle_stage", "lost", "unknown-value"),
    "null for a filter": ("company_id", "null", "invalid-id"),
}


@pytest.mark.parametrize(("name", "text", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_list_refuses(name: str, text: str, code: str) -> None:
    assert refused("contacts.list", (name, text)) == [(name, code)]


@pytest.mark.parametrize("pair", [("\udcff", "1"), ("fields", "\udcff")])
def test_what_is_no_utf_8_comes_back_as_some_that_is(pair: tuple[str, str]) -> None:
    with pytest.raises(ApiError) as raised:
        read("contacts.list", pair)
    (item,) = raised.value.errors or ()
    assert "?" in f"{item.parameter} {item.detail}".encode().decode()


def test_two_hundred_ids_are_taken() -> None:
    assert len(read("contacts.list", ("ids", ",".join([an_id("con", 7)] * 200))).conditions[0].value) == 200


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("limt", "limit"),
        ("Limit", "limit"),
        ("LIMIT", "limit"),
        ("order", "order_by"),
        ("created_sinc", "created_since"),
        ("zzz", None),
    ],
)
def test_an_unknown_parameter_is_told_what_it_may_have_meant(name: str, meant: str | None) -> None:
    with pytest.raises(ApiError) as raised:
        read("contacts.list", (name, "1"))
    (item,) = raised.value.errors or ()
    assert (item.parameter, item.code) == (name, "unknown-parameter")
    assert item.did_you_mean == meant


def test_an_unknown_value_is_told_what_it_may_have_meant() -> None:
    with pytest.raises(ApiError) as raised:
        read("contacts.list", ("sort_direction", "ASC"))
    assert [item.did_you_mean for item in raised.value.errors or ()] == ["asc"]


def hint(operation_id: str, name: str) -> str | None:
    with pytest.raises(ApiError) as raised:
        read(operation_id, (name, "1"))
    return (raised.value.errors or ())[0].did_you_mean


ELSEWHERE = {
    "created_after": "created_since",
    "created_from": "created_since",
    "created_at_gte": "created_since",
    "created[gt]": "created_since",
    "createdAfter": "created_since",
    "created_at.since": "created_since",
    "created_before": "created_until",
    "created_to": "created_until",
    "created[lte]": "created_until",
    "updated_after": "updated_since",
    "updated_from": "updated_since",
    "updated_before": "updated_until",
    "updated_at_lt": "updated_until",
    "page_size": "limit",
    "pageSize": "limit",
    "page[size]": "limit",
    "per_page": "limit",
    "sort": "order_by",
    "sort_by": "order_by",
    "orderBy": "order_by",
    "after": "cursor",
    "next": "cursor",
    "page_token": "cursor",
    "starting_after": "cursor",
    "direction": "sort_direction",
    "total": "include_total",
    "include_deleted": "deleted",
    "owner": "owner_id",
}


@pytest.mark.parametrize(("name", "meant"), ELSEWHERE.items())
def test_a_name_of_other_apis_is_told_ours(name: str, meant: str) -> None:
    assert hint("contacts.list", name) == meant


@pytest.mark.parametrize("name", ["page_size", "sort", "after", "created_before", "include_deleted"])
def test_what_the_operation_does_not_take_is_never_meant(name: str) -> None:
    assert hint("contacts.create", name) is None


@pytest.mark.parametrize(
    "name", ["created_at", "created", "since", "until", "page", "offset", "ending_before", "search"]
)
def test_what_is_only_alike_is_no_hint(name: str) -> None:
    assert hint("contacts.list", name) is None


WHAT = ("created", "updated", "created_at", "updated_at")
SINCE = ("after", "from", "gte", "gt", "ge", "min", "start", "since", "sinc", "snice", "sine", "sinces")
UNTIL = ("before", "to", "lte", "lt", "le", "max", "end", "until", "untill", "util", "till", "unitl")


@pytest.mark.parametrize("operation", [row for row in OPERATIONS if row.kind is Kind.LIST], ids=lambda row: row.id)
def test_no_bound_is_told_the_opposite_one(operation: Operation) -> None:
    known = list(parsers_of(operation))
    for words, opposite in ((SINCE, "until"), (UNTIL, "since")):
        for name in (f"{what}{dash}{word}" for word in words for what in WHAT for dash in ("_", "-", "")):
            meant = unknown_parameter(name, known).did_you_mean
            assert not (meant or "").endswith(opposite), name
            assert meant is None or meant[:7] == name[:7], name


def test_every_fault_is_told_at_once() -> None:
    pairs = [("limit", "x"), ("foo", "1"), ("email", "x"), ("limit", "5"), ("deleted", "yes")]
    assert refused("contacts.list", *pairs) == [
        ("limit", "invalid-type"),
        ("foo", "unknown-parameter"),
        ("email", "invalid-email"),
        ("limit", "repeated-parameter"),
        ("deleted", "unknown-value"),
    ]


def test_a_parameter_may_stand_once_even_with_one_value() -> None:
    assert refused("contacts.list", ("limit", "5"), ("limit", "5")) == [("limit", "repeated-parameter")]


def test_no_more_than_fifty_faults_are_told_and_names_are_cut() -> None:
    told = refused("contacts.list", *((f"limi{n}" + "x" * 999, "1") for n in range(20_000)))
    assert len(told) == 50
    assert {len(name or "") for name, _ in told} == {64}


def test_a_get_takes_fields_and_deleted() -> None:
    asked = read("contacts.get", ("fields", "email"), ("deleted", "include"))
    assert (asked.fields, asked.deleted) == ({"email"}, "include")


def test_a_get_of_deleted_ones_only_is_no_question() -> None:
    assert refused("contacts.get", ("deleted", "only")) == [("deleted", "unknown-value")]


@pytest.mark.parametrize("name", ["limit", "cursor", "order_by", "ids", "email", "include_total"])
def test_a_get_does_not_take(name: str) -> None:
    assert refused("contacts.get", (name, "1")) == [(name, "unknown-parameter")]


@pytest.mark.parametrize("operation_id", ["contacts.create", "contacts.update", "contacts.delete"])
@pytest.mark.parametrize("name", ["fields", "deleted", "limit"])
def test_a_write_does_not_take(operation_id: str, name: str) -> None:
    assert refused(operation_id, (name, "true")) == [(name, "unknown-parameter")]
