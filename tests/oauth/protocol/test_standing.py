"""What a PAT says of its user is compared with what the user is: what says too much ends, all else stays."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from contract.vocabulary import TenantId, UserId
from oauth.administration import AdminContext
from oauth.administration.pats import CreatedPat, PatRequest, create, get
from oauth.jobs.pat_review import review_all
from oauth.login import DirectoryUnavailable, Membership
from oauth.store.pats import Pat
from oauth.store.tables import AUDIT
from tests.oauth.protocol.world import READ, World

WANTED = PatRequest("Nightly export", (READ,))


@pytest.fixture
def asked(world: World) -> AdminContext:
    """A manager of a business of its own, of whom there is nothing else."""
    user, business = world.a_user("manager")
    return AdminContext(TenantId(business), UserId(user))


async def a_pat(world: World, asked: AdminContext) -> Pat:
    made = await create(world.desk, asked, WANTED)
    assert isinstance(made, CreatedPat)
    return made.pat


async def status(world: World, asked: AdminContext, pat: Pat) -> str:
    found = await get(world.desk, asked, pat.number)
    assert isinstance(found, Pat)
    return found.status(world.clock())


def becomes(world: World, asked: AdminContext, role: str, permissions: str | None = None) -> None:
    world.town.members[asked.user, asked.business] = Membership(asked.business, "B", role, permissions=permissions)


CHANGES = {
    "stays what they were": ("manager", None, "active"),
    "may more": ("admin", None, "active"),
    "may less": ("member", None, "revoked"),
    "may less by custom permissions": ("manager", "contacts:read", "revoked"),
    "may less in spite of a higher role": ("admin", "contacts:read", "revoked"),
}


@pytest.mark.parametrize(("role", "permissions", "after"), CHANGES.values(), ids=CHANGES)
async def test_of_a_user_who(world: World, asked: AdminContext, role: str, permissions: str | None, after: str) -> None:
    pat = await a_pat(world, asked)
    becomes(world, asked, role, permissions)
    await review_all(world.desk)
    assert await status(world, asked, pat) == after
    assert (pat.jti in await world.revoked()) is (after == "revoked")


async def test_of_a_user_who_is_gone_all_ends_grants_too(world: World, asked: AdminContext) -> None:
    pat, app = await a_pat(world, asked), await world.an_app()
    tokens = await world.tokens(app, (asked.user, asked.business))
    del world.town.members[asked.user, asked.business]
    await review_all(world.desk)
    assert await status(world, asked, pat) == "revoked"
    becomes(world, asked, "manager")
    assert (await world.refresh(app, tokens["refresh_token"])).error == "invalid_grant"


async def test_one_with_custom_permissions_ends_when_they_become_fewer(world: World, asked: AdminContext) -> None:
    becomes(world, asked, "viewer", f"{READ} contacts:write_all")
    pat = await a_pat(world, asked)
    await review_all(world.desk)
    assert await status(world, asked, pat) == "active"
    becomes(world, asked, "viewer", READ)
    await review_all(world.desk)
    assert await status(world, asked, pat) == "revoked"


async def test_one_of_whom_nothing_can_be_told_keeps_nobody_elses_tokens(
    world: World, asked: AdminContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, business = world.a_user("manager", asked.business + 1)  # looked at later
    other = AdminContext(TenantId(business), UserId(user))
    kept, pat = await a_pat(world, asked), await a_pat(world, other)
    known = world.town.membership

    async def membership(user: UserId, business: TenantId) -> Membership | None:
        if business == asked.business:
            raise DirectoryUnavailable("what is told of them is of no form")
        return await known(user, business)

    monkeypatch.setattr(world.town, "membership", membership)
    becomes(world, asked, "viewer")
    becomes(world, other, "viewer")
    with pytest.raises(DirectoryUnavailable):
        await review_all(world.desk)
    monkeypatch.undo()
    assert (await status(world, asked, kept), await status(world, other, pat)) == ("active", "revoked")


async def test_it_is_in_the_audit_by_no_one_s_hand(world: World, asked: AdminContext) -> None:
    pat = await a_pat(world, asked)
    becomes(world, asked, "viewer")
    await review_all(world.desk)
    async with world.desk.database.read() as connection:
        told = sa.select(AUDIT).where(AUDIT.c.target == pat.jti, AUDIT.c.action == "pat.revoked")
        [row] = (await connection.execute(told)).mappings()
    assert (row["actor"], row["detail"]) == ("standing", {"reason": "role-changed"})


async def test_another_business_of_the_user_is_another_matter(world: World, asked: AdminContext) -> None:
    elsewhere = replace(asked, business=TenantId(world.a_user()[1]))
    becomes(world, elsewhere, "manager")
    pat = await a_pat(world, elsewhere)
    becomes(world, asked, "viewer")
    await review_all(world.desk)
    assert await status(world, elsewhere, pat) == "active"
