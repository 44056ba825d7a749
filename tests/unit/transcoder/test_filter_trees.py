"""Trees of filters: groups, amounts beside their currency, an older caller's words, and whatever JSON there is."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.resources import ACTIVITY, COMPANY, CONTACT, DEAL, NOTE, TASK, Resource
from contract.types import OPERATORS
from tests.unit.transcoder.surroundings import AROUND, SAME, an_id, around, nobody, older
from transcoder.backend.interface import AllOf, AnyOf, Condition, NotOf
from transcoder.validation.bodies import InvalidBody
from transcoder.validation.filters import parse_filters


def condition(field: Any, operator: Any, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def read(resource: Resource, *filters: Any, old: bool = False) -> Any:
    return parse_filters(resource, list(filters), AROUND, older(resource) if old else SAME)


def faults(tree: Any) -> list[tuple[str | None, str]]:
    assert isinstance(tree, InvalidBody), tree
    return [(error.pointer, error.code) for error in tree.errors]


GOLD = condition("custom_fields.a_select", "eq", "gold")
EMAIL = condition("email", "eq", "ada@x.example")
EMAIL_READ = Condition("email", "eq", "ada@x.example")
POUNDS = condition("currency", "eq", "GBP")
POUNDS_READ = Condition("currency", "eq", "GBP")


MISSHAPEN: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "a number": (5, [("", "invalid-type")]),
    "null": (None, [("", "not-nullable")]),
    "an array": ([EMAIL], [("", "invalid-type")]),
    "nothing": ({}, [("", "invalid-value")]),
    "a group of two words": ({"any": [EMAIL], "all": [EMAIL]}, [("", "invalid-value")]),
    "a group and something else": ({"any": [EMAIL], "note": 1}, [("/note", "unknown-member")]),
    "a misspelt group": ({"anny": [EMAIL]}, [("/anny", "unknown-member")]),
    "a condition that is a group too": (EMAIL | {"any": []}, [("/any", "unknown-member")]),
    "a condition with more": (EMAIL | {"and": 1}, [("/and", "unknown-member")]),
    "a member with a slash": (EMAIL | {"a/b~": 1}, [("/a~1b~0", "unknown-member")]),
    "a condition without a field": ({"operator": "eq", "value": 1}, [("/field", "required")]),
    "a condition without an operator": ({"field": "email", "value": 1}, [("/operator", "required")]),
    "a condition without a value": ({"field": "email", "operator": "eq"}, [("/value", "required")]),
    "a field that is a number": (condition(5, "eq", 1), [("/field", "invalid-type")]),
    "a field that is null": (condition(None, "eq", 1), [("/field", "not-nullable")]),
    "an operator that is an array": (condition("email", ["eq"], 1), [("/operator", "invalid-type")]),
    "an any of nothing": ({"any": []}, [("/any", "too-few-items")]),
    "an all of nothing": ({"all": []}, [("/all", "too-few-items")]),
    "an any that is one": ({"any": EMAIL}, [("/any", "invalid-type")]),
    "an any of null": ({"any": None}, [("/any", "not-nullable")]),
    "an any of 51": ({"any": [EMAIL] * 51}, [("/any", "too-many-items")]),
    "a not of several": ({"not": [EMAIL]}, [("/not", "invalid-type")]),
    "a not of null": ({"not": None}, [("/not", "not-nullable")]),
    "groups four deep": ({"not": {"all": [{"any": [{"not": EMAIL}]}]}}, [("/not/all/0/any/0", "out-of-range")]),
}


@pytest.mark.parametrize(("node", "expected"), MISSHAPEN.values(), ids=MISSHAPEN.keys())
def test_is_no_condition_and_no_group(node: Any, expected: list[tuple[str, str]]) -> None:
    assert faults(read(CONTACT, node)) == [(f"/filters/0{place}", code) for place, code in expected]


@pytest.mark.parametrize("filters", [{}, "x", 5, True, None, EMAIL], ids=lambda each: str(each)[:9])
def test_filters_are_always_a_list(filters: Any) -> None:
    assert faults(parse_filters(CONTACT, filters, AROUND, SAME)) == [("/filters", "invalid-type")]


def test_no_condition_is_no_filter_and_several_all_hold() -> None:
    assert read(CONTACT) is None
    assert read(CONTACT, EMAIL) == EMAIL_READ
    assert read(CONTACT, EMAIL, GOLD) == AllOf((EMAIL_READ, Condition("custom_fields.a_select", "eq", "gold")))


def test_groups_three_deep_are_what_they_say() -> None:
    node = {"not": {"any": [EMAIL, {"all": [EMAIL, EMAIL]}]}}
    assert read(CONTACT, node) == NotOf(AnyOf((EMAIL_READ, AllOf((EMAIL_READ, EMAIL_READ)))))
    assert read(CONTACT, {"any": [EMAIL]}) == AnyOf((EMAIL_READ,))


def test_fifty_conditions_are_taken_and_one_more_is_too_many_wherever_they_stand() -> None:
    assert len(read(CONTACT, *[EMAIL] * 50).parts) == 50
    assert not isinstance(read(CONTACT, {"any": [EMAIL] * 50}), InvalidBody)
    assert faults(read(CONTACT, *[EMAIL] * 51)) == [("/filters", "too-many-items")]
    assert faults(read(CONTACT, {"any": [EMAIL] * 30}, {"all": [EMAIL] * 21})) == [("/filters", "too-many-items")]
    assert faults(read(CONTACT, *[{"not": EMAIL}] * 60)) == [("/filters", "too-many-items")]


def test_several_faults_are_told_at_once_in_the_order_of_the_document() -> None:
    tree = read(
        CONTACT,
        condition("nickname", "eq", 1),
        {"any": [EMAIL, condition("email", "eq", "x"), {"not": condition("tags", "eq", 1)}]},
        7,
        {"all": []},
        condition("birth_date", "eq", None),
    )
    assert faults(tree) == [
        ("/filters/0/field", "unknown-field"),
        ("/filters/1/any/1/value", "invalid-email"),
        ("/filters/1/any/2/not/operator", "invalid-operator"),
        ("/filters/2", "invalid-type"),
        ("/filters/3/all", "too-few-items"),
        ("/filters/4/value", "not-nullable"),
    ]


def test_no_more_than_fifty_faults_are_told() -> None:
    wide = {"any": [{"any": [{"any": [condition("nickname", "eq", 1)] * 50}] * 50}] * 50}
    assert len(read(CONTACT, wide).errors) == 50
    assert len(read(CONTACT, *[5] * 900).errors) == 50
    assert len(read(CONTACT, {f"anny{n}": 1 for n in range(50_000)}).errors) == 50


MORE, SPAN = condition("amount", "gt", "100"), condition("amount", "between", ["1.5", Decimal("2.50")])
SPAN_READ = Condition("amount", "between", [150, 250])

AMOUNTS: dict[str, tuple[list[Any], Any]] = {
    "beside its currency": ([POUNDS, MORE], AllOf((POUNDS_READ, Condition("amount", "gt", 10_000)))),
    "in front of it": ([MORE, POUNDS], AllOf((Condition("amount", "gt", 10_000), POUNDS_READ))),
    "in yen": (
        [condition("currency", "eq", " jpy "), condition("amount", "in", ["1500.00", 7])],
        AllOf((Condition("currency", "eq", "JPY"), Condition("amount", "in", [1500, 7]))),
    ),
    "in dinars": (
        [condition("currency", "eq", "KWD"), condition("amount", "eq", Decimal("1.234"))],
        AllOf((Condition("currency", "eq", "KWD"), Condition("amount", "eq", 1234))),
    ),
    "in one group of all": (
        [{"all": [POUNDS, SPAN]}],
        AllOf((POUNDS_READ, Condition("amount", "between", [150, 250]))),
    ),
    "in an all within a not": (
        [{"not": {"all": [POUNDS, MORE]}}],
        NotOf(AllOf((POUNDS_READ, Condition("amount", "gt", 10_000)))),
    ),
    "each any with its own": (
        [{"any": [{"all": [POUNDS, MORE]}, {"all": [condition("currency", "eq", "JPY"), MORE]}]}],
        AnyOf(
            (
                AllOf((POUNDS_READ, Condition("amount", "gt", 10_000))),
                AllOf((Condition("currency", "eq", "JPY"), Condition("amount", "gt", 100))),
            )
        ),
    ),
}


@pytest.mark.parametrize(("filters", "tree"), AMOUNTS.values(), ids=AMOUNTS.keys())
def test_an_amount_is_compared_in_smallest_units(filters: list[Any], tree: Any) -> None:
    assert read(DEAL, *filters) == tree


NO_CURRENCY: dict[str, tuple[list[Any], str]] = {
    "alone": ([MORE], "/0"),
    "beside two currencies": ([POUNDS, condition("currency", "eq", "JPY"), MORE], "/2"),
    "beside one currency twice": ([POUNDS, POUNDS, MORE], "/2"),
    "beside another currency than": ([condition("currency", "neq", "GBP"), MORE], "/1"),
    "beside a currency among": ([condition("currency", "in", ["GBP"]), MORE], "/1"),
    "under an any": ([POUNDS, {"any": [MORE]}], "/1/any/0"),
    "beside it under an any": ([{"any": [POUNDS, MORE]}], "/0/any/1"),
    "under a not": ([POUNDS, {"not": MORE}], "/1/not"),
    "in an all of its own": ([POUNDS, {"all": [MORE]}], "/1/all/0"),
    "beside a currency in an all": ([{"all": [POUNDS]}, MORE], "/1"),
}


@pytest.mark.parametrize(("filters", "at"), NO_CURRENCY.values(), ids=NO_CURRENCY.keys())
def test_an_amount_needs_its_currency_and_has_none(filters: list[Any], at: str) -> None:
    assert faults(read(DEAL, *filters)) == [(f"/filters{at}/field", "currency-required")]


@pytest.mark.parametrize(("value", "code"), [("XXQ", "unknown-value"), (5, "invalid-type"), (None, "not-nullable")])
def test_a_currency_that_is_none_is_told_at_itself_alone(value: Any, code: str) -> None:
    assert faults(read(DEAL, condition("currency", "eq", value), MORE)) == [("/filters/0/value", code)]


def test_an_amount_is_checked_as_one_that_is_written() -> None:
    def code(value: Any, operator: str = "eq", currency: str = "GBP") -> list[tuple[str | None, str]]:
        return faults(read(DEAL, condition("currency", "eq", currency), condition("amount", operator, value)))

    at = "/filters/1/value"
    assert code("-1") == [(at, "invalid-amount")]
    assert code("1.234") == [(at, "too-many-decimals")]
    assert code("1.5", currency="JPY") == [(at, "too-many-decimals")]
    assert code(["1", "1.234"], "in") == [(at, "too-many-decimals")]
    assert code(["2", "1"], "between") == [(at, "out-of-range")]
    assert code(True) == [(at, "invalid-type")]
    assert code(None) == [(at, "not-nullable")]


def test_an_own_field_that_is_not_known_is_noted_and_so_is_an_option() -> None:
    for field, value, missed in (("a_select", "gold", False), ("a_select", "bronze", True), ("new", "x", True)):
        known = around()
        parse_filters(CONTACT, [condition(f"custom_fields.{field}", "eq", value)], known, SAME)
        assert known.definitions.missed is missed


OLDER: dict[str, tuple[Resource, list[Any], Any]] = {
    "a note's content": (
        NOTE,
        [condition("content", "contains", "x")],
        Condition("body", "contains", "x"),
    ),
    "a deal's value": (
        DEAL,
        [condition("value.currency", "eq", "GBP"), condition("value.amount", "lte", "5")],
        AllOf((POUNDS_READ, Condition("amount", "lte", 500))),
    ),
    "a task due on a day": (
        TASK,
        [condition("due_date", "eq", "1970-01-01")],
        Condition("due_at", "between", [0, 86_399_999]),
    ),
    "a task due on another day": (
        TASK,
        [condition("due_date", "neq", "1970-01-01")],
        NotOf(Condition("due_at", "between", [0, 86_399_999])),
    ),
    "a task due within days": (
        TASK,
        [condition("due_date", "between", ["1970-01-01", "1970-01-02"])],
        Condition("due_at", "between", [0, 172_799_999]),
    ),
    "a task due from a day on": (
        TASK,
        [condition("due_date", "gte", "1970-01-02")],
        Condition("due_at", "gte", 86_400_000),
    ),
    "a task due before a day": (
        TASK,
        [condition("due_date", "lt", "1970-01-02")],
        Condition("due_at", "lt", 86_400_000),
    ),
    "a task due behind a day": (
        TASK,
        [condition("due_date", "gt", "1970-01-01")],
        Condition("due_at", "gt", 86_399_999),
    ),
    "a task due by a day": (
        TASK,
        [condition("due_date", "lte", "1970-01-01")],
        Condition("due_at", "lte", 86_399_999),
    ),
    "a task never due": (TASK, [condition("due_date", "is_null", True)], Condition("due_at", "is_null", True)),
}


@pytest.mark.parametrize(("resource", "filters", "tree"), OLDER.values(), ids=OLDER.keys())
def test_an_older_caller_asks_for(resource: Resource, filters: list[Any], tree: Any) -> None:
    assert read(resource, *filters, old=True) == tree


OLDER_REFUSED: dict[str, tuple[Resource, list[Any], list[tuple[str, str]]]] = {
    "a note's body": (NOTE, [condition("body", "contains", "x")], [("/0/field", "unknown-field")]),
    "a deal's amount": (DEAL, [condition("amount", "is_null", True)], [("/0/field", "unknown-field")]),
    "a deal's currency": (DEAL, [POUNDS], [("/0/field", "unknown-field")]),
    "a deal's value as a whole": (DEAL, [condition("value", "is_null", True)], [("/0/field", "unknown-field")]),
    "a value without its currency": (DEAL, [condition("value.amount", "eq", 5)], [("/0/field", "currency-required")]),
    "an instant for a day": (
        TASK,
        [condition("due_date", "eq", "2026-06-17T14:30:00Z")],
        [("/0/value", "invalid-date")],
    ),
    "a day that no year has": (TASK, [condition("due_date", "gt", "2026-02-30")], [("/0/value", "invalid-date")]),
    "a day outside the span": (TASK, [condition("due_date", "lt", "1969-12-31")], [("/0/value", "out-of-range")]),
    "a null day": (TASK, [condition("due_date", "eq", None)], [("/0/value", "not-nullable")]),
    "a number for a day": (TASK, [condition("due_date", "neq", 5)], [("/0/value", "invalid-type")]),
    "two days for one": (TASK, [condition("due_date", "eq", ["2026-01-01"] * 2)], [("/0/value", "invalid-type")]),
    "days turned round": (
        TASK,
        [condition("due_date", "between", ["2026-01-02", "2026-01-01"])],
        [("/0/value", "out-of-range")],
    ),
    "a span of one": (TASK, [condition("due_date", "between", ["2026-01-02"])], [("/0/value", "invalid-type")]),
    "days among days": (TASK, [condition("due_date", "in", ["2026-01-02"])], [("/0/operator", "invalid-operator")]),
    "a task's instant": (TASK, [condition("due_at", "is_null", True)], [("/0/field", "unknown-field")]),
}


@pytest.mark.parametrize(("resource", "filters", "expected"), OLDER_REFUSED.values(), ids=OLDER_REFUSED.keys())
def test_an_older_caller_may_not_ask_for(
    resource: Resource, filters: list[Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(read(resource, *filters, old=True)) == [(f"/filters{at}", code) for at, code in expected]


def test_an_older_caller_is_told_older_words() -> None:
    (error,) = read(TASK, condition("due_date", "eq", "soon"), old=True).errors
    assert (error.code, error.example) == ("invalid-date", "2026-06-25")
    assert "RFC" not in error.detail
    (error,) = read(DEAL, condition("value.amuont", "eq", 5), old=True).errors
    assert error.did_you_mean == "value.amount"


def test_a_today_s_caller_may_not_use_older_names() -> None:
    assert faults(read(NOTE, condition("content", "contains", "x"))) == [("/filters/0/field", "unknown-field")]
    assert faults(read(TASK, condition("due_date", "is_null", True))) == [("/filters/0/field", "unknown-field")]
    assert faults(read(DEAL, condition("value.currency", "eq", "GBP"))) == [("/filters/0/field", "unknown-field")]


SEARCHED = (CONTACT, COMPANY, DEAL, TASK, NOTE, ACTIVITY)
NAMES = sorted(
    {row.name for resource in SEARCHED for row in resource.fields}
    | {"content", "value", "value.amount", "value.currency", "due_date", "address.city", "address.line1"}
    | {f"custom_fields.{key}" for key in AROUND.definitions}
)
WORDS = sorted({word for words in OPERATORS.values() for word in words})
GOOD = ["ada@x.example", "+442079460958", "2026-01-31", "2026-06-17T14:30:00Z", "GBP", "gold", "red", "lead", "1.50"]
TEXTS = st.sampled_from([*GOOD, an_id("con", 7), nobody("usr"), an_id("cmp", 7)]) | st.text(max_size=9)
NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from([Decimal("1e999999")])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
CONDITIONS = st.fixed_dictionaries(
    {"field": st.sampled_from(NAMES), "operator": st.sampled_from(WORDS), "value": VALUES}
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)
ODD = st.dictionaries(st.sampled_from(["field", "operator", "value", "any", "all", "not", "an/y"]), VALUES, max_size=4)
NODES = st.recursive(
    CONDITIONS | ODD | ANYTHING,
    lambda inner: (
        st.builds(lambda word, parts: {word: parts}, st.sampled_from(["any", "all"]), st.lists(inner, max_size=3))
        | st.builds(lambda part: {"not": part}, inner)
    ),
    max_leaves=9,
)


def at(body: Any, pointer: str) -> Any:
    """What stands at a place; raises where there is none."""
    for segment in pointer.split("/")[1:]:
        name = segment.replace("~1", "/").replace("~0", "~")
        body = body[int(name)] if isinstance(body, list) else body[name]
    return body


def conditions_of(tree: Any) -> list[Condition]:
    match tree:
        case Condition():
            return [tree]
        case AllOf(parts=parts) | AnyOf(parts=parts):
            assert parts
            return [each for part in parts for each in conditions_of(part)]
        case NotOf(part=part):
            return conditions_of(part)
    raise AssertionError(tree)


@given(filters=st.lists(NODES, max_size=4) | ANYTHING, resource=st.sampled_from(SEARCHED), old=st.booleans())
def test_any_json_is_a_tree_of_known_fields_or_faults_at_places_that_are_there(
    filters: Any, resource: Resource, old: bool
) -> None:
    tree = parse_filters(resource, filters, AROUND, older(resource) if old else SAME)
    if tree is None:
        assert filters == []
    elif isinstance(tree, InvalidBody):
        assert tree.errors
        for error in tree.errors:
            assert error.pointer is not None
            body = {"filters": filters}
            if error.code == "required":
                above, _, name = error.pointer.rpartition("/")
                assert name not in at(body, above)
            else:
                at(body, error.pointer)
    else:
        for each in conditions_of(tree):
            top = each.field.partition(".")[0]
            assert resource.field(top).filterable
            assert each.operator in WORDS


@given(conditions=st.lists(CONDITIONS, min_size=1, max_size=6), resource=st.sampled_from(SEARCHED))
def test_each_condition_is_judged_alone_where_no_amount_is_among_them(
    conditions: list[dict[str, Any]], resource: Resource
) -> None:
    plain = [each for each in conditions if each["field"] not in ("amount", "currency")]
    expected = [
        (error.pointer.replace("/filters/0", f"/filters/{index}", 1), error.code)
        for index, each in enumerate(plain)
        if isinstance(alone := read(resource, each), InvalidBody)
        for error in alone.errors
    ]
    together = read(resource, *plain)
    assert (faults(together) if isinstance(together, InvalidBody) else []) == expected
