"""Pipelines and their stages: names, positions, the default mark, what is in use, and the limits."""

from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, unique
from tests.conformance.world import World
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack


def _broken(stack: Stack, answer: httpx.Response, rule: str, told: list[tuple[str, str]]) -> None:
    problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
    assert (problem["rule"], items(problem)) == (rule, told)


def _stages(api: httpx.Client, pipeline: Body) -> list[str]:
    """Names by position; the pipeline and the list say the same."""
    path = f"/v1/pipelines/{pipeline['id']}"
    shown = api.get(path).json()["data"]["stages"]
    assert [stage["position"] for stage in shown] == list(range(len(shown)))
    assert api.get(f"{path}/stages").json()["data"] == shown
    return [stage["name"] for stage in shown]


def _of(api: httpx.Client, pipeline: Body, name: str) -> Body:
    stages = api.get(f"/v1/pipelines/{pipeline['id']}").json()["data"]["stages"]
    return next(dict(stage) for stage in stages if stage["name"] == name)


def _named(*names: str) -> list[Body]:
    return [{"name": name} for name in names]


def test_stages_come_with_their_pipeline(api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines", stages=[{"name": " Intro "}, {"name": "Signed", "probability": 90}])
    assert [(each["name"], each["position"], each["probability"]) for each in pipeline["stages"]] == [
        ("Intro", 0, 0),
        ("Signed", 1, 90),
    ]
    assert all(each["pipeline_id"] == pipeline["id"] and each["deleted_at"] is None for each in pipeline["stages"])
    assert pipeline["is_default"] is False


BAD_STAGES: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "null": (None, [("", "not-nullable")]),
    "an object": ({}, [("", "invalid-type")]),
    "none": ([], [("", "too-few-items")]),
    "too many": (_named(*(f"s{n}" for n in range(51))), [("", "too-many-items")]),
    "twins in another case": (_named("Intro", "Signed", "INTRO"), [("/2/name", "duplicate-item")]),
    "no objects": ([5, None], [("/0", "invalid-type"), ("/1", "not-nullable")]),
    "nameless": (
        [{}, {"name": None}, {"name": ""}],
        [("/0/name", "required"), ("/1/name", "not-nullable"), ("/2/name", "too-short")],
    ),
    "improbable": (
        [{"name": "a", "probability": 101}, {"name": "b", "probability": None}],
        [("/0/probability", "out-of-range"), ("/1/probability", "not-nullable")],
    ),
    "placed": ([{"name": "a", "position": 0}], [("/0/position", "unknown-member")]),
}


@pytest.mark.parametrize(("stages", "told"), BAD_STAGES.values(), ids=BAD_STAGES)
def test_refuses_stages(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, stages: Any, told: list[tuple[str, str]]
) -> None:
    for client in (api, first_api):
        answer = client.post("/v1/pipelines", json={"name": unique(), "stages": stages})
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(f"/stages{below}", code) for below, code in told]


def test_a_written_position_shifts_the_rest(api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines", stages=_named("a", "b", "c"))
    path = f"/v1/pipelines/{pipeline['id']}/stages"
    assert api.post(path, json={"name": "x", "position": 1}).status_code == 201
    assert _stages(api, pipeline) == ["a", "x", "b", "c"]
    assert api.post(path, json={"name": "last"}).json()["data"]["position"] == 4
    assert api.post(path, json={"name": "end", "position": 49}).json()["data"]["position"] == 5
    for name, position, order in (
        ("c", 0, ["c", "a", "x", "b", "last", "end"]),
        ("c", 49, ["a", "x", "b", "last", "end", "c"]),
        ("last", 1, ["a", "last", "x", "b", "end", "c"]),
        ("last", 1, ["a", "last", "x", "b", "end", "c"]),
    ):
        moved = api.patch(f"{path}/{_of(api, pipeline, name)['id']}", json={"position": position}).json()["data"]
        assert moved["position"] == order.index(name)
        assert _stages(api, pipeline) == order
    gone = _of(api, pipeline, "x")
    assert api.delete(f"{path}/{gone['id']}").status_code == 204
    assert _stages(api, pipeline) == ["a", "last", "b", "end", "c"]
    assert api.get(f"{path}/{gone['id']}", params={"deleted": "include"}).json()["data"]["position"] == 2
    assert api.post(f"{path}/{gone['id']}/restore").json()["data"]["position"] == 5
    assert _stages(api, pipeline) == ["a", "last", "b", "end", "c", "x"]


def test_a_stage_write_shows_in_all_that_it_moves(api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines", stages=_named("a", "b", "c"))
    path = f"/v1/pipelines/{pipeline['id']}"
    a, b, c = pipeline["stages"]
    api.patch(f"{path}/stages/{b['id']}", json={"position": 0})
    after = api.get(path).json()["data"]
    assert after["etag"] != pipeline["etag"]
    assert after["updated_at"] > pipeline["updated_at"]
    by_id = {stage["id"]: stage for stage in after["stages"]}
    assert by_id[c["id"]] == c, "it did not shift"
    for moved in (a, b):
        assert by_id[moved["id"]]["etag"] != moved["etag"]
        assert by_id[moved["id"]]["updated_at"] > moved["updated_at"]
    same = api.patch(f"{path}/stages/{b['id']}", json={"position": 0, "name": "b"})
    assert same.json()["data"] == by_id[b["id"]]
    assert api.get(path).json()["data"] == after


def test_names_are_taken_in_any_case(stack: Stack, api: httpx.Client, world: World) -> None:
    name = unique("Sales ")
    holder, other = world.new("pipelines", name=name), world.new("pipelines")
    stages = f"/v1/pipelines/{holder['id']}/stages"
    taken_stage, other_stage = holder["stages"]
    for answer, existing in (
        (api.post("/v1/pipelines", json={"name": name.upper(), "stages": _named("a")}), holder["id"]),
        (api.patch(f"/v1/pipelines/{other['id']}", json={"name": name.lower()}), holder["id"]),
        (api.post(stages, json={"name": taken_stage["name"].upper()}), taken_stage["id"]),
        (api.patch(f"{stages}/{other_stage['id']}", json={"name": taken_stage["name"].lower()}), taken_stage["id"]),
    ):
        problem = assert_problem(answer, "duplicate-resource", decided=True, api_url=stack.api_url)
        assert (problem["field"], problem["existing_id"]) == ("name", existing)
        assert items(problem) == [("/name", "duplicate-value")]
    respelt = api.patch(f"/v1/pipelines/{holder['id']}", json={"name": name.upper()})
    assert respelt.json()["data"]["name"] == name.upper()
    assert api.post(f"/v1/pipelines/{other['id']}/stages", json={"name": unique()}).status_code == 201


def test_a_restore_finds_its_name_taken(stack: Stack, api: httpx.Client, world: World) -> None:
    old = world.new("pipelines", stages=_named("a", "b"))
    stage = f"/v1/pipelines/{old['id']}/stages/{old['stages'][0]['id']}"
    api.delete(stage)
    api.post(f"/v1/pipelines/{old['id']}/stages", json={"name": "A"})
    problem = assert_problem(api.post(f"{stage}/restore"), "duplicate-resource", decided=True, api_url=stack.api_url)
    assert (problem["field"], problem["errors"]) == ("name", [])
    api.delete(f"/v1/pipelines/{old['id']}")
    world.new("pipelines", name=old["name"])
    answer = api.post(f"/v1/pipelines/{old['id']}/restore")
    problem = assert_problem(answer, "duplicate-resource", decided=True, api_url=stack.api_url)
    assert (problem["field"], problem["errors"]) == ("name", [])


def test_exactly_one_pipeline_is_the_default(stack: Stack, stranger: httpx.Client, their_world: World) -> None:
    """In the other business, where no test counts on the default."""
    api = stranger
    [former] = api.get("/v1/pipelines", params={"is_default": "true"}).json()["data"]
    path = f"/v1/pipelines/{former['id']}"
    _broken(stack, api.patch(path, json={"is_default": False}), "default-pipeline", [("/is_default", "rule-violated")])
    _broken(stack, api.delete(path), "default-pipeline", [])
    taken = their_world.new("pipelines", is_default=True)
    after = api.get(path).json()["data"]
    assert (taken["is_default"], after["is_default"]) == (True, False)
    assert after["etag"] != former["etag"]
    assert api.get("/v1/pipelines", params={"is_default": "true"}).json()["data"] == [taken]
    deal = api.post("/v1/deals", json={"title": "Fleet"}).json()["data"]
    assert deal["stage_id"] == taken["stages"][0]["id"]
    api.delete(f"/v1/deals/{deal['id']}")
    back = api.patch(path, json={"is_default": True}).json()["data"]
    assert back["is_default"] is True
    assert api.get(f"/v1/pipelines/{taken['id']}").json()["data"]["is_default"] is False
    assert api.patch(path, json={"is_default": True}).json()["data"] == back
    assert api.patch(f"/v1/pipelines/{taken['id']}", json={"is_default": False}).status_code == 200


def test_a_restored_pipeline_is_not_the_default(stranger: httpx.Client, their_world: World) -> None:
    [former] = stranger.get("/v1/pipelines", params={"is_default": "true"}).json()["data"]
    once = their_world.new("pipelines", is_default=True)
    stranger.patch(f"/v1/pipelines/{former['id']}", json={"is_default": True})
    stranger.delete(f"/v1/pipelines/{once['id']}")
    assert stranger.post(f"/v1/pipelines/{once['id']}/restore").json()["data"]["is_default"] is False


@pytest.mark.parametrize("status", ["open", "won", "lost"])
def test_what_holds_live_deals_cannot_go(stack: Stack, api: httpx.Client, world: World, status: str) -> None:
    pipeline = world.new("pipelines")
    stage = pipeline["stages"][1]
    deal = world.new("deals", stage_id=stage["id"], status=status)
    path = f"/v1/pipelines/{pipeline['id']}"
    for each in (path, f"{path}/stages/{stage['id']}"):
        problem = assert_problem(api.delete(each), "resource-in-use", decided=True, api_url=stack.api_url)
        assert problem["errors"] == []
    api.delete(world.path("deals", deal))
    assert api.delete(f"{path}/stages/{stage['id']}").status_code == 204
    _broken(stack, api.delete(f"{path}/stages/{pipeline['stages'][0]['id']}"), "last-stage", [])
    assert api.delete(path).status_code == 204


def test_stages_go_and_return_with_their_pipeline(stack: Stack, api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines", stages=_named("a", "b", "c"))
    path = f"/v1/pipelines/{pipeline['id']}"
    gone = pipeline["stages"][1]
    api.delete(f"{path}/stages/{gone['id']}")
    api.delete(path)
    stage = f"{path}/stages/{pipeline['stages'][0]['id']}"
    for method, each in (
        ("GET", f"{path}/stages"),
        ("GET", stage),
        ("PATCH", stage),
        ("DELETE", stage),
        ("POST", f"{stage}/restore"),
        ("POST", f"{path}/stages"),
    ):
        sent = {"json": {"name": unique()}} if (method, each) in (("PATCH", stage), ("POST", f"{path}/stages")) else {}
        answer = api.request(method, each, **sent)
        assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)
    restored = api.post(f"{path}/restore").json()["data"]
    assert [each["name"] for each in restored["stages"]] == ["a", "c"]
    assert _stages(api, pipeline) == ["a", "c"]


def test_a_stage_of_another_pipeline_is_not_there(stack: Stack, api: httpx.Client, world: World) -> None:
    here, there = world.new("pipelines"), world.new("pipelines")
    path = f"/v1/pipelines/{here['id']}/stages/{there['stages'][0]['id']}"
    for method, sent in (("GET", {}), ("PATCH", {"json": {"probability": 1}}), ("DELETE", {})):
        answer = api.request(method, path, **sent)
        assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)
    assert_problem(api.post(f"{path}/restore"), "resource-not-found", decided=True, api_url=stack.api_url)


def test_a_pipeline_has_at_most_fifty_live_stages(stack: Stack, api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines", stages=_named(*(f"s{n}" for n in range(50))))
    path = f"/v1/pipelines/{pipeline['id']}/stages"
    _broken(stack, api.post(path, json={"name": "one more"}), "limit-reached", [])
    gone = pipeline["stages"][7]
    api.delete(f"{path}/{gone['id']}")
    assert api.post(path, json={"name": "one more"}).status_code == 201
    _broken(stack, api.post(f"{path}/{gone['id']}/restore"), "limit-reached", [])


def test_a_business_has_at_most_fifty_live_pipelines(stack: Stack, stranger: httpx.Client) -> None:
    live = {row["id"] for row in stranger.get("/v1/pipelines", params={"limit": "200"}).json()["data"]}
    made: list[str] = []
    while len(live) + len(made) < 50:
        answer = stranger.post("/v1/pipelines", json={"name": unique(), "stages": _named("a")})
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["data"]["id"])
    body = {"name": unique(), "stages": _named("a")}
    _broken(stack, stranger.post("/v1/pipelines", json=body), "limit-reached", [])
    stranger.delete(f"/v1/pipelines/{made[0]}")
    last = stranger.post("/v1/pipelines", json=body).json()["data"]["id"]
    _broken(stack, stranger.post(f"/v1/pipelines/{made[0]}/restore"), "limit-reached", [])
    for each in (*made[1:], last):
        assert stranger.delete(f"/v1/pipelines/{each}").status_code == 204


def test_stages_are_listed_by_position_or_otherwise(api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines", stages=_named("a", "b", "c"))
    path = f"/v1/pipelines/{pipeline['id']}/stages"
    api.patch(f"{path}/{pipeline['stages'][2]['id']}", json={"position": 0})

    def names(**params: str) -> list[str]:
        return [stage["name"] for stage in api.get(path, params=params).json()["data"]]

    assert names() == ["c", "a", "b"]
    assert names(sort_direction="desc") == ["b", "a", "c"]
    assert names(order_by="created_at", sort_direction="asc") == ["a", "b", "c"]
    assert names(limit="2") == ["c", "a"]
    assert [each["name"] for each in world.walk(path, {"limit": "1"})] == ["c", "a", "b"]
