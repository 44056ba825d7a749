"""What a service says is held to the contract: null where that is allowed and wanted, else the record is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.ids import IdCodec
from contract.resources import CONTACT, DEAL, PIPELINE, RESOURCES, TASK, Resource
from contract.types import CustomType
from contract.vocabulary import TenantId
from tests.unit.transcoder.inside import to_record
from tests.unit.transcoder.surroundings import TODAY
from tests.unit.transcoder.test_dialect_rows import OWN, records
from transcoder.backend.interface import CustomFieldDefinition, Record
from transcoder.dialect import DIALECTS
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.to_internal import to_fields
from transcoder.presentation.record_checks import InvalidRecord, InvalidValuePolicy, RecordCheck
from transcoder.presentation.to_public import PresentationContext, Presenters, encode

CODEC = IdCodec(bytes(range(32)))
DEFINITIONS = {
    kind.value: CustomFieldDefinition(number, kind.value, kind, {}) for number, kind in enumerate(CustomType, start=1)
}
AROUND = PresentationContext(TenantId(7), TODAY, DEFINITIONS)
MS = 1_781_706_600_000
STAMPS = {"owner_id": 31, "created_by_id": 31, "created_at": MS, "updated_at": MS}
GOOD: dict[Resource, dict[str, Any]] = {
    CONTACT: STAMPS
    | {"first_name": "Ada", "last_name": None, "email": "a@b.example", "phone": "+442079460958", "job_title": None}
    | {"lifecycle_stage": "lead", "source": None, "birth_date": "1988-03-14", "do_not_contact": False}
    | {"company_id": None, "address": {"city": "Bath", "country": "GB"}, "tags": ["VIP"], "external_id": None}
    | {"custom_fields": {}},
    DEAL: STAMPS
    | {"title": "x", "pipeline_id": 1, "stage_id": 2, "status": "open", "amount": 100, "currency": "GBP"}
    | {"expected_close_date": None, "closed_at": None, "stage_changed_at": MS, "lost_reason": None}
    | {"company_id": None, "contact_ids": [9], "tags": [], "external_id": None, "custom_fields": {}},
    TASK: STAMPS
    | {"title": "x", "description": None, "type": "call", "priority": "normal", "status": "open", "due_at": None}
    | {"completed_at": None, "contact_id": None, "company_id": None, "deal_id": None, "external_id": None},
}


class Notes(list[tuple[str, str, str]]):
    """What was told of nulls."""

    def __call__(self, resource: Resource, member: str, record_id: str) -> None:
        self.append((resource.name, member, record_id))


def shown(
    resource: Resource,
    on_invalid: InvalidValuePolicy = InvalidValuePolicy.NULL,
    notes: Notes | None = None,
    **change: Any,
) -> Any:
    record = Record(5, 1, GOOD[resource] | change, None)
    presenters = Presenters(RESOURCES, CODEC, on_invalid, Notes() if notes is None else notes)
    [public] = presenters[resource].present_all(AROUND, [record])
    return public if isinstance(public, InvalidRecord) else presenters[resource].to_dict(public)


NULLED: dict[str, tuple[Resource, str, Any]] = {
    "beyond a bound": (CONTACT, "first_name", "x" * 101),
    "beyond a bound in an address": (CONTACT, "address", {"postal_code": "x" * 21}),
    "a country that is none": (CONTACT, "address", {"country": "XX"}),
    "a number for a text": (CONTACT, "job_title", 5),
    "a telephone number as nobody can dial it": (CONTACT, "phone", "020 7946 0958"),
    "a day that is none": (CONTACT, "birth_date", "14.3.1988"),
    "an instant beyond the calendar": (TASK, "due_at", 253_402_300_800_000),
    "an instant as text": (TASK, "due_at", "2026-01-31"),
    "an id that nothing has": (CONTACT, "company_id", 2**63),
    "a currency that is none, with its amount": (DEAL, "currency", "XXX"),
    "an amount below nothing, with its currency": (DEAL, "amount", -1),
    "an amount alone": (DEAL, "currency", None),
    "a currency alone": (DEAL, "amount", None),
}
REFUSED: dict[str, tuple[Resource, str, Any]] = {
    "an unknown choice": (CONTACT, "lifecycle_stage", "enemy"),
    "a choice that has only a number": (TASK, "priority", 9),
    "null where never null": (CONTACT, "owner_id", None),
    "null for a flag": (CONTACT, "do_not_contact", None),
    "a number for a flag": (CONTACT, "do_not_contact", 0),
    "an array that is none": (CONTACT, "tags", None),
    "too many of something": (DEAL, "contact_ids", list(range(1, 102))),
    "one of many beyond its bound": (CONTACT, "tags", ["x" * 65]),
    "an instant before time": (CONTACT, "created_at", -1),
    "custom fields that are no object": (CONTACT, "custom_fields", []),
}


@pytest.mark.parametrize("resource", GOOD, ids=lambda resource: resource.name)
def test_a_good_record_is_shown_as_it_is(resource: Resource) -> None:
    notes = Notes()
    public = shown(resource, InvalidValuePolicy.REFUSE, notes)
    assert public["id"] and public["created_at"] and notes == []


@pytest.mark.parametrize(("resource", "member", "value"), NULLED.values(), ids=NULLED.keys())
def test_is_null_and_counted_or_refused(resource: Resource, member: str, value: Any) -> None:
    notes = Notes()
    public, good = shown(resource, notes=notes, **{member: value}), shown(resource)
    nulled = {name for _, name, _ in notes}
    assert notes and {record_id for _, _, record_id in notes} == {public["id"]}
    assert all(public[name] is None for name in nulled | {member})
    same = good.keys() - nulled - {member, "full_name"}
    assert {name: public[name] for name in same} == {name: good[name] for name in same}
    refused = shown(resource, InvalidValuePolicy.REFUSE, **{member: value})
    assert isinstance(refused, InvalidRecord)


@pytest.mark.parametrize(("resource", "member", "value"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("on_invalid", InvalidValuePolicy)
def test_is_refused_either_way(on_invalid: InvalidValuePolicy, resource: Resource, member: str, value: Any) -> None:
    refused = shown(resource, on_invalid, **{member: value})
    assert isinstance(refused, InvalidRecord)
    assert str(refused) == member


CUSTOM: dict[str, Any] = {
    "text": "x" * 256,
    "number": 10**13,
    "boolean": 1,
    "date": "tomorrow",
    "datetime": "2026-01-31T00:00:00Z",
    "select": 3,
    "multi_select": "red",
    "phone": "0",
    "user": "31",
}


@pytest.mark.parametrize(("key", "value"), CUSTOM.items(), ids=CUSTOM.keys())
def test_a_custom_field_that_is_not_as_defined_is_left_out(key: str, value: Any) -> None:
    notes = Notes()
    fields = {"boolean": True, "number": Decimal("1.5"), "long_text": "y"}
    public = shown(CONTACT, notes=notes, custom_fields=fields | {key: value})
    kept = {name: each for name, each in fields.items() if name != key}
    assert public["custom_fields"] == kept
    assert [member for _, member, _ in notes] == [f"custom_fields.{key}"]


def test_a_part_that_is_refused_takes_its_record() -> None:
    stage = {"pipeline_id": 4, "name": None, "position": 0, "probability": 10, "created_at": MS, "updated_at": MS}
    record = Record(4, 1, {"name": "Sales", "is_default": True, "stages": [Record(1, 1, stage, None)]}, None)
    good = Record(6, 1, record.values | {"stages": [], "created_at": MS, "updated_at": MS}, None)
    bad = Record(4, 1, good.values | {"stages": record.values["stages"]}, None)
    first, second = Presenters(RESOURCES, CODEC)[PIPELINE].present_all(AROUND, [bad, good])
    assert isinstance(first, InvalidRecord)
    assert second.name == "Sales"


@pytest.mark.parametrize("record", [Record(5, 0, {}, None), Record(-1, 1, {}, None), Record(5, 1, {}, -1)], ids=repr)
def test_what_stands_beside_the_values_is_held_too(record: Record) -> None:
    [public] = Presenters(RESOURCES, CODEC)[CONTACT].present_all(AROUND, [record])
    assert isinstance(public, InvalidRecord)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=5)
    | st.decimals()
    | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
)


EDGES = st.integers(-1, 11) | st.sampled_from([100, 101, 2**53 - 1, 2**53, 2**63 - 1, 2**63, "GB", "GBP", "XX", "open"])
EDGES |= st.sampled_from(
    ["", "+4420794609", "+0", "+1234567890123456", "+442079460958\n", "2026-02-28", "0001-01-01", "call", "lead"]
)
EDGES |= st.sampled_from([20, 64, 65, 100, 101, 128, 129, 150, 151, 200, 201, 254, 255, 2048, 2049]).map("é".__mul__)
EDGES |= st.lists(st.integers(0, 3) | st.sampled_from(["x" * 64, "x" * 65]), max_size=60) | st.none() | st.booleans()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.path)
@settings(max_examples=200)
@given(content=st.data())
def test_what_the_dialect_has_checked_passes_the_check(dialect: ResourceMapping, content: st.DataObject) -> None:
    stored = to_fields(dialect, content.draw(records(dialect.resource)), OWN) | {"id": 7, "revision": 3}
    names = sorted({row.internal for row in dialect.fields.values()} | set(dialect.address.values()))
    stored |= {"is_deleted": 0} | content.draw(st.dictionaries(st.sampled_from(names), EDGES, max_size=2))
    try:
        record = to_record(dialect, stored, OWN)
    except UnreadableResponse:
        return
    passes = RecordCheck(dialect.resource, CODEC.max_number, InvalidValuePolicy.NULL).passes(
        record, record.values, OWN.definitions
    )
    assert passes or not record.is_checked
    assert record.is_checked or not passes or record.values.get("custom_fields")


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
@settings(max_examples=60)
@given(content=st.data())
def test_junk_is_shown_as_null_or_refused_and_never_surprises(resource: Resource, content: st.DataObject) -> None:
    values = content.draw(records(resource))
    names = sorted(row.name for row in resource.fields if not row.shown_once)
    values |= content.draw(st.dictionaries(st.sampled_from(names), JUNK, max_size=3))
    presenters = Presenters(RESOURCES, CODEC)
    [public] = presenters[resource].present_all(
        PresentationContext(TenantId(7), TODAY, OWN.definitions), [Record(5, 1, values, None)]
    )
    if not isinstance(public, InvalidRecord):
        encode(public)
