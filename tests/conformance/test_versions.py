"""What differs between the two versions, row by row; all else is tested in both elsewhere."""

from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, unique
from tests.conformance.world import World, nobodys
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack


def _refused(stack: Stack, answer: httpx.Response) -> list[tuple[str, str]]:
    return items(assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url))


def _item(answer: httpx.Response) -> list[tuple[str, str]]:
    [item] = answer.json()["data"]
    return items(item["error"])


# Resource; a body of the first version beside the least; what today's version then shows.
BODIES: dict[str, tuple[str, Body, Body]] = {
    "a note's content": ("notes", {"content": " <b>a\r\nb "}, {"body": " <b>a\nb "}),
    "a value": ("deals", {"value": {"amount": "1200.5", "currency": "usd"}}, {"amount": "1200.50", "currency": "USD"}),
    "a value as a number": ("deals", {"value": {"amount": 1200.5}}, {"amount": "1200.50", "currency": "GBP"}),
    "no value": ("deals", {"value": None}, {"amount": None, "currency": None}),
    "an empty value": ("deals", {"value": {}}, {"amount": None, "currency": None}),
    "a value of nothing": ("deals", {"value": {"amount": None}}, {"amount": None, "currency": None}),
    "a value of two nothings": (
        "deals",
        {"value": {"currency": None, "amount": None}},
        {"amount": None, "currency": None},
    ),
    "a due day": ("tasks", {"due_date": "2026-06-25"}, {"due_at": "2026-06-25T23:59:59Z"}),
    "the first due day": ("tasks", {"due_date": "1970-01-01"}, {"due_at": "1970-01-01T23:59:59Z"}),
    "the last due day": ("tasks", {"due_date": "2100-12-31"}, {"due_at": "2100-12-31T23:59:59Z"}),
    "no due day": ("tasks", {"due_date": None}, {"due_at": None}),
}
LEAST: dict[str, Body] = {"deals": {"title": "Fleet"}, "tasks": {"title": "Quote"}}
SHOWN = {
    "notes": lambda body: {"content": body["body"]},
    "deals": lambda body: {"value": body if body["amount"] else None},
    "tasks": lambda body: {"due_date": body["due_at"] and body["due_at"][:10]},
}


@pytest.mark.parametrize(("resource", "older", "newer"), BODIES.values(), ids=BODIES)
def test_a_first_version_s_body_is_understood_everywhere(
    api: httpx.Client, first_api: httpx.Client, world: World, resource: str, older: Body, newer: Body
) -> None:
    least = LEAST.get(resource, {"contact_id": world.id_of("contacts")})
    key = unique("erp:")
    path = world.collection(resource)
    body = least | older | {"external_id": key}
    made = first_api.post(path, json=body).json()["data"]
    assert made.items() >= SHOWN[resource](newer).items()
    now = api.get(f"{path}/{made['id']}").json()["data"]
    assert now.items() >= newer.items()
    upserted = first_api.post(f"{path}/upsert?on=external_id", json=body).json()
    assert upserted == {"data": made, "meta": {"result": "unchanged"}}
    patched = first_api.patch(f"{path}/{made['id']}", json=older)
    assert patched.json()["data"] == made
    batch = {"items": [{"id": made["id"], "patch": older}]}
    assert first_api.post(f"{path}/batch/update", json=batch).json()["data"] == [{"status": 200, "data": made}]
    created = first_api.post(f"{path}/batch/create", json={"items": [least | older]}).json()["data"][0]
    assert created["data"].items() >= SHOWN[resource](newer).items()
    dry = first_api.post(path, params={"dry_run": "true"}, json=least | older).json()["data"]
    assert dry.items() >= SHOWN[resource](newer).items()


# Resource; a body; the faults, of the first version and of today's.
Faults = list[tuple[str, str]]
UNKNOWN = "unknown-member"
FAULTS: dict[str, tuple[str, Body, Faults, Faults]] = {
    "a note's body": ("notes", {"body": "x", "content": "y"}, [("/body", UNKNOWN)], [("/content", UNKNOWN)]),
    "an empty text": ("notes", {"content": ""}, [("/content", "too-short")], [("/content", UNKNOWN)]),
    "a null text": ("notes", {"content": None}, [("/content", "not-nullable")], [("/content", UNKNOWN)]),
    "a number for a text": ("notes", {"content": 5}, [("/content", "invalid-type")], [("/content", UNKNOWN)]),
    "a value that is none": ("deals", {"value": "5"}, [("/value", "invalid-type")], [("/value", UNKNOWN)]),
    "a list of values": ("deals", {"value": []}, [("/value", "invalid-type")], [("/value", UNKNOWN)]),
    "a value's other member": (
        "deals",
        {"value": {"amount": "1", "a/b": 1}},
        [("/value/a~1b", UNKNOWN)],
        [("/value", UNKNOWN)],
    ),
    "a currency alone": (
        "deals",
        {"value": {"currency": "GBP"}},
        [("/value/amount", "required")],
        [("/value", UNKNOWN)],
    ),
    "a value that is wrong": (
        "deals",
        {"value": {"currency": "XXX", "amount": "-1"}},
        [("/value/currency", "unknown-value"), ("/value/amount", "invalid-amount")],
        [("/value", UNKNOWN)],
    ),
    "an amount of today": (
        "deals",
        {"amount": "1", "currency": "GBP"},
        [("/amount", UNKNOWN), ("/currency", UNKNOWN)],
        [],
    ),
    "a day that is none": (
        "tasks",
        {"due_date": "2026-02-30"},
        [("/due_date", "invalid-date")],
        [("/due_date", UNKNOWN)],
    ),
    "an instant for a day": (
        "tasks",
        {"due_date": "2026-06-25T10:00:00Z"},
        [("/due_date", "invalid-date")],
        [("/due_date", UNKNOWN)],
    ),
    "a day too early": ("tasks", {"due_date": "1969-12-31"}, [("/due_date", "out-of-range")], [("/due_date", UNKNOWN)]),
    "a day too late": ("tasks", {"due_date": "2101-01-01"}, [("/due_date", "out-of-range")], [("/due_date", UNKNOWN)]),
    "a number for a day": ("tasks", {"due_date": 5}, [("/due_date", "invalid-type")], [("/due_date", UNKNOWN)]),
    "an instant of today": ("tasks", {"due_at": "2026-06-25T10:00:00Z"}, [("/due_at", UNKNOWN)], []),
    "all in its order": (
        "deals",
        {"id": 1, "value": {"amount": "x", "nothing": 1, "currency": 5}, "contact_ids": [5], "amount": 1},
        [
            ("/id", "read-only"),
            ("/value/amount", "invalid-amount"),
            ("/value/nothing", UNKNOWN),
            ("/value/currency", "invalid-type"),
            ("/contact_ids/0", "invalid-type"),
            ("/amount", UNKNOWN),
        ],
        [("/id", "read-only"), ("/value", UNKNOWN), ("/contact_ids/0", "invalid-type")],
    ),
}


@pytest.mark.parametrize(("resource", "body", "older", "newer"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_in_the_caller_s_words(
    stack: Stack,
    api: httpx.Client,
    first_api: httpx.Client,
    world: World,
    resource: str,
    body: Body,
    older: Faults,
    newer: Faults,
) -> None:
    path = world.collection(resource)
    record = world.one(resource)
    for client, told in ((first_api, older), (api, newer)):
        least = LEAST.get(resource, {"contact_id": world.id_of("contacts")})
        if resource == "notes":
            least = least | {"content" if client is first_api else "body": "x"}
        whole = least | {"external_id": unique("erp:")} | body
        batch = {"items": [{"id": record["id"], "patch": body}]}
        if not told:
            assert client.post(path, json=whole).status_code == 201
            continue
        assert _refused(stack, client.post(path, json=whole)) == told
        assert _refused(stack, client.patch(f"{path}/{record['id']}", json=body)) == told
        assert _refused(stack, client.post(f"{path}/upsert?on=external_id", json=whole)) == told
        assert _item(client.post(f"{path}/batch/create", json={"items": [whole]})) == told
        assert _item(client.post(f"{path}/batch/upsert?on=external_id", json={"items": [whole]})) == told
        assert _item(client.post(f"{path}/batch/update", json=batch)) == told


def test_a_required_member_is_missed_by_its_own_name(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, world: World
) -> None:
    link = {"contact_id": world.id_of("contacts")}
    for client, name, other in ((first_api, "content", "body"), (api, "body", "content")):
        answer = client.post("/v1/notes", json=link)
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(f"/{name}", "required")]
        problem = client.post("/v1/notes", json=link | {name + "s": 1}).json()
        assert problem["errors"][0]["did_you_mean"] == name
        problem = client.post("/v1/notes", json=link | {name: "x", other: "y"}).json()
        assert problem["errors"][0].get("did_you_mean") != other


def test_a_day_has_a_day_for_example(first_api: httpx.Client, api: httpx.Client, world: World) -> None:
    path = world.path("tasks", world.one("tasks"))
    older = first_api.patch(path, json={"due_date": "x"}).json()["errors"][0]
    assert len(older["example"]) == len("2026-01-31")
    assert api.patch(path, json={"due_at": "x"}).json()["errors"][0]["example"].endswith("Z")
    filters = [{"field": "due_date", "operator": "gte", "value": "2026-02-30"}]
    told = first_api.post("/v1/tasks/search", json={"filters": filters}).json()["errors"][0]
    assert (told["pointer"], told["code"]) == ("/filters/0/value", "invalid-date")
    assert len(told["example"]) == len("2026-01-31")


@pytest.mark.parametrize("operator", ["eq", "neq", "gt", "gte", "lt", "lte", "between"])
def test_a_bad_due_day_is_told_at_its_condition(stack: Stack, first_api: httpx.Client, operator: str) -> None:
    bad: list[tuple[Any, str]] = [
        ("x", "invalid-date"),
        ("2026-06-25T00:00:00Z", "invalid-date"),
        ("1900-01-01", "out-of-range"),
        (5, "invalid-type"),
        (None, "not-nullable"),
    ]
    pairs = [([value, "2026-01-01"] if operator == "between" else value, code) for value, code in bad]
    if operator == "between":
        pairs += [
            ("x", "invalid-type"),
            (["2026-01-02", "2026-01-01"], "out-of-range"),
            (["2026-01-01"], "invalid-type"),
        ]
    filters = [{"field": "due_date", "operator": operator, "value": value} for value, _ in pairs]
    told = _refused(stack, first_api.post("/v1/tasks/search", json={"filters": filters}))
    assert told == [(f"/filters/{n}/value", code) for n, (_, code) in enumerate(pairs)]


def test_a_due_day_lists_its_operators(stack: Stack, first_api: httpx.Client) -> None:
    filters = [{"field": "due_date", "operator": "in", "value": ["2026-01-01"]}]
    answer = first_api.post("/v1/tasks/search", json={"filters": filters})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/filters/0/operator", "invalid-operator")]
    assert problem["errors"][0]["allowed"] == ["eq", "neq", "gt", "gte", "lt", "lte", "between", "is_null"]


def test_a_due_day_overwrites_the_time_of_day(api: httpx.Client, first_api: httpx.Client, world: World) -> None:
    task = world.new("tasks", due_at="2026-06-25T16:00:00Z")
    path = world.path("tasks", task)
    older = first_api.get(path).json()["data"]
    assert older["due_date"] == "2026-06-25"
    assert first_api.patch(path, json={"title": "Another"}).status_code == 200
    assert api.get(path).json()["data"]["due_at"] == "2026-06-25T16:00:00Z"
    assert first_api.patch(path, json={"due_date": "2026-06-25"}).json()["data"]["due_date"] == "2026-06-25"
    assert api.get(path).json()["data"]["due_at"] == "2026-06-25T23:59:59Z"


def test_a_part_of_a_value_may_be_patched(api: httpx.Client, first_api: httpx.Client, world: World) -> None:
    deal = world.new("deals", amount="5", currency="USD")
    path = world.path("deals", deal)
    assert first_api.patch(path, json={"value": {}}).json()["data"]["value"] == {"amount": "5.00", "currency": "USD"}
    changed = first_api.patch(path, json={"value": {"amount": 7}}).json()["data"]["value"]
    assert changed == {"amount": "7.00", "currency": "USD"}
    assert first_api.patch(path, json={"value": None}).json()["data"]["value"] is None
    assert api.get(path).json()["data"]["currency"] is None


FIELDS: dict[str, tuple[str, str, str, list[str]]] = {
    "a note's text": ("notes", "content", "body", ["content"]),
    "a deal's value": ("deals", "value", "amount,currency", ["value"]),
    "a task's day": ("tasks", "due_date", "due_at", ["due_date"]),
}


@pytest.mark.parametrize(("resource", "older", "newer", "shown"), FIELDS.values(), ids=FIELDS)
def test_fields_are_named_as_the_caller_knows_them(
    stack: Stack,
    api: httpx.Client,
    first_api: httpx.Client,
    world: World,
    resource: str,
    older: str,
    newer: str,
    shown: list[str],
) -> None:
    path = world.path(resource, world.one(resource))
    assert list(first_api.get(path, params={"fields": older}).json()["data"]) == ["id", *shown]
    assert list(api.get(path, params={"fields": newer}).json()["data"]) == ["id", *newer.split(",")]
    for name in newer.split(","):
        assert list(api.get(path, params={"fields": name}).json()["data"]) == ["id", name]
    for client, names in ((first_api, newer.split(",")), (api, [older])):
        for name in names:
            problem = assert_problem(
                client.get(path, params={"fields": name}), "invalid-parameter", decided=True, api_url=stack.api_url
            )
            assert items(problem) == [("fields", "unknown-field")]


def test_an_activity_s_body_is_its_body_in_both(api: httpx.Client, first_api: httpx.Client, world: World) -> None:
    activity = world.new("activities", body="x")
    path = world.path("activities", activity)
    older = first_api.get(path).json()["data"]
    assert older | {"etag": activity["etag"]} == activity
    assert first_api.patch(path, json={"body": "y"}).json()["data"]["body"] == "y"
    assert api.get(path).json()["data"]["body"] == "y"


def test_an_order_by_money_is_named_so(api: httpx.Client, first_api: httpx.Client) -> None:
    filters = [{"field": "value.currency", "operator": "eq", "value": "GBP"}]
    body: Body = {"filters": filters, "order_by": "value.amount", "limit": 5}
    page = first_api.post("/v1/deals/search", json=body).json()
    newer: Body = {"filters": [filters[0] | {"field": "currency"}], "order_by": "amount", "limit": 5}
    same = api.post("/v1/deals/search", json=newer).json()
    assert [row["id"] for row in page["data"]] == [row["id"] for row in same["data"]]
    crossed = api.post("/v1/deals/search", json=newer | {"cursor": page["meta"]["cursor"]["next"]})
    assert crossed.status_code == 200, "a cursor is bound after the version change"
    tasks = first_api.get("/v1/tasks", params={"order_by": "due_date", "limit": "1"}).json()["meta"]["cursor"]["next"]
    assert api.get("/v1/tasks", params={"order_by": "due_at", "cursor": tasks}).status_code == 200


def test_references_and_rules_are_told_in_the_caller_s_words(
    stack: Stack, first_api: httpx.Client, world: World
) -> None:
    answer = first_api.post("/v1/notes", json={"content": "x", "deal_id": nobodys("deals")})
    assert _refused(stack, answer) == [("/deal_id", "reference-not-found")]
    problem = assert_problem(
        first_api.post("/v1/notes", json={"content": "x"}),
        "business-rule-violated",
        decided=True,
        api_url=stack.api_url,
    )
    assert items(problem) == [("", "rule-violated")]
    yen = world.new("deals", amount="5", currency="JPY")
    answer = first_api.patch(world.path("deals", yen), json={"value": {"amount": "1.5"}})
    assert _refused(stack, answer) == [("/value/amount", "too-many-decimals")]
