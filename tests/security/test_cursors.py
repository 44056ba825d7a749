"""A cursor is good for the query and the business that it came from, as it came."""

import base64
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.support.problems import assert_problem
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    with stack.caller() as client:
        yield client


@pytest.fixture(scope="module")
def cursor(api: httpx.Client) -> str:
    for resource, member in (("contacts", "first_name"), ("companies", "name")):
        for _ in range(3):
            assert api.post(f"/v1/{resource}", json={member: "x"}).status_code == 201
    return str(api.get("/v1/contacts", params={"limit": 1}).json()["meta"]["cursor"]["next"])


def _assert_refused(stack: Stack, answer: httpx.Response, reason: str) -> None:
    body = assert_problem(answer, "invalid-cursor", decided=True, api_url=stack.api_url)
    assert body["reason"] == reason


SAME = (
    {},
    {"limit": "3"},
    {"fields": "id"},
    {"include_total": "true"},
    {"order_by": "created_at"},
    {"deleted": "exclude"},
)


@pytest.mark.parametrize("params", SAME, ids=str)
def test_goes_on_with(api: httpx.Client, cursor: str, params: dict[str, str]) -> None:
    assert api.get("/v1/contacts", params={"cursor": cursor, **params}).status_code == 200


OTHER = (
    {"order_by": "email"},
    {"sort_direction": "asc"},
    {"lifecycle_stage": "lead"},
    {"deleted": "include"},
    {"ids": "con_2028xzawvf4039wj1pg44gawme"},
    {"created_since": "2020-01-01T00:00:00Z"},
)


@pytest.mark.parametrize("params", OTHER, ids=str)
def test_does_not_go_on_with(stack: Stack, api: httpx.Client, cursor: str, params: dict[str, str]) -> None:
    _assert_refused(stack, api.get("/v1/contacts", params={"cursor": cursor, **params}), "query-mismatch")


def test_is_of_no_use_elsewhere(stack: Stack, api: httpx.Client, cursor: str) -> None:
    _assert_refused(stack, api.get("/v1/companies", params={"cursor": cursor}), "query-mismatch")
    _assert_refused(stack, api.post("/v1/contacts/search", json={"cursor": cursor}), "query-mismatch")
    with stack.caller(tenant=2) as stranger:
        _assert_refused(stack, stranger.get("/v1/contacts", params={"cursor": cursor}), "malformed")


def test_a_pipelines_cursor_is_no_other_pipelines(stack: Stack, api: httpx.Client) -> None:
    stages = [{"name": "a"}, {"name": "b"}]
    made = [api.post("/v1/pipelines", json={"name": f"cursors {n}", "stages": stages}) for n in range(2)]
    one, other = (f"/v1/pipelines/{answer.json()['data']['id']}" for answer in made)
    cursor = api.get(f"{one}/stages", params={"limit": 1}).json()["meta"]["cursor"]["next"]
    _assert_refused(stack, api.get(f"{other}/stages", params={"cursor": cursor}), "query-mismatch")
    stage = made[0].json()["data"]["stages"][0]["id"]
    answers = [
        api.get(f"{other}/stages/{stage}"),
        api.patch(f"{other}/stages/{stage}", json={"name": "x"}),
        api.delete(f"{other}/stages/{stage}"),
    ]
    for path in (one, other):
        api.delete(path)
    for answer in answers:
        assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)


def test_no_bit_of_it_can_be_changed(stack: Stack, api: httpx.Client, cursor: str) -> None:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        text = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        _assert_refused(stack, api.get("/v1/contacts", params={"cursor": text}), "malformed")


NONE: dict[str, Callable[[str], str]] = {
    "cut short": lambda text: text[:-1],
    "cut in half": lambda text: text[: len(text) // 2],
    "longer": lambda text: f"{text}A",
    "twice itself": lambda text: text * 2,
    "in capitals": str.upper,
    "broken by a space": lambda text: f"{text[:10]} {text[10:]}",
    "broken by a mark": lambda text: f"{text[:10]}!{text[10:]}",
    "followed by a line feed": lambda text: f"{text}\n",
    "zeros": lambda text: "A" * len(text),
    "JSON": lambda _: '{"offset":10}',
    "a number": lambda _: "10",
    "no ASCII": lambda _: "é💩",
    "endless": lambda _: "A" * 50_000,
}


@pytest.mark.parametrize("change", NONE.values(), ids=NONE)
def test_is_none_when_it_is(stack: Stack, api: httpx.Client, cursor: str, change: Callable[[str], str]) -> None:
    _assert_refused(stack, api.get("/v1/contacts", params={"cursor": change(cursor)}), "malformed")
