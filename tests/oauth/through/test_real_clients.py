"""Two libraries that others use do the whole flow, as their documentation says; a person's decision is made here."""

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.deprecate import AuthlibDeprecationWarning
from requests_oauthlib import OAuth2Session

from oauth.consent import PendingRequest, decide, load_pending
from tests.oauth.protocol.world import ASKED, CALLBACK, App, World
from tests.oauth.through.conftest import Outside

with warnings.catch_warnings():
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # its HTTP library has a successor
    from authlib.integrations.httpx_client import AsyncOAuth2Client


@pytest.fixture(params=[False, True], ids=["confidential", "public"])
async def app(request: pytest.FixtureRequest, world: World) -> App:
    return await world.an_app(public=request.param)


@pytest.fixture
def endpoints(outside: Outside) -> Iterator[dict[str, str]]:
    issuer = outside.edge.mint.issuer
    yield {name: f"{issuer}/{name}" for name in ("authorize", "token", "revoke", "introspect")}


async def consent(world: World, url: str) -> str:
    """Follow a link as a browser does, log in, allow it; returns where the browser is sent."""
    user, business = world.a_user()
    answer = await world.send(url.removeprefix(world.base), method="GET")
    identity = world.identity(user)
    found = await load_pending(world.desk, answer.text, identity)
    assert isinstance(found, PendingRequest), found
    return await decide(world.desk, found, identity, business, ASKED.split())


async def test_authlib(outside: Outside, world: World, app: App, endpoints: dict[str, str]) -> None:
    way = "client_secret_basic" if app.secret else "none"
    async with AsyncOAuth2Client(
        app.id,
        app.secret,
        scope=ASKED,
        redirect_uri=CALLBACK,
        token_endpoint_auth_method=way,
        code_challenge_method="S256",
        verify=outside.edge.tls,
    ) as client:
        verifier = generate_token(64)
        url, state = client.create_authorization_url(endpoints["authorize"], code_verifier=verifier)
        back = await consent(world, url)
        assert f"iss={outside.edge.mint.issuer.replace(':', '%3A').replace('/', '%2F')}" in back
        token = await client.fetch_token(
            endpoints["token"], authorization_response=back, code_verifier=verifier, state=state
        )
        await called(outside, token)
        again = await client.refresh_token(endpoints["token"], refresh_token=token["refresh_token"])
        assert again["refresh_token"] != token["refresh_token"]
        await called(outside, again)
        if app.secret:
            asked = await client.introspect_token(endpoints["introspect"], token=again["access_token"])
            assert asked.json()["active"] is True
        given_back = await client.revoke_token(endpoints["revoke"], token=again["refresh_token"])
        assert given_back.status_code == 200
    assert (await world.refresh(app, again["refresh_token"])).error == "invalid_grant"


async def test_authlib_for_a_service(outside: Outside, world: World, endpoints: dict[str, str]) -> None:
    service = await world.a_service(world.a_user()[1])
    async with AsyncOAuth2Client(service.id, service.secret, verify=outside.edge.tls) as client:
        await called(outside, await client.fetch_token(endpoints["token"], grant_type="client_credentials"))


async def test_requests_oauthlib(outside: Outside, world: World, app: App, endpoints: dict[str, str]) -> None:
    with OAuth2Session(app.id, redirect_uri=CALLBACK, scope=ASKED, pkce="S256") as session:
        url, state = session.authorization_url(endpoints["authorize"])
        back = await consent(world, url)
        proof: dict[str, Any] = {"client_secret": app.secret} if app.secret else {"include_client_id": True}
        proof["verify"] = outside.ca_file
        token = await asyncio.to_thread(
            session.fetch_token, endpoints["token"], authorization_response=back, state=state, **proof
        )
        await called(outside, token)
        fields: dict[str, Any] = {**app.fields, "verify": outside.ca_file}
        again = await asyncio.to_thread(session.refresh_token, endpoints["token"], **fields)
        assert again["refresh_token"] != token["refresh_token"]
        await called(outside, again)


async def called(outside: Outside, token: dict[str, Any]) -> None:
    """The API takes what the library got."""
    assert token["token_type"] == "Bearer"
    assert await outside.status(token["access_token"]) == 200
