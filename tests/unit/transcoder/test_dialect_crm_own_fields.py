"""Own fields: when their definitions are read, and with how many digits their values go."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from contract.resources import CONTACT, DEAL
from tests.support.contacts import a_stored_contact
from tests.unit.transcoder.crm import CONTACTS, PLAIN, Told, an_actor, ok
from transcoder.backend.interface import Change, Record, Refusal
from transcoder.backend.upstream import Reply
from transcoder.dialect import DIALECTS
from transcoder.dialect.backend import CrmBackend
from transcoder.presentation.errors import ApiError

FIELD = {"id": 17, "resource": "contacts", "key": "seats", "label": "Seats", "type_code": 3, "options": []}
FIELD |= {"created_at": 5, "updated_at": 5, "revision": 1}


@dataclass
class Crms:
    """A CRM whose contacts hold an own field, and which defines what `defined` says."""

    defined: list[Any] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)

    def __call__(self, call: str, body: Any) -> Any:
        if "field_defs" in call:
            return ok(self.defined, paging={"limit": 200, "offset": 0, "total": len(self.defined)})
        if "bulk" in call:
            return ok([ok(a_stored_contact(**self.stored)) for _ in body["items"]])
        return ok(a_stored_contact(**self.stored))


SEATS = {"custom": [{"field_id": 17, "value": 25}]}


def fields_read(upstream: Told) -> int:
    return sum("field_defs" in call for call, _ in upstream.calls)


async def test_definitions_are_read_when_a_value_needs_them_and_not_before() -> None:
    upstream = Told(Crms([FIELD], {}))
    crm = CrmBackend(upstream, DIALECTS)
    await crm.get(CONTACTS, 5, an_actor())
    assert fields_read(upstream) == 0
    upstream.answer = Crms([FIELD], SEATS)
    for _ in range(3):
        record = await crm.get(CONTACTS, 5, an_actor())
        assert isinstance(record, Record)
        assert record.values["custom_fields"] == {"seats": 25}
    assert fields_read(upstream) == 1
    assert (await crm.definitions(CONTACT, an_actor()))["seats"].number == 17
    assert await crm.definitions(DEAL, an_actor()) == {}
    assert fields_read(upstream) == 1
    await crm.definitions(CONTACT, an_actor(), fresh=True)
    assert fields_read(upstream) == 2


async def test_a_field_that_is_newer_than_what_is_remembered_is_read_again_once() -> None:
    source = Crms([], SEATS)
    upstream = Told(source)
    crm = CrmBackend(upstream, DIALECTS)
    assert await crm.definitions(CONTACT, an_actor()) == {}
    source.defined = [FIELD]
    for found in await crm.batch_get(CONTACTS, [5, 6, 7], an_actor()):
        assert isinstance(found, Record)
        assert found.values["custom_fields"] == {"seats": 25}
    assert fields_read(upstream) == 2


async def test_a_field_that_nobody_defined_is_unreadable_after_one_more_reading() -> None:
    upstream = Told(Crms([], SEATS))
    crm = CrmBackend(upstream, DIALECTS)
    await crm.definitions(CONTACT, an_actor())
    with pytest.raises(ApiError) as unreadable:
        await crm.update(CONTACTS, 5, {}, PLAIN, an_actor())
    assert (unreadable.value.problem.code, unreadable.value.outcome) == ("upstream-invalid", "unknown")
    assert fields_read(upstream) == 2
    outcomes = await crm.batch_update(CONTACTS, [Change(number, {}, None) for number in range(3)], PLAIN, an_actor())
    assert {(each.problem.code, each.outcome) for each in outcomes if isinstance(each, Refusal)} == {
        ("upstream-invalid", "unknown")
    }
    assert len(outcomes) == 3
    assert fields_read(upstream) == 3


async def test_an_own_value_is_written_with_all_its_digits() -> None:
    upstream = Told(Crms([FIELD], {}))
    await CrmBackend(upstream, DIALECTS).create(
        CONTACTS, {"custom_fields": {"seats": Decimal("0.1")}}, PLAIN, an_actor()
    )
    assert upstream.calls[-1] == ("POST /contacts", {"custom": [{"field_id": 17, "value": Decimal("0.1")}]})


async def test_an_own_value_is_read_with_all_its_digits() -> None:
    stored = json.dumps(ok(a_stored_contact(**SEATS))).replace('"value": 25', '"value": 123456789012.123456')
    crm = CrmBackend(
        Told(lambda call, body: Crms([FIELD])(call, body) if "defs" in call else Reply(200, stored.encode())), DIALECTS
    )
    record = await crm.get(CONTACTS, 5, an_actor())
    assert isinstance(record, Record)
    assert record.values["custom_fields"] == {"seats": Decimal("123456789012.123456")}
