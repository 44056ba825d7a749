"""Deals: their money, their place, and the four actions, row by row."""

from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, unique
from tests.conformance.world import World, nobodys
from tests.spec.operations import FIRST, VERSIONS
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

versions = pytest.mark.parametrize("version", VERSIONS)
THEN = "2025-03-04T10:00:00Z"
LATER = "2025-04-05T11:00:00Z"

# What the body has, what is stored before, what is stored after or the fault.
MONEY: dict[str, tuple[Body, tuple[str, str] | None, Any]] = {
    "an amount alone, on nothing": ({"amount": "5"}, None, ("5.00", "GBP")),
    "an amount alone, on a pair": ({"amount": 5.5}, ("1.00", "USD"), ("5.50", "USD")),
    "an amount alone, on yen": ({"amount": "1500.00"}, ("1", "JPY"), ("1500", "JPY")),
    "an amount too fine for what is stored": ({"amount": "1.5"}, ("1", "JPY"), ("amount", "too-many-decimals")),
    "an amount too fine for the business": ({"amount": "1.005"}, None, ("amount", "too-many-decimals")),
    "both": ({"amount": "1200.5", "currency": " usd "}, ("1.00", "GBP"), ("1200.50", "USD")),
    "both, of three decimals": ({"amount": "1.5", "currency": "BHD"}, None, ("1.500", "BHD")),
    "both, of none": ({"amount": "1500.000000", "currency": "JPY"}, None, ("1500", "JPY")),
    "both, too fine": ({"amount": "1.5", "currency": "JPY"}, ("1.00", "GBP"), ("amount", "too-many-decimals")),
    "an amount, its currency null": ({"amount": "5", "currency": None}, ("1.00", "USD"), ("currency", "not-nullable")),
    "no amount any more": ({"amount": None}, ("1.00", "USD"), (None, None)),
    "neither any more": ({"amount": None, "currency": None}, ("1.00", "USD"), (None, None)),
    "no amount, but a currency": ({"amount": None, "currency": "GBP"}, ("1.00", "USD"), ("amount", "required")),
    "a currency alone": ({"currency": "GBP"}, ("1.00", "USD"), ("amount", "required")),
    "no currency alone": ({"currency": None}, ("1.00", "USD"), ("amount", "required")),
}
rows = pytest.mark.parametrize(("body", "stored", "after"), MONEY.values(), ids=MONEY)
NEW = {
    name: row for name, row in MONEY.items() if name not in ("an amount alone, on a pair", "an amount alone, on yen")
}
NEW.pop("an amount too fine for what is stored")
new_rows = pytest.mark.parametrize(("body", "stored", "after"), NEW.values(), ids=NEW)


def _shown(record: Body) -> tuple[Any, Any]:
    if "value" in record:
        return (record["value"]["amount"], record["value"]["currency"]) if record["value"] else (None, None)
    return record["amount"], record["currency"]


def _check(stack: Stack, answer: httpx.Response, after: Any, *, first: bool) -> None:
    if after[1] in ("too-many-decimals", "not-nullable", "required"):
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(f"/value/{after[0]}" if first else f"/{after[0]}", after[1])]
        return
    assert answer.status_code in (200, 201), answer.text
    assert _shown(answer.json()["data"]) == after


@new_rows
@versions
def test_money_of_a_new_deal(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, body: Body, stored: Any, after: Any, version: str
) -> None:
    first = version == FIRST
    sent = {"title": "Fleet", **({"value": body} if first else body)}
    _check(stack, (first_api if first else api).post("/v1/deals", json=sent), after, first=first)


@pytest.mark.parametrize("number", ["1e2", "1E-2", "-0", "-1", "-0.00"])
@versions
def test_an_amount_has_neither_sign_nor_exponent_when_it_is_a_number(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, number: str, version: str
) -> None:
    first = version == FIRST
    money = f'{{"amount": {number}}}'
    body = f'{{"title": "Fleet", "value": {money}}}' if first else f'{{"title": "Fleet", {money[1:]}'
    client = first_api if first else api
    answer = client.post("/v1/deals", content=body, headers={"Content-Type": "application/json"})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/value/amount" if first else "/amount", "invalid-amount")]


@rows
@versions
def test_money_of_a_stored_deal(
    stack: Stack,
    api: httpx.Client,
    first_api: httpx.Client,
    world: World,
    body: Body,
    stored: Any,
    after: Any,
    version: str,
) -> None:
    first = version == FIRST
    key = unique("erp:")
    money = {"amount": stored[0], "currency": stored[1]} if stored else {}
    path = world.path("deals", world.new("deals", external_id=key, **money))
    client, sent = (first_api, {"value": body}) if first else (api, body)
    _check(stack, client.patch(path, json=sent), after, first=first)


@rows
@versions
def test_money_of_an_upsert_and_of_batches(
    stack: Stack,
    api: httpx.Client,
    first_api: httpx.Client,
    world: World,
    body: Body,
    stored: Any,
    after: Any,
    version: str,
) -> None:
    """What a single call would give, its pointers included."""
    first = version == FIRST
    client, sent = (first_api, {"value": body}) if first else (api, body)
    money = {"amount": stored[0], "currency": stored[1]} if stored else {}
    deals = [world.new("deals", external_id=unique("erp:"), **money) for _ in range(3)]
    keyed = [{"title": "Fleet", "external_id": deal["external_id"], **sent} for deal in deals]
    _check(stack, client.post("/v1/deals/upsert?on=external_id", json=keyed[0]), after, first=first)
    update = {"items": [{"id": deals[1]["id"], "patch": sent}]}
    for path, content in (
        ("/v1/deals/batch/upsert?on=external_id", {"items": [keyed[2]]}),
        ("/v1/deals/batch/update", update),
    ):
        [item] = client.post(path, json=content).json()["data"]
        if "error" in item:
            place = f"/value/{after[0]}" if first else f"/{after[0]}"
            assert (item["status"], items(item["error"])) == (422, [(place, after[1])])
        else:
            assert (item["status"], _shown(item["data"])) == (200, after)


@pytest.mark.parametrize("status", ["open", "won", "lost"])
def test_a_deal_is_placed(api: httpx.Client, world: World, status: str) -> None:
    default, other = world.one("pipelines"), world.new("pipelines")
    first, last = other["stages"][0]["id"], other["stages"][-1]["id"]
    cases: list[tuple[Body, str, str]] = [
        ({}, default["id"], default["stages"][0]["id"]),
        ({"pipeline_id": other["id"]}, other["id"], first),
        ({"stage_id": last}, other["id"], last),
        ({"pipeline_id": other["id"], "stage_id": last}, other["id"], last),
    ]
    for given, pipeline, stage in cases:
        deal = world.new("deals", status=status, **given)
        assert (deal["pipeline_id"], deal["stage_id"]) == (pipeline, stage)
        assert deal["stage_changed_at"] == deal["created_at"]
        assert (deal["closed_at"] is None) is (status == "open")
        api.delete(world.path("deals", deal))


def test_a_stage_must_be_of_its_pipeline(stack: Stack, api: httpx.Client, world: World) -> None:
    other = world.new("pipelines")
    body = {"title": "Fleet", "pipeline_id": world.id_of("pipelines"), "stage_id": other["stages"][0]["id"]}
    answer = api.post("/v1/deals", json=body)
    problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
    assert (problem["rule"], items(problem)) == ("stage-not-in-pipeline", [("/stage_id", "rule-violated")])
    api.delete(world.path("pipelines", other))
    for given, pointer in (
        ({"pipeline_id": other["id"]}, "/pipeline_id"),
        ({"stage_id": nobodys("stages")}, "/stage_id"),
    ):
        answer = api.post("/v1/deals", json={"title": "Fleet"} | given)
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(pointer, "reference-not-found")]


AGAINST_STATUS: dict[str, tuple[Body, list[str]]] = {
    "open, closed": ({"closed_at": THEN}, ["/closed_at"]),
    "open, lost for a reason": ({"status": "open", "lost_reason": "Price"}, ["/lost_reason"]),
    "won, lost for a reason": ({"status": "won", "lost_reason": "Price"}, ["/lost_reason"]),
    "open, both": ({"closed_at": THEN, "lost_reason": "Price"}, ["/closed_at", "/lost_reason"]),
}


@pytest.mark.parametrize(("body", "pointers"), AGAINST_STATUS.values(), ids=AGAINST_STATUS)
def test_a_create_says_nothing_against_its_status(
    stack: Stack, api: httpx.Client, first_api: httpx.Client, body: Body, pointers: list[str]
) -> None:
    for client in (api, first_api):
        answer = client.post("/v1/deals", json={"title": "Fleet"} | body)
        problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(pointer, "not-applicable") for pointer in pointers]
    nothing = dict.fromkeys(body, None) | {"title": "Fleet", "status": body.get("status", "open")}
    assert api.post("/v1/deals", json=nothing).status_code == 201


# Start, action, body, what the deal has afterwards (`now`: an instant of just now), or None for rule `deal-state`.
LOST = {"status": "lost", "closed_at": THEN, "lost_reason": "Price"}
WON = {"status": "won", "closed_at": THEN}
OPEN: Body = {}
ACTIONS: dict[str, tuple[Body, str, Body | None, Body | None]] = {
    "win an open one": (OPEN, "win", None, {"status": "won", "closed_at": "now", "lost_reason": None}),
    "win an open one, then": (OPEN, "win", {"closed_at": THEN}, {"status": "won", "closed_at": THEN}),
    "win an open one, null is now": (OPEN, "win", {"closed_at": None}, {"status": "won", "closed_at": "now"}),
    "win a won one": (WON, "win", {}, {"status": "won", "closed_at": THEN}),
    "win a won one, null": (WON, "win", {"closed_at": None}, {"status": "won", "closed_at": THEN}),
    "win a won one, later": (WON, "win", {"closed_at": LATER}, {"status": "won", "closed_at": LATER}),
    "win a lost one": (LOST, "win", None, None),
    "lose an open one": (OPEN, "lose", None, {"status": "lost", "closed_at": "now", "lost_reason": None}),
    "lose an open one, why": (
        OPEN,
        "lose",
        {"lost_reason": " Price ", "closed_at": THEN},
        {"status": "lost", "closed_at": THEN, "lost_reason": "Price"},
    ),
    "lose a lost one": (LOST, "lose", None, LOST),
    "lose a lost one, later": (LOST, "lose", {"closed_at": LATER}, LOST | {"closed_at": LATER}),
    "lose a lost one, another why": (LOST, "lose", {"lost_reason": "Time"}, LOST | {"lost_reason": "Time"}),
    "lose a lost one, no why": (LOST, "lose", {"lost_reason": None}, LOST | {"lost_reason": None}),
    "lose a won one": (WON, "lose", None, None),
    "reopen a won one": (WON, "reopen", None, {"status": "open", "closed_at": None, "lost_reason": None}),
    "reopen a lost one": (LOST, "reopen", {}, {"status": "open", "closed_at": None, "lost_reason": None}),
    "reopen a lost one elsewhere": (LOST, "reopen", {"stage_id": "other"}, {"status": "open", "stage_id": "other"}),
    "reopen an open one": (OPEN, "reopen", None, {"status": "open"}),
    "reopen an open one where it is": (OPEN, "reopen", {"stage_id": "own"}, {"status": "open", "stage_id": "own"}),
    "reopen an open one elsewhere": (OPEN, "reopen", {"stage_id": "other"}, None),
    "move an open one": (OPEN, "move", {"stage_id": "other"}, {"stage_id": "other"}),
    "move an open one nowhere": (OPEN, "move", {"stage_id": "own"}, {"stage_id": "own"}),
    "move a won one": (WON, "move", {"stage_id": "other"}, None),
    "move a lost one": (LOST, "move", {"stage_id": "other"}, None),
    "move a won one nowhere": (WON, "move", {"stage_id": "own"}, None),
}


@pytest.mark.parametrize(("start", "action", "body", "after"), ACTIONS.values(), ids=ACTIONS)
@versions
def test_an_action(
    stack: Stack,
    api: httpx.Client,
    first_api: httpx.Client,
    world: World,
    start: Body,
    action: str,
    body: Body | None,
    after: Body | None,
    version: str,
) -> None:
    deal = world.new("deals", **start)
    other = world.new("pipelines")
    stages = {"own": deal["stage_id"], "other": other["stages"][1]["id"]}
    client = first_api if version == FIRST else api
    path = world.path("deals", deal)
    sent = None if body is None else {name: stages.get(value, value) for name, value in body.items()}
    answer = client.post(f"{path}/{action}", **({} if sent is None else {"json": sent}))
    if after is None:
        problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
        assert (problem["rule"], problem["errors"]) == ("deal-state", [])
        assert world.read("deals", deal) == deal
        return
    assert answer.status_code == 200, answer.text
    changed = api.get(path).json()["data"]
    assert answer.json() == client.get(path).json()
    for name, value in after.items():
        if value == "now":
            assert changed[name] >= deal["created_at"]
        else:
            assert changed[name] == stages.get(value, value), name
    moved = changed["stage_id"] != deal["stage_id"]
    assert (changed["stage_changed_at"] != deal["stage_changed_at"]) is moved
    if moved:
        assert changed["pipeline_id"] == other["id"]
    same = {name: changed[name] for name in changed if name not in ("updated_at", "etag")} == {
        name: deal[name] for name in deal if name not in ("updated_at", "etag")
    }
    assert (changed["etag"] == deal["etag"]) is same, "a write that changes nothing keeps the etag"
    api.delete(path)


BAD_ACTIONS: dict[str, tuple[str, Body, list[tuple[str, str]]]] = {
    "win in the future": ("win", {"closed_at": "2099-01-01T00:00:00Z"}, [("/closed_at", "out-of-range")]),
    "win with a reason": ("win", {"lost_reason": "x"}, [("/lost_reason", "unknown-member")]),
    "lose on no day": ("lose", {"closed_at": "2026-02-30T00:00:00Z"}, [("/closed_at", "invalid-datetime")]),
    "lose for too long": ("lose", {"lost_reason": "x" * 256}, [("/lost_reason", "too-long")]),
    "reopen nowhere": ("reopen", {"stage_id": None}, [("/stage_id", "not-nullable")]),
    "move nowhere": ("move", {"stage_id": None}, [("/stage_id", "not-nullable")]),
    "move without a stage": ("move", {}, [("/stage_id", "required")]),
    "move to a pipeline": ("move", {"stage_id": nobodys("pipelines")}, [("/stage_id", "invalid-id")]),
    "move to nothing": ("move", {"stage_id": nobodys("stages")}, [("/stage_id", "reference-not-found")]),
}


@pytest.mark.parametrize(("action", "body", "told"), BAD_ACTIONS.values(), ids=BAD_ACTIONS)
def test_refuses_to(
    stack: Stack, api: httpx.Client, world: World, action: str, body: Body, told: list[tuple[str, str]]
) -> None:
    answer = api.post(f"{world.path('deals', world.one('deals'))}/{action}", json=body)
    assert items(assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)) == told


def test_a_closed_deal_can_be_patched(api: httpx.Client, world: World) -> None:
    deal = world.new("deals", **LOST)
    assert api.patch(world.path("deals", deal), json={"title": "Another"}).json()["data"]["status"] == "lost"


def test_a_deal_whose_stage_is_gone_cannot_be_restored(stack: Stack, api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines")
    stage = pipeline["stages"][1]
    deal = world.new("deals", stage_id=stage["id"])
    path = world.path("deals", deal)
    api.delete(path)
    assert api.delete(f"{world.path('pipelines', pipeline)}/stages/{stage['id']}").status_code == 204
    problem = assert_problem(api.post(f"{path}/restore"), "conflict", decided=True, api_url=stack.api_url)
    assert problem["errors"] == []
    assert problem["retryable"] is False
