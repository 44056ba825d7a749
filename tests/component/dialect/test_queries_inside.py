"""Every filter, order, place and text that the public side may ask for is one that the CRM understands."""

from decimal import Decimal
from typing import Any

import pytest

from contract.resources import COMPANY, CONTACT, DEAL, NOTE, PIPELINE, USER, Field, Resource
from contract.types import OPERATORS, Amount, Bool, Choice, Currency, CustomType, Date, DateTime, Group, Id, Ids, Int
from tests.component.dialect.conftest import MEMBER
from tests.component.dialect.examples import PLAIN, SIX, a_name, kept, made
from tests.component.dialect.test_records_inside import everything
from transcoder.backend.interface import (
    AllOf,
    AnyOf,
    Condition,
    NotOf,
    Page,
    RecordCollection,
    Refusal,
    Tree,
    UpdatedAfter,
)
from transcoder.dialect.backend import CrmBackend


async def page(crm: CrmBackend, actor: Any, resource: Resource, **query: Any) -> Page:
    read = await crm.page(RecordCollection(resource), everything(**query), actor)
    assert not isinstance(read, Refusal), read
    return read


def an_operand(operator: str, value: Any) -> Any:
    match operator:
        case "is_null" | "is_empty":
            return True
        case "between":
            return [value, value]
        case "in" | "not_in" | "has_any" | "has_all" | "has_none":
            return [value]
    return value


def a_value(field: Field) -> Any:
    """A neutral value of the field's type, of an array's element."""
    match field.type:
        case Bool():
            return True
        case Choice(values=values):
            return values[0]
        case Int() | Amount() | DateTime() | Id() | Ids():
            return 1
        case Date():
            return "2026-01-31"
        case Currency():
            return "GBP"
    return "x"


def conditions(resource: Resource) -> list[Condition]:
    found = []
    for field in resource.fields:
        if not field.filterable:
            continue
        if field.name == "address":
            names = [f"address.{member}" for member in ("city", "region", "postal_code", "country")]
        else:
            names = [] if field.name == "custom_fields" else [field.name]
        operators = [word for word in OPERATORS[field.type.group] if word != "is_null" or field.nullable]
        found += [Condition(name, word, an_operand(word, a_value(field))) for name in names for word in operators]
    return found


@pytest.mark.parametrize("resource", SIX, ids=lambda resource: resource.name)
async def test_the_crm_knows_every_field_with_every_operator(resource: Resource, crm: CrmBackend, actor: Any) -> None:
    everyone = await page(crm, actor, resource, with_total=True, limit=1)
    for condition in conditions(resource):
        together: Tree = condition
        if condition.field == "amount":
            together = AllOf((condition, Condition("currency", "eq", "GBP")))
        holds = await page(crm, actor, resource, where=together, with_total=True, limit=1)
        fails = await page(crm, actor, resource, where=NotOf(together), with_total=True, limit=1)
        assert (holds.total or 0) + (fails.total or 0) == everyone.total, condition


@pytest.mark.parametrize("resource", SIX, ids=lambda resource: resource.name)
async def test_pages_follow_each_other_in_every_order(resource: Resource, crm: CrmBackend, actor: Any) -> None:
    for _ in range(5):
        await made(crm, actor, resource)
    for key in resource.sort_keys:
        where = Condition("currency", "eq", "GBP") if key == "amount" else None
        for descending in (False, True):
            order = {"order_by": key, "descending": descending, "where": where}
            whole = await page(crm, actor, resource, limit=200, **order)
            seen, place = [], None
            while True:
                part = await page(crm, actor, resource, limit=max(1, len(whole.records) // 3), place=place, **order)
                seen += [record.number for record in part.records]
                place = part.next_place
                if place is None:
                    break
            assert seen[:200] == [record.number for record in whole.records], key


async def test_a_bookmark_goes_on_behind_the_last_change_or_from_an_instant_on(crm: CrmBackend, actor: Any) -> None:
    first, second = [await made(crm, actor, NOTE) for _ in range(2)]
    at_ms = first.values["updated_at"]
    order = {"order_by": "updated_at", "descending": False, "deleted": "include"}
    behind = await page(crm, actor, NOTE, place=UpdatedAfter(at_ms, first.number), **order)
    from_then = await page(crm, actor, NOTE, place=UpdatedAfter(at_ms, 0), **order)
    assert [record.number for record in behind.records] == [second.number]
    assert [record.number for record in from_then.records] == [first.number, second.number]
    pipelines = await page(crm, actor, PIPELINE, place=UpdatedAfter(0, 0), **order)
    assert pipelines.records


async def test_deleted_ones_are_shown_as_asked(crm: CrmBackend, actor: Any) -> None:
    name = a_name("Gone")
    where = Condition("last_name", "in", [name])
    record = await made(crm, actor, CONTACT, last_name=name)
    await crm.delete(RecordCollection(CONTACT), record.number, PLAIN, actor)
    shown = [len((await page(crm, actor, CONTACT, where=where, deleted=word)).records) for word in WORDS]
    assert shown == [0, 1, 1]
    pipeline = await made(crm, actor, PIPELINE)
    await crm.delete(RecordCollection(PIPELINE), pipeline.number, PLAIN, actor)
    own = Condition("id", "eq", pipeline.number)
    assert [len((await page(crm, actor, PIPELINE, where=own, deleted=word)).records) for word in WORDS] == [0, 1, 1]


WORDS = ("exclude", "include", "only")


async def test_text_finds_words_by_their_beginning(crm: CrmBackend, actor: Any) -> None:
    record = await made(crm, actor, COMPANY, name="Zürcher Kräutergärtnerei")
    found = await page(crm, actor, COMPANY, text="kraut zur")
    assert [each.number for each in found.records] == [record.number]


async def test_groups_are_asked_as_they_stand(crm: CrmBackend, actor: Any) -> None:
    names = [a_name("Group") for _ in range(3)]
    for name in names:
        await made(crm, actor, CONTACT, last_name=name)
    wanted = AllOf(
        (
            AnyOf(tuple(Condition("last_name", "eq", name) for name in names)),
            NotOf(Condition("last_name", "in", [names[0]])),
        )
    )
    found = await page(crm, actor, CONTACT, where=wanted, order_by="last_name", descending=False)
    assert [record.values["last_name"] for record in found.records] == names[1:]


OWN_VALUES: dict[str, dict[str, Any]] = {
    "contacts": {
        "loyalty_tier": "gold",
        "seats": Decimal("25.5"),
        "interests": ["reporting", "pricing"],
        "nickname": "Ace",
        "background": "One line.\nAnother.",
        "newsletter_consent": False,
        "consent_date": "2026-01-31",
        "last_webinar_at": 1_750_000_000_000,
        "private_email": "ada@home.example",
        "mobile": "+442079460958",
        "profile_url": "https://www.northwind.example/",
        "account_manager": MEMBER,
    }
}
OWN_GROUPS = {
    CustomType.LONG_TEXT: Group.TEXT,
    CustomType.NUMBER: Group.NUM,
    CustomType.BOOLEAN: Group.BOOL,
    CustomType.DATE: Group.TIME,
    CustomType.DATETIME: Group.TIME,
    CustomType.SELECT: Group.ENUM,
    CustomType.MULTI_SELECT: Group.SET,
    CustomType.USER: Group.ID,
}


async def test_own_fields_of_every_type_are_kept_found_and_cleared(crm: CrmBackend, actor: Any) -> None:
    values = OWN_VALUES["contacts"]
    definitions = await crm.definitions(CONTACT, actor)
    assert {definition.type for definition in definitions.values()} == set(CustomType)
    assert definitions.keys() == values.keys()
    record = await made(crm, actor, CONTACT, custom_fields=values)
    assert record.values["custom_fields"] == values
    for key, value in values.items():
        group = OWN_GROUPS.get(definitions[key].type, Group.STR)
        for operator in OPERATORS[group]:
            one = value[0] if isinstance(value, list) else value
            condition = Condition(f"custom_fields.{key}", operator, an_operand(operator, one))
            await page(crm, actor, CONTACT, where=condition, limit=1)
        operator = {Group.TEXT: "contains", Group.SET: "has_all"}.get(group, "eq")
        wanted = AllOf((Condition(f"custom_fields.{key}", operator, value), Condition("id", "eq", record.number)))
        found = await page(crm, actor, CONTACT, where=wanted)
        assert [each.number for each in found.records] == [record.number], key
    shelf = RecordCollection(CONTACT)
    changed = await crm.update(
        shelf, record.number, {"custom_fields": {"seats": 12, "loyalty_tier": None, "interests": []}}, PLAIN, actor
    )
    assert kept(changed).values["custom_fields"] == {
        key: value for key, value in (values | {"seats": 12}).items() if key not in ("loyalty_tier", "interests")
    }
    gone = await crm.update(shelf, record.number, {"custom_fields": dict.fromkeys(values)}, PLAIN, actor)
    assert kept(gone).values["custom_fields"] == {}


async def test_lists_that_are_read_whole_are_filtered(crm: CrmBackend, actor: Any) -> None:
    where = AllOf((Condition("role", "eq", "member"), Condition("status", "eq", "active")))
    found = await page(crm, actor, USER, where=where)
    assert [record.number for record in found.records] == [MEMBER]


async def test_an_amount_sorts_among_its_currency(crm: CrmBackend, actor: Any) -> None:
    for amount in (300, 100, 200):
        await made(crm, actor, DEAL, amount=amount, currency="ISK")
    where = Condition("currency", "eq", "ISK")
    found = await page(crm, actor, DEAL, where=where, order_by="amount", descending=True)
    assert [record.values["amount"] for record in found.records] == [300, 200, 100]
