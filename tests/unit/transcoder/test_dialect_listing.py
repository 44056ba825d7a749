"""Lists that are read whole: filtered, ordered and cut as if the CRM had done it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.backend.in_memory_list import InvalidPosition, matches, page_in_memory
from transcoder.backend.interface import AllOf, AnyOf, Condition, NotOf, Query, Record, Tree, UpdatedAfter


def a_record(number: int, **values: Any) -> Record:
    return Record(number, 1, {name: value for name, value in values.items() if value is not None}, None)


def a_query(**changes: Any) -> Query:
    plain = {"where": None, "text": None, "order_by": "name", "descending": False, "limit": 50}
    return Query(**plain | {"deleted": "exclude", "with_total": False, "place": None} | changes)


def numbers(records: list[Record], **query: Any) -> list[int]:
    return [record.number for record in page_in_memory(records, a_query(**query)).records]


NAMES = [(1, "b"), (2, None), (3, "A"), (4, "a"), (5, "é"), (6, None), (7, "B")]
RECORDS = [a_record(number, name=name) for number, name in NAMES]


def test_strings_go_by_code_point_after_lower_casing_nulls_last_and_ties_by_number() -> None:
    assert numbers(RECORDS) == [3, 4, 1, 7, 5, 2, 6]


def test_downwards_nulls_are_last_too_and_ties_go_downwards() -> None:
    assert numbers(RECORDS, descending=True) == [5, 7, 1, 4, 3, 6, 2]


@given(
    st.lists(st.none() | st.sampled_from(["a", "A", "b", "É", "ß"]) | st.text(max_size=2), max_size=30),
    st.booleans(),
    st.integers(1, 7),
)
def test_pages_together_are_the_whole_list(names: list[str | None], descending: bool, limit: int) -> None:
    records = [a_record(number, name=name) for number, name in enumerate(names, 1)]
    whole = numbers(records, descending=descending, limit=1000)
    seen: list[int] = []
    place = None
    while True:
        page = page_in_memory(records, a_query(descending=descending, limit=limit, place=place, with_total=True))
        assert page.total == len(records)
        seen += [record.number for record in page.records]
        place = page.next_place
        if place is None:
            break
        assert len(page.records) == limit
    assert seen == whole


def test_what_comes_before_the_place_does_not_move_the_next_page() -> None:
    first = page_in_memory(RECORDS, a_query(limit=3))
    changed = [a_record(8, name="0"), *[record for record in RECORDS if record.number != 3]]
    assert numbers(changed, place=first.next_place) == [7, 5, 2, 6]


def test_a_bookmark_goes_on_behind_an_instant_and_number_or_from_the_instant_on() -> None:
    records = [a_record(number, updated_at=at) for number, at in [(1, 5), (2, 5), (3, 4), (4, 6)]]
    assert numbers(records, order_by="updated_at", place=UpdatedAfter(5, 1)) == [2, 4]
    assert numbers(records, order_by="updated_at", place=UpdatedAfter(5, 0)) == [1, 2, 4]


BAD = ["", "nonsense", "[]", '["a"]', '["a","b"]', "[[],1]", "[5,1]", '{"a":1}', "[1.5,2]"]


@pytest.mark.parametrize("place", BAD)
def test_a_place_of_no_such_order_is_told(place: str) -> None:
    with pytest.raises(InvalidPosition):
        page_in_memory(RECORDS, a_query(place=place))


A, B = Condition("role", "eq", "admin"), Condition("created_at", "gte", 5)
TREES: dict[str, tuple[Tree, bool]] = {
    "equal": (A, True),
    "not equal": (Condition("role", "eq", "member"), False),
    "among": (Condition("id", "in", [7, 9]), True),
    "not among": (Condition("id", "in", [9]), False),
    "from": (B, True),
    "before": (Condition("created_at", "lt", 5), False),
    "of no value": (Condition("time_zone", "eq", "UTC"), False),
    "before, of no value": (Condition("time_zone", "lt", "UTC"), False),
    "all": (AllOf((A, B)), True),
    "not all": (AllOf((A, Condition("role", "eq", "member"))), False),
    "any": (AnyOf((Condition("role", "eq", "member"), B)), True),
    "none": (AnyOf((Condition("role", "eq", "member"),)), False),
    "not": (NotOf(A), False),
}


@pytest.mark.parametrize(("tree", "holds"), TREES.values(), ids=TREES)
def test_a_record_passes(tree: Tree, holds: bool) -> None:
    assert matches(tree, a_record(7, role="admin", created_at=5)) is holds
