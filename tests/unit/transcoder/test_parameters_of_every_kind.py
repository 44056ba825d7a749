"""Query parameters of every kind of operation: which each takes, in both versions, and what it refuses."""

from typing import Any

import pytest

from contract.operations import BY_ID, OPERATIONS, Operation
from contract.vocabulary import Kind
from tests.unit.transcoder.surroundings import AROUND, SAME, an_id, nobody, older
from transcoder.backend.interface import NO_RECORD, Condition
from transcoder.http.parameters import ParameterContext, Parameters, parse_parameters, parsers_of
from transcoder.presentation.errors import ApiError

PAGE = {
    *("limit", "cursor", "order_by", "sort_direction", "include_total", "fields", "ids"),
    *("created_since", "created_until", "updated_since", "updated_until"),
}
DELETED = {
    *("contacts", "companies", "deals", "pipelines", "stages"),
    *("tasks", "notes", "activities"),
}
ON_RECORDS = [row for row in OPERATIONS if row.resource_row is not None]


def read(operation_id: str, *pairs: tuple[str, str], old: bool = False) -> Parameters:
    operation = BY_ID[operation_id]
    translation = older(operation.resource) if old else SAME
    return parse_parameters(parsers_of(operation), pairs, ParameterContext(operation, AROUND, translation))


def refused(operation_id: str, *pairs: tuple[str, str], old: bool = False) -> list[tuple[str | None, str]]:
    with pytest.raises(ApiError) as raised:
        read(operation_id, *pairs, old=old)
    assert raised.value.problem.code == "invalid-parameter"
    return [(item.parameter, item.code) for item in raised.value.errors or ()]


def promised(row: Operation) -> set[str]:
    deleted = {"deleted"} if row.resource.name in DELETED else set()
    match row.kind:
        case Kind.LIST:
            own = {*row.resource.list_filters, *(name for name, _ in row.resource.member_filters)}
            unchanging = (
                {"updated_since", "updated_until"} if row.resource.name in ("personal_access_tokens", "apps") else set()
            )
            return (PAGE - unchanging) | deleted | own
        case Kind.SEARCH:
            return {"include_total", "fields"} | deleted
        case Kind.GET:
            return {"fields"} | deleted
        case Kind.BATCH_GET:
            return set()
        case Kind.UPSERT | Kind.BATCH_UPSERT:
            return {"on", "dry_run"}
    return {"dry_run"}


@pytest.mark.parametrize("row", ON_RECORDS, ids=lambda row: row.id)
def test_takes_what_is_documented_and_nothing_else(row: Operation) -> None:
    assert set(parsers_of(row)) == promised(row)


@pytest.mark.parametrize("row", ON_RECORDS, ids=lambda row: row.id)
def test_refuses_a_parameter_that_it_does_not_take(row: Operation) -> None:
    on = [("on", "external_id")] if "on" in parsers_of(row) else []
    assert refused(row.id, *on, ("fiels", "x")) == [("fiels", "unknown-parameter")]


@pytest.mark.parametrize("row", [row for row in ON_RECORDS if "dry_run" in parsers_of(row)], ids=lambda row: row.id)
def test_a_write_can_be_tried(row: Operation) -> None:
    on = [("on", "external_id")] if "on" in parsers_of(row) else []
    assert read(row.id, *on, ("dry_run", "true")).dry_run is True
    assert read(row.id, *on, ("dry_run", "false")).dry_run is False
    assert read(row.id, *on).dry_run is False
    for word in ("", "1", "True", "yes"):
        assert refused(row.id, *on, ("dry_run", word)) == [("dry_run", "unknown-value")]


def test_an_upsert_says_by_which_field_it_matches() -> None:
    assert read("contacts.upsert", ("on", "email")).on == "email"
    assert read("companies.batch_upsert", ("on", "domain")).on == "domain"
    for operation_id in ("contacts.upsert", "contacts.batch_upsert"):
        assert refused(operation_id) == [("on", "required")]
        assert refused(operation_id, ("on", "domain")) == [("on", "unknown-value")]
        assert refused(operation_id, ("dry_run", "x")) == [("dry_run", "unknown-value"), ("on", "required")]
    assert refused("deals.upsert", ("on", "title")) == [("on", "unknown-value")]


def test_a_missing_field_to_match_by_is_told_which_there_are() -> None:
    with pytest.raises(ApiError) as raised:
        read("contacts.upsert")
    (error,) = raised.value.errors or ()
    assert error.allowed == ("email", "external_id")


CONDITIONS: dict[str, tuple[str, str, str, Condition]] = {
    "a company's domain": ("companies", "domain", "WWW.X.example", Condition("domain", "eq", "x.example")),
    "a deal's stage": ("deals", "stage_id", an_id("stage", 4), Condition("stage_id", "eq", 4)),
    "a deal's status": ("deals", "status", "won", Condition("status", "eq", "won")),
    "one of a deal's contacts": ("deals", "contact_id", an_id("con", 7), Condition("contact_ids", "has_any", [7])),
    "a contact of nobody": ("deals", "contact_id", nobody("con"), Condition("contact_ids", "has_any", [NO_RECORD])),
    "a task's priority": ("tasks", "priority", "high", Condition("priority", "eq", "high")),
    "a task's deal": ("tasks", "deal_id", nobody("deal"), Condition("deal_id", "eq", NO_RECORD)),
    "a pinned note": ("notes", "is_pinned", "true", Condition("is_pinned", "eq", True)),
    "a note that is not pinned": ("notes", "is_pinned", "false", Condition("is_pinned", "eq", False)),
    "an activity's type": ("activities", "type", "sms", Condition("type", "eq", "sms")),
    "the default pipeline": ("pipelines", "is_default", "true", Condition("is_default", "eq", True)),
    "a user's role": ("users", "role", "admin", Condition("role", "eq", "admin")),
    "a user's address": ("users", "email", "Sam@X.example", Condition("email", "eq", "sam@x.example")),
    "the fields of contacts": ("custom_fields", "resource", "contacts", Condition("resource", "eq", "contacts")),
    "the fields of a type": ("custom_fields", "type", "multi_select", Condition("type", "eq", "multi_select")),
    "stages by id": ("stages", "ids", an_id("stage", 4), Condition("id", "in", [4])),
}


@pytest.mark.parametrize(("word", "name", "text", "condition"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_list_is_narrowed_by(word: str, name: str, text: str, condition: Condition) -> None:
    assert read(f"{word}.list", (name, text)).conditions == (condition,)


REFUSED: dict[str, tuple[str, str, str, str]] = {
    "a domain that is none": ("companies", "domain", "localhost", "invalid-domain"),
    "a status of no deal": ("deals", "status", "completed", "unknown-value"),
    "a deal's contact that is none": ("deals", "contact_id", an_id("cmp", 7), "invalid-id"),
    "a flag as a number": ("notes", "is_pinned", "1", "unknown-value"),
    "a flag that is empty": ("pipelines", "is_default", "", "unknown-value"),
    "a resource without own fields": ("custom_fields", "resource", "leads", "unknown-value"),
    "a role that is none": ("users", "role", "owner", "unknown-value"),
    "an amount, of whatever currency, as an order": ("deals", "order_by", "amount", "not-sortable"),
    "a stage's name as an order": ("stages", "order_by", "name", "not-sortable"),
    "deleted users, of which there are none": ("users", "deleted", "include", "unknown-parameter"),
    "deleted own fields": ("custom_fields", "deleted", "include", "unknown-parameter"),
}


@pytest.mark.parametrize(("word", "name", "text", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_list_refuses(word: str, name: str, text: str, code: str) -> None:
    assert refused(f"{word}.list", (name, text)) == [(name, code)]


def test_stages_can_be_ordered_by_their_position() -> None:
    assert read("stages.list", ("order_by", "position")).order_by == "position"


FIELDS: dict[str, tuple[str, str, set[str]]] = {
    "a note's content": ("notes.list", "content", {"body"}),
    "a deal's value": ("deals.get", "value,title", {"amount", "currency", "title"}),
    "a task's due date": ("tasks.search", "due_date", {"due_at"}),
    "what is alike": ("deals.list", "title,etag", {"title", "etag"}),
}


@pytest.mark.parametrize(("operation_id", "text", "fields"), FIELDS.values(), ids=FIELDS.keys())
def test_an_older_caller_may_choose(operation_id: str, text: str, fields: set[str]) -> None:
    assert read(operation_id, ("fields", text), old=True).fields == fields


UNKNOWN_FIELDS = {
    "notes.list": ("body", "content"),
    "deals.get": ("amount", "value"),
    "deals.search": ("currency", "value"),
    "tasks.list": ("due_at", "due_date"),
}


@pytest.mark.parametrize("operation_id", UNKNOWN_FIELDS)
def test_a_field_of_the_other_version_is_unknown(operation_id: str) -> None:
    newer, old = UNKNOWN_FIELDS[operation_id]
    assert refused(operation_id, ("fields", newer), old=True) == [("fields", "unknown-field")]
    assert refused(operation_id, ("fields", old)) == [("fields", "unknown-field")]
    assert refused(operation_id, ("fields", "value.amount"), old=True) == [("fields", "unknown-field")]


def test_an_unknown_field_is_told_those_of_the_callers_version() -> None:
    def allowed(old: bool) -> tuple[Any, ...]:
        with pytest.raises(ApiError) as raised:
            read("deals.get", ("fields", "amuont"), old=old)
        (error,) = raised.value.errors or ()
        return set(error.allowed) & {"amount", "currency", "value"}, error.did_you_mean

    assert allowed(False) == ({"amount", "currency"}, "amount")
    assert allowed(True)[0] == {"value"}


def test_an_older_caller_orders_tasks_by_their_due_date() -> None:
    assert read("tasks.list", ("order_by", "due_date"), old=True).order_by == "due_at"
    assert refused("tasks.list", ("order_by", "due_at"), old=True) == [("order_by", "not-sortable")]
    assert refused("tasks.list", ("order_by", "due_date")) == [("order_by", "not-sortable")]
    with pytest.raises(ApiError) as raised:
        read("tasks.list", ("order_by", "x"), old=True)
    (error,) = raised.value.errors or ()
    assert set(error.allowed) == {"due_date", "completed_at", "created_at", "updated_at"}
