"""The shape of a search: groups, limits, words, order, totals, and where its faults are told."""

from typing import Any

import httpx
import pytest

from tests.conformance.corpus import Corpus, found
from tests.conformance.examples import Body, unique
from tests.conformance.model import ordered, speaks_of
from tests.conformance.world import World
from tests.spec.operations import SIX
from tests.spec.resources import MEMBERS
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

six = pytest.mark.parametrize("resource", SIX)
ALIVE = {"field": "created_at", "operator": "gte", "value": "2020-01-01T00:00:00Z"}


def _nested(depth: int, word: str) -> Body:
    inner = ALIVE if depth == 1 else _nested(depth - 1, word)
    return {word: inner if word == "not" else [inner]}


SHAPES: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "no object": (
        [5, "x", None, []],
        [("/0", "invalid-type"), ("/1", "invalid-type"), ("/2", "not-nullable"), ("/3", "invalid-type")],
    ),
    "a condition without its parts": (
        [{"field": "id"}, {"operator": "eq"}, {"value": 1}],
        [
            ("/0/operator", "required"),
            ("/0/value", "required"),
            ("/1/field", "required"),
            ("/1/value", "required"),
            ("/2/field", "required"),
            ("/2/operator", "required"),
        ],
    ),
    "a condition with another part": ([ALIVE | {"valu": 1}], [("/0/valu", "unknown-member")]),
    "a condition that is a group, too": ([ALIVE | {"any": [ALIVE]}], [("/0/any", "unknown-member")]),
    "a field that is no name": (
        [ALIVE | {"field": 5}, ALIVE | {"field": None}],
        [("/0/field", "invalid-type"), ("/1/field", "not-nullable")],
    ),
    "an operator that is no word": (
        [ALIVE | {"operator": 5}, ALIVE | {"operator": None}],
        [("/0/operator", "invalid-type"), ("/1/operator", "not-nullable")],
    ),
    "another kind of group": ([{"none": [ALIVE]}], [("/0/none", "unknown-member")]),
    "a group that is no list": (
        [{"any": ALIVE}, {"all": None}],
        [("/0/any", "invalid-type"), ("/1/all", "not-nullable")],
    ),
    "a group of nothing": ([{"any": []}, {"all": []}], [("/0/any", "too-few-items"), ("/1/all", "too-few-items")]),
    "a group of too much": ([{"any": [ALIVE] * 51}], [("/0/any", "too-many-items")]),
    "a not of a list": ([{"not": [ALIVE]}], [("/0/not", "invalid-type")]),
    "a fault deep inside": (
        [{"any": [{"all": [ALIVE, {"not": ALIVE | {"value": "x"}}]}]}],
        [("/0/any/0/all/1/not/value", "invalid-datetime")],
    ),
    "too many conditions": ([ALIVE] * 51, [("", "too-many-items")]),
    "too many in groups": ([{"any": [ALIVE] * 26}, {"all": [ALIVE] * 25}], [("", "too-many-items")]),
}


@pytest.mark.parametrize(("filters", "told"), SHAPES.values(), ids=SHAPES)
def test_refuses_filters_with(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, filters: Any, told: list[tuple[str, str]]
) -> None:
    for client, resource in ((api, "contacts"), (first_api, "tasks")):
        answer = client.post(f"/v1/{resource}/search", json={"filters": filters})
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(f"/filters{below}", code) for below, code in told]


@pytest.mark.parametrize("word", ["any", "all", "not"])
def test_groups_lie_three_deep(stack: Stack, api: httpx.Client, word: str) -> None:
    assert api.post("/v1/contacts/search", json={"filters": [_nested(3, word)], "limit": 1}).status_code == 200
    answer = api.post("/v1/contacts/search", json={"filters": [_nested(4, word)]})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    below = f"/{word}" if word == "not" else f"/{word}/0"
    assert items(problem) == [(f"/filters/0{below * 3}", "out-of-range")]


def test_fifty_conditions_are_fine(api: httpx.Client) -> None:
    filters = [{"any": [ALIVE] * 25}, {"not": {"all": [ALIVE] * 25}}]
    assert api.post("/v1/contacts/search", json={"filters": filters}).json()["data"] == []
    listed = {"field": "last_name", "operator": "in", "value": [unique() for _ in range(200)]}
    assert api.post("/v1/contacts/search", json={"filters": [listed]}).json()["data"] == []


@six
def test_a_search_for_nothing_in_particular_is_a_list(api: httpx.Client, corpus: Corpus, resource: str) -> None:
    corpus.of(resource)
    listed = api.get(f"/v1/{resource}", params={"limit": "7"}).json()
    for sent in ({"json": {"limit": 7}}, {"json": {"filters": [], "search_text": " -&! ", "limit": 7}}):
        assert api.post(f"/v1/{resource}/search", **sent).json()["data"] == listed["data"]
    assert len(api.post(f"/v1/{resource}/search").json()["data"]) <= 50


RANGES: dict[str, tuple[Body, list[tuple[str, str]]]] = {
    "a span upside down": (
        {"filters": [ALIVE | {"operator": "between", "value": ["2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]}]},
        [("/filters/0/value", "out-of-range")],
    ),
    "a span of one": (
        {"filters": [ALIVE | {"operator": "between", "value": ["2026-01-01T00:00:00Z"]}]},
        [("/filters/0/value", "invalid-type")],
    ),
    "everything wrong": (
        {
            "limit": 0,
            "order_by": "source",
            "sort_direction": "down",
            "search_text": "x" * 201,
            "filters": [{"field": "nothing", "operator": "eq", "value": 1}],
            "nothing": 1,
        },
        [
            ("/limit", "out-of-range"),
            ("/order_by", "not-sortable"),
            ("/sort_direction", "unknown-value"),
            ("/search_text", "too-long"),
            ("/filters/0/field", "unknown-field"),
            ("/nothing", "unknown-member"),
        ],
    ),
}


@pytest.mark.parametrize(("body", "told"), RANGES.values(), ids=RANGES)
def test_refuses_a_search_with(stack: Stack, api: httpx.Client, body: Body, told: list[tuple[str, str]]) -> None:
    answer = api.post("/v1/contacts/search", json=body)
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == told


POUNDS = {"field": "currency", "operator": "eq", "value": "GBP"}
TEN = {"field": "amount", "operator": "gte", "value": "10"}
ALONE: dict[str, tuple[Body, list[str]]] = {
    "alone": ({"filters": [TEN]}, ["/filters/0/field"]),
    "beside two": ({"filters": [POUNDS, POUNDS, TEN]}, ["/filters/2/field"]),
    "beside several at once": ({"filters": [POUNDS | {"operator": "in", "value": ["GBP"]}, TEN]}, ["/filters/1/field"]),
    "in a list below": ({"filters": [POUNDS, {"all": [TEN]}]}, ["/filters/1/all/0/field"]),
    "in a list above": ({"filters": [TEN, {"all": [POUNDS]}]}, ["/filters/0/field"]),
    "under any": ({"filters": [{"any": [POUNDS, TEN]}]}, ["/filters/0/any/1/field"]),
    "under not": ({"filters": [POUNDS, {"not": TEN}]}, ["/filters/1/not/field"]),
    "in an order": ({"order_by": "amount"}, ["/order_by"]),
    "in an order, beside two": ({"order_by": "amount", "filters": [POUNDS, POUNDS]}, ["/order_by"]),
    "in an order, beside one below": ({"order_by": "amount", "filters": [{"all": [POUNDS]}]}, ["/order_by"]),
}


def _older(node: Any) -> Any:
    """The same search in the first version's words."""
    if isinstance(node, list):
        return [_older(each) for each in node]
    if isinstance(node, dict):
        return {name: _older(value) for name, value in node.items()}
    return {"amount": "value.amount", "currency": "value.currency"}.get(node, node) if isinstance(node, str) else node


@pytest.mark.parametrize(("body", "pointers"), ALONE.values(), ids=ALONE)
def test_an_amount_needs_its_currency(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, body: Body, pointers: list[str]
) -> None:
    for client, sent in ((api, body), (first_api, _older(body))):
        answer = client.post("/v1/deals/search", json=sent)
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(pointer, "currency-required") for pointer in pointers]


def test_an_amount_beside_its_currency_is_read_with_its_digits(stack: Stack, api: httpx.Client, corpus: Corpus) -> None:
    yen = POUNDS | {"value": "JPY"}
    for filters in ([yen, TEN | {"value": "1500.00"}], [{"any": [{"all": [yen, TEN]}, POUNDS]}]):
        assert found(api, "deals", filters=[corpus.only("deals"), *filters])
    answer = api.post("/v1/deals/search", json={"filters": [yen, TEN | {"value": "1.5"}]})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/filters/1/value", "too-many-decimals")]
    nothing = {"field": "amount", "operator": "is_null", "value": True}
    assert found(api, "deals", filters=[corpus.only("deals"), nothing]), "needs none"


TEXTS = (
    "ada",
    "ADA",
    "ang",
    "Ångström",
    "søn",
    "o neil",
    "O'Neil",
    "50",
    "50 off",
    "zoe o",
    "love ada",
    "a.example",
    "dge",
    "budget cfo",
    "strong",
    "+4420",
    "fleet",
    "e mail prefers",
    "%",
    "sure 100",
    "no such word",
    "renewal call",
)


@six
def test_every_word_begins_a_word(api: httpx.Client, corpus: Corpus, resource: str) -> None:
    fields = [row.name for row in MEMBERS[resource] if row.text]
    records = corpus.of(resource)
    hits = 0
    for text in TEXTS:
        expected = {record["id"] for record in records if speaks_of(record, fields, text)}
        assert set(found(api, resource, filters=[corpus.only(resource)], search_text=text)) == expected, text
        hits += 0 < len(expected) < len(records)
    assert hits > 1, "some texts tell records apart"


@six
def test_every_searched_field_is_found_and_no_other(api: httpx.Client, world: World, resource: str) -> None:
    for row in MEMBERS[resource]:
        if row.kind not in ("line", "text", "email") or row.write != "cu":
            continue
        word = unique("w")
        value = f"{word}@a.example" if row.kind == "email" else f"Élan {word}"
        record = world.new(resource, **{row.name: value})
        ids = found(api, resource, search_text=word[:20].upper())
        assert ids == ([record["id"]] if row.text else []), row.name


@six
def test_a_written_record_is_found_at_once(api: httpx.Client, world: World, resource: str) -> None:
    for _ in range(3):
        record = world.new(resource, external_id=unique("erp:"))
        condition = {"field": "external_id", "operator": "eq", "value": record["external_id"]}
        assert found(api, resource, filters=[condition]) == [record["id"]]
        api.delete(world.path(resource, record))
        assert found(api, resource, filters=[condition]) == []


SORTED = [(resource, row.name) for resource in SIX for row in MEMBERS[resource] if row.sort]


@pytest.mark.parametrize(("resource", "key"), SORTED, ids=[f"{resource}.{key}" for resource, key in SORTED])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_an_order_is_walked_to_its_end(
    stack: Stack, api: httpx.Client, world: World, corpus: Corpus, resource: str, key: str, direction: str
) -> None:
    records = corpus.of(resource)
    filters = [corpus.only(resource)]
    if key == "amount":
        records, filters = [record for record in records if record["currency"] == "GBP"], [*filters, POUNDS]
    expected = ordered(records, key, descending=direction == "desc")
    body = {"filters": filters, "order_by": key, "sort_direction": direction, "limit": 5}
    assert [row["id"] for row in world.walk(f"/v1/{resource}/search", {"fields": "id"}, body)] == expected
    params = {"order_by": key, "sort_direction": direction, "limit": "7", "fields": "id"}
    ids = {"ids": ",".join(record["id"] for record in records)}
    if key == "amount":
        answer = api.get(f"/v1/{resource}", params=params)
        problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
        assert items(problem) == [("order_by", "not-sortable")]
    else:
        assert [row["id"] for row in world.walk(f"/v1/{resource}", params | ids)] == expected


@six
def test_an_order_must_be_one_that_sorts(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, resource: str
) -> None:
    older = {"amount": "value.amount", "due_at": "due_date"}
    for client in (api, first_api):
        keys = [row.name for row in MEMBERS[resource] if row.sort]
        shown = [older.get(key, key) for key in keys] if client is first_api else keys
        unsorted = [row.name for row in MEMBERS[resource] if not row.sort] + ["nothing", "", "value", "due_day"]
        other = older if client is first_api else {new: old for old, new in older.items()}
        for name in (*unsorted, *[key for key in other if key not in shown]):
            answer = client.post(f"/v1/{resource}/search", json={"order_by": name})
            problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
            assert items(problem) == [("/order_by", "not-sortable")], name
            assert problem["errors"][0]["allowed"] == shown
            answer = client.get(f"/v1/{resource}", params={"order_by": name})
            problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
            assert items(problem) == [("order_by", "not-sortable")]
            assert problem["errors"][0]["allowed"] == [key for key in shown if key not in ("amount", "value.amount")]


@six
def test_a_total_counts_what_is_found(api: httpx.Client, corpus: Corpus, resource: str) -> None:
    records = corpus.of(resource)
    body = {"filters": [corpus.only(resource)], "limit": 3}
    page = api.post(f"/v1/{resource}/search", params={"include_total": "true"}, json=body).json()
    assert (len(page["data"]), page["meta"]["total"]) == (3, len(records))
    following = body | {"cursor": page["meta"]["cursor"]["next"]}
    assert api.post(f"/v1/{resource}/search", params={"include_total": "true"}, json=following).json()["meta"][
        "total"
    ] == len(records)
    assert (
        "total" not in api.post(f"/v1/{resource}/search", params={"include_total": "false"}, json=body).json()["meta"]
    )
