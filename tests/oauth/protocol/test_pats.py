"""Personal access tokens: what a business's admin may make, of what it consists, and how it ends."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from contract.vocabulary import TenantId, UserId
from oauth.administration import AdminContext, InvalidFields, NotFound, RuleBroken, Stale, TryAgain
from oauth.administration.pats import CreatedPat, PatRequest, create, get, list_all, revoke, rotate
from oauth.login import DirectoryUnavailable, Membership
from oauth.store.pats import Pat, record_uses
from oauth.store.revocations import LogEntry, entries
from oauth.store.tables import ACCESS_TOKENS, AUDIT
from tests.oauth.protocol.world import ASKED, READ, World

DAY_S = 24 * 3600
WANTED = PatRequest("Nightly sync", tuple(ASKED.split()))


@pytest.fixture
def asked(world: World) -> AdminContext:
    """An admin of a business of its own."""
    user, business = world.a_user("admin")
    return AdminContext(TenantId(business), UserId(user))


async def a_pat(world: World, asked: AdminContext, **changes: Any) -> CreatedPat:
    made = await create(world.desk, asked, replace(WANTED, **changes))
    assert isinstance(made, CreatedPat), made
    return made


def claims(made: CreatedPat) -> dict[str, Any]:
    assert made.text is not None
    return jwt.decode(made.text, options={"verify_signature": False})


def codes(refused: object) -> list[tuple[str, str, int | None]]:
    assert isinstance(refused, InvalidFields), refused
    return [(fault.member, fault.code, fault.index) for fault in refused.errors]


async def the(world: World, asked: AdminContext, number: int) -> Pat:
    found = await get(world.desk, asked, number)
    assert isinstance(found, Pat), found
    return found


async def told_of(world: World, jti: str) -> list[LogEntry]:
    async with world.desk.database.read() as connection:
        return [entry for entry in await entries(connection) if entry.event.target == jti]


async def test_a_new_token_says_whose_it_is_and_lives_for_ninety_days(world: World, asked: AdminContext) -> None:
    made = await a_pat(world, asked)
    said = claims(made)
    assert (said["token_kind"], said["client_id"], said["role"]) == ("pat", "pat", "admin")
    assert said["scope"] == ASKED
    assert said["exp"] - said["iat"] == 90 * DAY_S
    assert world.desk.ids.open("usr", asked.business, said["sub"]) == asked.user
    assert (made.pat.name, made.pat.created_by, made.pat.status(world.clock())) == (WANTED.name, asked.user, "active")


async def test_it_may_be_for_another_user_of_the_business(world: World, asked: AdminContext) -> None:
    other, _ = world.a_user("viewer", asked.business)
    made = await a_pat(world, asked, user=other, scope=(READ,))
    assert world.desk.ids.open("usr", asked.business, claims(made)["sub"]) == other
    assert claims(made)["role"] == "viewer"
    assert made.pat.created_by == asked.user


async def test_nobody_outside_the_business_can_have_one(world: World, asked: AdminContext) -> None:
    stranger, _ = world.a_user("admin")
    refused = await create(world.desk, asked, replace(WANTED, user=UserId(stranger)))
    assert codes(refused) == [("user_id", "reference-not-found", None)]


async def test_it_says_no_more_than_its_user_may_do(world: World, asked: AdminContext) -> None:
    viewer, _ = world.a_user("viewer", asked.business)
    wanted = replace(WANTED, user=UserId(viewer), scope=("contacts:read", "contacts:write", "tokens:manage"))
    assert codes(await create(world.desk, asked, wanted)) == [
        ("scopes", "not-permitted", 1),
        ("scopes", "not-permitted", 2),
    ]


async def test_custom_permissions_bound_it_and_are_said_by_it(world: World, asked: AdminContext) -> None:
    user, _ = world.a_user("admin", asked.business)
    world.town.members[user, asked.business] = Membership(asked.business, "B", "admin", permissions="contacts:read")
    assert codes(await create(world.desk, asked, replace(WANTED, user=UserId(user)))) == [
        ("scopes", "not-permitted", 1)
    ]
    assert claims(await a_pat(world, asked, user=user, scope=(READ,)))["permissions"] == "contacts:read"


@pytest.mark.parametrize(
    ("life_s", "good"),
    [(1, True), (365 * DAY_S, True), (0, False), (-1, False), (366 * DAY_S, False), (365 * DAY_S + 1, False)],
)
async def test_it_ends_ahead_and_within_a_year(world: World, asked: AdminContext, life_s: int, good: bool) -> None:
    ends_at_s = world.clock() + life_s
    made = await create(world.desk, asked, replace(WANTED, expires_at_s=ends_at_s))
    if good:
        assert isinstance(made, CreatedPat) and claims(made)["exp"] == made.pat.expires_at_s == ends_at_s
    else:
        assert codes(made) == [("expires_at", "out-of-range", None)]


async def test_every_fault_is_told_at_once(world: World, asked: AdminContext) -> None:
    viewer, _ = world.a_user("viewer", asked.business)
    wanted = replace(WANTED, user=UserId(viewer), expires_at_s=1)
    assert codes(await create(world.desk, asked, wanted)) == [
        ("scopes", "not-permitted", 1),
        ("expires_at", "out-of-range", None),
    ]


async def test_a_business_has_a_hundred_live_ones_whoever_races(world: World, asked: AdminContext) -> None:
    first = await a_pat(world, asked)
    outcomes = await asyncio.gather(*(create(world.desk, asked, WANTED) for _ in range(102)))
    refused = [each for each in outcomes if not isinstance(each, CreatedPat)]
    assert len(refused) == 3
    assert all(isinstance(each, RuleBroken) and each.rule == "limit-reached" for each in refused)
    await revoke(world.desk, asked, first.pat.number)
    await a_pat(world, asked)


async def test_at_the_limit_a_token_can_still_be_rotated(world: World, asked: AdminContext) -> None:
    made = [await a_pat(world, asked) for _ in range(100)]
    assert isinstance(await rotate(world.desk, asked, made[0].pat.number, overlap_s=60), CreatedPat)
    assert isinstance(await create(world.desk, asked, WANTED), RuleBroken)


async def test_what_is_tried_leaves_nothing_and_shows_no_token(world: World, asked: AdminContext) -> None:
    tried = await create(world.desk, replace(asked, dry=True), WANTED)
    assert isinstance(tried, CreatedPat) and tried.text is None
    assert await list_all(world.desk, asked) == []
    made = await a_pat(world, asked)
    for ending in (rotate, revoke):
        await ending(world.desk, replace(asked, dry=True), made.pat.number)
    assert await list_all(world.desk, asked) == [made.pat]
    assert await told_of(world, made.pat.jti) == []


async def test_another_business_finds_none_of_it(world: World, asked: AdminContext) -> None:
    made = await a_pat(world, asked)
    user, business = world.a_user("admin")
    stranger = AdminContext(TenantId(business), UserId(user))
    assert await list_all(world.desk, stranger) == []
    for look in (get, rotate, revoke):
        assert await look(world.desk, stranger, made.pat.number) == NotFound()
    assert (await the(world, asked, made.pat.number)).status(world.clock()) == "active"


async def test_a_revoked_token_is_in_the_log_once_and_listed_for_thirty_days(world: World, asked: AdminContext) -> None:
    made = await a_pat(world, asked)
    for _ in range(2):
        revoked = await revoke(world.desk, asked, made.pat.number)
        assert isinstance(revoked, Pat) and revoked.status(world.clock()) == "revoked"
    [entry] = await told_of(world, made.pat.jti)
    assert entry.event.effective_at_s is None
    world.clock.pass_s(30 * DAY_S - 1)
    assert [pat.number for pat in await list_all(world.desk, asked)] == [made.pat.number]
    world.clock.pass_s(1)
    assert await list_all(world.desk, asked) == []
    assert await get(world.desk, asked, made.pat.number) == NotFound()


async def test_an_expired_token_is_listed_as_such(world: World, asked: AdminContext) -> None:
    made = await a_pat(world, asked, expires_at_s=world.clock() + 60)
    world.clock.pass_s(60)
    assert (await the(world, asked, made.pat.number)).status(world.clock()) == "expired"
    assert isinstance(await rotate(world.desk, asked, made.pat.number), RuleBroken)


async def test_rotated_with_an_overlap_both_live_for_as_long_and_share_one_budget(
    world: World, asked: AdminContext
) -> None:
    old = await a_pat(world, asked)
    new = await rotate(world.desk, asked, old.pat.number, overlap_s=3600)
    assert isinstance(new, CreatedPat)
    assert claims(new)["rate_key"] == claims(old)["rate_key"]
    assert claims(new)["jti"] != claims(old)["jti"]
    assert (new.pat.name, new.pat.scope, new.pat.user) == (old.pat.name, old.pat.scope, old.pat.user)
    [entry] = await told_of(world, old.pat.jti)
    assert entry.event.effective_at_s == world.clock() + 3600
    assert (await the(world, asked, old.pat.number)).status(world.clock()) == "active"
    world.clock.pass_s(3600)
    assert (await the(world, asked, old.pat.number)).status(world.clock()) == "revoked"
    assert (await the(world, asked, new.pat.number)).status(world.clock()) == "active"


async def test_rotated_without_an_overlap_the_old_one_ends_at_once(world: World, asked: AdminContext) -> None:
    old = await a_pat(world, asked)
    new = await rotate(world.desk, asked, old.pat.number)
    assert isinstance(new, CreatedPat)
    [entry] = await told_of(world, old.pat.jti)
    assert entry.event.effective_at_s is None
    assert (await the(world, asked, old.pat.number)).status(world.clock()) == "revoked"


async def test_a_token_is_rotated_once(world: World, asked: AdminContext) -> None:
    old = await a_pat(world, asked)
    await rotate(world.desk, asked, old.pat.number, overlap_s=3600)
    again = await rotate(world.desk, asked, old.pat.number, overlap_s=3600)
    assert isinstance(again, RuleBroken) and again.rule == "token-state"


async def test_of_a_race_to_rotate_one_wins(world: World, asked: AdminContext) -> None:
    old = await a_pat(world, asked)
    outcomes = await asyncio.gather(*(rotate(world.desk, asked, old.pat.number, overlap_s=60) for _ in range(8)))
    assert sum(isinstance(each, CreatedPat) for each in outcomes) == 1


async def test_of_a_family_two_live_at_the_most(world: World, asked: AdminContext) -> None:
    first = await a_pat(world, asked)
    second = await rotate(world.desk, asked, first.pat.number, overlap_s=3600)
    assert isinstance(second, CreatedPat)
    third = await rotate(world.desk, asked, second.pat.number, overlap_s=3600)
    assert isinstance(third, CreatedPat)
    now_s = world.clock()
    states = [(await the(world, asked, made.pat.number)).status(now_s) for made in (first, second, third)]
    assert states == ["revoked", "active", "active"]
    assert [entry.event.effective_at_s for entry in await told_of(world, first.pat.jti)] == [now_s + 3600, None]


async def test_in_its_overlap_a_token_can_be_revoked_at_once(world: World, asked: AdminContext) -> None:
    old = await a_pat(world, asked)
    await rotate(world.desk, asked, old.pat.number, overlap_s=3600)
    await revoke(world.desk, asked, old.pat.number)
    assert [entry.event.effective_at_s for entry in await told_of(world, old.pat.jti)] == [world.clock() + 3600, None]
    assert (await the(world, asked, old.pat.number)).status(world.clock()) == "revoked"


async def test_a_user_who_may_no_longer_do_it_gets_no_other_token(world: World, asked: AdminContext) -> None:
    user, _ = world.a_user("member", asked.business)
    made = await a_pat(world, asked, user=user)
    world.town.members[user, asked.business] = Membership(asked.business, "B", "viewer")
    refused = await rotate(world.desk, asked, made.pat.number)
    assert isinstance(refused, RuleBroken) and refused.rule == "token-user"


async def test_a_write_on_another_revision_changes_nothing(world: World, asked: AdminContext) -> None:
    made = await a_pat(world, asked)
    stale = made.pat.revision + 1
    for write in (rotate, revoke):
        assert await write(world.desk, asked, made.pat.number, revision=stale) == Stale(made.pat.revision)
    assert await the(world, asked, made.pat.number) == made.pat
    revoked = await revoke(world.desk, asked, made.pat.number, revision=made.pat.revision)
    assert isinstance(revoked, Pat) and revoked.revision > made.pat.revision


async def test_use_is_noted_and_never_earlier_than_known(world: World, asked: AdminContext) -> None:
    made = await a_pat(world, asked)
    for at_s, known_s in ((600, 600), (540, 600), (660, 660)):
        async with world.desk.database.write() as connection:
            await record_uses(connection, {made.pat.jti: at_s, "pat_of_nobody": at_s})
        assert (await the(world, asked, made.pat.number)).last_used_at_s == known_s


async def test_nothing_is_made_while_nobody_knows_the_users(
    world: World, asked: AdminContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> None:
        raise DirectoryUnavailable("away")

    monkeypatch.setattr(world.town, "membership", lost)
    assert await create(world.desk, asked, WANTED) == TryAgain()


async def test_nothing_is_made_for_a_suspended_business(world: World, asked: AdminContext) -> None:
    await world.log_event("suspend", world.desk.ids.seal_business("biz", asked.business))
    assert await create(world.desk, asked, WANTED) == TryAgain()


async def test_the_audit_tells_who_did_what_and_holds_no_token(world: World, asked: AdminContext) -> None:
    old = await a_pat(world, asked)
    new = await rotate(world.desk, asked, old.pat.number)
    assert isinstance(new, CreatedPat)
    await revoke(world.desk, asked, new.pat.number)
    async with world.desk.database.read() as connection:
        own = sa.select(AUDIT).where(AUDIT.c.business_id == asked.business).order_by(AUDIT.c.id)
        told = [dict(row) for row in (await connection.execute(own)).mappings()]
        kept = str((await connection.execute(sa.select(ACCESS_TOKENS))).all())
    assert [row["action"] for row in told] == ["pat.created", "pat.rotated", "pat.revoked"]
    assert {row["actor"] for row in told} == {world.desk.ids.seal("usr", asked.business, asked.user)}
    for made in (old, new):
        assert made.text is not None
        for part in made.text.split(".")[1:]:
            assert part not in json.dumps(told, default=str) + kept


KEY = "b" * 64


async def test_with_one_key_one_token_is_made(world: World, asked: AdminContext) -> None:
    """Asked for many times at once, and again once its user may no longer do what it says."""
    keyed = replace(asked, dedupe_key=KEY)
    made = await asyncio.gather(*(create(world.desk, keyed, WANTED) for _ in range(5)))
    assert all(isinstance(each, CreatedPat) for each in made), made
    shown = [each for each in made if isinstance(each, CreatedPat)]
    assert len({each.pat.number for each in shown}) == 1
    assert sum(each.text is not None for each in shown) == 1
    again = await create(world.desk, keyed, replace(WANTED, scope=("nothing:read",)))
    assert isinstance(again, CreatedPat) and (again.pat.number, again.text) == (shown[0].pat.number, None)
    assert len(await list_all(world.desk, asked)) == 1


async def test_a_key_is_one_business_s_and_for_a_day(world: World, asked: AdminContext) -> None:
    first = await create(world.desk, replace(asked, dedupe_key=KEY), WANTED)
    user, business = world.a_user("admin")
    other = await create(world.desk, AdminContext(TenantId(business), UserId(user), dedupe_key=KEY), WANTED)
    assert isinstance(first, CreatedPat) and isinstance(other, CreatedPat)
    assert other.pat.number != first.pat.number and other.text is not None
    world.clock.pass_s(DAY_S + 3601)
    later = await create(world.desk, replace(asked, dedupe_key=KEY), WANTED)
    assert isinstance(later, CreatedPat) and later.pat.number != first.pat.number


async def test_what_was_only_tried_takes_no_key(world: World, asked: AdminContext) -> None:
    tried = await create(world.desk, replace(asked, dry=True, dedupe_key=KEY), WANTED)
    assert isinstance(tried, CreatedPat) and tried.text is None
    made = await create(world.desk, replace(asked, dedupe_key=KEY), WANTED)
    assert isinstance(made, CreatedPat) and made.text is not None
