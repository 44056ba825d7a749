"""The schemas say of every member what the tables of the documentation say of it."""

from typing import Any

import pytest

from apidocs.record_schemas import example, members
from apidocs.type_schemas import noun
from contract.resources import RESOURCES, Resource
from contract.versions import changes_since
from tests.apidocs.documents import DATES, Json, faults, named, resolved, the_document, version_of
from tests.spec.operations import FIRST
from tests.spec.resources import MEMBERS, ONCE, Member, names

WRITTEN = [resource for resource in RESOURCES if resource.name not in ("users", "custom_fields")]
ROWS = [(resource, row) for resource in RESOURCES for row in MEMBERS[resource.name]]
NOTHING = {"properties": {}, "additionalProperties": False}
"""Where there is no update."""
SCHEMAS = the_document(DATES[0])["components"]["schemas"]


def called(value: Any) -> str:
    return value.name if isinstance(value, Resource | Member) else ""


def nullable(document: Json, schema: Json) -> bool:
    return not faults(document, schema, None)


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("resource", RESOURCES, ids=called)
def test_a_record_has_the_members_of_its_version(resource: Resource, date: str) -> None:
    schema = the_document(date)["components"]["schemas"][noun(resource)]
    assert tuple(schema["properties"]) == names(resource.name, first=date == FIRST)


@pytest.mark.parametrize(("resource", "row"), ROWS, ids=called)
def test_a_member_may_be_null_where_the_table_says_so(resource: Resource, row: Member) -> None:
    document = the_document(DATES[0])
    assert nullable(document, SCHEMAS[noun(resource)]["properties"][row.name]) is (row.null == "Y")


@pytest.mark.parametrize(("resource", "row"), [each for each in ROWS if each[0] in WRITTEN], ids=called)
def test_a_body_takes_a_member_where_the_table_says_so(resource: Resource, row: Member) -> None:
    document = the_document(DATES[0])
    create, update = SCHEMAS[f"{noun(resource)}Create"], SCHEMAS.get(f"{noun(resource)}Update", NOTHING)
    assert (row.name in create["properties"]) is (row.write in ("c", "cu"))
    assert (row.name in update["properties"]) is (row.write == "cu")
    assert (row.name in create.get("required", ())) is (row.create == "R")
    assert "required" not in update
    for schema in (create, update):
        if row.name in schema["properties"]:
            assert nullable(document, schema["properties"][row.name]) is (row.null == "Y")


@pytest.mark.parametrize("resource", WRITTEN, ids=called)
def test_a_body_refuses_what_it_does_not_name(resource: Resource) -> None:
    for kind in ("Create", "Update"):
        assert SCHEMAS.get(f"{noun(resource)}{kind}", NOTHING)["additionalProperties"] is False


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("resource", RESOURCES, ids=called)
def test_the_example_of_a_record_is_one(resource: Resource, date: str) -> None:
    document = the_document(date)
    schema = document["components"]["schemas"][noun(resource)]
    shown = example(resource, version_of(date))
    assert schema["examples"] == [shown]
    assert faults(document, named(noun(resource)), shown) == []
    assert list(shown) == list(schema["properties"])


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("resource", RESOURCES, ids=called)
def test_a_change_tells_of_the_members_that_it_gives_back(resource: Resource, date: str) -> None:
    version = version_of(date)
    empty = {row.name: None for row in resource.fields if row.name != ONCE.get(resource.name)}
    for change in reversed(changes_since(version)):
        if change.resource is resource:
            empty = change.back(empty)
    assert [row.name for row in members(resource, version)] == list(empty)


@pytest.mark.parametrize("date", DATES)
def test_the_example_of_a_body_is_one(date: str) -> None:
    document = the_document(date)
    bodies = 0
    for item in document["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in content:
                    bodies += 1
                    assert faults(document, content["schema"], content["example"]) == [], operation["operationId"]
    assert bodies > len(WRITTEN)


@pytest.mark.parametrize(("resource", "member"), ONCE.items())
def test_what_is_shown_once_is_in_the_answer_that_makes_it_alone(resource: str, member: str) -> None:
    name = noun(next(row for row in RESOURCES if row.name == resource))
    holders = {schema for schema, each in SCHEMAS.items() if member in each.get("properties", {})}
    assert holders - {"Me"} == {f"{name}Made"}, "of the caller's own token it is said when it ends"
    assert tuple(SCHEMAS[f"{name}Made"]["properties"]) == (*names(resource), member)
    document = the_document(DATES[0])
    [shown] = SCHEMAS[f"{name}Made"]["examples"]
    assert faults(document, named(f"{name}Made"), shown) == []
    answering = {
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        for answer in operation["responses"].values()
        for content in answer.get("content", {}).values()
        if content["schema"].get("$ref", "").endswith(f"/{name}MadeResponse")
    }
    assert answering == {f"{resource}_create", f"{resource}_{ {'token': 'rotate'}.get(member, 'rotate_secret') }"}


GOOD = {
    "a deal": ("DealCreate", {"title": "Fleet", "amount": "12500.00", "currency": "GBP"}),
    "an amount as a number": ("DealCreate", {"title": "Fleet", "amount": 9800.5, "currency": "GBP"}),
    "a patch that clears": ("ContactUpdate", {"phone": None, "address": None}),
    "a phone with its noise": ("ContactCreate", {"phone": "+44 (20) 7946-0958"}),
    "an empty patch": ("ContactUpdate", {}),
    "groups in groups": (
        "ContactSearch",
        {"filters": [{"not": {"any": [{"field": "custom_fields.tier", "operator": "eq", "value": "gold"}]}}]},
    ),
}
BAD = {
    "a deal without a title": ("DealCreate", {"amount": "12500.00"}),
    "an amount with a sign": ("DealCreate", {"title": "Fleet", "amount": "-1"}),
    "a member of the answer alone": ("ContactCreate", {"full_name": "Ada"}),
    "a create-only member in a patch": ("DealUpdate", {"status": "won"}),
    "an id of another type": ("ContactCreate", {"company_id": "con_2028xzawvf4039wj1pg44gawme"}),
    "a condition without a value": ("ContactSearch", {"filters": [{"field": "email", "operator": "eq"}]}),
    "a filter on nothing": ("ContactSearch", {"filters": [{"field": "mail", "operator": "eq", "value": 1}]}),
    "a batch of nothing": ("ContactBatchCreate", {"items": []}),
}


@pytest.mark.parametrize(("name", "body"), GOOD.values(), ids=GOOD.keys())
def test_a_schema_takes(name: str, body: Json) -> None:
    assert faults(the_document(DATES[0]), named(name), body) == []


@pytest.mark.parametrize(("name", "body"), BAD.values(), ids=BAD.keys())
def test_a_schema_refuses(name: str, body: Json) -> None:
    assert faults(the_document(DATES[0]), named(name), body)


def test_the_first_version_knows_its_own_names_alone() -> None:
    document = the_document(FIRST)
    deal = {"title": "Fleet", "value": {"amount": "12500.00", "currency": "GBP"}}
    assert faults(document, named("DealCreate"), deal) == []
    assert faults(document, named("DealCreate"), {"title": "Fleet", "amount": "12500.00"})
    assert faults(document, named("TaskCreate"), {"title": "Quote", "due_date": "2026-06-25"}) == []
    assert faults(document, named("TaskCreate"), {"title": "Quote", "due_date": "2026-06-25T16:00:00Z"})
    fields = document["components"]["schemas"]["DealFilterField"]["enum"]
    assert {"value.amount", "value.currency"} <= set(fields)
    assert not {"amount", "currency"} & set(fields)
    assert "value" in document["components"]["schemas"]["DealField"]["enum"]
    assert resolved(document, named("NoteCreate"))["required"] == ["content"]
