"""Whole records of every resource: complete and in order wherever they are shown, and alike everywhere."""

import re
from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, as_first, least, unique, whole
from tests.conformance.world import World
from tests.spec.operations import FIRST, PREFIXES, SIX, VERSIONS
from tests.spec.resources import ADDRESS, COMPUTED, MEMBERS, names

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
WRITTEN = (*SIX, "pipelines", "stages")
every = pytest.mark.parametrize("resource", WRITTEN)
six = pytest.mark.parametrize("resource", SIX)
versions = pytest.mark.parametrize("version", VERSIONS)


def _create(client: httpx.Client, world: World, resource: str, body: Body) -> httpx.Response:
    pipeline = str(world.new("pipelines")["id"]) if resource == "stages" else None
    answer = client.post(world.collection(resource, pipeline), json=body)
    assert answer.status_code == 201, answer.text
    if resource == "pipelines":
        world.remember(answer.json()["data"]["id"])
    return answer


def _assert_complete(resource: str, record: Body, *, first: bool) -> None:
    assert tuple(record) == names(resource, first=first)
    assert re.fullmatch(rf"{PREFIXES[resource]}_[0-9a-hjkmnp-tv-z]{{26}}", record["id"])
    assert re.fullmatch(r"[!#-~]{1,64}", record["etag"])
    for row in MEMBERS[resource]:
        value = record.get(row.name)
        if row.name not in record:
            continue
        if row.null == "N":
            assert value is not None, row.name
        if row.kind == "datetime" and value is not None:
            assert INSTANT.fullmatch(value), row.name
            assert not value.endswith(".000Z")
        if row.kind == "address" and value is not None:
            assert tuple(value) == tuple(ADDRESS)


@every
@versions
def test_the_least_body_gets_the_defaults(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str, version: str
) -> None:
    first = version == FIRST
    body = least(resource, world)
    if first:
        body = as_first(resource, body)
    answer = _create(first_api if first else api, world, resource, body)
    record = answer.json()["data"]
    _assert_complete(resource, record, first=first)
    for row in MEMBERS[resource]:
        if row.name in record and row.name not in body and row.default is not COMPUTED:
            assert record[row.name] == row.default, row.name
    assert record["created_at"] == record["updated_at"]
    if resource in SIX:
        assert record["owner_id"] == record["created_by_id"] == world.id_of("users")
    if "occurred_at" in record:
        assert record["occurred_at"] <= record["created_at"]
    if first:
        assert record.get("value") is None
        assert record.get("due_date") is None


@six
@versions
def test_a_whole_body_comes_back_as_it_was(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str, version: str
) -> None:
    first = version == FIRST
    body = as_first(resource, whole(resource, world)) if first else whole(resource, world)
    record = _create(first_api if first else api, world, resource, body).json()["data"]
    _assert_complete(resource, record, first=first)
    assert {name: record[name] for name in body} == body


@every
@versions
def test_a_record_looks_alike_wherever_it_is_shown(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str, version: str
) -> None:
    client, first = (first_api, True) if version == FIRST else (api, False)
    made = whole(resource, world) if resource in SIX else least(resource, world)
    created = _create(client, world, resource, as_first(resource, made) if first else made)
    record = created.json()["data"]
    path = world.path(resource, record)
    collection = path.rsplit("/", 1)[0]
    assert created.headers["location"].endswith(path)
    assert created.headers["etag"] == f'"{record["etag"]}"'
    got = client.get(path)
    assert got.json() == created.json()
    assert got.headers["etag"] == created.headers["etag"]
    assert client.get(collection, params={"ids": record["id"]}).json()["data"] == [record]
    assert client.patch(path, json={}).json()["data"] == record
    if resource in SIX:
        found = client.post(f"{collection}/search", json={"filters": [_is(record)]}).json()
        assert found == {"data": [record], "meta": {"cursor": {"next": None, "has_more": False}}}
        batch = client.post(f"{collection}/batch/get", json={"ids": [record["id"]]}).json()
        assert batch == {"data": [{"status": 200, "data": record}], "meta": {"succeeded": 1, "failed": 0}}


def _is(record: Body) -> Body:
    return {"field": "id", "operator": "eq", "value": record["id"]}


@every
@versions
def test_fields_cut_records_but_not_their_ids(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str, version: str
) -> None:
    client, first = (first_api, True) if version == FIRST else (api, False)
    record = client.get(world.path(resource, world.one(resource))).json()["data"]
    collection = world.path(resource, record).rsplit("/", 1)[0]
    for name in names(resource, first=first):
        cut = {"id": record["id"], name: record[name]}
        assert client.get(f"{collection}/{record['id']}", params={"fields": name}).json()["data"] == cut
    wanted = ",".join(reversed(names(resource, first=first)[1:5]))
    cut = {name: record[name] for name in names(resource, first=first)[:5]}
    listed = client.get(collection, params={"ids": record["id"], "fields": wanted}).json()["data"]
    assert [list(row.items()) for row in listed] == [list(cut.items())]
    if resource in SIX:
        answer = client.post(f"{collection}/search", params={"fields": wanted}, json={"filters": [_is(record)]})
        assert answer.json()["data"] == [cut]


@every
def test_an_etag_is_one_a_revision_and_version(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str
) -> None:
    record = world.new(resource)
    path = world.path(resource, record)
    older = first_api.get(path)
    assert older.headers["etag"] != f'"{record["etag"]}"'
    for client, tag in ((api, f'"{record["etag"]}"'), (first_api, older.headers["etag"])):
        for known in (tag, f"W/{tag}", f'"x", {tag}', "*", tag.strip('"')):
            answer = client.get(path, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b""), known
            assert answer.headers["etag"] == tag
    assert api.get(path, headers={"If-None-Match": older.headers["etag"]}).status_code == 200
    name, value = ("name", unique()) if resource in ("pipelines", "stages") else ("external_id", unique())
    changed = api.patch(path, json={name: value}, headers={"If-Match": f"W/{older.headers['etag']}"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["data"]["etag"] != record["etag"]
    before, after = (datetime.fromisoformat(each["updated_at"]) for each in (record, changed.json()["data"]))
    assert after > before or resource in ("pipelines", "stages")
    assert api.get(path, headers={"If-None-Match": f'"{record["etag"]}"'}).status_code == 200
    again = api.patch(path, json={name: value})
    assert again.json() == changed.json(), "a write that changes no value keeps both"


@every
def test_a_stale_etag_stops_every_write_that_takes_one(api: httpx.Client, world: World, resource: str) -> None:
    record = world.new(resource)
    path = world.path(resource, record)
    changed = api.patch(path, json=_change(resource)).json()["data"]
    stale = {"If-Match": f'"{record["etag"]}"'}
    writes: list[tuple[str, str, Any]] = [("PATCH", path, _change(resource)), ("DELETE", path, None)]
    if resource in ("contacts", "companies", "deals"):
        writes += [("POST", f"{path}/tags/{act}", {"tags": ["VIP"]}) for act in ("add", "remove")]
    if resource == "deals":
        writes += [("POST", f"{path}/{act}", None) for act in ("win", "lose", "reopen")]
        writes += [("POST", f"{path}/move", {"stage_id": record["stage_id"]})]
    if resource == "tasks":
        writes += [("POST", f"{path}/{act}", None) for act in ("complete", "reopen")]
    for method, where, body in writes:
        sent = {} if body is None else {"json": body}
        answer = api.request(method, where, headers=stale, **sent)
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition-failed"), where
        assert answer.json()["current_etag"] == changed["etag"]
    assert api.get(path).json()["data"] == changed
    for method, where, body in [*writes[:1], *writes[2:], *writes[1:2]]:
        sent = {} if body is None else {"json": body}
        answer = api.request(method, where, headers={"If-Match": "*"}, **sent)
        assert answer.status_code != 412, answer.text


def _change(resource: str) -> Body:
    return {"name": unique()} if resource in ("pipelines", "stages") else {"external_id": unique()}


@every
def test_a_deleted_record_is_gone_for_all_but_those_who_ask(api: httpx.Client, world: World, resource: str) -> None:
    record = world.new(resource)
    path = world.path(resource, record)
    assert api.delete(path).status_code == 204
    for method, where, body in [
        ("GET", path, None),
        ("DELETE", path, None),
        ("PATCH", path, _change(resource)),
        *([("POST", f"{path}/tags/add", {"tags": ["VIP"]})] if resource == "deals" else []),
        *([("POST", f"{path}/win", None)] if resource == "deals" else []),
        *([("POST", f"{path}/complete", None)] if resource == "tasks" else []),
    ]:
        answer = api.request(method, where, **({} if body is None else {"json": body}))
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (410, "resource-deleted"), where
        assert INSTANT.fullmatch(problem["deleted_at"])
        assert problem["merged_into"] is None
    kept = api.get(path, params={"deleted": "include"}).json()["data"]
    assert kept["deleted_at"] == problem["deleted_at"]
    assert kept["etag"] != record["etag"]
    assert datetime.fromisoformat(kept["updated_at"]) >= datetime.fromisoformat(kept["deleted_at"])
    collection = path.rsplit("/", 1)[0]
    for deleted, found in (("exclude", []), ("include", [kept]), ("only", [kept])):
        listed = api.get(collection, params={"ids": record["id"], "deleted": deleted}).json()["data"]
        assert listed == found, deleted
        if resource in SIX:
            answer = api.post(f"{collection}/search", params={"deleted": deleted}, json={"filters": [_is(record)]})
            assert answer.json()["data"] == found, deleted
    if resource in SIX:
        batch = api.post(f"{collection}/batch/get", json={"ids": [record["id"]]}).json()["data"]
        assert (batch[0]["status"], batch[0]["error"]["code"]) == (410, "resource-deleted")


@every
def test_a_restored_record_is_as_it_was(api: httpx.Client, world: World, resource: str) -> None:
    record = world.new(resource)
    path = world.path(resource, record)
    assert api.post(f"{path}/restore").json()["data"] == record, "of a live one: nothing changes"
    api.delete(path)
    answer = api.post(f"{path}/restore")
    assert answer.status_code == 200, answer.text
    restored = answer.json()["data"]
    moved = {"updated_at", "etag", "stages", "position"}
    assert {name: restored[name] for name in record if name not in moved} == {
        name: record[name] for name in record if name not in moved
    }
    assert restored["etag"] != record["etag"]
    assert answer.headers["etag"] == f'"{restored["etag"]}"'
    assert api.post(f"{path}/restore").json()["data"] == restored
    if resource == "pipelines":
        assert [stage["name"] for stage in restored["stages"]] == [stage["name"] for stage in record["stages"]]
        api.delete(path)


@six
def test_a_taken_external_id_is_refused_wherever_it_is_written(api: httpx.Client, world: World, resource: str) -> None:
    taken = unique("erp:")
    holder = world.new(resource, external_id=taken)
    other = world.new(resource)
    collection, path = world.collection(resource), world.path(resource, other)
    gone = world.new(resource, external_id=unique("erp:"))
    api.delete(world.path(resource, gone))
    api.patch(path, json={"external_id": gone["external_id"]})
    restored = api.post(f"{world.path(resource, gone)}/restore")
    assert (restored.json()["code"], restored.json()["field"]) == ("duplicate-resource", "external_id")
    assert restored.json()["existing_id"] == other["id"]
    assert restored.json()["errors"] == []
    for answer in (
        api.post(collection, json=least(resource, world) | {"external_id": f" {taken} "}),
        api.patch(path, json={"external_id": taken}),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (409, "duplicate-resource", "external_id")
        assert problem["existing_id"] == holder["id"]
        assert [(item["pointer"], item["code"]) for item in problem["errors"]] == [("/external_id", "duplicate-value")]
    other_case = api.post(collection, json=least(resource, world) | {"external_id": taken.upper()})
    assert other_case.status_code == 201, "exact case"
