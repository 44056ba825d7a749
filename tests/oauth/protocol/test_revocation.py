"""RFC 7009 and RFC 7662: giving tokens back, and asking whether they still count."""

import jwt
import pytest

from contract.oauth import ACCESS_TOKEN_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S
from tests.oauth.protocol.world import ASKED, AUDIENCE, ISSUER, Answer, App, World

INACTIVE = {"active": False}


@pytest.fixture
def who(world: World) -> tuple[int, int]:
    return world.a_user()


@pytest.fixture
async def app(world: World) -> App:
    return await world.an_app()


async def revoke(world: World, app: App, token: str, **form: str) -> Answer:
    return await world.send("/revoke", {"token": token, **app.fields, **form})


def jti(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["jti"])


async def test_a_token_tells_its_own_client_what_it_is(world: World, app: App, who: tuple[int, int]) -> None:
    tokens = await world.tokens(app, who)
    told = await world.introspect(app, tokens["access_token"])
    assert told["active"] is True
    assert (told["client_id"], told["scope"], told["token_type"]) == (app.id, ASKED, "Bearer")
    assert (told["iss"], told["aud"], told["exp"]) == (ISSUER, AUDIENCE, world.clock() + ACCESS_TOKEN_LIFETIME_S)
    refresh = await world.introspect(app, tokens["refresh_token"])
    assert refresh == {
        "active": True,
        "scope": ASKED,
        "client_id": app.id,
        "exp": world.clock() + REFRESH_TOKEN_LIFETIME_S,
    }


async def test_others_are_told_nothing(world: World, app: App, who: tuple[int, int]) -> None:
    tokens = await world.tokens(app, who)
    other, public = await world.an_app(), await world.an_app(public=True)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert await world.introspect(other, token) == INACTIVE
        for nobody in ({}, public.fields):
            answer = await world.send("/introspect", {"token": token, **nobody})
            assert (answer.status, answer.error) == (401, "invalid_client")
            assert "active" not in answer.json


async def test_what_no_longer_counts_tells_nothing(world: World, app: App, who: tuple[int, int]) -> None:
    first = await world.tokens(app, who)
    second = (await world.refresh(app, first["refresh_token"])).json
    assert await world.introspect(app, first["refresh_token"]) == INACTIVE, "used"
    await revoke(world, app, second["access_token"])
    assert await world.introspect(app, second["access_token"]) == INACTIVE, "revoked"
    world.clock.pass_s(ACCESS_TOKEN_LIFETIME_S)
    assert await world.introspect(app, first["access_token"]) == INACTIVE, "expired"
    world.clock.pass_s(REFRESH_TOKEN_LIFETIME_S)
    assert await world.introspect(app, second["refresh_token"]) == INACTIVE, "expired"


async def test_what_is_no_token_of_ours_tells_nothing(world: World, app: App, who: tuple[int, int]) -> None:
    token = (await world.tokens(app, who))["access_token"]
    head, body, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(
        claims, "s" * 64, algorithm="HS256", headers=jwt.get_unverified_header(token) | {"alg": "HS256"}
    )
    for other in ("x", "a.b.c", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.", forged, "é", "." * 100):
        assert await world.introspect(app, other) == INACTIVE


async def test_a_refresh_token_that_is_given_back_takes_the_family_along(
    world: World, app: App, who: tuple[int, int]
) -> None:
    first = await world.tokens(app, who)
    second = (await world.refresh(app, first["refresh_token"])).json
    answer = await revoke(world, app, second["refresh_token"])
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (await world.refresh(app, second["refresh_token"])).error == "invalid_grant"
    for token in (first["access_token"], second["access_token"]):
        assert await world.introspect(app, token) == INACTIVE
    assert {jti(first["access_token"]), jti(second["access_token"])} <= await world.revoked()


async def test_an_access_token_that_is_given_back_goes_alone(world: World, app: App, who: tuple[int, int]) -> None:
    first = await world.tokens(app, who)
    assert (await revoke(world, app, first["access_token"])).status == 200
    assert await world.introspect(app, first["access_token"]) == INACTIVE
    assert jti(first["access_token"]) in await world.revoked()
    assert (await world.refresh(app, first["refresh_token"])).status == 200


async def test_another_clients_token_stays_as_it_is(world: World, app: App, who: tuple[int, int]) -> None:
    tokens, other = await world.tokens(app, who), await world.an_app()
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert (await revoke(world, other, token)).status == 200
    assert (await world.introspect(app, tokens["access_token"]))["active"]
    assert (await world.refresh(app, tokens["refresh_token"])).status == 200


@pytest.mark.parametrize("token", ["unknown", "rt_unknown", "a.b.c"])
async def test_an_unknown_token_is_no_fault(world: World, app: App, token: str) -> None:
    assert (await revoke(world, app, token)).status == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "pat", "nonsense"])
async def test_whatever_the_hint_the_token_is_found(world: World, app: App, who: tuple[int, int], hint: str) -> None:
    tokens = await world.tokens(app, who)
    assert (await revoke(world, app, tokens["refresh_token"], token_type_hint=hint)).status == 200
    assert await world.introspect(app, tokens["access_token"]) == INACTIVE


async def test_a_public_client_gives_its_tokens_back(world: World, who: tuple[int, int]) -> None:
    app = await world.an_app(public=True)
    tokens = await world.tokens(app, who)
    assert (await revoke(world, app, tokens["refresh_token"])).status == 200
    assert (await world.refresh(app, tokens["refresh_token"])).error == "invalid_grant"


async def test_a_token_is_revoked_once(world: World, app: App, who: tuple[int, int]) -> None:
    token = (await world.tokens(app, who))["access_token"]
    for _ in range(2):
        await revoke(world, app, token)
    assert await world.count_in_log(jti(token)) == 1


async def test_a_service_token_is_given_back(world: World) -> None:
    service = await world.a_service(world.a_user()[1])
    token = (await world.token(service, "client_credentials")).json["access_token"]
    assert (await world.introspect(service, token))["active"]
    await revoke(world, service, token)
    assert await world.introspect(service, token) == INACTIVE
