"""What a body may not say beside what else it says: amounts and currencies, closed deals, parts, upserts, actions."""

from decimal import Decimal
from typing import Any

import pytest

from contract.operations import BY_ID
from contract.resources import COMPANY, CONTACT, DEAL, NOTE, PIPELINE, STAGE, TASK
from tests.unit.transcoder.surroundings import AROUND, an_id
from transcoder.validation.bodies import InvalidBody, validate_action, validate_create, validate_patch, validate_upsert

TITLE = {"title": "Fleet"}
AT, AT_MS = "2024-11-30T16:00:00Z", 1_732_982_400_000
AHEAD = "2026-06-18T08:00:06Z"  # six seconds after now; five are granted


def faults(read: Any) -> list[tuple[str | None, str]]:
    assert isinstance(read, InvalidBody), read
    return [(error.pointer, error.code) for error in read.errors]


def new_deal(**body: Any) -> Any:
    return validate_create(DEAL, TITLE | body, AROUND)


def patched(**body: Any) -> Any:
    return validate_patch(DEAL, body, AROUND)


GIVEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "both": ({"amount": "12500", "currency": "gbp"}, {"amount": 1_250_000, "currency": "GBP"}),
    "both, the currency in front": ({"currency": "JPY", "amount": 1500}, {"amount": 1500, "currency": "JPY"}),
    "an amount, whose currency is to be found": ({"amount": Decimal("9800.5")}, {"amount": Decimal("9800.5")}),
    "neither": ({}, {}),
}


@pytest.mark.parametrize(("body", "kept"), GIVEN.values(), ids=GIVEN.keys())
def test_a_price_is(body: dict[str, Any], kept: dict[str, Any]) -> None:
    assert patched(**body) == kept
    made = new_deal(**body)
    assert {name: made[name] for name in ("amount", "currency") if name in made} == kept


CLEARED: dict[str, dict[str, Any]] = {
    "a null amount": {"amount": None},
    "a null amount and a null currency": {"currency": None, "amount": None},
}


@pytest.mark.parametrize("body", CLEARED.values(), ids=CLEARED.keys())
def test_both_are_cleared_by(body: dict[str, Any]) -> None:
    assert patched(**body) == {"amount": None, "currency": None}
    assert "amount" not in new_deal(**body)
    assert "currency" not in new_deal(**body)


ODD: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "an amount with a null currency": ({"amount": "5", "currency": None}, [("/currency", "not-nullable")]),
    "a currency alone": ({"currency": "GBP"}, [("/amount", "required")]),
    "a currency beside a null amount": ({"currency": "GBP", "amount": None}, [("/amount", "required")]),
    "a null currency alone": ({"currency": None}, [("/amount", "required")]),
    "a penny's third": ({"amount": "1.333", "currency": "GBP"}, [("/amount", "too-many-decimals")]),
    "a bad amount": ({"amount": "x", "currency": "GBP"}, [("/amount", "invalid-amount")]),
    "a bad amount alone": ({"amount": True}, [("/amount", "invalid-type")]),
    "a bad currency": ({"amount": "1.333", "currency": "XXX"}, [("/currency", "unknown-value")]),
    "a bad currency alone": ({"currency": 5}, [("/currency", "invalid-type")]),
    "both bad": (
        {"currency": "", "amount": "-1"},
        [("/currency", "unknown-value"), ("/amount", "invalid-amount")],
    ),
    "odd, and something else too": (
        {"currency": "GBP", "title": 5, "amount": "0.001", "colour": "red"},
        [("/title", "invalid-type"), ("/amount", "too-many-decimals"), ("/colour", "unknown-member")],
    ),
    "alone, and something else too": (
        {"currency": "GBP", "expected_close_date": "soon"},
        [("/expected_close_date", "invalid-date"), ("/amount", "required")],
    ),
}


@pytest.mark.parametrize(("body", "expected"), ODD.values(), ids=ODD.keys())
def test_a_price_cannot_be(body: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(patched(**body)) == expected
    assert faults(validate_create(DEAL, body | TITLE if "title" not in body else body, AROUND)) == expected
    assert faults(validate_upsert(DEAL, "external_id", TITLE | body | {"external_id": "x"}, AROUND)) == expected


def test_a_price_and_a_missing_title_are_told_together() -> None:
    body = {"amount": "1.333", "currency": "GBP"}
    assert faults(validate_create(DEAL, body, AROUND)) == [("/amount", "too-many-decimals"), ("/title", "required")]


HISTORY: dict[str, dict[str, Any]] = {
    "won": {"status": "won", "closed_at": AT},
    "won, now": {"status": "won"},
    "won, with nulls": {"status": "won", "closed_at": None, "lost_reason": None},
    "lost": {"closed_at": AT, "lost_reason": "Price", "status": "lost"},
    "lost for no reason": {"status": "lost"},
    "open": {"status": "open", "closed_at": None, "lost_reason": None},
    "open, without a word": {"closed_at": None},
}


@pytest.mark.parametrize("body", HISTORY.values(), ids=HISTORY.keys())
def test_a_new_deal_may_be(body: dict[str, Any]) -> None:
    made = new_deal(**body)
    assert made["status"] == body.get("status", "open")
    assert made.get("closed_at") == (AT_MS if body.get("closed_at") else None)


AGAINST_STATUS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "closed while open": ({"closed_at": AT, "status": "open"}, [("/closed_at", "not-applicable")]),
    "closed without a status": ({"closed_at": AT}, [("/closed_at", "not-applicable")]),
    "won for a reason": ({"status": "won", "lost_reason": "Price"}, [("/lost_reason", "not-applicable")]),
    "open for a reason": ({"lost_reason": "Price"}, [("/lost_reason", "not-applicable")]),
    "closed ahead of now": ({"status": "won", "closed_at": AHEAD}, [("/closed_at", "out-of-range")]),
    "closed, in no known status": ({"status": "gone", "closed_at": AT}, [("/status", "unknown-value")]),
    "a null status": ({"status": None, "closed_at": AT}, [("/status", "not-nullable")]),
    "both against it": (
        {"lost_reason": "Price", "closed_at": AT},
        [("/lost_reason", "not-applicable"), ("/closed_at", "not-applicable")],
    ),
}


@pytest.mark.parametrize(("body", "expected"), AGAINST_STATUS.values(), ids=AGAINST_STATUS.keys())
def test_a_new_deal_cannot_be(body: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(new_deal(**body)) == expected


def test_a_task_is_completed_only_when_it_says_so() -> None:
    assert faults(validate_create(TASK, TITLE | {"completed_at": AT}, AROUND)) == [("/completed_at", "not-applicable")]
    made = validate_create(TASK, TITLE | {"completed_at": AT, "status": "completed"}, AROUND)
    assert made == {
        "title": "Fleet",
        "completed_at": AT_MS,
        "status": "completed",
        "type": "todo",
        "priority": "normal",
    }


LATER_ONLY_BY_ACTIONS = {
    "pipeline_id": an_id("pipe", 1),
    "stage_id": an_id("stage", 1),
    "status": "open",
    "closed_at": AT,
    "lost_reason": None,
    "stage_changed_at": AT,
}


@pytest.mark.parametrize("name", LATER_ONLY_BY_ACTIONS)
def test_a_patch_cannot_write(name: str) -> None:
    assert faults(patched(**{name: LATER_ONLY_BY_ACTIONS[name]})) == [(f"/{name}", "read-only")]


# Upserts


def upserted(**body: Any) -> Any:
    return validate_upsert(DEAL, "external_id", TITLE | {"external_id": "erp:1"} | body, AROUND)


def test_an_upsert_is_what_it_says_without_defaults() -> None:
    assert upserted() == {"title": "Fleet", "external_id": "erp:1"}
    assert upserted(company_id=None, tags=[]) == {
        "title": "Fleet",
        "external_id": "erp:1",
        "company_id": None,
        "tags": [],
    }


def test_an_upsert_may_name_what_is_set_on_create_only() -> None:
    assert upserted(status="lost", closed_at=AT, lost_reason="Price", stage_id=an_id("stage", 4)) == {
        "title": "Fleet",
        "external_id": "erp:1",
        "status": "lost",
        "closed_at": AT_MS,
        "lost_reason": "Price",
        "stage_id": 4,
    }


def test_an_upsert_that_names_no_status_leaves_it_to_the_record_that_it_matches() -> None:
    assert upserted(closed_at=AT)["closed_at"] == AT_MS
    assert faults(upserted(closed_at=AT, status="open")) == [("/closed_at", "not-applicable")]


def test_an_upsert_lacks_what_a_create_lacks() -> None:
    assert faults(validate_upsert(DEAL, "external_id", {"external_id": "x"}, AROUND)) == [("/title", "required")]
    assert faults(validate_upsert(COMPANY, "domain", {"name": 5}, AROUND)) == [
        ("/name", "invalid-type"),
        ("/domain", "required"),
    ]
    assert faults(validate_upsert(CONTACT, "email", {"email": None, "phone": "x"}, AROUND)) == [
        ("/email", "not-nullable"),
        ("/phone", "invalid-phone"),
    ]
    assert faults(validate_upsert(CONTACT, "email", [], AROUND)) == [("", "invalid-type")]
    assert faults(validate_upsert(CONTACT, "email", {"email": "x"}, AROUND)) == [("/email", "invalid-email")]


# Parts


def pipeline(*stages: Any) -> Any:
    return validate_create(PIPELINE, {"name": "Sales", "stages": list(stages)}, AROUND)


def test_a_new_pipeline_brings_its_stages() -> None:
    assert pipeline({"name": " Intro "}, {"probability": 90, "name": "Signed"}) == {
        "name": "Sales",
        "is_default": False,
        "stages": [{"name": "Intro", "probability": 0}, {"name": "Signed", "probability": 90}],
    }
    assert len(pipeline(*({"name": f"s{n}"} for n in range(50)))["stages"]) == 50


PARTS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "null": (None, [("", "not-nullable")]),
    "an object": ({}, [("", "invalid-type")]),
    "no stage": ([], [("", "too-few-items")]),
    "51 stages": ([{"name": f"s{n}"} for n in range(51)], [("", "too-many-items")]),
    "what is no stage": (["Intro", None], [("/0", "invalid-type"), ("/1", "not-nullable")]),
    "a stage without a name": ([{"probability": 5}], [("/0/name", "required")]),
    "a bad stage beside a good one": (
        [{"name": "a"}, {"name": "", "probability": 101, "position": 1, "id": "x"}],
        [
            *(("/1/name", "too-short"), ("/1/probability", "out-of-range")),
            *(("/1/position", "unknown-member"), ("/1/id", "unknown-member")),
        ],
    ),
    "a null in a stage": (
        [{"name": None, "probability": None}],
        [("/0/name", "not-nullable"), ("/0/probability", "not-nullable")],
    ),
    "two stages of one name": ([{"name": "A"}, {"name": "b"}, {"name": " a "}], [("/2/name", "duplicate-item")]),
    "two of one name, one of them bad": (
        [{"name": "A"}, {"name": "a", "probability": -1}],
        [("/1/probability", "out-of-range"), ("/1/name", "duplicate-item")],
    ),
}


@pytest.mark.parametrize(("stages", "expected"), PARTS.values(), ids=PARTS.keys())
def test_refuses_as_stages(stages: Any, expected: list[tuple[str, str]]) -> None:
    told = faults(validate_create(PIPELINE, {"name": "Sales", "stages": stages}, AROUND))
    assert sorted(told) == sorted((f"/stages{place}", code) for place, code in expected)


def test_the_stages_of_a_pipeline_cannot_be_patched_and_those_of_a_new_one_are_needed() -> None:
    assert faults(validate_patch(PIPELINE, {"stages": []}, AROUND)) == [("/stages", "read-only")]
    assert faults(validate_create(PIPELINE, {}, AROUND)) == [("/name", "required"), ("/stages", "required")]


def test_a_stage_has_a_position_only_when_it_is_given_one() -> None:
    assert validate_create(STAGE, {"name": "x"}, AROUND) == {"name": "x", "probability": 0}
    assert validate_create(STAGE, {"name": "x", "position": 0}, AROUND) == {
        "name": "x",
        "probability": 0,
        "position": 0,
    }
    assert faults(validate_patch(STAGE, {"position": 50, "pipeline_id": an_id("pipe", 1)}, AROUND)) == [
        ("/position", "out-of-range"),
        ("/pipeline_id", "read-only"),
    ]


# Actions


def acted(operation_id: str, body: Any) -> Any:
    action = BY_ID[operation_id].action
    assert action is not None
    return validate_action(action.fields, body, AROUND)


TAKEN: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "a win": ("deals.win", {}, {}),
    "a win at its time": ("deals.win", {"closed_at": AT}, {"closed_at": AT_MS}),
    "a win at no given time": ("deals.win", {"closed_at": None}, {"closed_at": None}),
    "a loss": ("deals.lose", {"lost_reason": None}, {"lost_reason": None}),
    "a loss for a reason": ("deals.lose", {"lost_reason": " Price "}, {"lost_reason": "Price"}),
    "a reopening": ("deals.reopen", {}, {}),
    "a reopening elsewhere": ("deals.reopen", {"stage_id": an_id("stage", 4)}, {"stage_id": 4}),
    "a move": ("deals.move", {"stage_id": an_id("stage", 4)}, {"stage_id": 4}),
    "a completion": ("tasks.complete", {"completed_at": AT}, {"completed_at": AT_MS}),
    "a task's reopening": ("tasks.reopen", {}, {}),
    "more tags": ("contacts.add_tags", {"tags": [" VIP"]}, {"tags": ["VIP"]}),
    "fewer tags": ("deals.remove_tags", {"tags": ["VIP"]}, {"tags": ["VIP"]}),
}


@pytest.mark.parametrize(("operation_id", "body", "kept"), TAKEN.values(), ids=TAKEN.keys())
def test_an_action_takes(operation_id: str, body: dict[str, Any], kept: dict[str, Any]) -> None:
    assert acted(operation_id, body) == kept


REFUSED: dict[str, tuple[str, Any, list[tuple[str, str]]]] = {
    "a win ahead of now": ("deals.win", {"closed_at": AHEAD}, [("/closed_at", "out-of-range")]),
    "a win for a reason": ("deals.win", {"lost_reason": "x"}, [("/lost_reason", "unknown-member")]),
    "a win that is no object": ("deals.win", [], [("", "invalid-type")]),
    "a win that is null": ("deals.win", None, [("", "invalid-type")]),
    "a reopening nowhere": ("deals.reopen", {"stage_id": None}, [("/stage_id", "not-nullable")]),
    "a move nowhere": ("deals.move", {}, [("/stage_id", "required")]),
    "a move to a pipeline": ("deals.move", {"stage_id": an_id("pipe", 1)}, [("/stage_id", "invalid-id")]),
    "a completion with a status": ("tasks.complete", {"status": "open"}, [("/status", "unknown-member")]),
    "a task's reopening with a time": ("tasks.reopen", {"completed_at": AT}, [("/completed_at", "unknown-member")]),
    "no tags": ("contacts.add_tags", {"tags": []}, [("/tags", "too-few-items")]),
    "no word of tags": ("contacts.add_tags", {}, [("/tags", "required")]),
    "51 tags": ("contacts.remove_tags", {"tags": [f"t{n}" for n in range(51)]}, [("/tags", "too-many-items")]),
    "one tag twice": ("companies.add_tags", {"tags": ["a", "A"]}, [("/tags/1", "duplicate-item")]),
}


@pytest.mark.parametrize(("operation_id", "body", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_an_action_refuses(operation_id: str, body: Any, expected: list[tuple[str, str]]) -> None:
    assert faults(acted(operation_id, body)) == expected


def test_one_item_is_no_items() -> None:
    read = acted("contacts.add_tags", {"tags": []})
    assert isinstance(read, InvalidBody)
    assert [error.detail for error in read.errors] == ["At least 1 item."]


def test_a_note_is_noted_now_or_before() -> None:
    assert validate_create(NOTE, {"body": "x"}, AROUND) == {"body": "x", "is_pinned": False}
    assert faults(validate_create(NOTE, {"body": "x", "occurred_at": AHEAD}, AROUND)) == [
        ("/occurred_at", "out-of-range")
    ]
    assert faults(validate_create(NOTE, {"body": "x", "occurred_at": None}, AROUND)) == [
        ("/occurred_at", "not-nullable")
    ]
