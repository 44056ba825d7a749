"""Adding and removing tags without reading the record first."""

import httpx
import pytest

from tests.conformance.world import World
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

every = pytest.mark.parametrize("resource", ["contacts", "companies", "deals"])


@every
def test_tags_come_and_go_in_any_case(api: httpx.Client, first_api: httpx.Client, world: World, resource: str) -> None:
    record = world.new(resource, tags=["VIP", "newsletter"])
    path = world.path(resource, record)
    added = api.post(f"{path}/tags/add", json={"tags": [" Fair ", "vip", "fair 2"]})
    assert added.json()["data"]["tags"] == ["VIP", "newsletter", "Fair", "fair 2"]
    assert added.headers["etag"] == f'"{added.json()["data"]["etag"]}"'
    assert api.post(f"{path}/tags/add", json={"tags": ["FAIR"]}).json() == added.json()
    removed = api.post(f"{path}/tags/remove", json={"tags": ["vip", "nothing", "Fair 2"]}).json()["data"]
    assert removed["tags"] == ["newsletter", "Fair"]
    assert api.post(f"{path}/tags/remove", json={"tags": ["nothing"]}).json()["data"] == removed
    older = first_api.post(f"{path}/tags/remove", json={"tags": ["FAIR"]}).json()
    assert older == first_api.get(path).json()
    assert older["data"]["tags"] == ["newsletter"]


@every
def test_fifty_tags_are_enough(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    record = world.new(resource, tags=[f"tag {number}" for number in range(49)])
    path = f"{world.path(resource, record)}/tags/add"
    full = api.post(path, json={"tags": ["TAG 1", "tag 49"]}).json()["data"]
    assert len(full["tags"]) == 50
    answer = api.post(path, json={"tags": ["tag 49", "tag 50"]})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/tags", "too-many-items")]
    assert world.read(resource, record) == full
