"""Members, every one of every resource: who may write it, what it takes, what it refuses, where that is told."""

from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, as_first, least, unique
from tests.conformance.values import bad_values, good_values
from tests.conformance.world import World
from tests.spec.operations import SIX
from tests.spec.resources import FIRST_NAMES, MEMBERS, Member
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

WRITTEN = (*SIX, "pipelines", "stages")
ROWS = [(resource, row) for resource in WRITTEN for row in MEMBERS[resource]]
IDS = [f"{resource}.{row.name}" for resource, row in ROWS]


def some(*wanted: str) -> Any:
    """The members whose `write` is one of those."""
    rows = [(resource, row) for resource, row in ROWS if row.write in wanted]
    return pytest.mark.parametrize(("resource", "member"), rows, ids=[f"{name}.{row.name}" for name, row in rows])


def _renamed(resource: str, name: str) -> bool:
    return any(name in newer for newer in FIRST_NAMES.get(resource, {}).values())


def _beside(member: Member) -> Body:
    """What else the body of a create needs for a member to apply."""
    states = {"closed_at": "won", "lost_reason": "lost", "completed_at": "completed"}
    if member.name in states:
        return {"status": states[member.name]}
    return {"amount": "1"} if member.name == "currency" else {}


def _refused(stack: Stack, answer: httpx.Response) -> list[tuple[str, str]]:
    return items(assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url))


@some("ro")
def test_a_read_only_member_is_refused(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str, member: Member
) -> None:
    record = world.one(resource)
    for client in (api, first_api):
        body = as_first(resource, least(resource, world)) if client is first_api else least(resource, world)
        for value in (record[member.name], None):
            told = _refused(stack, client.post(world.collection(resource), json=body | {member.name: value}))
            assert told == [(f"/{member.name}", "read-only")]
            told = _refused(stack, client.patch(world.path(resource, record), json={member.name: value}))
            assert told == [(f"/{member.name}", "read-only")]


@some("c")
def test_a_member_of_creates_is_read_only_later(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str, member: Member
) -> None:
    record = world.one(resource)
    for client in (api, first_api):
        for value in (record[member.name], None, 5):
            told = _refused(stack, client.patch(world.path(resource, record), json={member.name: value}))
            assert told == [(f"/{member.name}", "read-only")]


@pytest.mark.parametrize("resource", WRITTEN)
def test_every_required_member_is_missed(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str
) -> None:
    required = [row.name for row in MEMBERS[resource] if row.create == "R"]
    for client in (api, first_api):
        older = {new[0]: old for old, new in FIRST_NAMES.get(resource, {}).items()} if client is first_api else {}
        answer = client.post(world.collection(resource), json={"unknown": 1})
        expected = [(f"/{older.get(name, name)}", "required") for name in required]
        assert sorted(_refused(stack, answer)) == sorted([("/unknown", "unknown-member"), *expected])


@some("cu", "c")
def test_null_is_refused_where_a_member_is_never_null(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str, member: Member
) -> None:
    if member.null == "Y":
        return
    body = least(resource, world) | {member.name: None}
    told = _refused(stack, api.post(world.collection(resource), json=body))
    assert told == [(f"/{member.name}", "not-nullable")]
    if member.write == "cu" and not _renamed(resource, member.name):
        told = _refused(stack, first_api.patch(world.path(resource, world.one(resource)), json={member.name: None}))
        assert told == [(f"/{member.name}", "not-nullable")]


@pytest.fixture(scope="module")
def subjects(world: World) -> dict[str, Body]:
    """A record of each resource that these tests may change."""
    made = {
        resource: world.new(resource) for resource in WRITTEN if resource not in ("contacts", "notes", "activities")
    }
    made["contacts"] = world.new("contacts", last_name="Okafor")
    for resource in ("notes", "activities"):
        link = {"contact_id": world.id_of("contacts")}
        made[resource] = world.new(resource, **link, company_id=world.id_of("companies"))
    return made


@some("cu")
def test_null_clears_a_member_that_may_be_null(
    api: httpx.Client, world: World, subjects: dict[str, Body], resource: str, member: Member
) -> None:
    if member.null == "N" or member.name in ("amount", "currency"):
        return
    path = world.path(resource, subjects[resource])
    before = api.get(path).json()["data"]
    answer = api.patch(path, json={member.name: None})
    assert answer.status_code == 200, answer.text
    changed = answer.json()["data"]
    assert changed[member.name] is None
    computed = {member.name, "updated_at", "etag", "full_name"}
    assert {name: changed[name] for name in changed if name not in computed} == {
        name: before[name] for name in before if name not in computed
    }
    if member.name in ("contact_id", "first_name"):
        api.patch(path, json={member.name: before[member.name]})


@some("cu")
def test_takes_good_values_and_shows_them_normalised(
    api: httpx.Client, first_api: httpx.Client, world: World, subjects: dict[str, Body], resource: str, member: Member
) -> None:
    if member.name == "is_default":
        return
    path = world.path(resource, subjects[resource])
    beside = {"amount": "1"} if member.name == "currency" else {"currency": "GBP"} if member.name == "amount" else {}
    for number, (given, shown) in enumerate(good_values(member)):
        client = first_api if number % 2 and not _renamed(resource, member.name) else api
        if member.name == "address":
            api.patch(path, json={"address": None})
        answer = client.patch(path, json={member.name: given, **beside})
        assert answer.status_code == 200, answer.text
        expected = min(shown, 2) if member.name == "position" else shown  # of its three stages the last
        assert answer.json()["data"][member.name] == expected, given
        assert api.get(path).json()["data"][member.name] == expected
    if member.name in ("external_id", "email"):
        assert api.patch(path, json={member.name: None}).status_code == 200


@some("cu", "c")
def test_refuses_bad_values_on_create(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str, member: Member
) -> None:
    if member.kind == "stages":
        return
    for number, (value, below, code) in enumerate(bad_values(member)):
        client = first_api if number % 2 and not any(_renamed(resource, row.name) for row in MEMBERS[resource]) else api
        body = least(resource, world) | _beside(member) | {member.name: value}
        told = _refused(stack, client.post(world.collection(resource), json=body))
        assert told == [(f"/{member.name}{below}", code)], value


@some("cu")
def test_refuses_bad_values_on_update(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str, member: Member
) -> None:
    path = world.path(resource, world.one(resource))
    for number, (value, below, code) in enumerate(bad_values(member)):
        client = api if number % 2 or _renamed(resource, member.name) else first_api
        beside = {"amount": "1"} if member.name == "currency" else {}
        told = _refused(stack, client.patch(path, json={**beside, member.name: value}))
        assert told == [(f"/{member.name}{below}", code)], value


@pytest.mark.parametrize("resource", WRITTEN)
def test_an_enum_lists_what_it_takes(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    for member in MEMBERS[resource]:
        if member.kind == "enum":
            answer = api.post(world.collection(resource), json=least(resource, world) | {member.name: "nothing"})
            problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
            assert problem["errors"][0]["allowed"] == member.type[5:-1].split(",")


@pytest.mark.parametrize("resource", WRITTEN)
def test_everything_wrong_is_told_at_once_and_nothing_is_written(
    stack: Stack, api: httpx.Client, world: World, resource: str
) -> None:
    """One bad value of every member, in an order that is not the table's."""
    body: Body = {}
    expected: list[tuple[str, str]] = []
    for member in reversed(MEMBERS[resource]):
        if member.kind == "stages":
            continue
        value, below, code = ("x", "", "read-only") if member.write == "ro" else bad_values(member)[-1]
        body[member.name] = value
        expected.append((f"/{member.name}{below}", code))
    if resource == "pipelines":
        expected.append(("/stages", "required"))
    before = _count(api, world, resource)
    told = _refused(stack, api.post(world.collection(resource), json=body))
    assert told == [pair for pair in expected if pair[0] not in _hidden(body)]
    assert _count(api, world, resource) == before


def _hidden(_: Body) -> set[str]:
    """Faults that another one stands for: without a currency nobody can count an amount's decimals."""
    return {"/amount"}


def _count(api: httpx.Client, world: World, resource: str) -> int:
    params = {"include_total": "true", "deleted": "include", "limit": "1"}
    return int(api.get(world.collection(resource), params=params).json()["meta"]["total"])


def test_at_most_fifty_faults_are_told(stack: Stack, api: httpx.Client) -> None:
    told = _refused(stack, api.post("/v1/contacts", json={unique("no"): 1 for _ in range(80)}))
    assert len(told) == 50
