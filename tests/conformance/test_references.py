"""Ids in bodies: what they must name, and what becomes of a link when its target goes."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, least, unique
from tests.conformance.world import World, nobodys
from tests.spec.operations import SIX
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

LINKS = {"contact_id": "contacts", "company_id": "companies", "deal_id": "deals"}
REFERENCES = [
    ("contacts", "company_id", "companies"),
    ("deals", "company_id", "companies"),
    ("deals", "contact_ids", "contacts"),
    *[(resource, name, target) for resource in ("tasks", "notes", "activities") for name, target in LINKS.items()],
]
every = pytest.mark.parametrize(("resource", "name", "target"), REFERENCES, ids=lambda value: value)
six = pytest.mark.parametrize("resource", SIX)


@pytest.fixture(scope="module")
def member(stack: Stack) -> Iterator[httpx.Client]:
    """A user who may write, but only its own records."""
    with stack.caller(role="member", user=13) as client:
        yield client


def _value(name: str, record_id: str) -> tuple[Any, str]:
    return ([record_id], f"/{name}/0") if name.endswith("_ids") else (record_id, f"/{name}")


def _refused(stack: Stack, answer: httpx.Response) -> list[tuple[str, str]]:
    return items(assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url))


@every
def test_a_link_must_name_a_live_record_of_ours(
    stack: Stack, api: httpx.Client, world: World, their_world: World, resource: str, name: str, target: str
) -> None:
    deleted = world.new(target)
    api.delete(world.path(target, deleted))
    for record_id in (nobodys(target), their_world.id_of(target), deleted["id"]):
        value, pointer = _value(name, record_id)
        body = least(resource, world) | {name: value}
        assert _refused(stack, api.post(world.collection(resource), json=body)) == [(pointer, "reference-not-found")]
        answer = api.patch(world.path(resource, world.one(resource)), json={name: value})
        assert _refused(stack, answer) == [(pointer, "reference-not-found")]


@every
def test_a_link_outlives_its_target(
    stack: Stack, api: httpx.Client, world: World, resource: str, name: str, target: str
) -> None:
    linked = world.new(target)
    value, _ = _value(name, linked["id"])
    holder = world.new(resource, **{name: value})
    path = world.path(resource, holder)
    api.delete(world.path(target, linked))
    assert api.get(path).json()["data"] == holder
    assert api.patch(path, json={name: value}).json()["data"] == holder, "re-sending a stored one is fine"
    api.post(f"{world.path(target, linked)}/restore")
    assert api.get(path).json()["data"] == holder


def test_only_the_elements_that_a_write_adds_are_checked(stack: Stack, api: httpx.Client, world: World) -> None:
    gone, there = world.new("contacts"), world.new("contacts")
    deal = world.new("deals", contact_ids=[gone["id"]])
    api.delete(world.path("contacts", gone))
    path = world.path("deals", deal)
    answer = api.patch(path, json={"contact_ids": [there["id"], gone["id"]]})
    assert answer.json()["data"]["contact_ids"] == [there["id"], gone["id"]]
    answer = api.patch(path, json={"contact_ids": [there["id"], nobodys("contacts")]})
    assert _refused(stack, answer) == [("/contact_ids/1", "reference-not-found")]
    answer = api.patch(path, json={"contact_ids": [there["id"], there["id"]]})
    assert _refused(stack, answer) == [("/contact_ids/1", "duplicate-item")]


def _earlier_refusals(world: World, resource: str) -> list[tuple[str, str, dict[str, str]]]:
    """Records that are not there, not as the caller knows it, or not the caller's, and what a write of each is told."""
    deleted, live = world.new(resource), world.new(resource)
    world.client.delete(world.path(resource, deleted))
    return [
        (nobodys(resource), "resource-not-found", {}),
        (deleted["id"], "resource-deleted", {}),
        (live["id"], "precondition-failed", {"If-Match": '"r9-aaaaaaa"'}),
        (live["id"], "insufficient-permission", {}),
    ]


@every
def test_existence_revision_and_permission_come_before_links(
    stack: Stack, world: World, member: httpx.Client, resource: str, name: str, target: str
) -> None:
    gone = world.new(target)
    world.client.delete(world.path(target, gone))
    for link in (nobodys(target), gone["id"]):
        value, _ = _value(name, link)
        for record_id, code, headers in _earlier_refusals(world, resource):
            path = f"{world.collection(resource)}/{record_id}"
            answer = member.patch(path, json={name: value}, headers=headers)
            assert_problem(answer, code, decided=True, api_url=stack.api_url)
            entry = {
                "id": record_id,
                "patch": {name: value},
                **({"if_match": tag} if (tag := headers.get("If-Match")) else {}),
            }
            items_of_a_batch = {"items": [entry]}
            told = member.post(f"{world.collection(resource)}/batch/update", json=items_of_a_batch).json()["data"][0]
            assert told["error"]["code"] == code, link


def test_several_dead_links_of_one_array_wait_for_their_turn_too(
    stack: Stack, world: World, their_world: World, member: httpx.Client
) -> None:
    links = {"contact_ids": [nobodys("contacts"), their_world.id_of("contacts")]}
    for record_id, code, headers in _earlier_refusals(world, "deals"):
        answer = member.patch(f"/v1/deals/{record_id}", json=links, headers=headers)
        assert_problem(answer, code, decided=True, api_url=stack.api_url)
    answer = world.client.patch(world.path("deals", world.one("deals")), json=links)
    both = [("/contact_ids/0", "reference-not-found"), ("/contact_ids/1", "reference-not-found")]
    assert _refused(stack, answer) == both


def test_a_closed_door_comes_before_where_a_deal_is_moved_to(stack: Stack, world: World, member: httpx.Client) -> None:
    deal = world.new("deals")
    path = f"{world.path('deals', deal)}/move"
    answer = member.post(path, json={"stage_id": nobodys("stages")})
    assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
    world.client.delete(world.path("deals", deal))
    answer = world.client.post(path, json={"stage_id": nobodys("stages")})
    assert_problem(answer, "resource-deleted", decided=True, api_url=stack.api_url)


@six
def test_whom_a_record_may_be_given_to_comes_before_whether_there_is_such_a_user(
    stack: Stack, world: World, member: httpx.Client, resource: str
) -> None:
    body = least(resource, world) | {"owner_id": nobodys("users"), "external_id": unique("erp:")}
    collection = world.collection(resource)
    for path in (collection, f"{collection}/upsert?on=external_id"):
        problem = assert_problem(
            member.post(path, json=body), "insufficient-permission", decided=True, api_url=stack.api_url
        )
        assert items(problem) == [("/owner_id", "not-permitted")]
    for path in (f"{collection}/batch/create", f"{collection}/batch/upsert?on=external_id"):
        told = member.post(path, json={"items": [body]}).json()["data"][0]
        assert items(told["error"]) == [("/owner_id", "not-permitted")]


@six
def test_an_owner_must_be_an_active_user_of_ours(
    stack: Stack, api: httpx.Client, world: World, their_world: World, resource: str
) -> None:
    inactive = api.get("/v1/users", params={"status": "inactive"}).json()["data"][0]["id"]
    for user in (inactive, their_world.id_of("users"), nobodys("users")):
        body = least(resource, world) | {"owner_id": user}
        assert _refused(stack, api.post(world.collection(resource), json=body)) == [
            ("/owner_id", "reference-not-found")
        ]
        answer = api.patch(world.path(resource, world.one(resource)), json={"owner_id": user})
        assert _refused(stack, answer) == [("/owner_id", "reference-not-found")]


@pytest.mark.parametrize("resource", ["notes", "activities"])
def test_a_note_or_activity_is_about_something(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    def broken(answer: httpx.Response) -> None:
        problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
        assert problem["rule"] == "link-required"
        assert items(problem) == [("", "rule-violated")]

    body = least(resource, world)
    unlinked = {name: value for name, value in body.items() if name not in LINKS}
    broken(api.post(world.collection(resource), json=unlinked))
    broken(api.post(world.collection(resource), json=unlinked | dict.fromkeys(LINKS)))
    company = world.new("companies")
    record = world.new(resource, **(dict.fromkeys(LINKS) | {"company_id": company["id"]}))
    path = world.path(resource, record)
    broken(api.patch(path, json={"company_id": None}))
    moved = api.patch(path, json={"company_id": None, "contact_id": world.id_of("contacts")})
    assert moved.status_code == 200
    assert api.patch(path, json={"company_id": company["id"], "contact_id": None}).status_code == 200
    api.delete(world.path("companies", company))
    assert api.patch(path, json={"external_id": None}).status_code == 200, "a link to a deleted record counts"


@pytest.mark.parametrize("name", ["first_name", "last_name", "email", "phone"])
def test_a_contact_can_be_known_by_any_one_of_four(stack: Stack, api: httpx.Client, world: World, name: str) -> None:
    value = {"email": f"{world.new('contacts')['id'].lower()}@a.example", "phone": "+442079460958"}.get(name, "Ada")
    nameless: Body = dict.fromkeys(("first_name", "last_name", "email", "phone"))
    contact = world.new("contacts", **(nameless | {name: value}))
    for answer in (
        api.patch(world.path("contacts", contact), json={name: None}),
        api.post("/v1/contacts", json=nameless | {"source": "fair"}),
    ):
        problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
        assert (problem["rule"], items(problem)) == ("contact-needs-identity", [("", "rule-violated")])
    assert contact["full_name"] == (value if name.endswith("_name") else None)
