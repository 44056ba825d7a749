"""What a purge, thirty days after a delete, leaves of links: seen from outside."""

import time

import httpx

from tests.conformance.world import World
from tests.support.problems import assert_problem
from tests.support.stack import Stack

MONTH_MS = 31 * 24 * 3_600_000


def _purge(stack: Stack) -> None:
    transport = httpx.HTTPTransport(uds=str(stack.own_folder / "sandbox.sock"))
    with httpx.Client(transport=transport, base_url="http://sandbox") as inside:
        answer = inside.post("/purge", json={"now_ms": time.time_ns() // 1_000_000 + MONTH_MS})
        assert answer.status_code < 300, answer.text


def test_holders_lose_what_is_purged_and_a_change_feed_sees_it(breakable: Stack) -> None:
    with breakable.caller() as api:
        world = World(api)
        contact, kept, company = world.new("contacts"), world.new("contacts"), world.new("companies")
        deal = world.new("deals", contact_ids=[contact["id"], kept["id"]])
        task = world.new("tasks", contact_id=contact["id"])
        linked = world.new("notes", contact_id=contact["id"], company_id=company["id"])
        lone = world.new("notes", contact_id=contact["id"])
        path = world.path("contacts", contact)
        api.delete(path)
        assert world.read("notes", lone) == lone
        _purge(breakable)
        for answer in (
            api.get(path),
            api.get(path, params={"deleted": "include"}),
            api.post(f"{path}/restore"),
            api.patch(path, json={}),
            api.delete(path),
        ):
            assert_problem(answer, "resource-not-found", decided=True, api_url=breakable.api_url)
        for resource, before, name, after in (
            ("deals", deal, "contact_ids", [kept["id"]]),
            ("tasks", task, "contact_id", None),
            ("notes", linked, "contact_id", None),
        ):
            now = world.read(resource, before)
            assert now[name] == after
            assert now["etag"] != before["etag"]
            assert now["updated_at"] > before["updated_at"]
            assert now["deleted_at"] is None
        gone = world.read("notes", lone)
        assert gone["deleted_at"] is not None
        answer = api.post(f"{world.path('notes', lone)}/restore")
        problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=breakable.api_url)
        assert (problem["rule"], problem["errors"]) == ("link-required", [])
