"""What is written inside and read again is what it was, whatever the resource and its values."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.countries import COUNTRIES
from contract.currencies import EXPONENTS
from contract.resources import RESOURCES, Field, Resource
from contract.types import (
    Address,
    Amount,
    Bool,
    Choice,
    Country,
    Currency,
    CustomFields,
    CustomType,
    Date,
    DateTime,
    Etag,
    FullName,
    Id,
    Ids,
    Int,
    Options,
    Parts,
    Phone,
    Scopes,
    Tags,
    Uris,
)
from tests.unit.transcoder.inside import held, to_record
from transcoder.backend.interface import CustomFieldDefinition
from transcoder.dialect import DIALECTS
from transcoder.dialect.activities import ACTIVITIES
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.custom_values import custom_fields_of
from transcoder.dialect.deals import DEALS
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.pipelines import PIPELINES, STAGES
from transcoder.dialect.tasks import TASKS
from transcoder.dialect.to_internal import to_action, to_changes, to_fields
from transcoder.dialect.users import USERS
from transcoder.oauth_backend import ADMINISTERED

NUMBERS = st.integers(1, 2**53 - 1)
INSTANTS = st.integers(0, 4_133_980_799_999)
WORDS = st.text(min_size=1, max_size=20)
DECIMALS = st.decimals(-(10**12), 10**12, places=6).map(lambda value: int(value) if value == int(value) else value)
DAYS = st.dates().map(lambda value: value.isoformat())
OWN = custom_fields_of(
    [
        CustomFieldDefinition(17, "loyalty_tier", CustomType.SELECT, {"gold": 3, "silver": 4}),
        CustomFieldDefinition(18, "seats", CustomType.NUMBER, {}),
        CustomFieldDefinition(19, "interests", CustomType.MULTI_SELECT, {"pricing": 1, "security": 2}),
        CustomFieldDefinition(20, "consent", CustomType.BOOLEAN, {}),
        CustomFieldDefinition(21, "consent_date", CustomType.DATE, {}),
        CustomFieldDefinition(22, "seen_at", CustomType.DATETIME, {}),
        CustomFieldDefinition(23, "nickname", CustomType.TEXT, {}),
        CustomFieldDefinition(24, "manager", CustomType.USER, {}),
    ]
)
OWN_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "loyalty_tier": st.sampled_from(["gold", "silver"]),
        "seats": DECIMALS,
        "interests": st.lists(st.sampled_from(["pricing", "security"]), min_size=1, unique=True),
        "consent": st.booleans(),
        "consent_date": DAYS,
        "seen_at": INSTANTS,
        "nickname": WORDS,
        "manager": NUMBERS,
    },
)


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Neutral values of a field."""
    match field.type:
        case Bool():
            return st.booleans()
        case DateTime():
            return INSTANTS
        case Date():
            return DAYS
        case Int(low=low, high=high):
            return st.integers(low, high)
        case Amount():
            return st.integers(0, 10**14)
        case Currency():
            return st.sampled_from(sorted(EXPONENTS))
        case Id():
            return NUMBERS
        case Ids(max_items=most):
            return st.lists(NUMBERS, max_size=most)
        case Tags(max_items=most):
            return st.lists(WORDS, max_size=most)
        case Scopes() | Uris():
            return st.lists(WORDS, min_size=1, max_size=3)
        case Phone():
            return st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)
        case Choice(values=values):
            return st.sampled_from(values)
        case Options():
            return st.just([])
        case CustomFields():
            return OWN_VALUES
        case Parts():
            return st.just([])
        case Address(members=members):
            parts = st.fixed_dictionaries(
                {
                    member: st.none() | (st.sampled_from(sorted(COUNTRIES)) if isinstance(kind, Country) else WORDS)
                    for member, kind in members
                }
            )
            return parts.filter(lambda address: any(address.values()))
    return WORDS


@st.composite
def records(draw: st.DrawFn, resource: Resource) -> dict[str, Any]:
    """Everything that a record of the resource holds."""
    held = {}
    for field in resource.fields:
        if field.name in ("id", "deleted_at") or isinstance(field.type, Etag | FullName):
            continue
        if not field.nullable or draw(st.booleans()):
            held[field.name] = draw(values_of(field))
    if resource.money is not None and (resource.money.amount in held) != (resource.money.currency in held):
        held.pop(resource.money.amount, None)
        held.pop(resource.money.currency, None)
    return held


def test_every_resource_has_its_rows() -> None:
    assert {dialect.resource for dialect in DIALECTS} == set(RESOURCES) - set(ADMINISTERED)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.path)
def test_every_action_has_its_call(dialect: ResourceMapping) -> None:
    assert {action.name for action in dialect.resource.actions} <= dialect.actions.keys()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.path)
@given(content=st.data())
def test_a_record_written_and_read_is_the_same(dialect: ResourceMapping, content: st.DataObject) -> None:
    values = content.draw(records(dialect.resource))
    stored = to_fields(dialect, values, OWN) | {"id": 7, "revision": 3, "is_deleted": 0}
    record = to_record(dialect, stored, OWN)
    assert (record.number, record.revision, record.deleted_at_ms) == (7, 3, None)
    assert held(record) == values
    assert {name: type(value) for name, value in held(record).items()} == {
        name: type(value) for name, value in values.items()
    }, "no int for a bool, no float for a decimal"


def stored_stage(**changes: Any) -> dict[str, Any]:
    stage = {"id": 45, "pipeline_id": 9, "name": "Qualified", "sort_index": 1, "win_percent": 20, "revision": 1}
    return stage | {"created_at": 5, "updated_at": 5, "is_deleted": 0} | changes


def test_a_pipeline_holds_its_stages_as_records() -> None:
    stored = {"id": 9, "name": "Sales", "is_default": 1, "stages": [stored_stage()], "revision": 4, "is_deleted": 0}
    pipeline = to_record(PIPELINES, stored | {"created_at": 5, "updated_at": 5})
    assert pipeline.values["stages"] == [to_record(STAGES, stored_stage())]
    assert pipeline.values["stages"][0].values["position"] == 0
    with pytest.raises(UnreadableResponse):
        to_record(PIPELINES, stored | {"created_at": 5, "updated_at": 5, "stages": None})
    with pytest.raises(UnreadableResponse):
        to_record(STAGES, stored_stage(sort_index=0))


def test_a_part_of_what_is_not_there_yet_belongs_to_nothing() -> None:
    tried = to_record(STAGES, stored_stage(id=0, pipeline_id=0))
    assert (tried.number, tried.values["pipeline_id"]) == (0, None)


def test_stages_of_a_new_pipeline_are_written_in_the_service_s_names() -> None:
    values = {"name": "Partners", "stages": [{"name": "Intro"}, {"name": "Signed", "probability": 90}]}
    assert to_fields(PIPELINES, values) == {
        "name": "Partners",
        "stages": [{"name": "Intro"}, {"name": "Signed", "win_percent": 90}],
    }
    assert to_changes(STAGES, {"position": 0}) == ({"sort_index": 1}, [])


def test_seconds_are_milliseconds_inside_and_their_rest_is_cut() -> None:
    assert to_fields(ACTIVITIES, {"duration_seconds": 540}) == {"duration_ms": 540_000}
    assert ACTIVITIES.fields["duration_seconds"].conversion.read(540_999) == 540


def test_a_user_has_neither_owner_nor_deletion() -> None:
    stored = {"id": 13, "name": "Sam", "email": "s@x.example", "role_code": 3, "is_active": 0, "revision": 1}
    user = to_record(USERS, stored | {"created_at": 5, "updated_at": 5, "tz": "Europe/London"})
    assert (user.values["role"], user.values["status"], user.values["time_zone"]) == (
        "member",
        "inactive",
        "Europe/London",
    )


DEAL = {"title": "x", "pipeline_id": 1, "stage_id": 1, "status": "open", "stage_changed_at": 5, "contact_ids": []}
DEAL |= {"tags": [], "owner_id": 1, "created_by_id": 1, "created_at": 5, "updated_at": 5}


@pytest.mark.parametrize(
    "money",
    [
        {"amount_minor": 100},
        {"currency": "GBP"},
        {"amount_minor": -1, "currency": "GBP"},
        {"amount_minor": Decimal("1.5"), "currency": "GBP"},
        {"amount_minor": 100, "currency": ["GBP"]},
    ],
    ids=repr,
)
def test_money_that_cannot_be_told_is_unreadable(money: dict[str, Any]) -> None:
    stored = to_fields(DEALS, DEAL) | {"id": 7, "revision": 3, "is_deleted": 0}
    assert to_record(DEALS, stored | {"amount_minor": 100, "currency": "GBP"}).values["amount"] == 100
    with pytest.raises(UnreadableResponse):
        to_record(DEALS, stored | money)


def act(dialect: ResourceMapping, name: str, **values: Any) -> tuple[str, dict[str, Any]]:
    action = next(row for row in dialect.resource.actions if row.name == name)
    return to_action(dialect, action, values)


ACTIONS: list[tuple[ResourceMapping, str, dict[str, Any], str, dict[str, Any]]] = [
    (DEALS, "add_tags", {"tags": ["VIP"]}, "tags", {"add": ["VIP"]}),
    (DEALS, "remove_tags", {"tags": ["VIP"]}, "tags", {"remove": ["VIP"]}),
    (DEALS, "win", {}, "status", {"status_code": 2}),
    (DEALS, "win", {"closed_at": 5}, "status", {"status_code": 2, "closed_at": 5}),
    (DEALS, "win", {"closed_at": None}, "status", {"status_code": 2}),
    (DEALS, "lose", {"lost_reason": "Price"}, "status", {"status_code": 3, "lost_reason": "Price"}),
    (DEALS, "lose", {"lost_reason": None}, "status", {"status_code": 3, "lost_reason": None}),
    (DEALS, "reopen", {"stage_id": 45}, "status", {"status_code": 1, "stage_id": 45}),
    (DEALS, "move", {"stage_id": 45}, "stage", {"stage_id": 45}),
    (TASKS, "complete", {"completed_at": 5}, "done", {"done": 1, "completed_at": 5}),
    (TASKS, "reopen", {}, "done", {"done": 0}),
]


@pytest.mark.parametrize(("dialect", "name", "values", "path", "body"), ACTIONS)
def test_an_action_is_a_call(
    dialect: ResourceMapping, name: str, values: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    assert act(dialect, name, **values) == (path, body)
