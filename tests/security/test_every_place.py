"""Wherever an id may stand, another business's is nobody's: in the answer to the byte, and in what is asked inside."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.conformance.examples import Body
from tests.conformance.world import World, nobodys
from tests.security.inside import Inside
from tests.security.places import NAMED, Place, places
from tests.security.test_tenants import told_of
from tests.spec.operations import COLLECTIONS, OF_RECORDS
from tests.support.stack import Stack

PLACES = tuple(places())
ASKED = {"path": 404, "query": 200, "filter": 200, "item": 200, "body": 422}
"""What is answered to an id of nobody; in a batch it is an item's."""
TRIES = 4
"""A cache may end between two requests, or a machine be too busy; a difference that is always there is one."""
CHANGING = ("last_used_at",)


@pytest.fixture(scope="module")
def ours(stack: Stack) -> Iterator[World]:
    with stack.caller() as client:
        yield World(client)


@pytest.fixture(scope="module")
def them(stack: Stack) -> Iterator[World]:
    with stack.caller(tenant=2) as client:
        yield World(client)


@pytest.fixture(scope="module")
def theirs(them: World) -> Iterator[Mapping[str, str]]:
    """The ids of a record of each kind at another business, where nothing has changed at the end."""
    ids = {name: them.id_of(name) for name in NAMED}
    before = _all_of(them)
    yield ids
    assert _all_of(them) == before


def _all_of(world: World) -> Mapping[str, Any]:
    """The records themselves, and how many there are."""
    found: dict[str, Any] = {}
    for name in NAMED:
        path = world.path(name, world.one(name))
        record: Body = world.client.get(path).json()["data"]
        found[name] = {member: value for member, value in record.items() if member not in CHANGING}
        listed = world.client.get(world.collection(name), params={"include_total": "true", "limit": "1"}).json()
        found[f"{name} in all"] = listed["meta"].get("total")
    return found


@pytest.fixture(scope="module")
def inside(stack: Stack) -> Inside:
    return Inside(stack)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.title)
def test_an_id_of_another_business_is_nobodys_in(
    ours: World, theirs: Mapping[str, str], inside: Inside, place: Place
) -> None:
    ids = theirs[place.names], nobodys(place.names)
    batch = place.operation.act.startswith("batch_")
    for _ in range(TRIES):
        foreign, nobody = (place.ask(ours, each).send(ours.client) for each in ids)
        told = told_of(foreign, {"id": ids[0]}), told_of(nobody, {"id": ids[1]})
        calls = inside.calls(foreign), inside.calls(nobody)
        if told[0] == told[1] and calls[0] == calls[1]:
            break
    assert told[0] == told[1]
    assert calls[0] == calls[1], "calls inside"
    assert nobody.status_code == (200 if batch else ASKED[place.where.split()[0]]), nobody.text
    assert not batch or nobody.json()["meta"]["succeeded"] == 0


def test_every_operation_on_records_that_can_name_one_is_among_them() -> None:
    assert {row.id for row in OF_RECORDS} - {place.operation.id for place in PLACES} == {
        "apps.list",
        "custom_fields.list",
        "custom_fields.search",
    }


@pytest.mark.parametrize("resource", [name for name in NAMED if name != "stages"])
def test_a_list_and_a_search_show_none_of_another_business(
    ours: World, theirs: Mapping[str, str], resource: str
) -> None:
    path = COLLECTIONS[resource]
    params = {"limit": "200"} | ({"fields": "id"} if resource != "apps" else {})
    seen = {row["id"] for row in ours.walk(path, params)}
    assert seen
    assert theirs[resource] not in seen
