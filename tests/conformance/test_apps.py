"""Apps from outside: a service gets tokens with its secret, and loses them with it; what may be registered as what."""

import base64
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conformance.examples import Body
from tests.conformance.making import making
from tests.conformance.uses import ends, uses
from tests.spec.resources import names
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

PATH = "/v1/apps"
SERVICE = {"name": "Warehouse sync", "kind": "service", "scopes": ["contacts:read"], "service_role": "member"}
APP = {
    "name": "Dialler",
    "kind": "marketplace",
    "scopes": ["contacts:read"],
    "redirect_uris": ["https://app.example/callback"],
}


@pytest.fixture
def make(api: httpx.Client) -> Any:
    """Register apps; they are deleted at the end."""
    with making(api, PATH, SERVICE) as one:
        yield one


@pytest.fixture(scope="session")
def auth(stack: Stack) -> Any:
    """A client of the auth host."""
    context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    with httpx.Client(base_url=stack.facts["AUTH_URL"], verify=context, timeout=30) as client:
        yield client


def exchange(auth: httpx.Client, app: Body, secret: str | None = None) -> httpx.Response:
    """Client id and secret for a token."""
    words = f"{app['client_id']}:{secret or app['client_secret']}"
    headers = {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}
    return auth.post("/token", data={"grant_type": "client_credentials"}, headers=headers)


def test_the_life_of_a_service(
    api: httpx.Client,
    bare: httpx.Client,
    auth: httpx.Client,
    make: Callable[..., Body],
    record_property: Callable[[str, object], None],
) -> None:
    """Registered, exchanged, its secret turned with an overlap, deleted with all its tokens."""
    app = make()
    answer = exchange(auth, app)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert uses(bare, token).status_code == 200
    turned = api.post(f"{PATH}/{app['id']}/rotate_secret", json={"overlap_seconds": 60})
    assert turned.status_code == 200, turned.text
    new = turned.json()["data"]
    assert new["client_secret"] != app["client_secret"] and new["secret_rotated_at"] is not None
    assert [exchange(auth, app, each["client_secret"]).status_code for each in (app, new)] == [200, 200]
    api.post(f"{PATH}/{app['id']}/rotate_secret")
    assert [exchange(auth, app, each["client_secret"]).status_code for each in (app, new)] == [401, 401]
    assert uses(bare, token).status_code == 200, "a token is none of its secret's"
    assert api.delete(f"{PATH}/{app['id']}").status_code == 204
    record_property("ended_with_its_app_after_s", ends(bare, token))


def test_a_service_owns_what_it_makes(
    api: httpx.Client, bare: httpx.Client, auth: httpx.Client, make: Callable[..., Body]
) -> None:
    """By no owner of its own naming; it is one of the users then, who can be named as any other."""
    app = make(scopes=["contacts:read", "contacts:write", "users:read"])
    user, token = app["service_user_id"], exchange(auth, app).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Version": "2026-11-24"}
    created = bare.post("/v1/contacts", headers=headers, json={"first_name": "Ada"})
    assert created.status_code == 201, created.text
    contact = created.json()["data"]
    path = f"/v1/contacts/{contact['id']}"
    try:
        assert (contact["owner_id"], contact["created_by_id"]) == (user, user)
        changed = bare.patch(path, headers=headers, json={"job_title": "Buyer"})
        assert (changed.status_code, changed.json()["data"]["job_title"]) == (200, "Buyer")
        shown = api.get(f"/v1/users/{user}").json()["data"]
        assert (shown["id"], shown["role"], shown["status"]) == (user, "member", "active")
        assert user in {each["id"] for each in api.get("/v1/users", params={"limit": 200}).json()["data"]}
        named = api.patch(path, json={"custom_fields": {"account_manager": user}})
        assert named.status_code == 200 and named.json()["data"]["custom_fields"]["account_manager"] == user
        wanted = [{"field": "custom_fields.account_manager", "operator": "eq", "value": user}]
        found = api.post("/v1/contacts/search", json={"filters": wanted}).json()["data"]
        assert [each["id"] for each in found] == [contact["id"]]
    finally:
        api.delete(path)


def test_a_secret_is_shown_by_the_answer_that_makes_it_alone(
    api: httpx.Client, make: Callable[..., Body], stack: Stack
) -> None:
    app = make()
    assert tuple(app) == (*names("apps"), "client_secret")
    secret = app["client_secret"]
    for answer in (
        api.get(PATH, params={"limit": "200"}),
        api.get(f"{PATH}/{app['id']}"),
        api.patch(f"{PATH}/{app['id']}", json={"name": "Another"}),
    ):
        assert answer.status_code == 200, answer.text
        assert app["client_id"] in answer.text
        assert secret not in answer.text
    if stack.folder is not None:
        for name in ("oauth", "transcoder-1", "transcoder-2", "envoy"):
            assert secret not in stack.log(name), name


def test_a_public_app_has_no_secret(stack: Stack, api: httpx.Client, make: Callable[..., Body]) -> None:
    redirects = ["https://app.example/callback", "com.example.dialler:/back", "http://127.0.0.1/back"]
    app = make(APP, is_public=True, redirect_uris=redirects)
    assert tuple(app) == names("apps")
    assert (app["is_public"], app["redirect_uris"], app["service_user_id"]) == (True, redirects, None)
    problem = assert_problem(
        api.post(f"{PATH}/{app['id']}/rotate_secret"), "business-rule-violated", decided=True, api_url=stack.api_url
    )
    assert problem["rule"] == "app-secret"


def test_a_change_is_a_merge_patch(api: httpx.Client, make: Callable[..., Body]) -> None:
    app = make(APP)
    path = f"{PATH}/{app['id']}"
    same = api.patch(path, json={})
    assert (same.status_code, same.json()["data"]["etag"]) == (200, app["etag"])
    changed = api.patch(path, json={"name": "Auto-dialler", "scopes": ["contacts:read", "deals:read"]}).json()["data"]
    assert (changed["name"], changed["redirect_uris"]) == ("Auto-dialler", APP["redirect_uris"])
    assert changed["scopes"] == ["contacts:read", "deals:read"]
    assert changed["etag"] != app["etag"]
    assert api.get(path).json()["data"] == changed


BAD: dict[str, tuple[Body, list[tuple[str, str]]]] = {
    "a service without a role": (SERVICE | {"service_role": None}, [("/service_role", "required")]),
    "a public service": (SERVICE | {"is_public": True}, [("/is_public", "not-applicable")]),
    "a service with a redirect": (
        SERVICE | {"redirect_uris": APP["redirect_uris"]},
        [("/redirect_uris", "not-applicable")],
    ),
    "a service beyond its role": (SERVICE | {"scopes": ["tokens:manage"]}, [("/scopes/0", "not-permitted")]),
    "an app with a role": (APP | {"service_role": "admin"}, [("/service_role", "not-applicable")]),
    "an app without a redirect": (
        {name: value for name, value in APP.items() if name != "redirect_uris"},
        [("/redirect_uris", "required")],
    ),
    "an app with no redirect": (APP | {"redirect_uris": []}, [("/redirect_uris", "too-few-items")]),
    "eleven redirects": (
        APP | {"redirect_uris": [f"https://app.example/{n}" for n in range(11)]},
        [("/redirect_uris", "too-many-items")],
    ),
    "a redirect over http": (
        APP | {"redirect_uris": ["https://app.example/", "http://app.example/"]},
        [("/redirect_uris/1", "invalid-url")],
    ),
    "a redirect with a space": (
        APP | {"redirect_uris": ["https://app.example/ x"]},
        [("/redirect_uris/0", "invalid-url")],
    ),
    "a client id of one's own": (APP | {"client_id": "mine"}, [("/client_id", "read-only")]),
    "another kind": (APP | {"kind": "robot"}, [("/kind", "unknown-value")]),
}


@pytest.mark.parametrize(("body", "told"), BAD.values(), ids=BAD)
def test_refuses(stack: Stack, api: httpx.Client, body: Body, told: list[tuple[str, str]]) -> None:
    answer = api.post(PATH, json=body)
    assert items(assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)) == told


def test_what_an_app_is_never_changes(stack: Stack, api: httpx.Client, make: Callable[..., Body]) -> None:
    path = f"{PATH}/{make(APP)['id']}"
    for change, member in (({"kind": "service"}, "/kind"), ({"is_public": True}, "/is_public")):
        problem = assert_problem(api.patch(path, json=change), "validation-failed", decided=True, api_url=stack.api_url)
        assert items(problem) == [(member, "read-only")]


def test_a_deleted_app_is_told_from_one_that_never_was(
    stack: Stack, api: httpx.Client, stranger: httpx.Client, make: Callable[..., Body]
) -> None:
    path = f"{PATH}/{make()['id']}"
    for answer in (stranger.get(path), stranger.delete(path), stranger.patch(path, json={"name": "Mine"})):
        assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)
    assert api.delete(path).status_code == 204
    for answer in (
        api.get(path),
        api.delete(path),
        api.patch(path, json={"name": "Late"}),
        api.post(f"{path}/rotate_secret"),
    ):
        problem = assert_problem(answer, "resource-deleted", decided=True, api_url=stack.api_url)
        assert problem["deleted_at"] is not None and problem["merged_into"] is None
    assert path.rpartition("/")[2] not in api.get(PATH, params={"limit": "200"}).text


def test_a_precondition_counts(stack: Stack, api: httpx.Client, make: Callable[..., Body]) -> None:
    app = make()
    path, stale = f"{PATH}/{app['id']}", {"If-Match": '"r1-nothing"'}
    for answer in (
        api.patch(path, json={"name": "x"}, headers=stale),
        api.delete(path, headers=stale),
        api.post(f"{path}/rotate_secret", headers=stale),
    ):
        problem = assert_problem(answer, "precondition-failed", decided=True, api_url=stack.api_url)
        assert problem["current_etag"] == app["etag"]
    good = {"If-Match": f'"{app["etag"]}"'}
    assert api.patch(path, json={"name": "x"}, headers=good).status_code == 200
