"""The create bodies and the errors that the documentation shows, as they stand there."""

from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body, unique
from tests.conformance.world import World, nobodys
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

LINKS = {"<contact>": "contacts", "<company>": "companies", "<deal>": "deals"}
# What a body says, and what the record then shows beside it.
CREATES: dict[str, tuple[str, Body, Body]] = {
    "a contact": (
        "contacts",
        {
            "first_name": " Ada ",
            "last_name": "Okafor",
            "email": "Ada@<unique>.example",
            "phone": "+44 20 7946 0958",
            "company_id": "<company>",
            "tags": ["VIP"],
            "custom_fields": {"loyalty_tier": "gold"},
        },
        {"first_name": "Ada", "full_name": "Ada Okafor", "email": "ada@<unique>.example", "phone": "+442079460958"},
    ),
    "a company": (
        "companies",
        {
            "name": "Northwind Ltd",
            "domain": "WWW.Northwind.example",
            "employee_count": 240,
            "address": {"city": "Bristol", "country": "gb"},
        },
        {
            "domain": "northwind.example",
            "address": {
                "line1": None,
                "line2": None,
                "city": "Bristol",
                "region": None,
                "postal_code": None,
                "country": "GB",
            },
        },
    ),
    "a deal": (
        "deals",
        {
            "title": "Northwind fleet renewal",
            "amount": "12500",
            "currency": "GBP",
            "expected_close_date": "2026-09-30",
            "company_id": "<company>",
            "contact_ids": ["<contact>"],
        },
        {"amount": "12500.00", "status": "open", "closed_at": None},
    ),
    "a deal from history": (
        "deals",
        {
            "title": "Fleet 2024",
            "amount": 9800.5,
            "status": "lost",
            "closed_at": "2024-11-30T16:00:00Z",
            "lost_reason": "Price",
            "external_id": "erp:<unique>",
        },
        {"amount": "9800.50", "currency": "GBP"},
    ),
    "a pipeline": (
        "pipelines",
        {"name": "Partners <unique>", "stages": [{"name": "Intro"}, {"name": "Signed", "probability": 90}]},
        {"is_default": False},
    ),
    "a task": (
        "tasks",
        {
            "title": "Send renewal quote",
            "priority": "high",
            "due_at": "2026-06-25T18:00:00+02:00",
            "deal_id": "<deal>",
        },
        {"due_at": "2026-06-25T16:00:00Z", "status": "open", "type": "todo"},
    ),
    "a task from history": (
        "tasks",
        {
            "title": "Signed contract filed",
            "status": "completed",
            "completed_at": "2025-03-04T10:00:00Z",
            "external_id": "erp:<unique>",
        },
        {},
    ),
    "a note": (
        "notes",
        {
            "body": "Prefers a call before 10:00.",
            "occurred_at": "2026-06-19T17:05:00Z",
            "contact_id": "<contact>",
            "external_id": "erp:<unique>",
        },
        {"is_pinned": False},
    ),
    "an activity": (
        "activities",
        {
            "type": "call",
            "direction": "outbound",
            "subject": "Renewal call",
            "occurred_at": "2026-06-20T08:45:00Z",
            "duration_seconds": 540,
            "outcome": "connected",
            "deal_id": "<deal>",
        },
        {"body": None},
    ),
}


def _filled(node: Any, words: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _filled(value, words) for name, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, words) for value in node]
    for word, value in words.items():
        node = node.replace(word, value) if isinstance(node, str) else node
    return node


@pytest.mark.parametrize(("resource", "body", "shown"), CREATES.values(), ids=CREATES)
def test_creates(api: httpx.Client, world: World, resource: str, body: Body, shown: Body) -> None:
    words = {"<unique>": unique()} | {word: world.id_of(place) for word, place in LINKS.items()}
    sent = _filled(body, words)
    answer = api.post(f"/v1/{resource}", json=sent)
    assert answer.status_code == 201, answer.text
    record = answer.json()["data"]
    if resource == "pipelines":
        world.remember(record["id"])
        sent.pop("stages")
    assert record.items() >= (sent | _filled(shown, words)).items()


def test_a_stage_is_inserted(api: httpx.Client, world: World) -> None:
    pipeline = world.new("pipelines")
    body = {"name": "Negotiation", "position": 1, "probability": 75}
    stage = api.post(f"/v1/pipelines/{pipeline['id']}/stages", json=body).json()["data"]
    assert stage.items() >= body.items()


# Method, path, body, problem, items.
ERRORS: dict[str, tuple[str, str, Body, str, list[tuple[str, str]]]] = {
    "a company of a URL": (
        "POST",
        "/v1/companies",
        {"domain": "https://northwind.example"},
        "validation-failed",
        [("/domain", "invalid-domain"), ("/name", "required")],
    ),
    "a task's status": ("PATCH", "<task>", {"status": "completed"}, "validation-failed", [("/status", "read-only")]),
    "a note without a link": ("POST", "/v1/notes", {"body": "x"}, "business-rule-violated", [("", "rule-violated")]),
    "an activity about nothing": (
        "POST",
        "/v1/activities",
        {"type": "call", "subject": "x", "deal_id": nobodys("deals")},
        "validation-failed",
        [("/deal_id", "reference-not-found")],
    ),
}


@pytest.mark.parametrize(("method", "path", "body", "code", "told"), ERRORS.values(), ids=ERRORS)
def test_refuses(
    stack: Stack,
    api: httpx.Client,
    world: World,
    method: str,
    path: str,
    body: Body,
    code: str,
    told: list[tuple[str, str]],
) -> None:
    path = path.replace("<task>", world.path("tasks", world.one("tasks")))
    problem = assert_problem(api.request(method, path, json=body), code, decided=True, api_url=stack.api_url)
    assert items(problem) == told
    if code == "business-rule-violated":
        assert problem["rule"] == "link-required"


def test_a_taken_e_mail_address_is_told_on_every_way_to_it(stack: Stack, api: httpx.Client, world: World) -> None:
    email = f"{unique()}@northwind.example"
    holder, other, gone = world.new("contacts", email=email), world.new("contacts"), world.new("contacts")
    for answer in (
        api.post("/v1/contacts", json={"email": email.upper()}),
        api.patch(world.path("contacts", other), json={"email": email}),
    ):
        problem = assert_problem(answer, "duplicate-resource", decided=True, api_url=stack.api_url)
        assert (problem["field"], problem["existing_id"]) == ("email", holder["id"])
        assert items(problem) == [("/email", "duplicate-value")]
    api.patch(world.path("contacts", gone), json={"email": f"x{email}"})
    api.delete(world.path("contacts", gone))
    world.new("contacts", email=f"x{email}")
    answer = api.post(f"{world.path('contacts', gone)}/restore")
    problem = assert_problem(answer, "duplicate-resource", decided=True, api_url=stack.api_url)
    assert (problem["field"], problem["errors"]) == ("email", [])
