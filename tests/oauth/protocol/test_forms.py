"""What the back channel takes: a POST of one small form, each parameter once; what it answers is stored by nobody."""

from urllib.parse import urlencode

import pytest

from tests.oauth.protocol.world import READ, App, World

BACK_CHANNEL = ("/token", "/revoke", "/introspect")


@pytest.fixture
async def app(world: World) -> App:
    return await world.a_service(world.a_user()[1])


@pytest.mark.parametrize("path", BACK_CHANNEL)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_taken(world: World, app: App, path: str, method: str) -> None:
    answer = await world.send(path, app.fields if method not in ("GET", "HEAD") else None, method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", BACK_CHANNEL)
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_only_a_form_is_taken(world: World, app: App, path: str, kind: str) -> None:
    answer = await world.send(path, urlencode(app.fields), **{"Content-Type": kind})
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_charset_does_no_harm(world: World, app: App) -> None:
    form = urlencode({"grant_type": "client_credentials", **app.fields})
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    assert (await world.send("/token", form, **{"Content-Type": kind})).status == 200


@pytest.mark.parametrize(
    ("name", "again"),
    [("grant_type", "client_credentials"), ("scope", READ), ("scope", ""), ("client_id", ""), ("unknown", "x")],
)
async def test_no_parameter_is_taken_twice_even_where_each_alone_is_good(
    world: World, app: App, name: str, again: str
) -> None:
    good = {"grant_type": "client_credentials", "scope": READ, "unknown": "x", **app.fields}
    assert (await world.send("/token", good)).status == 200
    answer = await world.send("/token", f"{urlencode(good)}&{urlencode({name: again})}")
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_resource_is_taken_twice(world: World, app: App) -> None:
    good = {"grant_type": "client_credentials", "resource": "https://api.example", **app.fields}
    answer = await world.send("/token", f"{urlencode(good)}&resource=https%3A%2F%2Fapi.example")
    assert answer.status == 200
    other = await world.send("/token", f"{urlencode(good)}&resource=https%3A%2F%2Fother.example")
    assert other.error == "invalid_target"


ODD = {
    "a NUL": b"&scope=a%00b",
    "a raw NUL": b"&scope=a\0b",
    "an escape": b"&scope=%1b",
    "no UTF-8": b"&scope=%ff",
    "raw bytes": b"&scope=\xff",
    "a stray percent": b"&scope=%",
    "half an escape": b"&scope=%2",
    "a surrogate": b"&scope=%ed%a0%80",
    "a long value": b"&scope=" + b"a" * 5000,
    "many parameters": b"".join(b"&a%d=1" % number for number in range(60)),
}


@pytest.mark.parametrize("more", ODD.values(), ids=ODD)
async def test_a_form_is_refused_with(world: World, app: App, more: bytes) -> None:
    form = urlencode({"grant_type": "client_credentials", **app.fields}).encode()
    answer = await world.send("/token", form + more)
    assert (answer.status, answer.error) == (400, "invalid_request")


async def test_a_huge_form_is_refused(world: World, app: App) -> None:
    answer = await world.send("/token", b"a=" + b"a" * 100_000)
    assert (answer.status, answer.error) == (413, "invalid_request")


@pytest.mark.parametrize("path", BACK_CHANNEL)
async def test_an_empty_form_is_nobodys(world: World, path: str) -> None:
    assert (await world.send(path, b"")).status == 401


async def test_errors_repeat_nothing_that_was_sent(world: World, app: App) -> None:
    answer = await world.send("/token", {"hush4711": "a", **app.fields, "grant_type": "hush4711"})
    again = await world.send("/token", f"hush%3C4711=1&hush%3C4711=1&{urlencode(app.fields)}")
    assert "4711" not in answer.text + again.text


@pytest.mark.parametrize("name", ["grant_type", "token"])
async def test_an_empty_parameter_is_as_good_as_none(world: World, app: App, name: str) -> None:
    path = "/token" if name == "grant_type" else "/introspect"
    answer = await world.send(path, {name: "", **app.fields})
    assert (answer.status, answer.error) == (400, "invalid_request")
    assert name in answer.json["error_description"]
