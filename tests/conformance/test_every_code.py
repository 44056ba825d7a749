"""A case for each code of an item and each problem that this stack can give, in both versions, at the right place."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from tests.conformance.examples import Body, unique
from tests.conformance.world import World, nobodys
from tests.spec.operations import VERSIONS
from tests.spec.problems import CODES_NOT_OF_THIS_STACK, ITEM_CODES, NOT_OF_THIS_STACK, PROBLEMS
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

versions = pytest.mark.parametrize("version", VERSIONS)


class Case(NamedTuple):
    """A request and where its fault is told."""

    place: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    problem: str = "validation-failed"


def _search(resource: str, **condition: Any) -> Case:
    value = {"field": "id", "operator": "eq", "value": nobodys(resource)} | condition
    return Case("/filters/0/value", f"/v1/{resource}/search", {"filters": [value]})


ITEMS: dict[str, Case] = {
    "required": Case("/name", "/v1/companies", {}),
    "not-nullable": Case("/name", "/v1/companies", {"name": None}),
    "invalid-type": Case("/name", "/v1/companies", {"name": 5}),
    "read-only": Case("/created_at", "/v1/companies", {"name": "x", "created_at": "2026-01-01T00:00:00Z"}),
    "unknown-member": Case("/nmae", "/v1/companies", {"name": "x", "nmae": "y"}),
    "not-applicable": Case("/lost_reason", "/v1/deals", {"title": "x", "status": "won", "lost_reason": "y"}),
    "invalid-email": Case("/email", "/v1/contacts", {"email": "ada@"}),
    "invalid-phone": Case("/phone", "/v1/contacts", {"phone": "020 7946"}),
    "invalid-url": Case("/website", "/v1/companies", {"name": "x", "website": "x"}),
    "invalid-domain": Case("/domain", "/v1/companies", {"name": "x", "domain": "https://northwind.example"}),
    "invalid-date": Case("/birth_date", "/v1/contacts", {"first_name": "x", "birth_date": "2026-02-30"}),
    "invalid-datetime": Case("/closed_at", "/v1/deals", {"title": "x", "status": "won", "closed_at": "2026-01-01"}),
    "invalid-amount": _search("deals", field="amount", operator="eq", value="-1"),
    "invalid-id": Case("/company_id", "/v1/contacts", {"first_name": "x", "company_id": "x"}),
    "too-short": Case("/name", "/v1/companies", {"name": ""}),
    "too-long": Case("/name", "/v1/companies", {"name": "x" * 201}),
    "invalid-characters": Case("/name", "/v1/companies", {"name": "a\tb"}),
    "out-of-range": Case("/employee_count", "/v1/companies", {"name": "x", "employee_count": 2**53}),
    "too-many-decimals": Case(
        "/custom_fields/seats", "/v1/contacts", {"first_name": "x", "custom_fields": {"seats": 0.1234567}}
    ),
    "too-many-items": Case("/ids", "/v1/contacts/batch/get", {"ids": ["x"] * 101}),
    "too-few-items": Case("/items", "/v1/contacts/batch/create", {"items": []}),
    "duplicate-item": Case("/tags/1", "/v1/contacts", {"first_name": "x", "tags": ["a", "A"]}),
    "unknown-value": Case("/lifecycle_stage", "/v1/contacts", {"first_name": "x", "lifecycle_stage": "boss"}),
    "reference-not-found": Case("/company_id", "/v1/contacts", {"first_name": "x", "company_id": nobodys("companies")}),
    "not-permitted": Case("/owner_id", "/v1/contacts", {"first_name": "x"}, problem="insufficient-permission"),
    "rule-violated": Case("", "/v1/contacts", {"source": "x"}, problem="business-rule-violated"),
    "duplicate-value": Case("/external_id", "/v1/contacts", {"first_name": "x"}, problem="duplicate-resource"),
    "invalid-value": Case("/items/0/if_match", "/v1/contacts/batch/update", {"items": []}),
    "unknown-parameter": Case("feilds", "/v1/contacts?feilds=id", problem="invalid-parameter"),
    "repeated-parameter": Case("limit", "/v1/contacts?limit=1&limit=1", problem="invalid-parameter"),
    "invalid-header": Case("If-Match", "/v1/contacts", headers=(("If-Match", '"x'),), problem="invalid-parameter"),
    "unknown-field": _search("contacts", field="nothing")._replace(place="/filters/0/field"),
    "not-filterable": _search("contacts", field="etag")._replace(place="/filters/0/field"),
    "not-sortable": Case("/order_by", "/v1/contacts/search", {"order_by": "source"}),
    "invalid-operator": _search("contacts", operator="between")._replace(place="/filters/0/operator"),
    "currency-required": Case("/order_by", "/v1/deals/search", {"order_by": "amount"}),
}


def _completed(code: str, case: Case, world: World, *, first: bool) -> Case:
    """The case with what only a running stack can give, in the words of its version."""
    match code:
        case "not-permitted":
            return case._replace(body=case.body | {"owner_id": world.id_of("users")})
        case "duplicate-value":
            taken = world.new("contacts", external_id=unique("erp:"))["external_id"]
            return case._replace(body=case.body | {"external_id": taken})
        case "invalid-value":
            entry = {"id": world.id_of("contacts"), "patch": {}, "if_match": '"x'}
            return case._replace(body={"items": [entry]})
        case "invalid-amount":
            names = ("value.amount", "value.currency") if first else ("amount", "currency")
            pounds = {"field": names[1], "operator": "eq", "value": "GBP"}
            return case._replace(
                place="/filters/1/value",
                body={"filters": [pounds, {"field": names[0], "operator": "eq", "value": "-1"}]},
            )
        case "currency-required" if first:
            return case._replace(body={"order_by": "value.amount"})
    return case


def test_every_documented_code_has_a_case() -> None:
    assert set(ITEMS) | set(CODES_NOT_OF_THIS_STACK) == set(ITEM_CODES)
    assert not set(ITEMS) & set(CODES_NOT_OF_THIS_STACK)


@pytest.mark.parametrize("code", ITEMS)
@versions
def test_a_code_is_told_at_its_place(stack: Stack, world: World, code: str, version: str) -> None:
    case = _completed(code, ITEMS[code], world, first=version != VERSIONS[0])
    # A member owns what it makes: handing that to the admin needs a permission.
    who = {"role": "member", "user": 13} if code == "not-permitted" else {}
    method = "GET" if case.body is None else "POST"
    sent = {} if case.body is None else {"json": case.body}
    with stack.caller(version=version, **who) as client:
        answer = client.request(method, case.path, headers=dict(case.headers), **sent)
    problem = assert_problem(answer, case.problem, decided=True, api_url=stack.api_url)
    assert items(problem) == [(case.place, code)]
    place = "header" if code == "invalid-header" else "parameter" if code.endswith("-parameter") else "pointer"
    assert place in problem["errors"][0]


Ask = Callable[[Stack, World, httpx.Client], httpx.Response]


def _with_token(path: str, **claims: Any) -> Ask:
    def ask(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
        headers = {"Authorization": f"Bearer {stack.token(**claims)}"}
        return client.get(path, headers=headers, auth=None)  # type: ignore[arg-type]

    return ask


def _deleted(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    contact = world.new("contacts")
    world.client.delete(world.path("contacts", contact))
    return client.get(world.path("contacts", contact))


def _stale(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    path = world.path("contacts", world.one("contacts"))
    return client.patch(path, json={}, headers={"If-Match": '"stale"'})


def _duplicate(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    taken = world.new("contacts", external_id=unique("erp:"))["external_id"]
    return client.post("/v1/contacts", json={"first_name": "x", "external_id": taken})


def _ambiguous(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    domain = f"{unique()}.example"
    for _ in range(2):
        world.new("companies", domain=domain)
    return client.post("/v1/companies/upsert?on=domain", json={"name": "x", "domain": domain})


def _in_use(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    pipeline = world.new("pipelines")
    world.new("deals", pipeline_id=pipeline["id"])
    return client.delete(f"/v1/pipelines/{pipeline['id']}")


def _conflict(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    pipeline = world.new("pipelines")
    deal = world.new("deals", pipeline_id=pipeline["id"])
    world.client.delete(f"/v1/deals/{deal['id']}")
    world.client.delete(f"/v1/pipelines/{pipeline['id']}")
    return client.post(f"/v1/deals/{deal['id']}/restore")


def _reused(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    key = {"Idempotency-Key": unique()}
    client.post("/v1/contacts", json={"first_name": "x"}, headers=key)
    return client.post("/v1/contacts", json={"first_name": "y"}, headers=key)


def _too_often(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
    headers = {"Authorization": f"Bearer {stack.token(plan='starter')}"}
    while True:
        # Malformed, and counted all the same.
        answer = client.post("/v1/contacts/batch/create", json={}, headers=headers, auth=None)  # type: ignore[arg-type]
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 422


def _raw(line: str) -> Ask:
    """A request line that no client would send."""

    def ask(stack: Stack, world: World, client: httpx.Client) -> httpx.Response:
        where = urlsplit(stack.api_url)
        context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
        host, port = str(where.hostname), int(where.port or 443)
        plain = socket.create_connection((host, port), timeout=10)
        with context.wrap_socket(plain, server_hostname=host) as secure:
            secure.sendall(f"{line}\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: secure.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = [tuple(each.split(": ", 1)) for each in lines]
        kept = [pair for pair in headers if pair[0].lower() not in ("transfer-encoding", "content-length")]
        return httpx.Response(int(status.split()[1]), headers=kept, content=body)  # type: ignore[arg-type]

    return ask


Asked = tuple[Ask, bool]
PROBLEM_CASES: dict[str, Asked] = {
    "authentication-required": (lambda s, w, c: c.get("/v1/contacts", auth=None), False),  # type: ignore[arg-type]
    "invalid-token": (_with_token("/v1/contacts", exp=1_700_000_100), False),
    "insufficient-scope": (_with_token("/v1/contacts", scope="deals:read"), True),
    "insufficient-permission": (_with_token("/v1/contacts", permissions="deals:read"), True),
    "route-not-found": (lambda s, w, c: c.get("/v1/webhooks"), True),
    "method-not-allowed": (lambda s, w, c: c.put("/v1/contacts"), True),
    "resource-not-found": (lambda s, w, c: c.get(f"/v1/contacts/{nobodys('contacts')}"), True),
    "resource-deleted": (_deleted, True),
    "version-required": (lambda s, w, c: c.get("/v1/contacts", headers={"Version": ""}), True),
    "version-invalid": (lambda s, w, c: c.get("/v1/contacts", headers={"Version": "v1"}), True),
    "version-unsupported": (lambda s, w, c: c.get("/v1/contacts", headers={"Version": "2020-01-01"}), True),
    "malformed-request": (
        lambda s, w, c: c.post("/v1/contacts", content=b"{", headers={"Content-Type": "application/json"}),
        True,
    ),
    "invalid-parameter": (lambda s, w, c: c.get("/v1/contacts?limit=0"), True),
    "invalid-id": (lambda s, w, c: c.get("/v1/contacts/x"), True),
    "invalid-cursor": (lambda s, w, c: c.get("/v1/contacts?cursor=x"), True),
    "upgrade-required": (_raw("GET /v1/contacts HTTP/1.0"), False),
    "not-supported": (_raw("TRACE /v1/contacts HTTP/1.1"), False),
    "headers-too-large": (lambda s, w, c: c.get("/v1/contacts", headers={"X-Long": "x" * 70_000}), False),
    "payload-too-large": (lambda s, w, c: c.post("/v1/contacts", json={"first_name": "x" * 1_100_000}), True),
    "unsupported-media-type": (
        lambda s, w, c: c.post("/v1/contacts", content=b"{}", headers={"Content-Type": "text/plain"}),
        True,
    ),
    "not-acceptable": (lambda s, w, c: c.get("/v1/contacts", headers={"Accept": "text/csv"}), True),
    "validation-failed": (lambda s, w, c: c.post("/v1/companies", json={}), True),
    "business-rule-violated": (lambda s, w, c: c.post("/v1/contacts", json={}), True),
    "duplicate-resource": (_duplicate, True),
    "ambiguous-match": (_ambiguous, True),
    "resource-in-use": (_in_use, True),
    "conflict": (_conflict, True),
    "idempotency-key-reused": (_reused, True),
    "precondition-failed": (_stale, True),
    "rate-limited": (_too_often, True),
}
ELSEWHERE = {
    "version-retired": "versions",
    "idempotency-outcome-unknown": "foreign_backend",
    "request-timeout": "envoy",
}
"""Those that need another contract, another service or more patience than a test here has: in which suite they are."""
OF_FAULTS = (
    "business-suspended",
    "idempotency-in-progress",
    "upstream-invalid",
    "upstream-unavailable",
    "upstream-timeout",
    "overloaded",
)
"""Those that need a part of the stack to fail: `tests/faults`."""


def test_every_documented_problem_has_a_case() -> None:
    there = ELSEWHERE | dict.fromkeys(OF_FAULTS, "faults")
    assert set(PROBLEM_CASES) | set(NOT_OF_THIS_STACK) | set(there) == set(PROBLEMS)
    assert not set(PROBLEM_CASES) & {*NOT_OF_THIS_STACK, *there}
    assert [code for code, suite in there.items() if f'"{code}"' not in _told_by(suite)] == []


def _told_by(suite: str) -> str:
    return "".join(path.read_text() for path in (Path(__file__).parents[1] / suite).glob("test_*.py"))


def test_only_what_the_edge_refuses_by_itself_is_told_without_a_decision_and_so_without_a_budget() -> None:
    """All others carry the rate headers: `assert_problem` looks for all nine wherever something was decided."""
    undecided = {code for code, (_, decided) in PROBLEM_CASES.items() if not decided}
    assert undecided == {
        "authentication-required",
        "invalid-token",
        "upgrade-required",
        "not-supported",
        "headers-too-large",
    }


@pytest.mark.parametrize("code", PROBLEM_CASES)
@versions
def test_a_problem_is_told(stack: Stack, world: World, code: str, version: str) -> None:
    ask, decided = PROBLEM_CASES[code]
    with stack.caller(version=version) as client:
        answer = ask(stack, world, client)
    body: Body = assert_problem(answer, code, decided=decided, api_url=stack.api_url)
    assert body["status"] == PROBLEMS[code]
    assert decided is any("ratelimit" in name for name in answer.headers)
