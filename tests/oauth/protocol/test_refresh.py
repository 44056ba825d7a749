"""The refresh grant: each token once, a second use ends the family, and the user is looked at again each time."""

import asyncio
from dataclasses import replace

import jwt
import pytest

from contract.oauth import GRANT_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S
from tests.oauth.protocol.world import ASKED, READ, App, World

PARALLEL = 8


@pytest.fixture
def who(world: World) -> tuple[int, int]:
    return world.a_user()


@pytest.fixture
async def app(world: World) -> App:
    return await world.an_app()


def claims(token: str) -> dict[str, object]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


async def test_a_refresh_gives_new_tokens_of_one_budget(world: World, app: App, who: tuple[int, int]) -> None:
    first = await world.tokens(app, who)
    again = await world.refresh(app, first["refresh_token"])
    assert again.status == 200, again.text
    assert again.json["refresh_token"] != first["refresh_token"]
    one, other = claims(first["access_token"]), claims(again.json["access_token"])
    assert one["jti"] != other["jti"]
    assert one["rate_key"] == other["rate_key"]
    assert one["sub"] == other["sub"]


@pytest.mark.parametrize("public", [False, True], ids=["confidential", "public"])
async def test_a_second_use_ends_the_family_and_its_access_tokens(
    world: World, who: tuple[int, int], public: bool
) -> None:
    app, watcher = await world.an_app(public=public), world
    first = await world.tokens(app, who)
    second = (await world.refresh(app, first["refresh_token"])).json
    assert (await world.refresh(app, first["refresh_token"])).error == "invalid_grant"
    assert (await world.refresh(app, second["refresh_token"])).error == "invalid_grant"
    revoked = await watcher.revoked()
    assert {claims(each["access_token"])["jti"] for each in (first, second)} <= revoked


async def test_of_parallel_refreshes_at_most_one_is_answered(world: World, app: App, who: tuple[int, int]) -> None:
    for _ in range(3):
        first = await world.tokens(app, who)
        answers = await asyncio.gather(*(world.refresh(app, first["refresh_token"]) for _ in range(PARALLEL)))
        won = [answer for answer in answers if answer.status == 200]
        assert len(won) <= 1
        assert {answer.error for answer in answers if answer.status != 200} == {"invalid_grant"}
        for answer in won:
            assert not (await world.introspect(app, answer.json["access_token"]))["active"]
            assert (await world.refresh(app, answer.json["refresh_token"])).error == "invalid_grant"


async def test_parallel_refreshes_of_a_line_leave_no_token_alive(world: World, app: App, who: tuple[int, int]) -> None:
    """The old token again, while the new one is used: whichever comes first, all that was issued is dead."""
    for _ in range(4):
        first = await world.tokens(app, who)
        second = (await world.refresh(app, first["refresh_token"])).json
        answers = await asyncio.gather(
            world.refresh(app, second["refresh_token"]), world.refresh(app, first["refresh_token"])
        )
        assert answers[1].error == "invalid_grant"
        issued = [answer.json["access_token"] for answer in answers if answer.status == 200]
        for token in (first["access_token"], second["access_token"], *issued):
            assert not (await world.introspect(app, token))["active"]


async def test_another_client_neither_uses_a_refresh_token_nor_ends_the_family(
    world: World, app: App, who: tuple[int, int]
) -> None:
    first = await world.tokens(app, who)
    assert (await world.refresh(await world.an_app(), first["refresh_token"])).error == "invalid_grant"
    assert (await world.refresh(app, first["refresh_token"])).status == 200


async def test_a_narrowed_answer_narrows_nothing_to_come(world: World, app: App, who: tuple[int, int]) -> None:
    first = await world.tokens(app, who)
    narrowed = await world.refresh(app, first["refresh_token"], scope=READ)
    assert (narrowed.json["scope"], claims(narrowed.json["access_token"])["scope"]) == (READ, READ)
    assert (await world.refresh(app, narrowed.json["refresh_token"])).json["scope"] == ASKED


@pytest.mark.parametrize("scope", [f"{ASKED} deals:read", "deals:read", "nonsense", "offline_access"])
async def test_a_wider_scope_is_refused_and_burns_nothing(
    world: World, app: App, who: tuple[int, int], scope: str
) -> None:
    first = await world.tokens(app, who)
    assert (await world.refresh(app, first["refresh_token"], scope=scope)).error == "invalid_scope"
    assert (await world.refresh(app, first["refresh_token"])).status == 200


async def test_a_refresh_token_lasts_thirty_days_from_its_issue(world: World, app: App, who: tuple[int, int]) -> None:
    token = (await world.tokens(app, who))["refresh_token"]
    for _ in range(2):
        world.clock.pass_s(REFRESH_TOKEN_LIFETIME_S - 1)
        answer = await world.refresh(app, token)
        assert answer.status == 200
        token = answer.json["refresh_token"]
    world.clock.pass_s(REFRESH_TOKEN_LIFETIME_S)
    assert (await world.refresh(app, token)).error == "invalid_grant"


async def test_no_refresh_outlives_the_grant(world: World, app: App, who: tuple[int, int]) -> None:
    ends_s = world.clock() + GRANT_LIFETIME_S
    token = (await world.tokens(app, who))["refresh_token"]
    while ends_s - world.clock() > 1:
        world.clock.pass_s(min(REFRESH_TOKEN_LIFETIME_S - 1, ends_s - 1 - world.clock()))
        token = (await world.refresh(app, token)).json["refresh_token"]
    assert (await world.introspect(app, token))["exp"] == ends_s
    world.clock.pass_s(1)
    assert (await world.refresh(app, token)).error == "invalid_grant"


async def test_a_new_role_shows_at_the_next_refresh(world: World, app: App, who: tuple[int, int]) -> None:
    first = await world.tokens(app, who)
    world.town.members[who] = replace(world.town.members[who], role="viewer", plan="scale", permissions="deals:read")
    after = claims((await world.refresh(app, first["refresh_token"])).json["access_token"])
    assert (after["role"], after["plan"], after["permissions"]) == ("viewer", "scale", "deals:read")
    assert "permissions" not in claims(first["access_token"])


async def test_a_user_who_is_gone_takes_the_family_along(world: World, app: App, who: tuple[int, int]) -> None:
    first = await world.tokens(app, who)
    place = world.town.members.pop(who)
    assert (await world.refresh(app, first["refresh_token"])).error == "invalid_grant"
    assert not (await world.introspect(app, first["access_token"]))["active"]
    world.town.members[who] = place
    assert (await world.refresh(app, first["refresh_token"])).error == "invalid_grant"


@pytest.mark.parametrize("token", ["", "rt_unknown", "x" * 4096], ids=["none", "an unknown one", "a long one"])
async def test_is_no_refresh_token(world: World, app: App, token: str) -> None:
    assert (await world.refresh(app, token)).error == ("invalid_grant" if token else "invalid_request")


async def test_an_access_token_is_no_refresh_token(world: World, app: App, who: tuple[int, int]) -> None:
    first = await world.tokens(app, who)
    assert (await world.refresh(app, first["access_token"])).error == "invalid_grant"
