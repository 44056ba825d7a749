"""A business's own fields: their definitions, and values of every type on every resource that has them."""

from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, least
from tests.conformance.values import bad_values, good_values
from tests.conformance.world import World, nobodys
from tests.spec.operations import FIRST, VERSIONS
from tests.spec.resources import CUSTOM_GROUPS, WITH_CUSTOM, Member, names
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

Bad = list[tuple[Any, str, str]]
LIKE = {
    "text": "line(255)",
    "long_text": "text(5000)",
    "boolean": "bool",
    "date": "date",
    "datetime": "datetime",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "user": "id(usr)",
}
"""The types whose values are those of a member's type."""
every = pytest.mark.parametrize("resource", WITH_CUSTOM)
typed = pytest.mark.parametrize("kind", CUSTOM_GROUPS)


def _like(kind: str) -> Member:
    return Member("own", LIKE[kind], "o", "Y", "cu", None, None, False, False)


def _options(definition: Body) -> list[str]:
    return [option["value"] for option in definition["options"]]


def _good(definition: Body, world: World) -> list[tuple[Any, Any]]:
    match definition["type"]:
        case "number":
            return [(25, 25), (-1.5, -1.5), (10**12, 10**12), (0.000001, 0.000001), (2.50, 2.5), (0, 0), (7.0, 7)]
        case "select":
            return [(word, word) for word in _options(definition)]
        case "multi_select":
            options = _options(definition)
            return [(options, options), (options[::-1], options[::-1]), (options[:1], options[:1])]
        case "user":
            return [(world.id_of("users"), world.id_of("users"))]
    return good_values(_like(definition["type"]))


def _bad(definition: Body, inactive: str) -> Bad:
    match definition["type"]:
        case "number":
            bad: Bad = [(value, "", "invalid-type") for value in ("5", True, [], {})]
            bad += [(value, "", "out-of-range") for value in (10**12 + 1, -(10**12) - 1, 1e300)]
            return [*bad, (0.0000001, "", "too-many-decimals"), (1.1234567, "", "too-many-decimals")]
        case "select":
            return [
                (5, "", "invalid-type"),
                (["gold"], "", "invalid-type"),
                ("", "", "unknown-value"),
                (_options(definition)[0].upper(), "", "unknown-value"),
            ]
        case "multi_select":
            one = _options(definition)[0]
            return [
                (one, "", "invalid-type"),
                ([5], "/0", "invalid-type"),
                ([None], "/0", "not-nullable"),
                ([one, "x"], "/1", "unknown-value"),
                ([one, one], "/1", "duplicate-item"),
                ([one] * 51, "", "too-many-items"),
            ]
        case "user":
            return [*bad_values(_like("user")), (inactive, "", "reference-not-found")]
    return bad_values(_like(definition["type"]))


def _definition(api: httpx.Client, resource: str, kind: str) -> Body:
    [row] = api.get("/v1/custom_fields", params={"resource": resource, "type": kind}).json()["data"]
    return dict(row)


@every
@typed
@pytest.mark.parametrize("version", VERSIONS)
def test_values_come_back_normalised(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str, kind: str, version: str
) -> None:
    client = first_api if version == FIRST else api
    definition = _definition(api, resource, kind)
    key = definition["key"]
    record = world.new(resource)
    path = world.path(resource, record)
    for given, shown in _good(definition, world):
        answer = client.patch(path, json={"custom_fields": {key: given}})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["custom_fields"] == {key: shown}
        assert client.get(path).json() == answer.json()
    for nothing in (None, *([[]] if kind == "multi_select" else [])):
        client.patch(path, json={"custom_fields": {key: given}})
        assert client.patch(path, json={"custom_fields": {key: nothing}}).json()["data"]["custom_fields"] == {}
    made = world.new(resource, custom_fields={key: given})
    assert made["custom_fields"] == {key: shown}


@every
@typed
def test_bad_values_are_told_at_their_key(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str, kind: str
) -> None:
    definition = _definition(api, resource, kind)
    inactive = api.get("/v1/users", params={"status": "inactive"}).json()["data"][0]["id"]
    for number, (value, below, code) in enumerate(_bad(definition, inactive)):
        body = {"custom_fields": {definition["key"]: value}}
        client = first_api if number % 2 else api
        for answer in (
            client.post(world.collection(resource), json=least(resource, world) | body),
            client.patch(world.path(resource, world.one(resource)), json=body),
        ):
            problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
            assert items(problem) == [(f"/custom_fields/{definition['key']}{below}", code)], value
            if code == "unknown-value":
                assert problem["errors"][0]["allowed"] == _options(definition)


@every
def test_a_patch_merges_key_by_key(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    number, text = (_definition(api, resource, kind)["key"] for kind in ("number", "text"))
    record = world.new(resource, custom_fields={number: 5, text: "a"})
    path = world.path(resource, record)
    assert api.patch(path, json={"custom_fields": {number: 6}}).json()["data"]["custom_fields"] == {
        number: 6,
        text: "a",
    }
    assert api.patch(path, json={"custom_fields": {text: None}}).json()["data"]["custom_fields"] == {number: 6}
    assert api.patch(path, json={"custom_fields": {}}).json()["data"]["custom_fields"] == {number: 6}
    unknown = {"custom_fields": {f"{number}s": 1, text: 5, "x": None}}
    problem = assert_problem(api.patch(path, json=unknown), "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [
        (f"/custom_fields/{number}s", "unknown-member"),
        (f"/custom_fields/{text}", "invalid-type"),
        ("/custom_fields/x", "unknown-member"),
    ]
    assert problem["errors"][0]["did_you_mean"] == number


def test_definitions_say_what_there_is(api: httpx.Client) -> None:
    rows = api.get("/v1/custom_fields", params={"limit": "200"}).json()["data"]
    assert all(tuple(row) == names("custom_fields") for row in rows)
    assert {(row["resource"], row["type"]) for row in rows} >= {
        (resource, kind) for resource in WITH_CUSTOM for kind in CUSTOM_GROUPS
    }
    for row in rows:
        assert bool(row["options"]) is (row["type"] in ("select", "multi_select"))
        assert all(set(option) == {"value", "label"} for option in row["options"])
    keys = [(row["resource"], row["key"]) for row in rows]
    assert len(keys) == len(set(keys))
    of_deals = api.get("/v1/custom_fields", params={"resource": "deals", "limit": "200"}).json()["data"]
    assert sorted(row["id"] for row in of_deals) == sorted(row["id"] for row in rows if row["resource"] == "deals")


def test_an_unknown_resource_has_no_definitions(stack: Stack, api: httpx.Client) -> None:
    answer = api.get("/v1/custom_fields", params={"resource": "leads", "type": "words"})
    problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert items(problem) == [("resource", "unknown-value"), ("type", "unknown-value")]
    assert problem["errors"][0]["allowed"] == ["contacts", "companies", "deals"]
    assert api.get(f"/v1/users/{nobodys('users')}").status_code == 404
