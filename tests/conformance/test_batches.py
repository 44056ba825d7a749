"""Batches: items stand for themselves, their order stays, and a malformed whole is refused as a whole."""

import httpx
import pytest

from tests.conformance.examples import Body, a_patch, as_first, least, unique
from tests.conformance.world import World, nobodys
from tests.spec.operations import SIX, VERSIONS
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

six = pytest.mark.parametrize("resource", SIX)


def _batch(client: httpx.Client, world: World, resource: str, act: str, body: Body) -> httpx.Response:
    params = {"on": "external_id"} if act == "upsert" else {}
    return client.post(f"{world.collection(resource)}/batch/{act}", params=params, json=body)


def _statuses(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    data, meta = answer.json()["data"], answer.json()["meta"]
    for item in data:
        assert set(item) - {"result"} == ({"status", "error"} if item["status"] >= 400 else {"status", "data"})
        if item["status"] >= 400:
            assert item["error"]["status"] == item["status"]
            assert item["error"]["trace_id"] == answer.headers["x-request-id"]
            assert item["error"]["instance"] == f"/v1/requests/{item['error']['trace_id']}"
    good = sum(item["status"] < 400 for item in data)
    assert meta == {"succeeded": good, "failed": len(data) - good}
    return [item["status"] for item in data]


def _told(answer: httpx.Response) -> dict[int, tuple[str, list[tuple[str, str]]]]:
    errors = {n: item["error"] for n, item in enumerate(answer.json()["data"]) if "error" in item}
    return {n: (error["code"], items(error) if error.get("errors") else []) for n, error in errors.items()}


@six
def test_creates_stand_for_themselves(api: httpx.Client, first_api: httpx.Client, world: World, resource: str) -> None:
    for client in (api, first_api):
        good = least(resource, world)
        body = as_first(resource, good) if client is first_api else good
        taken = unique("erp:")
        bodies = [
            body | {"external_id": taken},
            body | {"id": "x", "owner_id": nobodys("users")},
            5,
            body | {"external_id": taken},
            body,
        ]
        answer = _batch(client, world, resource, "create", {"items": bodies})
        assert _statuses(answer) == [201, 422, 422, 409, 201]
        assert _told(answer) == {
            1: ("validation-failed", [("/id", "read-only"), ("/owner_id", "reference-not-found")]),
            2: ("validation-failed", [("", "invalid-type")]),
            3: ("duplicate-resource", [("/external_id", "duplicate-value")]),
        }
        first = answer.json()["data"][0]["data"]
        assert answer.json()["data"][3]["error"]["existing_id"] == first["id"]
        assert client.get(world.path(resource, first)).json()["data"] == first


@six
def test_updates_stand_for_themselves(api: httpx.Client, first_api: httpx.Client, world: World, resource: str) -> None:
    for client in (api, first_api):
        records = [world.new(resource) for _ in range(5)]
        api.delete(world.path(resource, records[4]))
        shown = [
            client.get(world.path(resource, each), params={"deleted": "include"}).json()["data"] for each in records
        ]
        stale = shown[1]["etag"]
        api.patch(world.path(resource, records[1]), json={"external_id": unique()})
        patch = a_patch(resource)
        entries = [
            {"id": shown[0]["id"], "patch": patch, "if_match": shown[0]["etag"]},
            {"id": shown[1]["id"], "patch": patch, "if_match": f'W/"{stale}"'},
            {"id": shown[2]["id"], "patch": patch | {"created_at": None}},
            {"id": shown[3]["id"], "patch": {}, "if_match": "*"},
            {"id": shown[4]["id"], "patch": patch},
            {"id": nobodys(resource), "patch": patch},
        ]
        answer = _batch(client, world, resource, "update", {"items": entries})
        assert _statuses(answer) == [200, 412, 422, 200, 410, 404]
        assert _told(answer) == {
            1: ("precondition-failed", []),
            2: ("validation-failed", [("/created_at", "read-only")]),
            4: ("resource-deleted", []),
            5: ("resource-not-found", []),
        }
        data = answer.json()["data"]
        assert data[1]["error"]["current_etag"] == client.get(world.path(resource, records[1])).json()["data"]["etag"]
        assert data[4]["error"]["deleted_at"] == shown[4]["deleted_at"]
        assert data[4]["error"]["merged_into"] is None
        assert data[0]["data"] == client.get(world.path(resource, records[0])).json()["data"]
        assert data[0]["data"] == shown[0] | patch | {name: data[0]["data"][name] for name in ("updated_at", "etag")}
        assert data[3]["data"] == shown[3]


@six
def test_reads_and_deletes_stand_for_themselves(
    api: httpx.Client, world: World, their_world: World, resource: str
) -> None:
    records = [world.new(resource) for _ in range(3)]
    api.delete(world.path(resource, records[1]))
    wanted = [records[0]["id"], records[1]["id"], nobodys(resource), their_world.id_of(resource), records[2]["id"]]
    answer = _batch(api, world, resource, "get", {"ids": [*wanted, wanted[0]]})
    assert _statuses(answer) == [200, 410, 404, 404, 200, 200]
    data = answer.json()["data"]
    assert (data[0]["data"], data[4]["data"], data[5]["data"]) == (records[0], records[2], records[0])
    cut = api.post(f"{world.collection(resource)}/batch/get", params={"fields": "etag"}, json={"ids": wanted[:1]})
    assert (cut.status_code, cut.json()["errors"][0]["code"]) == (400, "unknown-parameter")
    answer = _batch(api, world, resource, "delete", {"ids": wanted})
    assert _statuses(answer) == [204, 410, 404, 404, 204]
    assert answer.json()["data"][0] == {"status": 204, "data": None}
    assert _statuses(_batch(api, world, resource, "get", {"ids": wanted})) == [410, 410, 404, 404, 410]


@six
def test_upserts_stand_for_themselves(api: httpx.Client, first_api: httpx.Client, world: World, resource: str) -> None:
    for client in (api, first_api):
        stored = world.new(resource, external_id=unique("erp:"))
        changing = world.new(resource, external_id=unique("erp:"))
        body = least(resource, world)
        body = as_first(resource, body) if client is first_api else body
        bodies = [
            body | {"external_id": stored["external_id"]},
            body | {"external_id": unique("erp:")},
            body,
            body | a_patch(resource) | {"external_id": changing["external_id"]},
        ]
        answer = _batch(client, world, resource, "upsert", {"items": bodies})
        assert _statuses(answer) == [200, 201, 422, 200]
        assert [item.get("result") for item in answer.json()["data"]] == ["unchanged", "created", None, "updated"]
        assert _told(answer) == {2: ("validation-failed", [("/external_id", "required")])}


@six
def test_a_malformed_whole_is_refused_as_a_whole(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    record = world.one(resource)
    body = least(resource, world)
    key = unique("erp:")
    twin = {"id": record["id"], "patch": {}}
    cases: list[tuple[str, Body, list[tuple[str, str]]]] = [
        ("update", {"items": [twin, twin]}, [("/items/1/id", "duplicate-item")]),
        (
            "update",
            {"items": [{"id": "x", "patch": {}}, 5, {}]},
            [
                ("/items/0/id", "invalid-id"),
                ("/items/1", "invalid-type"),
                ("/items/2/id", "required"),
                ("/items/2/patch", "required"),
            ],
        ),
        ("update", {"items": [{"id": "x", "patch": {}}]}, [("/items/0/id", "invalid-id")]),
        ("update", {"items": [twin | {"if_mach": "*"}]}, [("/items/0/if_mach", "unknown-member")]),
        ("update", {"items": [twin | {"if_match": '"unfinished'}]}, [("/items/0/if_match", "invalid-value")]),
        ("delete", {"ids": [record["id"], nobodys(resource), record["id"]]}, [("/ids/2", "duplicate-item")]),
        ("delete", {"ids": [record["id"], "x", 5]}, [("/ids/1", "invalid-id"), ("/ids/2", "invalid-type")]),
        ("get", {"ids": ["x"], "items": []}, [("/ids/0", "invalid-id"), ("/items", "unknown-member")]),
        (
            "upsert",
            {"items": [body | {"external_id": key}, body, body | {"external_id": f" {key}"}]},
            [("/items/2/external_id", "duplicate-item")],
        ),
    ]
    for act, sent, told in cases:
        answer = _batch(api, world, resource, act, sent)
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == told, act
    assert world.read(resource, record) == record
    assert api.get(world.collection(resource), params={"external_id": key}).json()["data"] == []


@six
@pytest.mark.parametrize("version", VERSIONS)
def test_a_hundred_items_keep_their_order(stack: Stack, world: World, resource: str, version: str) -> None:
    """The internal service takes 50 at a time."""
    batch = unique()
    with stack.caller(version=version) as client:
        body = least(resource, world)
        body = as_first(resource, body) if version != VERSIONS[0] else body
        bodies = [body | {"external_id": f"{batch}:{n}"} for n in range(100)]
        made = _batch(client, world, resource, "create", {"items": bodies})
        assert _statuses(made) == [201] * 100
        assert [item["data"]["external_id"] for item in made.json()["data"]] == [each["external_id"] for each in bodies]
        ids = [item["data"]["id"] for item in made.json()["data"]]
        assert len(set(ids)) == 100
        again = _batch(client, world, resource, "upsert", {"items": bodies[::-1]})
        assert [item["data"]["id"] for item in again.json()["data"]] == ids[::-1]
        assert {item["result"] for item in again.json()["data"]} == {"unchanged"}
        patches = [{"id": record_id, "patch": {"external_id": f"{batch}+{n}"}} for n, record_id in enumerate(ids)]
        changed = _batch(client, world, resource, "update", {"items": patches}).json()["data"]
        assert [item["data"]["external_id"] for item in changed] == [f"{batch}+{n}" for n in range(100)]
        got = _batch(client, world, resource, "get", {"ids": ids}).json()["data"]
        assert got == changed
        assert _statuses(_batch(client, world, resource, "delete", {"ids": ids})) == [204] * 100
        assert client.get(world.collection(resource), params={"ids": ",".join(ids)}).json()["data"] == []


@six
def test_a_repeated_key_makes_no_second_batch(api: httpx.Client, world: World, resource: str) -> None:
    key = {"Idempotency-Key": unique()}
    body = {"items": [least(resource, world) for _ in range(3)]}
    path = f"{world.collection(resource)}/batch/create"
    first, again = (api.post(path, json=body, headers=key) for _ in range(2))
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
