"""Records outward, resource by resource: amounts, arrays of ids, parts, own fields, and the older version."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.currencies import EXPONENTS
from contract.ids import IdCodec
from contract.resources import (
    ACTIVITY,
    COMPANY,
    CONTACT,
    CUSTOM_FIELD,
    DEAL,
    NOTE,
    PERSONAL_ACCESS_TOKEN,
    PIPELINE,
    RESOURCES,
    STAGE,
    TASK,
    USER,
    Resource,
)
from contract.types import Amount
from contract.vocabulary import TenantId
from tests.unit.transcoder.surroundings import AROUND, DEFINITIONS, OLDEST, SAME, TODAY, older
from transcoder.backend.interface import Record
from transcoder.presentation.to_public import PresentationContext, Presenters, amount_text, encode
from transcoder.validation.values import check, in_units

CODEC = IdCodec(bytes(range(32)))
TENANT = TenantId(7)
PRESENTERS = Presenters(RESOURCES, CODEC)
MS, TEXT = 1_781_706_600_000, "2026-06-17T14:30:00Z"
LIVES = {"created_at": MS, "updated_at": MS}
OWNED = LIVES | {"owner_id": 31, "created_by_id": 31}

_OWNED = ("owner_id", "created_by_id", "created_at", "updated_at", "deleted_at", "etag")
_LINKS = ("contact_id", "company_id", "deal_id", "external_id")
MEMBERS: dict[str, tuple[str, ...]] = {
    "companies": (
        *("id", "name", "domain", "website", "phone", "industry", "employee_count", "description", "address", "tags"),
        *("external_id", "custom_fields", *_OWNED),
    ),
    "deals": (
        *("id", "title", "pipeline_id", "stage_id", "status", "amount", "currency", "expected_close_date"),
        *("closed_at", "stage_changed_at", "lost_reason", "company_id", "contact_ids", "tags", "external_id"),
        *("custom_fields", *_OWNED),
    ),
    "tasks": (
        *("id", "title", "description", "type", "priority", "status", "due_at", "completed_at", *_LINKS, *_OWNED),
    ),
    "notes": ("id", "body", "occurred_at", "is_pinned", *_LINKS, *_OWNED),
    "activities": (
        *("id", "type", "direction", "subject", "body", "occurred_at", "duration_seconds", "outcome"),
        *(*_LINKS, *_OWNED),
    ),
    "pipelines": ("id", "name", "is_default", "stages", "created_at", "updated_at", "deleted_at", "etag"),
    "stages": (
        *("id", "pipeline_id", "name", "position", "probability", "created_at", "updated_at", "deleted_at", "etag"),
    ),
    "users": ("id", "full_name", "email", "role", "status", "time_zone", "created_at", "updated_at", "etag"),
    "custom_fields": (
        *("id", "resource", "key", "label", "type", "options", "description", "created_at", "updated_at", "etag"),
    ),
}
LEAST: dict[str, tuple[Resource, dict[str, Any]]] = {
    "companies": (COMPANY, OWNED | {"name": "x", "tags": []}),
    "deals": (
        DEAL,
        OWNED
        | {"title": "x", "pipeline_id": 1, "stage_id": 4, "status": "open", "stage_changed_at": MS}
        | {"contact_ids": [], "tags": []},
    ),
    "tasks": (TASK, OWNED | {"title": "x", "type": "todo", "priority": "low", "status": "open"}),
    "notes": (NOTE, OWNED | {"body": "x", "occurred_at": MS, "is_pinned": False}),
    "activities": (ACTIVITY, OWNED | {"type": "sms", "subject": "x", "occurred_at": MS}),
    "pipelines": (PIPELINE, LIVES | {"name": "x", "is_default": True, "stages": []}),
    "stages": (STAGE, LIVES | {"pipeline_id": 1, "name": "x", "position": 0, "probability": 0}),
    "users": (USER, LIVES | {"full_name": "x", "email": "a@b.cd", "role": "admin", "status": "active"}),
    "custom_fields": (
        CUSTOM_FIELD,
        LIVES | {"resource": "deals", "key": "k", "label": "K", "type": "text", "options": []},
    ),
}
EMPTY: dict[str, set[str]] = {
    "companies": {"domain", "website", "phone", "industry", "employee_count", "description", "address", "external_id"},
    "deals": {
        *("amount", "currency", "expected_close_date", "closed_at", "lost_reason", "company_id", "external_id"),
    },
    "tasks": {"description", "due_at", "completed_at", *_LINKS},
    "notes": set(_LINKS),
    "activities": {"direction", "body", "duration_seconds", "outcome", *_LINKS},
    "pipelines": set(),
    "stages": set(),
    "users": {"time_zone"},
    "custom_fields": {"description"},
}


def public(word: str, old: bool = False, **changes: Any) -> dict[str, Any]:
    resource, least = LEAST[word]
    around = PresentationContext(TENANT, OLDEST if old else TODAY, DEFINITIONS)
    record = Record(42, 2, least | changes, None)
    [shown] = PRESENTERS[resource].to_dicts(around, [record])
    return (older(resource) if old else SAME).downgrade_record(shown)


@pytest.mark.parametrize("word", MEMBERS)
def test_every_documented_member_is_there_in_its_order(word: str) -> None:
    assert tuple(public(word)) == MEMBERS[word]


@pytest.mark.parametrize("word", EMPTY)
def test_what_is_empty_is_null(word: str) -> None:
    gone = {"deleted_at"} if "deleted_at" in MEMBERS[word] else set()
    assert {name for name, value in public(word).items() if value is None} == EMPTY[word] | gone


def test_ids_are_sealed_each_under_its_own_type_and_arrays_keep_their_order() -> None:
    deal = public("deals", company_id=771, contact_ids=[9, 7])
    assert deal["id"] == CODEC.seal("deal", TENANT, 42)
    assert deal["pipeline_id"] == CODEC.seal("pipe", TENANT, 1)
    assert deal["stage_id"] == CODEC.seal("stage", TENANT, 4)
    assert deal["company_id"] == CODEC.seal("cmp", TENANT, 771)
    assert deal["contact_ids"] == [CODEC.seal("con", TENANT, 9), CODEC.seal("con", TENANT, 7)]


AMOUNTS = [
    (0, "GBP", "0.00"),
    (5, "GBP", "0.05"),
    (50, "GBP", "0.50"),
    (1_250_000, "GBP", "12500.00"),
    (99_999_999_999_999, "EUR", "999999999999.99"),
    (0, "JPY", "0"),
    (1500, "JPY", "1500"),
    (0, "KWD", "0.000"),
    (5, "KWD", "0.005"),
    (1234, "KWD", "1.234"),
]


@pytest.mark.parametrize(("units", "currency", "text"), AMOUNTS)
def test_an_amount_has_exactly_the_digits_of_its_currency(units: int, currency: str, text: str) -> None:
    assert amount_text(units, currency) == text
    assert public("deals", amount=units, currency=currency)["amount"] == text


@given(units=st.integers(0, 10**15 - 1), currency=st.sampled_from(sorted(EXPONENTS)))
def test_an_amount_that_we_tell_is_taken_back_as_it_was(units: int, currency: str) -> None:
    units = min(units, 10**12 * 10 ** EXPONENTS[currency] - 1)
    kind = Amount("currency")
    assert in_units(kind, check(kind, amount_text(units, currency), AROUND), currency) == units


def test_a_pipeline_shows_its_stages_as_they_show_themselves() -> None:
    stages = [Record(number, 3, LEAST["stages"][1] | {"position": place}, None) for place, number in ((0, 9), (1, 4))]
    shown = public("pipelines", stages=stages)["stages"]
    presenter = PRESENTERS[STAGE]
    around = PresentationContext(TENANT, TODAY, {})
    assert shown == presenter.to_dicts(around, stages)
    assert [stage["position"] for stage in shown] == [0, 1]
    assert shown[0]["pipeline_id"] == CODEC.seal("pipe", TENANT, 1)
    assert shown[0]["etag"] == presenter.etag(TENANT, stages[0], TODAY)


def test_own_fields_are_told_by_key_each_by_its_type() -> None:
    values = {
        "a_text": "x",
        "a_number": 25,
        "a_boolean": False,
        "a_date": "2030-01-31",
        "a_datetime": MS,
        "a_select": "gold",
        "a_multi_select": ["red", "blue"],
        "a_user": 31,
    }
    told = values | {"a_datetime": TEXT, "a_user": CODEC.seal("usr", TENANT, 31)}
    assert public("companies", custom_fields=values)["custom_fields"] == told
    assert public("companies")["custom_fields"] == {}


def test_a_number_keeps_its_digits_in_json() -> None:
    assert encode(public("deals", custom_fields={"a_number": Decimal("2.5")})["custom_fields"]) == b'{"a_number":2.5}'


def test_options_are_told_as_they_are() -> None:
    options = [{"value": "gold", "label": "Gold"}]
    assert public("custom_fields", options=options, type="select")["options"] == options


def test_a_record_that_is_not_there_yet_has_no_id() -> None:
    record = Record(0, 1, LEAST["notes"][1], None)
    [shown] = PRESENTERS[NOTE].to_dicts(PresentationContext(TENANT, TODAY, {}), [record])
    assert shown["id"] is None


def test_what_is_shown_once_is_there_if_it_is_given_whichever_fields_were_chosen() -> None:
    presenter = PRESENTERS[PERSONAL_ACCESS_TOKEN]
    values = LIVES | {"name": "x", "scopes": [], "user_id": 31}
    around = PresentationContext(TENANT, TODAY, {})
    made, read = presenter.to_dicts(around, [Record(1, 1, values | {"token": "s"}, None), Record(1, 1, values, None)])
    assert list(made)[-1] == "token"
    assert read.keys() == made.keys() - {"token"}
    assert list(presenter.select_fields(made, frozenset({"name"}))) == ["id", "name", "token"]


OLDER: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a note's body": ("notes", {"body": "x"}, {"content": "x"}),
    "a deal's price": (
        "deals",
        {"amount": 1_250_000, "currency": "GBP"},
        {"value": {"amount": "12500.00", "currency": "GBP"}},
    ),
    "a deal without a price": ("deals", {}, {"value": None}),
    "a task's due time": ("tasks", {"due_at": MS + 86_399_999 - 52_200_000}, {"due_date": "2026-06-17"}),
    "a task never due": ("tasks", {}, {"due_date": None}),
}


@pytest.mark.parametrize(("word", "values", "told"), OLDER.values(), ids=OLDER.keys())
def test_an_older_caller_is_told(word: str, values: dict[str, Any], told: dict[str, Any]) -> None:
    shown = public(word, old=True, **values)
    assert {name: shown[name] for name in told} == told
    newer = {"notes": {"body"}, "deals": {"amount", "currency"}, "tasks": {"due_at"}}[word]
    assert not newer & shown.keys()


@pytest.mark.parametrize("word", ["companies", "activities", "pipelines", "stages", "users", "custom_fields"])
def test_what_no_version_changed_differs_in_its_etag_alone(word: str) -> None:
    today, then = public(word), public(word, old=True)
    assert {name for name in today if today[name] != then[name]} == {"etag"}


def test_an_older_caller_who_chose_fields_is_told_those() -> None:
    resource, least = LEAST["deals"]
    around = PresentationContext(TENANT, OLDEST, {})
    record = Record(42, 2, least | {"amount": 5, "currency": "JPY"}, None)
    [shown] = PRESENTERS[resource].to_dicts(around, [record])
    chosen = PRESENTERS[resource].select_fields(shown, frozenset({"amount", "currency", "title"}))
    assert older(resource).downgrade_record(chosen) == {
        "id": CODEC.seal("deal", TENANT, 42),
        "title": "x",
        "value": {"amount": "5", "currency": "JPY"},
    }
    assert PRESENTERS[CONTACT] is PRESENTERS.for_resource("contacts")
