"""Bodies of searches: six members, all optional, every fault at its pointer."""

from typing import Any

import pytest

from tests.unit.transcoder.calls import a_call, an_older_call
from tests.unit.transcoder.surroundings import an_id
from transcoder.backend.interface import Condition
from transcoder.operations.paging import PageRequest
from transcoder.operations.search import check
from transcoder.presentation.errors import ApiError

BY_DEFAULT = PageRequest(None, None, "created_at", True, 50, None)
IN_POUNDS = {"field": "currency", "operator": "eq", "value": "GBP"}


def refused(operation_id: str, body: Any, older: bool = False) -> list[tuple[str | None, str]]:
    with pytest.raises(ApiError) as raised:
        check((an_older_call if older else a_call)(operation_id, body))
    assert raised.value.problem.code == "validation-failed"
    return [(error.pointer, error.code) for error in raised.value.errors or ()]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sort", "order_by"),
        ("page_size", "limit"),
        ("query", "search_text"),
        ("where", "filters"),
        ("filter", "filters"),
        ("limt", "limit"),
        ("source", None),
    ],
)
def test_an_unknown_member_is_told_what_it_may_have_meant(name: str, meant: str | None) -> None:
    with pytest.raises(ApiError) as raised:
        check(a_call("contacts.search", {name: 1}))
    (error,) = raised.value.errors or ()
    assert (error.code, error.did_you_mean) == ("unknown-member", meant)


def test_an_empty_body_asks_for_the_newest_fifty() -> None:
    assert check(a_call("contacts.search", {})) == BY_DEFAULT
    assert check(a_call("contacts.search", {"filters": []})) == BY_DEFAULT


def test_a_whole_body_is_taken() -> None:
    body = {
        "filters": [{"field": "email", "operator": "eq", "value": "Ada@x.example"}],
        "search_text": " ada okafor ",
        "order_by": "last_name",
        "sort_direction": "asc",
        "limit": 200,
        "cursor": "opaque",
    }
    where = Condition("email", "eq", "ada@x.example")
    assert check(a_call("contacts.search", body)) == PageRequest(
        where, " ada okafor ", "last_name", False, 200, "opaque"
    )


@pytest.mark.parametrize("text", ["", "  ", "-- ' %", "\U0001f600", "\u0301"], ids=repr)
def test_a_text_without_a_word_is_no_text(text: str) -> None:
    assert check(a_call("contacts.search", {"search_text": text})).text is None


@pytest.mark.parametrize("text", ["x" * 200, "\u00e9", "7", "\u4e2d"], ids=lambda text: text[:9])
def test_a_text_of_letters_or_digits_is_looked_for(text: str) -> None:
    assert check(a_call("contacts.search", {"search_text": text})).text == text


REFUSED: dict[str, tuple[str, Any, str]] = {
    "filters that are none": ("filters", {}, "invalid-type"),
    "null filters": ("filters", None, "not-nullable"),
    "a text of 201": ("search_text", "x" * 201, "too-long"),
    "a text that is a number": ("search_text", 7, "invalid-type"),
    "a null text": ("search_text", None, "not-nullable"),
    "an order by nothing": ("order_by", "", "not-sortable"),
    "an order by a field that has none": ("order_by", "phone", "not-sortable"),
    "an order by a number": ("order_by", 7, "invalid-type"),
    "a null order": ("order_by", None, "not-nullable"),
    "a direction in capitals": ("sort_direction", "ASC", "unknown-value"),
    "a direction that is a number": ("sort_direction", 1, "invalid-type"),
    "a limit of 0": ("limit", 0, "out-of-range"),
    "a limit of 201": ("limit", 201, "out-of-range"),
    "a limit as text": ("limit", "50", "invalid-type"),
    "a limit that is true": ("limit", True, "invalid-type"),
    "a cursor that is a number": ("cursor", 7, "invalid-type"),
    "a null cursor": ("cursor", None, "not-nullable"),
}


@pytest.mark.parametrize(("name", "value", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(name: str, value: Any, code: str) -> None:
    assert refused("contacts.search", {name: value}) == [(f"/{name}", code)]


@pytest.mark.parametrize("body", [None, [], "x", 7], ids=repr)
def test_a_body_is_an_object(body: Any) -> None:
    assert refused("contacts.search", body) == [("", "invalid-type")]


def test_what_goes_into_the_query_is_no_member() -> None:
    body = {"include_total": True, "fields": [], "deleted": "only", "filter": []}
    assert refused("contacts.search", body) == [(f"/{name}", "unknown-member") for name in body]


def test_every_fault_is_told_at_once_in_the_order_of_the_document() -> None:
    body = {
        "limit": "x",
        "filters": [{"field": "nickname", "operator": "eq", "value": 1}, 5],
        "ordr_by": "x",
        "search_text": None,
    }
    assert refused("contacts.search", body) == [
        ("/limit", "invalid-type"),
        ("/filters/0/field", "unknown-field"),
        ("/filters/1", "invalid-type"),
        ("/ordr_by", "unknown-member"),
        ("/search_text", "not-nullable"),
    ]


def test_no_more_than_fifty_faults_are_looked_for() -> None:
    assert len(refused("contacts.search", {f"limi{n}": 1 for n in range(50_000)})) == 50


def test_amounts_are_ordered_in_one_currency() -> None:
    ordered = {"order_by": "amount", "filters": [IN_POUNDS]}
    assert check(a_call("deals.search", ordered)).order_by == "amount"
    other = {"field": "status", "operator": "eq", "value": "open"}
    for filters in (
        [],
        [other],
        [IN_POUNDS, IN_POUNDS],
        [{"all": [IN_POUNDS]}],
        [{"any": [IN_POUNDS]}],
        [{"not": IN_POUNDS}],
        [IN_POUNDS | {"operator": "neq"}],
        [IN_POUNDS | {"operator": "in", "value": ["GBP"]}],
    ):
        assert refused("deals.search", {"filters": filters, "order_by": "amount"}) == [
            ("/order_by", "currency-required")
        ]
    assert refused("deals.search", {"order_by": "amount"}) == [("/order_by", "currency-required")]
    unknown = {"order_by": "amount", "filters": [IN_POUNDS | {"value": "XXQ"}]}
    assert refused("deals.search", unknown) == [("/filters/0/value", "unknown-value")]


def test_an_older_caller_orders_and_filters_by_the_older_names() -> None:
    pounds = IN_POUNDS | {"field": "value.currency"}
    assert check(an_older_call("deals.search", {"order_by": "value.amount", "filters": [pounds]})).order_by == "amount"
    assert check(an_older_call("tasks.search", {"order_by": "due_date"})).order_by == "due_at"
    assert refused("deals.search", {"order_by": "amount", "filters": [pounds]}, older=True) == [
        ("/order_by", "not-sortable")
    ]
    with pytest.raises(ApiError) as raised:
        check(an_older_call("deals.search", {"order_by": "value"}))
    (error,) = raised.value.errors or ()
    assert "value.amount" in error.allowed
    assert "amount" not in error.allowed


def test_ids_of_records_can_be_asked_for() -> None:
    body = {"filters": [{"field": "id", "operator": "in", "value": [an_id("con", 7)]}]}
    assert check(a_call("contacts.search", body)).where == Condition("id", "in", [7])
