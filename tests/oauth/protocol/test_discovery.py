"""What anybody may read: where the endpoints are, what they take, and who issues tokens for the API."""

import pytest

from tests.oauth.protocol.world import AUDIENCE, ISSUER, World


async def test_the_server_tells_where_everything_is(world: World) -> None:
    answer = await world.send("/.well-known/oauth-authorization-server", method="GET")
    assert answer.headers["Content-Type"].startswith("application/json")
    told = answer.json
    assert told["issuer"] == ISSUER
    assert told["authorization_endpoint"] == f"{ISSUER}/authorize"
    assert told["token_endpoint"] == f"{ISSUER}/token"
    assert told["revocation_endpoint"] == f"{ISSUER}/revoke"
    assert told["introspection_endpoint"] == f"{ISSUER}/introspect"
    assert told["jwks_uri"] == f"{ISSUER}/jwks"
    assert told["response_types_supported"] == ["code"]
    assert told["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["token_endpoint_auth_methods_supported"] == ["client_secret_basic", "client_secret_post", "none"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert {"contacts:read", "tokens:manage"} <= set(told["scopes_supported"])


@pytest.mark.parametrize("name", ["revocation_endpoint", "introspection_endpoint", "token_endpoint", "jwks_uri"])
async def test_what_it_tells_of_is_there(world: World, name: str) -> None:
    told = (await world.send("/.well-known/oauth-authorization-server", method="GET")).json
    assert (await world.send(told[name].removeprefix(ISSUER), b"")).status in (401, 405)


async def test_the_api_tells_whose_tokens_it_takes(world: World) -> None:
    told = (await world.send("/.well-known/oauth-protected-resource", method="GET")).json
    assert (told["resource"], told["authorization_servers"]) == (AUDIENCE, [ISSUER])
    assert told["bearer_methods_supported"] == ["header"]


PUBLISHED = (
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/jwks",
    "/healthz",
)


@pytest.mark.parametrize("path", PUBLISHED)
async def test_what_is_published_is_read_and_nothing_else(world: World, path: str) -> None:
    assert (await world.send(path, method="HEAD")).status == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = await world.send(path, b"x", method=method)
        assert (answer.status, answer.headers["Allow"], answer.error) == (405, "GET, HEAD", "invalid_request")
        assert answer.headers["Cache-Control"] == "no-store"
