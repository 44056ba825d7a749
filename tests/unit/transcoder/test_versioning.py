"""The changes of 2026-11-24, forward and back: tables typed by hand, and what must hold for any record and any body."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.problems import ItemError
from contract.resources import CONTACT, DEAL, NOTE, RESOURCES, TASK, Resource
from contract.versions import change
from tests.unit.transcoder.calls import a_call, an_older_call
from tests.unit.transcoder.surroundings import AROUND, OLDEST, SAME, TODAY, older
from transcoder.operations.request_body import validated
from transcoder.presentation.versioning import translations
from transcoder.validation.bodies import InvalidBody, validate_create, validate_patch

CHANGED = (NOTE, DEAL, TASK)


def told(resource: Resource, body: Any, *, patch: bool = False) -> Any:
    """What an older caller's body comes to; its faults as that caller is told them."""
    read = validate_patch if patch else validate_create
    call = an_older_call(f"{resource.name}.create")
    taken = validated(call, body, lambda today: read(resource, today, AROUND))
    return [(error.pointer, error.code) for error in taken.errors] if isinstance(taken, InvalidBody) else taken


BODIES: dict[str, tuple[Resource, Any, Any]] = {
    "a note's content": (NOTE, {"content": "x", "is_pinned": True}, {"body": "x", "is_pinned": True}),
    "a value": (DEAL, {"value": {"amount": "5", "currency": "GBP"}}, {"amount": 500, "currency": "GBP"}),
    "a value as a number": (DEAL, {"value": {"currency": "JPY", "amount": 5}}, {"amount": 5, "currency": "JPY"}),
    "no value": (DEAL, {"value": None}, {"amount": None, "currency": None}),
    "nothing about the value": (DEAL, {"value": {}, "title": "x"}, {"title": "x"}),
    "a null amount": (DEAL, {"value": {"amount": None}}, {"amount": None, "currency": None}),
    "both null": (DEAL, {"value": {"currency": None, "amount": None}}, {"amount": None, "currency": None}),
    "a due day": (TASK, {"due_date": "2026-06-25"}, {"due_at": 1_782_431_999_000}),
    "the first due day": (TASK, {"due_date": "1970-01-01"}, {"due_at": 86_399_000}),
    "the last due day": (TASK, {"due_date": "2100-12-31"}, {"due_at": 4_133_980_799_000}),
    "no due day": (TASK, {"due_date": None}, {"due_at": None}),
    "an empty body": (TASK, {}, {}),
}


@pytest.mark.parametrize(("resource", "body", "values"), BODIES.values(), ids=BODIES.keys())
def test_an_older_patch_means(resource: Resource, body: Any, values: Any) -> None:
    assert told(resource, body, patch=True) == values


WRONG: dict[str, tuple[Resource, Any, list[tuple[str, str]]]] = {
    "a note's body": (NOTE, {"body": "x"}, [("/body", "unknown-member")]),
    "both of a note's names": (
        NOTE,
        {"body": "x", "content": ""},
        [("/body", "unknown-member"), ("/content", "too-short")],
    ),
    "null content": (NOTE, {"content": None}, [("/content", "not-nullable")]),
    "an amount": (DEAL, {"amount": "5", "title": ""}, [("/amount", "unknown-member"), ("/title", "too-short")]),
    "a currency": (DEAL, {"currency": "GBP"}, [("/currency", "unknown-member")]),
    "a value that is text": (DEAL, {"value": "5 GBP"}, [("/value", "invalid-type")]),
    "a value that is a list": (
        DEAL,
        {"title": 5, "value": []},
        [("/title", "invalid-type"), ("/value", "invalid-type")],
    ),
    "members that a value has not": (
        DEAL,
        {"value": {"amount": "x", "a/b": 1, "currency": "XXX"}, "tags": 5},
        [
            *(("/value/amount", "invalid-amount"), ("/value/a~1b", "unknown-member")),
            *(("/value/currency", "unknown-value"), ("/tags", "invalid-type")),
        ],
    ),
    "a currency alone": (DEAL, {"value": {"currency": "GBP"}}, [("/value/amount", "required")]),
    "a null currency alone": (DEAL, {"value": {"currency": None}}, [("/value/amount", "required")]),
    "a null currency": (DEAL, {"value": {"amount": "5", "currency": None}}, [("/value/currency", "not-nullable")]),
    "a penny's third": (
        DEAL,
        {"value": {"amount": "1.333", "currency": "GBP"}},
        [("/value/amount", "too-many-decimals")],
    ),
    "a due instant": (TASK, {"due_at": "2026-06-25T16:00:00Z"}, [("/due_at", "unknown-member")]),
    "an instant for a day": (TASK, {"due_date": "2026-06-25T16:00:00Z"}, [("/due_date", "invalid-date")]),
    "a day that no year has": (TASK, {"due_date": "2026-02-30"}, [("/due_date", "invalid-date")]),
    "an empty day": (TASK, {"due_date": ""}, [("/due_date", "invalid-date")]),
    "a day too early": (TASK, {"due_date": "1969-12-31"}, [("/due_date", "out-of-range")]),
    "a day too late": (TASK, {"due_date": "2101-01-01"}, [("/due_date", "out-of-range")]),
    "a number for a day": (TASK, {"due_date": 20260625}, [("/due_date", "invalid-type")]),
    "an array for a day": (TASK, {"due_date": ["2026-06-25"]}, [("/due_date", "invalid-type")]),
    "what is no object": (TASK, [], [("", "invalid-type")]),
}


@pytest.mark.parametrize(("resource", "body", "expected"), WRONG.values(), ids=WRONG.keys())
def test_an_older_patch_is_told_its_faults_in_its_own_words(
    resource: Resource, body: Any, expected: list[tuple[str, str]]
) -> None:
    assert told(resource, body, patch=True) == expected


def test_what_a_create_lacks_is_told_by_its_older_name() -> None:
    assert told(NOTE, {"body": "x"}) == [("/body", "unknown-member"), ("/content", "required")]
    assert told(DEAL, {"value": {"currency": "GBP"}, "x": 1}) == [
        ("/value/amount", "required"),
        ("/x", "unknown-member"),
        ("/title", "required"),
    ]


def test_examples_and_guesses_are_the_older_versions_too() -> None:
    def first(resource: Resource, body: Any) -> ItemError:
        call = an_older_call(f"{resource.name}.create")
        taken = validated(call, body, lambda today: validate_patch(resource, today, AROUND))
        assert isinstance(taken, InvalidBody)
        return taken.errors[0]

    assert first(TASK, {"due_date": "soon"}).example == "2026-06-25"
    assert first(TASK, {"due_date": 5}).example == "2026-06-25"
    assert first(TASK, {"due_dat": 5}).did_you_mean == "due_date"
    assert first(NOTE, {"contnt": 5}).did_you_mean != "body"
    assert first(DEAL, {"amuont": 5}).did_you_mean == "value"


@pytest.mark.parametrize("resource", [row for row in RESOURCES if row not in CHANGED], ids=lambda row: row.name)
def test_nothing_else_has_changed(resource: Resource) -> None:
    assert older(resource).changes == ()


def test_today_s_callers_are_translated_nothing() -> None:
    assert all(each.changes == () for each in translations(TODAY, RESOURCES).values())
    assert {row for row, each in translations(OLDEST, RESOURCES).items() if each.changes} == set(CHANGED)


def test_today_s_body_goes_through_as_it_is() -> None:
    body = {"content": "x"}
    assert SAME.upgrade_body(body) == (body, ())
    errors = (ItemError("x", "x", pointer="/body"),)
    assert SAME.to_caller_errors(errors, (), body) == errors


# What must hold for any record and any body

TEXTS = st.text(max_size=9)
DAYS = st.dates(datetime(1970, 1, 1).date(), datetime(2100, 12, 31).date()).map(str)
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31, 23, 59, 59)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC).isoformat()[:19] + "Z"
)
PRICES = st.tuples(st.sampled_from(["5.00", "0.01", "12500.00"]), st.sampled_from(["GBP", "USD"])) | st.just(
    (None, None)
)
OTHERS = st.dictionaries(st.sampled_from(["id", "title", "etag", "tags"]), TEXTS)


@st.composite
def shuffled(draw: st.DrawFn, members: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """Other members around those, in any order."""
    both = list((draw(OTHERS) | draw(members)).items())
    return dict(draw(st.permutations(both)))


NOTES = shuffled(TEXTS.map(lambda text: {"body": text}))
DEALS = shuffled(PRICES.map(lambda price: {"amount": price[0], "currency": price[1]}))
DAY_TASKS = shuffled((st.none() | DAYS).map(lambda day: {"due_at": day and f"{day}T23:59:59Z"}))
ANY_TASKS = shuffled((st.none() | INSTANTS).map(lambda at: {"due_at": at}))


@pytest.mark.parametrize(
    ("resource", "records"), [(NOTE, NOTES), (DEAL, DEALS), (TASK, DAY_TASKS)], ids=["notes", "deals", "tasks"]
)
@given(data=st.data())
def test_back_and_forward_again_is_the_same_record(resource: Resource, records: Any, data: st.DataObject) -> None:
    record = data.draw(records)
    brought, faults = older(resource).upgrade_body(older(resource).downgrade_record(dict(record)))
    assert faults == ()
    assert brought == record


OLD_NOTES = shuffled(TEXTS.map(lambda text: {"content": text}))
OLD_DEALS = shuffled(
    PRICES.map(lambda price: {"value": None if price[0] is None else {"amount": price[0], "currency": price[1]}})
)
OLD_TASKS = shuffled((st.none() | DAYS).map(lambda day: {"due_date": day}))


@pytest.mark.parametrize(
    ("resource", "bodies"), [(NOTE, OLD_NOTES), (DEAL, OLD_DEALS), (TASK, OLD_TASKS)], ids=["notes", "deals", "tasks"]
)
@given(data=st.data())
def test_forward_and_back_again_is_the_same_body_in_the_same_order(
    resource: Resource, bodies: Any, data: st.DataObject
) -> None:
    body = data.draw(bodies)
    brought, faults = older(resource).upgrade_body(body)
    assert faults == ()
    again = older(resource).downgrade_record(dict(brought))
    assert again == body
    assert list(again) == list(body)


@given(ANY_TASKS)
def test_a_due_time_loses_its_hour_and_nothing_else(record: dict[str, Any]) -> None:
    brought, _ = older(TASK).upgrade_body(older(TASK).downgrade_record(dict(record)))
    expected = record["due_at"] and record["due_at"][:10] + "T23:59:59Z"
    assert brought == record | {"due_at": expected}


@pytest.mark.parametrize("resource", CHANGED, ids=lambda row: row.name)
@given(data=st.data())
def test_a_record_of_some_fields_is_back_what_the_whole_one_is(resource: Resource, data: st.DataObject) -> None:
    whole = data.draw({"notes": NOTES, "deals": DEALS, "tasks": ANY_TASKS}[resource.name])
    translation = older(resource)
    shown = translation.downgrade_record(dict(whole))
    name = data.draw(st.sampled_from(sorted(shown)))
    today = translation.current_names(name)
    assert translation.downgrade_record({each: whole[each] for each in today}) == {name: shown[name]}


LEAVES = st.none() | st.booleans() | st.integers() | TEXTS | DAYS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
NAMES = ["content", "body", "value", "amount", "currency", "due_date", "due_at", "title", "tags", "owner_id", "a/b"]
MONEY = st.fixed_dictionaries({}, optional={"amount": LEAVES, "currency": LEAVES, "x": LEAVES})


@pytest.mark.parametrize("resource", CHANGED, ids=lambda row: row.name)
@given(body=st.dictionaries(st.sampled_from(NAMES), VALUES | MONEY, max_size=6), patch=st.booleans())
def test_any_older_body_is_taken_or_told_faults_at_places_that_it_has_in_their_order(
    resource: Resource, body: dict[str, Any], patch: bool
) -> None:
    read = validate_patch if patch else validate_create
    call = an_older_call(f"{resource.name}.create")
    taken = validated(call, body, lambda today: read(resource, today, AROUND))
    if not isinstance(taken, InvalidBody):
        return
    newer = {name for each in older(resource).changes for name in each.newer}
    tops = [(error.pointer or "").split("/")[1].replace("~1", "/") for error in taken.errors]
    known = [list(body).index(top) for top in tops if top in body]
    assert known == sorted(known)
    for top, error in zip(tops, taken.errors, strict=True):
        assert top in body or error.code == "required"
        assert top not in newer or error.code == "unknown-member"
        assert error.did_you_mean not in newer


@given(field=st.sampled_from(NAMES), operator=TEXTS | st.sampled_from(["eq", "neq", "between", "gt"]), value=VALUES)
def test_any_older_test_is_brought_up_to_date_or_is_of_no_field(field: str, operator: str, value: Any) -> None:
    for resource in CHANGED:
        brought = older(resource).upgrade_condition(change.FilterCondition(field, operator, value))
        names = {name for each in older(resource).changes for name in each.newer}
        assert (brought is None) is (field in names)


@pytest.mark.parametrize("resource", CHANGED, ids=lambda row: row.name)
def test_every_filter_field_and_sort_key_has_one_older_name_and_finds_back(resource: Resource) -> None:
    names = [row.name for row in resource.fields]
    shown = older(resource).to_caller_names(names)
    assert len(set(shown)) == len(names)
    assert [older(resource).current_name(name) for name in shown] == names


def test_a_contact_is_translated_nothing_at_all() -> None:
    call = a_call("contacts.create", translation=older(CONTACT))
    assert validated(call, {"content": 1}, lambda today: today) == {"content": 1}
