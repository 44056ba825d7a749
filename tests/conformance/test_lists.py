"""Lists: parameters good and bad, filters, windows, cursors, and pages that hold while records come and go."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.conformance.corpus import Corpus
from tests.conformance.examples import Body, unique
from tests.conformance.model import holds
from tests.conformance.values import bad_values
from tests.conformance.world import World, nobodys
from tests.spec.operations import COLLECTIONS, SIX
from tests.spec.resources import FIRST_NAMES, LIST_FILTERS, member, names
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

six = pytest.mark.parametrize("resource", SIX)
every = pytest.mark.parametrize("resource", COLLECTIONS)
FILTERS = [(resource, name) for resource in SIX for name in LIST_FILTERS[resource]]
by_filter = pytest.mark.parametrize(
    ("resource", "name"), FILTERS, ids=[f"{resource}.{name}" for resource, name in FILTERS]
)


def _faults(stack: Stack, answer: httpx.Response) -> list[tuple[str, str]]:
    return items(assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url))


BAD: dict[str, tuple[str, str]] = {
    "limit": ("0", "out-of-range"),
    "order_by": ("nothing", "not-sortable"),
    "sort_direction": ("down", "unknown-value"),
    "include_total": ("yes", "unknown-value"),
    "fields": ("id,nothing", "unknown-field"),
    "ids": ("x", "invalid-id"),
    "created_since": ("2026-01-01", "invalid-datetime"),
    "created_until": ("2026-01-01T00:00:00", "invalid-datetime"),
    "updated_since": ("1969-12-31T23:59:59Z", "out-of-range"),
    "updated_until": ("", "invalid-datetime"),
}


NEVER_DELETED = ("users", "custom_fields", "personal_access_tokens", "apps")
"""Whose lists have no deleted records to ask for."""


@every
def test_every_bad_parameter_is_told_at_once(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    path = world.collection(resource)
    bad = dict(BAD) | ({} if resource in NEVER_DELETED else {"deleted": ("yes", "unknown-value")})
    if "updated_at" not in names(resource):
        bad |= dict.fromkeys(("updated_since", "updated_until"), ("2026-01-01T00:00:00Z", "unknown-parameter"))
    told = _faults(stack, api.get(path, params={name: value for name, (value, _) in bad.items()}))
    assert told == [(name, code) for name, (_, code) in bad.items()]
    for value, code in (
        ("201", "out-of-range"),
        ("x", "invalid-type"),
        ("1.5", "invalid-type"),
        ("", "invalid-type"),
        ("-1", "out-of-range"),
    ):
        assert _faults(stack, api.get(path, params={"limit": value})) == [("limit", code)], value
    if resource in NEVER_DELETED:
        assert _faults(stack, api.get(path, params={"deleted": "include"})) == [("deleted", "unknown-parameter")]


@every
def test_a_parameter_stands_once(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    answer = api.get(world.collection(resource), params=[("limit", "1"), ("fields", "id"), ("limit", "1")])
    assert _faults(stack, answer) == [("limit", "repeated-parameter")]


@every
def test_a_misspelt_parameter_gets_a_hint(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    answer = api.get(world.collection(resource), params={"order_bye": "created_at"})
    problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert problem["errors"][0]["did_you_mean"] == "order_by"


@every
def test_fields_name_what_is_there(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World, resource: str
) -> None:
    path = world.collection(resource)
    newer = {name for new in FIRST_NAMES.get(resource, {}).values() for name in new}
    for client, strange in ((api, FIRST_NAMES.get(resource, {})), (first_api, newer)):
        known = names(resource, first=client is first_api)
        for name in ("nothing", "ID", "", "address.city", *strange):
            if name in known:
                continue
            answer = client.get(path, params={"fields": name})
            problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
            assert items(problem) == [("fields", "unknown-field")], name
            assert problem["errors"][0]["allowed"] == list(known)


@every
def test_ids_are_picked_out(stack: Stack, api: httpx.Client, world: World, their_world: World, resource: str) -> None:
    path = world.collection(resource)
    [row] = api.get(path, params={"limit": "1"}).json()["data"]
    strangers = [nobodys(resource), *([their_world.id_of(resource)] if resource != "custom_fields" else [])]
    listed = api.get(path, params={"ids": ",".join([row["id"], *strangers, row["id"]])}).json()
    assert [each["id"] for each in listed["data"]] == [row["id"]]
    assert api.get(path, params={"ids": ",".join(strangers)}).json()["data"] == []
    assert api.get(path, params={"ids": ",".join([nobodys(resource)] * 200)}).status_code == 200
    many = api.get(path, params={"ids": ",".join([nobodys(resource)] * 201)})
    assert _faults(stack, many) == [("ids", "too-many-items")]


@every
def test_windows_are_half_open(api: httpx.Client, world: World, resource: str) -> None:
    path = world.collection(resource)
    [row] = api.get(path, params={"limit": "1"}).json()["data"]
    for name in [each for each in ("created", "updated") if f"{each}_at" in names(resource)]:
        at = row[f"{name}_at"]
        for params, there in (
            ({f"{name}_since": at}, True),
            ({f"{name}_until": at}, False),
            ({f"{name}_since": at, f"{name}_until": "2100-01-01T00:00:00Z"}, True),
            ({f"{name}_since": "2100-01-01T02:00:00+02:00"}, False),
            ({f"{name}_since": at.replace("Z", "+00:00").replace("+", " ")}, True),
        ):
            listed = api.get(path, params={"ids": row["id"]} | params).json()["data"]
            assert bool(listed) is there, params


@by_filter
def test_a_filter_finds_equals(api: httpx.Client, corpus: Corpus, resource: str, name: str) -> None:
    records = corpus.of(resource)
    field, operator = ("contact_ids", "has_any") if (resource, name) == ("deals", "contact_id") else (name, "eq")
    row = member(resource, field)
    groups = {field: str(row.group)}
    own = [record[field] for record in records if record[field] is not None]
    values = {each for value in own for each in (value if isinstance(value, list) else [value])}
    ids = ",".join(record["id"] for record in records)
    for value in sorted(values, key=str)[:5]:
        condition = {"field": field, "operator": operator, "value": [value] if operator == "has_any" else value}
        expected = {record["id"] for record in records if holds(record, condition, groups)}
        text = str(value).lower() if isinstance(value, bool) else value
        listed = api.get(f"/v1/{resource}", params={"ids": ids, name: text, "limit": "200"}).json()["data"]
        assert {record["id"] for record in listed} == expected, value
        if row.kind == "email":
            listed = api.get(f"/v1/{resource}", params={"ids": ids, name: f" {text.upper()} "}).json()["data"]
            assert {record["id"] for record in listed} == expected
    if row.kind in ("id", "ids"):
        target = {"con": "contacts", "cmp": "companies", "deal": "deals", "pipe": "pipelines", "stage": "stages"}
        nobody = nobodys(target.get(row.type[3:].strip("(").split(",")[0].rstrip(")"), "users"))
        assert api.get(f"/v1/{resource}", params={name: nobody}).json()["data"] == []


@by_filter
def test_a_filter_s_value_is_judged_like_a_written_one(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, resource: str, name: str
) -> None:
    if (resource, name) == ("deals", "contact_id"):
        cases = [("x", "invalid-id"), (nobodys("companies"), "invalid-id")]
    elif member(resource, name).kind == "bool":
        cases = [("True", "unknown-value"), ("1", "unknown-value"), ("", "unknown-value")]
    else:
        bad = bad_values(member(resource, name))
        cases = [(value, code) for value, _, code in bad if isinstance(value, str) and code != "reference-not-found"]
    for number, (value, code) in enumerate(cases):
        client = first_api if number % 2 else api
        assert _faults(stack, client.get(f"/v1/{resource}", params={name: value})) == [(name, code)], value


def test_a_space_stands_for_a_plus_in_a_phone(api: httpx.Client, world: World) -> None:
    contact = world.new("contacts", phone="+442079460958")
    for text in ("+442079460958", "%2B442079460958", " 442079460958", "%2B44%20(20)%207946-0958"):
        answer = api.get(f"/v1/contacts?ids={contact['id']}&phone={text.replace(' ', '%20')}")
        assert len(answer.json()["data"]) == 1, text


def test_users_and_pipelines_are_filtered_too(api: httpx.Client) -> None:
    users = api.get("/v1/users", params={"limit": "200"}).json()["data"]
    assert all(tuple(user) == names("users") for user in users)
    assert [user["created_at"] for user in users] == sorted((user["created_at"] for user in users), reverse=True)
    for name in LIST_FILTERS["users"]:
        for value in {user[name] for user in users}:
            listed = api.get("/v1/users", params={name: value, "limit": "200"}).json()["data"]
            assert listed == [user for user in users if user[name] == value]
    pipelines = api.get("/v1/pipelines", params={"limit": "200"}).json()["data"]
    for value in (True, False):
        listed = api.get("/v1/pipelines", params={"is_default": str(value).lower(), "limit": "200"}).json()["data"]
        assert listed == [row for row in pipelines if row["is_default"] is value]


@every
def test_a_list_goes_page_by_page(stack: Stack, api: httpx.Client, world: World, resource: str) -> None:
    path = world.collection(resource)
    sample = api.get(path, params={"limit": "9"}).json()["data"]
    params = {"ids": ",".join(row["id"] for row in sample), "limit": "1"}
    seen: list[Body] = []
    answer = api.get(path, params=params)
    while True:
        page = answer.json()
        seen += page["data"]
        cursor = page["meta"]["cursor"]
        if not cursor["has_more"]:
            assert (cursor["next"], "link" in answer.headers) == (None, False)
            break
        url, _, relation = answer.headers["link"].partition("; ")
        assert relation == 'rel="next"'
        assert url.startswith(f"<{stack.api_url}{path}?")
        answer = api.get(url[1:-1])
    assert seen == sample
    whole = api.get(path, params=params | {"limit": "200", "include_total": "true"}).json()
    assert whole["meta"] == {"cursor": {"next": None, "has_more": False}, "total": len(sample)}


@six
def test_pages_hold_while_records_come_and_go(api: httpx.Client, world: World, resource: str) -> None:
    """What was there all along is seen once, whatever is made, changed and deleted between the pages."""
    made = [world.new(resource) for _ in range(8)]
    since = {"field": "created_at", "operator": "gte", "value": made[0]["created_at"]}
    for search in (False, True):
        seen: list[str] = []
        cursor: str | None = None
        doomed = world.new(resource)
        api.delete(world.path(resource, doomed))
        for turn in range(30):
            more = {"cursor": cursor} if cursor else {}
            if search:
                body: Body = {"filters": [since], "limit": 2, "sort_direction": "asc", **more}
                page = api.post(f"/v1/{resource}/search", json=body).json()
            else:
                params = {"created_since": made[0]["created_at"], "limit": "2", "sort_direction": "asc", **more}
                page = api.get(f"/v1/{resource}", params=params).json()
            seen += [row["id"] for row in page["data"]]
            cursor = page["meta"]["cursor"]["next"]
            if cursor is None:
                break
            if turn < 3:
                early = world.new(resource)
                api.patch(world.path(resource, made[turn]), json={"external_id": unique()})
                api.delete(world.path(resource, early))
        assert [record_id for record_id in seen if record_id in {row["id"] for row in made}] == [
            row["id"] for row in made
        ]
        assert len(seen) == len(set(seen))


def _cursor_of(api: httpx.Client, path: str, **params: str) -> str:
    return str(api.get(path, params={"limit": "1"} | params).json()["meta"]["cursor"]["next"])


@every
def test_a_cursor_goes_with_its_query(
    stack: Stack,
    api: httpx.Client,
    stranger: httpx.Client,
    first_api: httpx.Client,
    world: World,
    their_world: World,
    resource: str,
) -> None:
    path = world.collection(resource)
    cursor = _cursor_of(api, path)
    order = "updated_at" if resource != "stages" else "created_at"
    mismatches: list[dict[str, str]] = [{"created_since": "2020-01-01T00:00:00Z"}]
    mismatches += [{"order_by": order}] if order in names(resource) else []
    mismatches += [{"sort_direction": "desc" if resource == "stages" else "asc"}, {"ids": nobodys(resource)}]
    mismatches += [] if resource in NEVER_DELETED else [{"deleted": "include"}]
    for params in mismatches:
        answer = api.get(path, params={"cursor": cursor} | params)
        problem = assert_problem(answer, "invalid-cursor", decided=True, api_url=stack.api_url)
        assert problem["reason"] == "query-mismatch"
    for text in (cursor[:-4], cursor + "AAAA", "x", cursor[::-1]):
        problem = assert_problem(
            api.get(path, params={"cursor": text}), "invalid-cursor", decided=True, api_url=stack.api_url
        )
        assert problem["reason"] == "malformed"
    assert_problem(
        stranger.get(their_world.collection(resource), params={"cursor": cursor}),
        "invalid-cursor",
        decided=True,
        api_url=stack.api_url,
    )
    free = {"cursor": cursor, "limit": "200", "fields": "id", "include_total": "true"}
    assert first_api.get(path, params=free).status_code == 200


@six
def test_a_search_s_cursor_goes_with_its_search(stack: Stack, api: httpx.Client, corpus: Corpus, resource: str) -> None:
    path = f"/v1/{resource}/search"
    body: Body = {"filters": [corpus.only(resource)], "limit": 1}
    cursor = api.post(path, json=body).json()["meta"]["cursor"]["next"]
    body |= {"cursor": cursor}
    for change in ({"filters": []}, {"search_text": "ada"}, {"order_by": "updated_at"}, {"sort_direction": "asc"}):
        answer = api.post(path, json=body | change)
        problem = assert_problem(answer, "invalid-cursor", decided=True, api_url=stack.api_url)
        assert problem["reason"] == "query-mismatch"
    answer = api.get(f"/v1/{resource}", params={"cursor": cursor})
    assert_problem(answer, "invalid-cursor", decided=True, api_url=stack.api_url)
    assert api.post(path, json=body | {"limit": 200}).status_code == 200


@six
def test_a_bookmark_is_polled_for_ever(api: httpx.Client, world: World, resource: str) -> None:
    """It never lies ahead of now less 30 s: what is younger comes again, and nothing is missed."""
    made = [world.new(resource) for _ in range(3)]
    since = made[0]["updated_at"]
    base = {"order_by": "updated_at", "sort_direction": "asc", "deleted": "include", "updated_since": since}
    body: Body = {
        "order_by": "updated_at",
        "sort_direction": "asc",
        "limit": 200,
        "filters": [{"field": "updated_at", "operator": "gte", "value": since}],
    }

    def poll(cursor: Any, *, search: bool) -> tuple[list[Body], str]:
        more = {"cursor": cursor} if cursor else {}
        if search:
            page = api.post(f"/v1/{resource}/search", params={"deleted": "include"}, json=body | more).json()
        else:
            page = api.get(f"/v1/{resource}", params=base | {"limit": "200"} | more).json()
        assert page["meta"]["cursor"]["has_more"] is False
        return page["data"], page["meta"]["cursor"]["next"]

    for search in (False, True):
        rows, bookmark = poll(None, search=search)
        instants = [datetime.fromisoformat(row["updated_at"]) for row in rows]
        assert instants == sorted(instants)
        assert {row["id"] for row in made} <= {row["id"] for row in rows}
        changed = api.patch(world.path(resource, made[0]), json={"external_id": unique()}).json()["data"]
        victim = world.new(resource)
        api.delete(world.path(resource, victim))
        rows, again = poll(bookmark, search=search)
        by_id = {row["id"]: row for row in rows}
        assert by_id[made[0]["id"]] == changed
        assert by_id[victim["id"]]["deleted_at"] is not None
        rows, _ = poll(again, search=search)
        assert by_id.items() <= {row["id"]: row for row in rows}.items(), "younger than 30 s: they come again"


def test_an_empty_bookmark_waits_for_what_comes(api: httpx.Client, world: World) -> None:
    source = unique("fair ")
    body: Body = {
        "filters": [{"field": "source", "operator": "eq", "value": source}],
        "order_by": "updated_at",
        "sort_direction": "asc",
    }
    page = api.post("/v1/contacts/search", json=body).json()
    assert (page["data"], page["meta"]["cursor"]["has_more"]) == ([], False)
    contact = world.new("contacts", source=source)
    page = api.post("/v1/contacts/search", json=body | {"cursor": page["meta"]["cursor"]["next"]}).json()
    assert page["data"] == [contact]
