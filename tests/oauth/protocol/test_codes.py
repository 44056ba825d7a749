"""The authorization code grant: a code, once, within a minute, by its client, with its verifier and redirect URI."""

import asyncio

import pytest

from contract.oauth import CODE_LIFETIME_S
from tests.oauth.protocol.world import ASKED, READ, Answer, App, Verifier, World

PARALLEL = 8


@pytest.fixture
def who(world: World) -> tuple[int, int]:
    return world.a_user()


@pytest.fixture
async def app(world: World) -> App:
    return await world.an_app()


async def is_active(world: World, app: App, token: str) -> bool:
    return bool((await world.introspect(app, token))["active"])


async def test_a_code_is_good_for_tokens(world: World, app: App, who: tuple[int, int]) -> None:
    answer = await world.redeem(app, await world.a_code(app, who, verifier := Verifier()), verifier)
    assert answer.status == 200, answer.text
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == ("Bearer", 900, ASKED)
    assert answer.json["refresh_token"].startswith("rt_")
    assert answer.headers["Cache-Control"] == "no-store"
    assert await is_active(world, app, answer.json["access_token"])


async def test_a_public_client_redeems_its_code_without_a_secret(world: World, who: tuple[int, int]) -> None:
    app = await world.an_app(public=True)
    assert (await world.tokens(app, who))["refresh_token"]


REFUSED = {
    "another redirect URI": {"redirect_uri": "https://app.example/other"},
    "a redirect URI with a slash more": {"redirect_uri": "https://app.example/callback/"},
    "no redirect URI": {"redirect_uri": ""},
    "another verifier": {"code_verifier": Verifier().text},
    "a verifier that is too short": {"code_verifier": "a" * 42},
    "a verifier that is the challenge": {"code_verifier": ""},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
async def test_a_code_is_refused_and_spent_with(
    world: World, app: App, who: tuple[int, int], change: dict[str, str]
) -> None:
    verifier = Verifier()
    if change == {"code_verifier": ""}:
        change = {"code_verifier": verifier.challenge}
    code = await world.a_code(app, who, verifier)
    assert (await world.redeem(app, code, verifier, **change)).error == "invalid_grant"
    assert (await world.redeem(app, code, verifier)).error == "invalid_grant"


async def test_a_code_is_refused_and_spent_without_a_verifier(world: World, app: App, who: tuple[int, int]) -> None:
    code = await world.a_code(app, who, verifier := Verifier())
    bare = await world.token(app, "authorization_code", code=code, redirect_uri=app.callback)
    assert (bare.status, bare.error) == (400, "invalid_grant")
    assert (await world.redeem(app, code, verifier)).error == "invalid_grant"


async def test_another_client_neither_redeems_a_code_nor_spends_it(
    world: World, app: App, who: tuple[int, int]
) -> None:
    code = await world.a_code(app, who, verifier := Verifier())
    assert (await world.redeem(await world.an_app(), code, verifier)).error == "invalid_grant"
    assert (await world.redeem(app, code, verifier)).status == 200


async def test_a_code_is_good_for_a_minute(world: World, app: App, who: tuple[int, int]) -> None:
    codes = [await world.a_code(app, who, verifier := Verifier()) for _ in range(2)]
    world.clock.pass_s(CODE_LIFETIME_S - 1)
    last = await world.a_code(app, who, other := Verifier())
    assert (await world.redeem(app, last, other)).status == 200
    assert (await world.redeem(app, codes[1], verifier)).status == 200
    world.clock.pass_s(1)
    assert (await world.redeem(app, codes[0], verifier)).error == "invalid_grant"


async def test_an_expired_code_is_refused(world: World, app: App, who: tuple[int, int]) -> None:
    code = await world.a_code(app, who, verifier := Verifier())
    world.clock.pass_s(CODE_LIFETIME_S)
    assert (await world.redeem(app, code, verifier)).error == "invalid_grant"


async def test_a_second_use_of_a_code_ends_all_that_came_of_the_first(
    world: World, app: App, who: tuple[int, int]
) -> None:
    code = await world.a_code(app, who, verifier := Verifier())
    first = (await world.redeem(app, code, verifier)).json
    assert (await world.redeem(app, code, verifier)).error == "invalid_grant"
    assert not await is_active(world, app, first["access_token"])
    assert (await world.refresh(app, first["refresh_token"])).error == "invalid_grant"


async def test_of_parallel_redemptions_at_most_one_is_answered(world: World, app: App, who: tuple[int, int]) -> None:
    for _ in range(3):
        code = await world.a_code(app, who, verifier := Verifier())
        answers = await asyncio.gather(*(world.redeem(app, code, verifier) for _ in range(PARALLEL)))
        assert sum(answer.status == 200 for answer in answers) <= 1
        assert {answer.error for answer in answers if answer.status != 200} == {"invalid_grant"}
        # The others were replays: what the one was given is dead.
        assert not [answer for answer in answers if answer.status == 200 and await _lives(world, app, answer)]


async def _lives(world: World, app: App, answer: Answer) -> bool:
    return await is_active(world, app, answer.json["access_token"])


async def test_a_user_who_is_gone_between_consent_and_code_ends_the_grant(
    world: World, app: App, who: tuple[int, int]
) -> None:
    code = await world.a_code(app, who, verifier := Verifier())
    place = world.town.members.pop(who)
    assert (await world.redeem(app, code, verifier)).error == "invalid_grant"
    world.town.members[who] = place
    assert (await world.redeem(app, code, verifier)).error == "invalid_grant"


async def test_a_scope_that_the_client_has_lost_is_not_issued(world: World, who: tuple[int, int]) -> None:
    app = await world.an_app()
    code = await world.a_code(app, who, verifier := Verifier())
    await world.change_app(app, scope=READ)
    assert (await world.redeem(app, code, verifier)).json["scope"] == READ


async def test_a_client_that_was_disabled_gets_nothing(world: World, who: tuple[int, int]) -> None:
    app = await world.an_app()
    code = await world.a_code(app, who, verifier := Verifier())
    await world.change_app(app, disabled_at_s=world.clock())
    assert (await world.redeem(app, code, verifier)).error == "invalid_client"


@pytest.mark.parametrize("resource", ["https://api.example", None], ids=["the API", "none"])
async def test_a_token_may_be_asked_for_the_api(
    world: World, app: App, who: tuple[int, int], resource: str | None
) -> None:
    code = await world.a_code(app, who, verifier := Verifier(), resource=resource)
    more = {"resource": resource} if resource else {}
    assert (await world.redeem(app, code, verifier, **more)).status == 200


async def test_a_token_for_another_resource_is_refused_and_spends_nothing(
    world: World, app: App, who: tuple[int, int]
) -> None:
    code = await world.a_code(app, who, verifier := Verifier())
    assert (await world.redeem(app, code, verifier, resource="https://other.example")).error == "invalid_target"
    assert (await world.redeem(app, code, verifier)).status == 200
