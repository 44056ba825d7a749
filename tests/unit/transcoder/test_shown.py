"""Handlers show custom fields by the definitions of them, and ask for those only where a record holds any."""

from dataclasses import replace
from typing import Any, cast

import pytest

from contract.types import CustomType
from tests.unit.transcoder.calls import a_call
from tests.unit.transcoder.test_pages import LEAST, a_desk
from transcoder.backend.interface import CustomFieldDefinition, Definitions, Record
from transcoder.operations.call import Call
from transcoder.operations.context import HandlerContext, present, record_answer
from transcoder.presentation.to_public import encode

CALL = a_call("contacts.list")
STAMPS = {"created_by_id": 1, "created_at": 0, "updated_at": 0}


class Defining:
    """The internal service, of which only definitions are asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def definitions(self, *_: Any, **__: Any) -> Definitions:
        self.asked += 1
        return {"since": CustomFieldDefinition(1, "since", CustomType.DATETIME, {})}


def a_contact(number: int, **custom: Any) -> Record:
    return Record(number, 1, LEAST | STAMPS | {"custom_fields": custom}, None)


def a_desk_at(service: Defining) -> HandlerContext:
    desk, _ = a_desk()
    return replace(desk, records=cast("Any", service))


async def test_definitions_are_asked_for_once_where_one_record_holds_a_custom_field() -> None:
    service = Defining()
    found = await present(a_desk_at(service), CALL, [a_contact(1), a_contact(2, since=0), a_contact(3, since=1000)])
    assert [each.custom_fields for each in found] == [
        {},
        {"since": "1970-01-01T00:00:00Z"},
        {"since": "1970-01-01T00:00:01Z"},
    ]
    assert service.asked == 1


@pytest.mark.parametrize("call", [CALL, a_call("contacts.get")])
async def test_no_definitions_are_asked_for_where_none_does(call: Call) -> None:
    service = Defining()
    await present(a_desk_at(service), call, [a_contact(1), a_contact(2)])
    await record_answer(a_desk_at(service), call, a_contact(1))
    assert service.asked == 0


async def test_one_record_is_shown_as_it_is_among_others() -> None:
    desk, record = a_desk_at(Defining()), a_contact(2, since=0)
    answer = await record_answer(desk, CALL, record)
    assert answer.body == encode({"data": (await present(desk, CALL, [a_contact(1), record]))[1]})
