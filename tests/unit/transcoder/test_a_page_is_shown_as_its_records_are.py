"""What is laid out for a page shows each record as a plain reading of its rows does, field by field."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.ids import IdCodec, UuidCodec
from contract.resources import RESOURCES, Field, Resource
from contract.types import Address, Amount, CustomFields, CustomType, DateTime, FullName, Id, Ids, Parts
from contract.vocabulary import TenantId
from tests.unit.transcoder.surroundings import TODAY
from tests.unit.transcoder.test_dialect_rows import OWN, records
from transcoder.backend.interface import Record
from transcoder.presentation.etags import etag
from transcoder.presentation.to_public import PresentationContext, Presenters, amount_text, encode, instant_text

TENANT = TenantId(7)
AROUND = PresentationContext(TENANT, TODAY, OWN.definitions)
CODECS = [IdCodec(bytes(range(32))), UuidCodec(bytes(range(32)))]
NUMBERS = st.integers(0, 3) | st.integers(1, 2**53)


@st.composite
def stored(draw: st.DrawFn, resource: Resource) -> Record:
    """A record, and in it sometimes what nobody documents."""
    values = draw(records(resource)) | draw(st.just({}) | st.just({"loyalty": "gold"}))
    for row in resource.fields:
        if isinstance(row.type, Parts):
            part = next(each for each in RESOURCES if each.name == row.type.of)
            values[row.name] = draw(st.lists(stored(part), max_size=3))
    deleted_at_ms = draw(st.none() | st.integers(0, 2**40))
    return Record(draw(NUMBERS), draw(st.integers(1, 99)), values, deleted_at_ms)


def plainly(codec: Any, resource: Resource, record: Record) -> dict[str, Any]:
    """The public object, a field after another."""
    record_id = codec.seal(resource.prefix, TENANT, record.number)
    made = {"deleted_at": record.deleted_at_ms, "etag": etag(record_id, record.revision, TODAY)}
    values = {**record.values, **made, "id": record.number or None}
    shown = {row.name: shown_plainly(codec, row, values) for row in resource.fields if not row.shown_once}
    return shown | {row.name: values[row.name] for row in resource.shown_once if row.name in values}


def shown_plainly(codec: Any, row: Field, values: dict[str, Any]) -> Any:
    value = values.get(row.name)
    match row.type:
        case Ids(prefix=prefix):
            return [codec.seal(prefix, TENANT, number) for number in value or ()]
        case FullName(parts=parts):
            return " ".join(values[part] for part in parts if values.get(part) is not None) or None
        case Parts(of=of):
            part = next(each for each in RESOURCES if each.name == of)
            return [plainly(codec, part, each) for each in value]
        case CustomFields():
            return {key: own_plainly(codec, key, each) for key, each in (value or {}).items()}
    if value is None:
        return None
    match row.type:
        case Id(prefix=prefix):
            return codec.seal(prefix, TENANT, value)
        case DateTime():
            return instant_text(value)
        case Address(members=members):
            return {member: value.get(member) for member, _ in members}
        case Amount(currency=currency):
            return amount_text(value, values[currency])
    return value


def own_plainly(codec: Any, key: str, value: Any) -> Any:
    match OWN.definitions[key].type:
        case CustomType.DATETIME:
            return instant_text(value)
        case CustomType.USER:
            return codec.seal("usr", TENANT, value)
    return value


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
@pytest.mark.parametrize("codec", CODECS, ids=["integers", "UUIDs"])
@settings(max_examples=25)
@given(content=st.data())
def test_a_page_is_shown_as_its_records_are(codec: Any, resource: Resource, content: st.DataObject) -> None:
    page = content.draw(st.lists(stored(resource), max_size=5))
    presenter = Presenters(RESOURCES, codec)[resource]
    shown = presenter.to_dicts(AROUND, page)
    expected = [plainly(codec, resource, record) for record in page]
    assert shown == expected
    assert [list(each) for each in shown] == [list(each) for each in expected], "the documented order"
    assert encode(presenter.present_all(AROUND, page)) == encode(expected)
    assert encode([presenter.present(AROUND, record) for record in page]) == encode(expected)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_what_a_service_leaves_out_is_null(resource: Resource) -> None:
    presenter = Presenters(RESOURCES, CODECS[0])[resource]
    [shown] = presenter.to_dicts(AROUND, [Record(2, 3, {}, None)])
    made_here = {"id": shown["id"], "etag": shown.get("etag")}
    arrays = {row.name: [] for row in resource.fields if isinstance(row.type, Ids | Parts)}
    objects = {row.name: {} for row in resource.fields if isinstance(row.type, CustomFields)}
    nulls = {row.name: None for row in resource.fields if not row.shown_once}
    assert shown == nulls | arrays | objects | {name: value for name, value in made_here.items() if name in nulls}
    assert presenter.to_dict(presenter.present(AROUND, Record(2, 3, {}, None))) == shown


def test_showing_a_record_leaves_it_as_it_was() -> None:
    [deal] = [resource for resource in RESOURCES if resource.name == "deals"]
    values = {"contact_ids": [9, 7], "amount": 5, "currency": "JPY", "stage_changed_at": 5, "custom_fields": {}}
    record = Record(42, 2, values, None)
    before = repr(record)
    Presenters(RESOURCES, CODECS[0])[deal].to_dicts(AROUND, [record])
    assert repr(record) == before
