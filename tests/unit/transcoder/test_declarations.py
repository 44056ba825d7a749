"""A declaration that would lose, falsify or crash is refused when the process starts; the message says where."""

from dataclasses import replace
from typing import Any

import pytest

from contract.resources import RESOURCES, Action, AmountPair, Field, Resource, Writable
from contract.resources.shape import SIX_KINDS, TIMESTAMPS, record_id
from contract.roles import full_access
from contract.types import Amount, Currency, FieldType, Int, Line, Parts, Zone
from transcoder.app import build
from transcoder.dialect.mapping import ActionCall, MappingOverrides, resource_mapping
from transcoder.validation.declarations import DeclarationError, check_declarations

LINE = Resource(
    name="lines",
    noun="line",
    prefix="lin",
    access=full_access("orders"),
    kinds=(),
    fields=(record_id("lin"), Field("name", Line(100)), Field("quantity", Int(1, 99)), *TIMESTAMPS),
)
ORDER = Resource(
    name="orders",
    noun="order",
    prefix="ord",
    access=full_access("orders"),
    kinds=SIX_KINDS,
    fields=(
        record_id("ord"),
        Field("lines", Parts("lines", ("name", "quantity")), filterable=False),
        Field("total", Amount("currency")),
        Field("currency", Currency()),
        *TIMESTAMPS,
    ),
    actions=(Action("ship", "ship", (Field("currency", Currency()),)),),
    money=AmountPair("total", "currency"),
)


def with_field(name: str, kind: FieldType) -> Resource:
    rest = tuple(row for row in ORDER.fields if row.name != name)
    return replace(ORDER, fields=(*rest, Field(name, kind, filterable=False)))


def with_action(name: str, kind: FieldType) -> Resource:
    return replace(ORDER, actions=(Action("refund", "refund", (Field(name, kind),)),))


def refusal(order: Resource, line: Resource = LINE) -> str:
    with pytest.raises(DeclarationError) as raised:
        check_declarations([order, line])
    return str(raised.value)


def test_a_declaration_that_says_nothing_of_the_kind_is_taken() -> None:
    check_declarations([ORDER, LINE])


def test_every_resource_of_the_contract_can_be_served() -> None:
    check_declarations(RESOURCES)


def test_parts_without_a_name_are_refused_since_all_of_them_would_be_dropped() -> None:
    assert refusal(with_field("lines", Parts("lines", ("quantity",)))).startswith("orders.lines: parts are told apart")


def test_parts_of_no_resource_and_with_no_such_member_are_refused() -> None:
    assert refusal(with_field("lines", Parts("rows", ("name",)))) == "orders.lines: there is no resource `rows`"
    assert refusal(with_field("lines", Parts("lines", ("name", "colour")))).startswith("orders.lines.colour: `lines`")


def test_a_second_amount_is_refused_since_it_would_not_be_scaled() -> None:
    assert refusal(with_field("tax", Amount("currency"))).startswith("orders.tax: an amount that `money` does not name")


def test_an_amount_in_a_part_is_refused() -> None:
    line = replace(
        LINE, fields=(*LINE.fields, Field("price", Amount("currency"))), money=AmountPair("price", "currency")
    )
    order = with_field("lines", Parts("lines", ("name", "price")))
    assert refusal(order, line).startswith("orders.lines.price: an amount in a part")


def test_an_amount_in_an_actions_body_is_refused() -> None:
    assert refusal(with_action("total", Amount("currency"))).startswith("orders.refund.total: an amount in an action's")


def test_a_type_that_nothing_judges_is_refused_where_callers_write_it() -> None:
    said = "a Zone cannot be written, since nothing judges what callers send"
    assert refusal(with_field("time_zone", Zone())) == f"orders.time_zone: {said}"
    assert refusal(with_action("time_zone", Zone())) == f"orders.refund.time_zone: {said}"
    told = replace(ORDER, fields=(*ORDER.fields, Field("time_zone", Zone(), write=Writable.NEVER, filterable=False)))
    check_declarations([told, LINE])


async def test_a_transcoder_does_not_start_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transcoder.app.RESOURCES", (with_field("time_zone", Zone()), LINE))
    nothing: Any = None
    with pytest.raises(DeclarationError, match=r"orders\.time_zone"):
        async with build(nothing, nothing, nothing, nothing):
            pass


def test_all_faults_are_told_at_once() -> None:
    order = replace(with_field("tax", Amount("currency")), actions=with_action("time_zone", Zone()).actions)
    assert "orders.tax" in refusal(order)
    assert "orders.refund.time_zone" in refusal(order)


def test_the_crms_dialect_refuses_an_action_whose_body_it_could_not_write() -> None:
    lines = resource_mapping(LINE, MappingOverrides("lines"))
    differences = MappingOverrides("orders", parts={"lines": lines}, actions={"refund": ActionCall("refund")})
    with pytest.raises(DeclarationError, match=r"orders\.refund\.reason: a member of an action must be a plain field"):
        resource_mapping(with_action("reason", Line(100)), differences)
    with pytest.raises(DeclarationError, match=r"orders\.ship: the dialect has no call for this action"):
        resource_mapping(ORDER, differences)


def test_a_member_that_filters_takes_values_that_something_judges() -> None:
    order = replace(ORDER, fields=(*ORDER.fields, Field("time_zone", Zone(), write=Writable.NEVER)))
    assert refusal(order).startswith("orders.time_zone: a Zone cannot be filtered by")
    check_declarations([replace(order, fields=(*ORDER.fields, replace(order.fields[-1], filterable=False))), LINE])
