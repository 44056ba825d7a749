"""A kept request is one person's to decide, once, within ten minutes; what they give is what they have."""

from dataclasses import replace

import pytest

from contract.oauth import PENDING_REQUEST_LIFETIME_S
from oauth.consent import deny, load_pending
from oauth.protocol.errors import PageError
from tests.oauth.protocol.world import ASKED, ISSUER, READ, WRITE, App, Verifier, World


@pytest.fixture
async def app(world: World) -> App:
    return await world.an_app()


async def test_consent_gives_a_code_and_says_who_answers(world: World, app: App) -> None:
    who = world.a_user()
    told = await world.allowed(await world.pending(app, who[0]), who)
    assert set(told) == {"code", "state", "iss"}
    assert told["iss"] == ISSUER


async def test_denial_is_told_and_says_who_answers(world: World, app: App) -> None:
    user, _ = world.a_user()
    told = await world.denied(await world.pending(app, user), user)
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", "s-1", ISSUER)


async def test_another_users_request_is_nobody_elses(world: World, app: App) -> None:
    owner, stranger = world.a_user(), world.a_user()
    found = await world.pending(app, owner[0])
    with pytest.raises(PageError):
        await load_pending(world.desk, found.handle, world.identity(stranger[0]))
    with pytest.raises(PageError):
        await world.allowed(found, stranger)
    with pytest.raises(PageError):
        await world.denied(found, stranger[0])
    assert "code" in await world.allowed(found, owner)


async def test_a_request_that_nobody_has_looked_at_cannot_be_decided(world: World, app: App) -> None:
    who = world.a_user()
    other = await world.pending(app, who[0])
    word = (await world.ask(world.question(app))).text
    with pytest.raises(PageError):
        await world.allowed(replace(other, handle=word), who)


async def test_a_request_is_decided_once(world: World, app: App) -> None:
    who = world.a_user()
    found = await world.pending(app, who[0])
    await world.allowed(found, who)
    for again in (world.allowed(found, who), world.denied(found, who[0])):
        with pytest.raises(PageError):
            await again


async def test_a_request_may_be_looked_at_again_before_it_is_decided(world: World, app: App) -> None:
    who = world.a_user()
    found = await world.pending(app, who[0])
    assert await load_pending(world.desk, found.handle, world.identity(who[0])) == found


async def test_a_request_ends_after_ten_minutes(world: World, app: App) -> None:
    who = world.a_user()
    found = await world.pending(app, who[0])
    world.clock.pass_s(PENDING_REQUEST_LIFETIME_S)
    with pytest.raises(PageError):
        await world.allowed(found, who)
    with pytest.raises(PageError):
        await load_pending(world.desk, found.handle, world.identity(who[0]))


@pytest.mark.parametrize("word", ["", "unknown", "/evil", "//evil.example", "https://evil.example"])
async def test_no_other_word_leads_anywhere(world: World, word: str) -> None:
    with pytest.raises(PageError):
        await load_pending(world.desk, word, world.identity(world.a_user()[0]))


async def test_a_business_that_is_not_the_users_gives_nothing(world: World, app: App) -> None:
    who, (_, other) = world.a_user(), world.a_user()
    told = await world.allowed(await world.pending(app, who[0]), (who[0], other))
    assert (told["error"], "code" in told) == ("access_denied", False)


async def test_a_user_who_is_gone_between_the_pages_gives_nothing(world: World, app: App) -> None:
    who = world.a_user()
    found = await world.pending(app, who[0])
    identity = world.identity(who[0])
    del world.town.members[who]
    assert (await world.allowed(found, who, identity=identity))["error"] == "access_denied"


async def test_a_client_that_is_disabled_between_the_pages_gets_nothing(world: World) -> None:
    app, who = await world.an_app(), world.a_user()
    found = await world.pending(app, who[0])
    await world.change_app(app, disabled_at_s=1)
    with pytest.raises(PageError):
        await world.allowed(found, who)
    with pytest.raises(PageError):
        await load_pending(world.desk, found.handle, world.identity(who[0]))


async def scope_of(world: World, app: App, who: tuple[int, int], scopes: str, **changes: str) -> str:
    code = await world.a_code(app, who, verifier := Verifier(), scopes, **changes)
    return str((await world.redeem(app, code, verifier)).json["scope"])


async def test_a_role_gives_no_more_than_it_has(world: World, app: App) -> None:
    assert await scope_of(world, app, world.a_user("viewer"), ASKED) == READ


async def test_custom_permissions_stand_in_for_the_role(world: World, app: App) -> None:
    who = world.a_user("admin")
    world.town.members[who] = replace(world.town.members[who], permissions=WRITE)
    assert await scope_of(world, app, who, ASKED) == WRITE


async def test_no_more_is_given_than_was_asked_for(world: World, app: App) -> None:
    assert await scope_of(world, app, world.a_user(), f"{ASKED} deals:read tokens:manage") == ASKED


async def test_less_may_be_given_than_was_asked_for(world: World, app: App) -> None:
    assert await scope_of(world, app, world.a_user(), READ) == READ


async def test_nothing_chosen_is_a_denial(world: World, app: App) -> None:
    who = world.a_user()
    found = await world.pending(app, who[0])
    assert (await world.allowed(found, who, scopes=()))["error"] == "access_denied"


async def test_what_a_page_offers_is_what_the_role_can_give(world: World, app: App) -> None:
    who = world.a_user("viewer")
    found = await world.pending(app, who[0])
    assert found.grantable_scopes(world.town.members[who]) == (READ,)
    assert await deny(world.desk, found, world.identity(who[0]))
