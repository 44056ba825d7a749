"""Tasks: what a body may say of its status, and the two actions, row by row."""

import httpx
import pytest

from tests.conformance.examples import Body
from tests.conformance.world import World
from tests.spec.operations import FIRST, VERSIONS
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

THEN = "2025-03-04T10:00:00Z"
LATER = "2025-04-05T11:00:00Z"
OPEN: Body = {}
DONE = {"status": "completed", "completed_at": THEN}
ACTIONS: dict[str, tuple[Body, str, Body | None, Body]] = {
    "complete an open one": (OPEN, "complete", None, {"status": "completed", "completed_at": "now"}),
    "complete an open one, then": (OPEN, "complete", {"completed_at": THEN}, DONE),
    "complete an open one, null is now": (OPEN, "complete", {"completed_at": None}, DONE | {"completed_at": "now"}),
    "complete a completed one": (DONE, "complete", {}, DONE),
    "complete a completed one, null": (DONE, "complete", {"completed_at": None}, DONE),
    "complete a completed one, later": (DONE, "complete", {"completed_at": LATER}, DONE | {"completed_at": LATER}),
    "reopen a completed one": (DONE, "reopen", None, {"status": "open", "completed_at": None}),
    "reopen an open one": (OPEN, "reopen", {}, {"status": "open", "completed_at": None}),
}


@pytest.mark.parametrize(("start", "action", "body", "after"), ACTIONS.values(), ids=ACTIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_action(
    api: httpx.Client,
    first_api: httpx.Client,
    world: World,
    start: Body,
    action: str,
    body: Body | None,
    after: Body,
    version: str,
) -> None:
    task = world.new("tasks", **start)
    client = first_api if version == FIRST else api
    path = world.path("tasks", task)
    answer = client.post(f"{path}/{action}", **({} if body is None else {"json": body}))
    assert answer.status_code == 200, answer.text
    assert answer.json() == client.get(path).json()
    changed = api.get(path).json()["data"]
    for name, value in after.items():
        if value == "now":
            assert changed[name] >= task["created_at"]
        else:
            assert changed[name] == value, name
    kept = {name: changed[name] == task[name] for name in ("status", "completed_at")}
    assert (changed["etag"] == task["etag"]) is all(kept.values())


BAD_ACTIONS = {
    "complete in the future": ("complete", {"completed_at": "2099-01-01T00:00:00Z"}, ("/completed_at", "out-of-range")),
    "complete on no day": ("complete", {"completed_at": "x"}, ("/completed_at", "invalid-datetime")),
    "complete with another word": ("complete", {"closed_at": THEN}, ("/closed_at", "unknown-member")),
    "reopen with a word": ("reopen", {"completed_at": None}, ("/completed_at", "unknown-member")),
}


@pytest.mark.parametrize(("action", "body", "told"), BAD_ACTIONS.values(), ids=BAD_ACTIONS)
def test_refuses_to(
    stack: Stack, api: httpx.Client, world: World, action: str, body: Body, told: tuple[str, str]
) -> None:
    answer = api.post(f"{world.path('tasks', world.one('tasks'))}/{action}", json=body)
    assert items(assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)) == [told]


def test_a_create_says_nothing_against_its_status(stack: Stack, api: httpx.Client, first_api: httpx.Client) -> None:
    for client in (api, first_api):
        for status in ({}, {"status": "open"}):
            answer = client.post("/v1/tasks", json={"title": "x", "completed_at": THEN} | status)
            problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
            assert items(problem) == [("/completed_at", "not-applicable")]
            assert client.post("/v1/tasks", json={"title": "x", "completed_at": None} | status).status_code == 201


def test_a_completed_one_without_an_instant_was_completed_now(api: httpx.Client, world: World) -> None:
    for when in ({}, {"completed_at": None}):
        task = world.new("tasks", status="completed", **when)
        assert task["completed_at"] is not None
        assert api.patch(world.path("tasks", task), json={"title": "y"}).json()["data"]["status"] == "completed"
