"""Personal access tokens from outside: made, used, rotated, revoked; what is refused; what is told to nobody."""

import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from tests.conformance.examples import Body
from tests.conformance.making import making
from tests.conformance.uses import ends, uses
from tests.conformance.world import World
from tests.spec.resources import names
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

PATH = "/v1/personal_access_tokens"
WANTED = {"name": "Nightly export", "scopes": ["contacts:read"]}


@pytest.fixture
def make(api: httpx.Client) -> Any:
    """Make tokens; what is left of them at the end is revoked."""
    with making(api, PATH, WANTED) as one:
        yield one


def in_s(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def left(answer: httpx.Response) -> int:
    return int(answer.headers["x-ratelimit-daily-remaining"])


def test_the_life_of_a_token(
    api: httpx.Client, bare: httpx.Client, make: Callable[..., Body], record_property: Callable[[str, object], None]
) -> None:
    """Made, used, rotated with an overlap, ended by its end, and the new one revoked."""
    made = make()
    first = uses(bare, made["token"])
    assert first.status_code == 200, first.text
    answer = api.post(f"{PATH}/{made['id']}/rotate", json={"overlap_seconds": 3})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"{PATH}/{answer.json()['data']['id']}")
    new = answer.json()["data"]
    assert {name: new[name] for name in ("name", "scopes", "user_id")} == {
        name: made[name] for name in ("name", "scopes", "user_id")
    }
    assert new["id"] != made["id"] and new["token"] != made["token"]
    old = api.get(f"{PATH}/{made['id']}").json()["data"]
    assert (old["status"], old["revoked_at"] is None) == ("active", False)
    # One budget: what the one has paid, the other has paid too.
    spent = [left(uses(bare, token)) for token in (made["token"], new["token"], made["token"])]
    assert spent[0] < left(first) and spent == sorted(spent, reverse=True) and len(set(spent)) == 3
    record_property("ended_after_overlap_s", ends(bare, made["token"]))
    assert api.get(f"{PATH}/{made['id']}").json()["data"]["status"] == "revoked"
    assert uses(bare, new["token"]).status_code == 200
    for _ in range(2):
        revoked = api.delete(f"{PATH}/{new['id']}")
        assert (revoked.status_code, revoked.content) == (204, b"")
    record_property("revoked_after_s", ends(bare, new["token"]))
    gone = api.get(f"{PATH}/{new['id']}").json()["data"]
    assert (gone["status"], gone["revoked_at"] is None) == ("revoked", False)


def test_a_token_is_shown_by_the_answer_that_makes_it_alone(
    api: httpx.Client, make: Callable[..., Body], stack: Stack
) -> None:
    made = make()
    assert tuple(made) == (*names("personal_access_tokens"), "token")
    text = made["token"]
    claims = jwt.decode(text, options={"verify_signature": False})
    listed = api.get(PATH, params={"limit": "200"})
    assert made["id"] in [each["id"] for each in listed.json()["data"]]
    for answer in (listed, api.get(f"{PATH}/{made['id']}")):
        for secret in (text.split(".")[2], claims["jti"], "rate_key"):
            assert secret not in answer.text
    if stack.folder is not None:
        for name in ("oauth", "transcoder-1", "transcoder-2", "authz-1", "authz-2", "envoy"):
            assert text.split(".")[2] not in stack.log(name), name


def test_it_stands_for_the_caller_unless_another_user_is_named(
    api: httpx.Client, bare: httpx.Client, make: Callable[..., Body]
) -> None:
    me = api.get("/v1/me").json()["data"]["user"]["id"]
    other = next(each for each in users(api, role="viewer") if each["status"] == "active")
    own, theirs = make(), make(user_id=other["id"])
    assert (own["user_id"], own["created_by_id"]) == (me, me)
    assert (theirs["user_id"], theirs["created_by_id"]) == (other["id"], me)
    told = uses(bare, theirs["token"], "/v1/me").json()["data"]
    assert (told["user"]["id"], told["user"]["role"]) == (other["id"], "viewer")
    filtered = api.get(PATH, params={"user_id": other["id"], "status": "active"}).json()["data"]
    assert theirs["id"] in [each["id"] for each in filtered]
    assert {each["user_id"] for each in filtered} == {other["id"]}


def test_lists_are_narrowed_by_status(api: httpx.Client, make: Callable[..., Body]) -> None:
    live, ended = make(), make()
    api.delete(f"{PATH}/{ended['id']}")
    for status, inside, outside in (("active", live, ended), ("revoked", ended, live)):
        found = [each["id"] for each in api.get(PATH, params={"status": status, "limit": "200"}).json()["data"]]
        assert inside["id"] in found and outside["id"] not in found


def test_pages_lead_to_every_token_once(api: httpx.Client, make: Callable[..., Body], world: World) -> None:
    made = {make()["id"] for _ in range(5)}
    found = [each["id"] for each in world.walk(PATH, {"limit": "2"})]
    assert made <= set(found)
    assert len(found) == len(set(found))


def test_no_token_of_another_business_is_known(
    stack: Stack, stranger: httpx.Client, bare: httpx.Client, make: Callable[..., Body]
) -> None:
    made = make()
    for answer in (
        stranger.get(f"{PATH}/{made['id']}"),
        stranger.delete(f"{PATH}/{made['id']}"),
        stranger.post(f"{PATH}/{made['id']}/rotate"),
    ):
        assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)
    assert made["id"] not in stranger.get(PATH, params={"limit": "200"}).text
    assert uses(bare, made["token"]).status_code == 200


def users(api: httpx.Client, **params: str) -> list[Body]:
    return list(api.get("/v1/users", params=params).json()["data"])


BAD: dict[str, tuple[Body, list[tuple[str, str]]]] = {
    "no such scope": ({"scopes": ["contacts:read", "invoices:read"]}, [("/scopes/1", "unknown-value")]),
    "no scope": ({"scopes": []}, [("/scopes", "too-few-items")]),
    "a scope twice": ({"scopes": ["contacts:read", "contacts:read"]}, [("/scopes/1", "duplicate-item")]),
    "a text for scopes": ({"scopes": "contacts:read"}, [("/scopes", "invalid-type")]),
    "an end that was": ({"expires_at": "2020-01-01T00:00:00Z"}, [("/expires_at", "out-of-range")]),
    "an end without an offset": ({"expires_at": "2020-01-01T00:00:00"}, [("/expires_at", "invalid-datetime")]),
    "an end in two years": ({"expires_at": in_s(2 * 365 * 86400)}, [("/expires_at", "out-of-range")]),
    "no name": ({"name": None}, [("/name", "not-nullable")]),
    "a long name": ({"name": "x" * 101}, [("/name", "too-long")]),
    "a status": ({"status": "active"}, [("/status", "read-only")]),
    "a token": ({"token": "x"}, [("/token", "read-only")]),
    "nobody's id": ({"user_id": "usr_2028xzawvf4039wj1pg44gawme"}, [("/user_id", "reference-not-found")]),
}


@pytest.mark.parametrize(("change", "told"), BAD.values(), ids=BAD)
def test_refuses(stack: Stack, api: httpx.Client, change: Body, told: list[tuple[str, str]]) -> None:
    answer = api.post(PATH, json=WANTED | change)
    assert items(assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)) == told


def test_refuses_what_the_user_may_not_do(stack: Stack, api: httpx.Client) -> None:
    viewer = next(each["id"] for each in users(api, role="viewer") if each["status"] == "active")
    body = {"name": "x", "user_id": viewer, "scopes": ["contacts:read", "contacts:write", "tokens:manage"]}
    problem = assert_problem(api.post(PATH, json=body), "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/scopes/1", "not-permitted"), ("/scopes/2", "not-permitted")]


def test_refuses_a_user_who_is_not_active(stack: Stack, api: httpx.Client) -> None:
    inactive = users(api, status="inactive")[0]["id"]
    answer = api.post(PATH, json=WANTED | {"user_id": inactive})
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/user_id", "reference-not-found")]


@pytest.mark.parametrize("body", [{"overlap_seconds": -1}, {"overlap_seconds": 86401}])
def test_an_overlap_is_a_day_at_the_most(
    stack: Stack, api: httpx.Client, make: Callable[..., Body], body: Body
) -> None:
    answer = api.post(f"{PATH}/{make()['id']}/rotate", json=body)
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(problem) == [("/overlap_seconds", "out-of-range")]


def test_a_rotated_token_is_not_rotated_again(stack: Stack, api: httpx.Client, make: Callable[..., Body]) -> None:
    made = make()
    new = api.post(f"{PATH}/{made['id']}/rotate", json={"overlap_seconds": 60, "expires_at": None}).json()["data"]
    answer = api.post(f"{PATH}/{made['id']}/rotate", json={"overlap_seconds": 60})
    problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
    assert (problem["rule"], problem["errors"]) == ("token-state", [])
    api.delete(f"{PATH}/{new['id']}")


def test_a_precondition_counts(stack: Stack, api: httpx.Client, make: Callable[..., Body]) -> None:
    made = make()
    stale = {"If-Match": '"r1-nothing"'}
    for answer in (
        api.delete(f"{PATH}/{made['id']}", headers=stale),
        api.post(f"{PATH}/{made['id']}/rotate", headers=stale),
    ):
        problem = assert_problem(answer, "precondition-failed", decided=True, api_url=stack.api_url)
        assert problem["current_etag"] == made["etag"]
    same = api.get(f"{PATH}/{made['id']}", headers={"If-None-Match": f'"{made["etag"]}"'})
    assert same.status_code == 304
    assert api.delete(f"{PATH}/{made['id']}", headers={"If-Match": f'"{made["etag"]}"'}).status_code == 204


def test_the_hundred_and_first_is_refused(stack: Stack) -> None:
    with stack.caller(tenant=2) as client:
        made: list[str] = []
        while (answer := client.post(PATH, json=WANTED)).status_code == 201:
            made.append(answer.json()["data"]["id"])
            assert len(made) <= 100
        problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
        assert (problem["rule"], problem["errors"]) == ("limit-reached", [])
        active = client.get(PATH, params={"status": "active", "limit": "200"}).json()["data"]
        assert len(active) == 100
        for token_id in made:
            client.delete(f"{PATH}/{token_id}")


def test_use_is_told_to_the_minute(api: httpx.Client, bare: httpx.Client, make: Callable[..., Body]) -> None:
    made = make()
    path = f"{PATH}/{made['id']}"
    assert made["last_used_at"] is None
    before = datetime.now(UTC).replace(second=0, microsecond=0)
    uses(bare, made["token"])
    deadline_s = time.monotonic() + 30
    while (seen := api.get(path).json()["data"])["last_used_at"] is None:
        assert time.monotonic() < deadline_s, "nobody told of it"
        time.sleep(0.2)
    assert seen["last_used_at"].endswith(":00Z")
    assert before <= datetime.fromisoformat(seen["last_used_at"]) <= datetime.now(UTC)
    assert seen["etag"] != made["etag"]


def test_a_token_s_own_end_is_told_to_it(bare: httpx.Client, make: Callable[..., Body]) -> None:
    made = make(expires_at=in_s(3600))
    told = uses(bare, made["token"], "/v1/me").json()["data"]
    assert told["token"]["expires_at"] == made["expires_at"]
    assert json.dumps(told).count(made["token"]) == 0


def test_a_key_makes_one_token_and_shows_its_text_once(
    stack: Stack, api: httpx.Client, make: Callable[..., Body], bare: httpx.Client
) -> None:
    key, body = uuid.uuid4().hex, WANTED | {"name": "Made once"}
    sent = {"json": body, "headers": {"Idempotency-Key": key}}
    first, again = api.post(PATH, **sent), api.post(PATH, **sent)
    try:
        assert (first.status_code, again.status_code) == (201, 201)
        assert uses(bare, first.json()["data"]["token"]).status_code == 200
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json()["data"] == first.json()["data"] | {"token": None}
        other = api.post(PATH, json=body | {"name": "Another"}, headers={"Idempotency-Key": key})
        assert_problem(other, "idempotency-key-reused", decided=True, api_url=stack.api_url)
        told = api.get("/v1/requests", params={"idempotency_key": key}).json()["data"]
        assert [(each["state"], each["record_id"]) for each in told] == [("done", first.json()["data"]["id"])]
    finally:
        api.delete(f"{PATH}/{first.json()['data']['id']}")
