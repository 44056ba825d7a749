"""Search of what a business has few of: pipelines, stages, users and custom fields, against the model."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body
from tests.conformance.model import holds, ordered, speaks_of, value_of
from tests.conformance.world import World
from tests.spec.operations import RATE_HEADERS
from tests.spec.resources import MEMBERS, OPERATORS
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

FOUR = ("pipelines", "stages", "users", "custom_fields")
four = pytest.mark.parametrize("resource", FOUR)
FILTERED = [(resource, row.name) for resource in FOUR for row in MEMBERS[resource] if row.group]


@pytest.fixture(scope="module")
def path(world: World) -> Callable[[str], str]:
    """The path of a collection."""
    pipeline = world.new("pipelines", name="Zoë's Pipeline 2", stages=[{"name": name} for name in ("Neu", "Geprüft")])
    world.new("pipelines", name="50%_off")

    def of(resource: str) -> str:
        return f"/v1/pipelines/{pipeline['id']}/stages" if resource == "stages" else f"/v1/{resource}"

    return of


def searched(client: httpx.Client, path: str, **body: Any) -> Body:
    answer = client.post(f"{path}/search", json={"limit": 200} | body)
    assert answer.status_code == 200, (body, answer.text)
    return answer.json()  # type: ignore[no-any-return]


def everything(client: httpx.Client, path: str) -> list[Body]:
    return client.get(path, params={"limit": "200"}).json()["data"]  # type: ignore[no-any-return]


def ids(records: list[Body]) -> set[str]:
    return {record["id"] for record in records}


@four
def test_a_search_for_nothing_in_particular_is_the_list(
    api: httpx.Client, path: Callable[[str], str], resource: str
) -> None:
    listed = api.get(path(resource), params={"limit": "200"})
    answer = api.post(f"{path(resource)}/search", json={"filters": [], "search_text": " -&! ", "limit": 200})
    assert answer.json() == listed.json()
    assert all(name in answer.headers for name in RATE_HEADERS)
    assert answer.headers["X-RateLimit-Cost"] == "5"


@pytest.mark.parametrize(("resource", "field"), FILTERED, ids=[f"{resource}.{field}" for resource, field in FILTERED])
def test_an_operator_finds_what_it_means(
    api: httpx.Client, path: Callable[[str], str], resource: str, field: str
) -> None:
    row = next(row for row in MEMBERS[resource] if row.name == field)
    group, records = str(row.group), everything(api, path(resource))
    there = sorted({value_of(each, field) for each in records} - {None}, key=str)
    values = there[:3] or ["nothing such"]
    for operator in OPERATORS[group]:
        if operator == "is_null" and row.null != "Y":
            continue
        for value in _tests(operator, values):
            condition = {"field": field, "operator": operator, "value": value}
            found = ids(searched(api, path(resource), filters=[condition])["data"])
            assert found == {each["id"] for each in records if holds(each, condition, {field: group})}, condition
            negated = ids(searched(api, path(resource), filters=[{"not": condition}])["data"])
            assert negated == ids(records) - found, condition


def _tests(operator: str, values: list[Any]) -> list[Any]:
    match operator:
        case "in" | "not_in":
            return [values[:1], values]
        case "between":
            return [[values[0], values[-1]] if str(values[0]) <= str(values[-1]) else [values[0], values[0]]]
        case "contains":
            return [values[0][1:4], values[-1].upper(), "%"]
        case "starts_with":
            return [values[0][:2].upper(), "%"]
        case "is_null":
            return [True, False]
    return values


@four
def test_every_word_begins_a_word(api: httpx.Client, path: Callable[[str], str], resource: str) -> None:
    fields = [row.name for row in MEMBERS[resource] if row.text]
    records = everything(api, path(resource))
    assert fields
    first = next(value_of(each, fields[0]) for each in records)
    for text in (first, first[:3].upper(), "zoe pipel", "no such word", "geprueft", "geprüft"):
        expected = {each["id"] for each in records if speaks_of(each, fields, text)}
        assert ids(searched(api, path(resource), search_text=text)["data"]) == expected, text


@pytest.mark.parametrize("direction", ["asc", "desc"])
@four
def test_an_order_is_walked_to_its_end(
    api: httpx.Client, world: World, path: Callable[[str], str], resource: str, direction: str
) -> None:
    records = everything(api, path(resource))
    body = {"order_by": "updated_at", "sort_direction": direction, "limit": 1}
    if direction == "asc":  # the last page of a change feed gives a bookmark
        assert searched(api, path(resource), **(body | {"limit": 200}))["meta"]["cursor"]["next"]
    walked = [each["id"] for each in world.walk(f"{path(resource)}/search", {"fields": "id"}, body)]
    assert sorted(walked) == sorted(ids(records))
    by_creation = [each["id"] for each in world.walk(f"{path(resource)}/search", {}, {"order_by": "created_at"})]
    assert len(by_creation) == len(ordered(records, "created_at", descending=True))


def test_all_of_the_search_s_parameters_are_taken(api: httpx.Client, path: Callable[[str], str]) -> None:
    answer = api.post(
        f"{path('stages')}/search", params={"fields": "name", "include_total": "true", "deleted": "include"}, json={}
    )
    assert {frozenset(each) for each in answer.json()["data"]} == {frozenset({"id", "name"})}
    assert answer.json()["meta"]["total"] == len(answer.json()["data"])


@four
def test_a_wrong_search_is_told_at_its_place(
    stack: Stack, api: httpx.Client, path: Callable[[str], str], resource: str
) -> None:
    wrong = {"filters": [{"field": "nothing", "operator": "eq", "value": 1}], "order_by": "nothing", "fitlers": []}
    problem = assert_problem(
        api.post(f"{path(resource)}/search", json=wrong), "validation-failed", decided=True, api_url=stack.api_url
    )
    assert items(problem) == [
        ("/filters/0/field", "unknown-field"),
        ("/order_by", "not-sortable"),
        ("/fitlers", "unknown-member"),
    ]
