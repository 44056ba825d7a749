"""Administration on the internal listener: who is listened to, and what of a call is looked at."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from authz.token_usage import BATCH_SIZE
from infra.process.shared_secret import SharedSecret
from oauth.endpoints.internal_api import build_internal_api
from tests.oauth.protocol.world import World
from tests.support.quiet_log import QUIET

SECRET = "x" * 32
NOW_S = 1_800_000_000


@dataclass(frozen=True)
class Inside:
    """The listener as the gateway reaches it, for one admin."""

    http: aiohttp.ClientSession
    base: str
    user: int
    business: int

    async def ask(self, path: str, method: str = "GET", body: bytes | None = None, **changes: str | None) -> int:
        """The status of a good call, but for the changes; None takes a header away."""
        headers: dict[str, str | None] = {
            "Authorization": f"Bearer {SECRET}",
            "X-Actor-User-Id": str(self.user),
            "X-Actor-Permissions": "contacts:read tokens:manage",
            "X-Trace-Id": "a-trace",
            "X-Deadline-Ms": "5000",
            **{name.replace("_", "-"): text for name, text in changes.items()},
        }
        sent = {name: text for name, text in headers.items() if text is not None}
        async with self.http.request(method, self.base + path, data=body, headers=sent) as answer:
            return answer.status


@pytest.fixture
async def inside(world: World) -> AsyncIterator[Inside]:
    user, business = world.a_user("admin")
    server = TestServer(build_internal_api(world.desk.database, SharedSecret((SECRET,)), QUIET, desk=world.desk))
    async with server, aiohttp.ClientSession() as http:
        yield Inside(http, str(server.make_url("")).rstrip("/") + f"/businesses/{business}", user, business)


@pytest.mark.parametrize("path", ["/tokens", "/apps"])
async def test_whoever_shows_the_secret_and_may_is_answered(inside: Inside, path: str) -> None:
    assert await inside.ask(path) == 200
    assert await inside.ask(path, Authorization=None) == 401
    assert await inside.ask(path, Authorization="Bearer " + "y" * 32) == 401
    assert await inside.ask(path, X_Actor_Permissions="contacts:read") == 403
    assert await inside.ask(path, X_Actor_Permissions=None) == 403


async def test_a_call_without_an_actor_is_none(inside: Inside) -> None:
    assert await inside.ask("/tokens", X_Actor_User_Id=None) == 400
    assert await inside.ask("/tokens", X_Actor_User_Id="somebody") == 400


async def test_a_body_of_another_form_is_refused(inside: Inside) -> None:
    good = b'{"name":"x","scopes":["contacts:read"]}'
    assert await inside.ask("/tokens", "POST", good) == 200
    for bad in (b"", b"{", b"[]", b'{"name":"x"}', good[:-1] + b',"more":1}', good.replace(b'"x"', b"1")):
        assert await inside.ask("/tokens", "POST", bad) == 400


async def test_uses_are_taken_from_whoever_shows_the_secret(inside: Inside) -> None:
    base = Inside(inside.http, inside.base.rsplit("/businesses", 1)[0], inside.user, inside.business)
    assert await base.ask("/uses", "POST", b'{"uses":{"pat_x":60}}') == 204
    assert await base.ask("/uses", "POST", b'{"uses":{}}') == 204
    assert await base.ask("/uses", "POST", b'{"uses":{"pat_x":"soon"}}') == 400
    assert await base.ask("/uses", "POST", b'{"uses":{}}', Authorization=None) == 401


async def test_as_many_uses_as_are_told_at_once_are_taken(inside: Inside) -> None:
    base = Inside(inside.http, inside.base.rsplit("/businesses", 1)[0], inside.user, inside.business)
    longest = {f"{number:0128x}": NOW_S for number in range(BATCH_SIZE)}
    assert await base.ask("/uses", "POST", json.dumps({"uses": longest}).encode()) == 204
