"""Personal access tokens: made for a user of the business, shown once, replaced with an overlap, revoked.

A token says no more than its user may do when it is made; what becomes of it when that changes is `standing`'s.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.claims import TokenKind
from contract.size_and_time_limits import DEFAULT_PAT_LIFETIME_S, MAX_PATS
from contract.vocabulary import UserId
from oauth.administration import (
    LIMIT_REACHED,
    AdminContext,
    FieldError,
    InvalidFields,
    NotFound,
    Rejection,
    RuleBroken,
    Stale,
    TryAgain,
    transaction,
)
from oauth.dependencies import Dependencies
from oauth.login import DirectoryUnavailable, Membership
from oauth.protocol.scopes import permitted_scopes
from oauth.store.advisory_lock import lock_for_business
from oauth.store.audit import record
from oauth.store.idempotency_keys import find_created, remember
from oauth.store.pats import Pat, count_live, find_pat, list_pats, mark_replaced
from oauth.store.tables import ACCESS_TOKENS
from oauth.store.tokens import end_pats, schedule_end
from oauth.tokens.issue import Bearer, issue, reason_not_to_issue
from oauth.tokens.mint import PAT_CLIENT
from oauth.tokens.opaque import new_id

TOKEN_STATE, TOKEN_USER = "token-state", "token-user"


@dataclass(frozen=True, slots=True)
class PatRequest:
    """What is wanted. Without a `user` the asker's own, without an end `DEFAULT_PAT_LIFETIME_S` from now."""

    name: str
    scope: tuple[str, ...]
    user: UserId | None = None
    expires_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class CreatedPat:
    """A token that was just made, and its text: shown this once, and kept nowhere.

    There is no text where it was made before with the same `dedupe_key`, and where it was only tried: then its number
    is 0.
    """

    pat: Pat
    text: str | None


async def list_all(desk: Dependencies, asked: AdminContext) -> list[Pat]:
    """The business's; expired and revoked ones for 30 days."""
    async with desk.database.read() as connection:
        return await list_pats(connection, asked.business, now_s=desk.clock())


async def get(desk: Dependencies, asked: AdminContext, number: int) -> Pat | Rejection:
    """One of them."""
    async with desk.database.read() as connection:
        return await find_pat(connection, asked.business, number, now_s=desk.clock()) or NotFound()


async def create(desk: Dependencies, asked: AdminContext, wanted: PatRequest) -> CreatedPat | Rejection:
    """A new one; with a `dedupe_key`, the one that was made with it before."""
    now_s, user = desk.clock(), wanted.user or asked.user
    async with desk.database.read() as connection:
        if before := await _made_before(connection, asked, now_s):
            return before
    member = await _member(desk, asked, user)
    if isinstance(member, TryAgain):
        return member
    ends_at_s = wanted.expires_at_s or now_s + DEFAULT_PAT_LIFETIME_S
    faults = [*_scope_faults(member, wanted.scope), *_end_faults(ends_at_s, now_s)]
    if member is None:
        faults.append(FieldError("user_id", "reference-not-found", "No live record has this id."))
    if member is None or faults:
        return InvalidFields(tuple(faults))
    bearer = _bearer(asked, user, member, wanted.name, new_id("fam"))
    async with transaction(desk, asked) as connection:
        await lock_for_business(connection, "pats", asked.business)
        if before := await _made_before(connection, asked, now_s):
            return before
        if await count_live(connection, asked.business, now_s=now_s) >= MAX_PATS:
            return RuleBroken(LIMIT_REACHED, f"A business has {MAX_PATS} live tokens at the most: revoke one first.")
        made = await _issued(desk, connection, asked, bearer, wanted.scope, now_s, ends_at_s)
        if isinstance(made, CreatedPat):
            await remember(connection, asked.business, asked.dedupe_key, made.pat.number, now_s=now_s)
            await _noted(desk, connection, asked, "pat.created", made.pat, now_s)
        return made


async def rotate(
    desk: Dependencies,
    asked: AdminContext,
    number: int,
    *,
    overlap_s: int = 0,
    expires_at_s: int | None = None,
    revision: int | None = None,
) -> CreatedPat | Rejection:
    """Another one in its place, of the same family; the old one ends after the overlap.

    Of a family two live at the most: an older one that still overlaps ends at once.
    """
    now_s = desk.clock()
    found = await get(desk, asked, number)
    if not isinstance(found, Pat):
        return found
    member = await _member(desk, asked, found.user)
    if isinstance(member, TryAgain):
        return member
    async with transaction(desk, asked) as connection:
        old = await _held(connection, asked, number, revision, now_s)
        if not isinstance(old, Pat):
            return old
        ends_at_s = expires_at_s or now_s + DEFAULT_PAT_LIFETIME_S
        if faults := _end_faults(ends_at_s, now_s):
            return InvalidFields(tuple(faults))
        if old.status(now_s) != "active" or old.replaced_by is not None:
            return RuleBroken(TOKEN_STATE, "Only an active token that has not been rotated yet can be.")
        if member is None or list(_scope_faults(member, old.scope)):
            return RuleBroken(TOKEN_USER, "Its user may no longer do what the token says. Make a new one.")
        await _end_overlapping(desk, connection, asked, old, now_s)
        bearer = _bearer(asked, old.user, member, old.name, old.rate_key)
        made = await _issued(desk, connection, asked, bearer, old.scope, now_s, ends_at_s)
        if isinstance(made, CreatedPat):
            await _replaced(desk, connection, asked, old, made.pat, now_s, overlap_s)
        return made


async def revoke(
    desk: Dependencies, asked: AdminContext, number: int, *, revision: int | None = None
) -> Pat | Rejection:
    """End it now; one that has ended stays as it is."""
    now_s = desk.clock()
    async with transaction(desk, asked) as connection:
        found = await _held(connection, asked, number, revision, now_s)
        if not isinstance(found, Pat):
            return found
        actor = asked.actor(desk)
        if await end_pats(connection, ACCESS_TOKENS.c.number == number, actor=actor, now_s=now_s):
            await _noted(desk, connection, asked, "pat.revoked", found, now_s)
        return await find_pat(connection, asked.business, number, now_s=now_s) or NotFound()


def one_year_after(now_s: int) -> int:
    """The same day and time of the next year; of a 29 February, 1 March."""
    now = datetime.fromtimestamp(now_s, UTC)
    if (now.month, now.day) == (2, 29):
        now = now.replace(month=3, day=1)
    return int(now.replace(year=now.year + 1).timestamp())


async def _made_before(connection: AsyncConnection, asked: AdminContext, now_s: int) -> CreatedPat | None:
    number = await find_created(connection, asked.business, asked.dedupe_key, now_s=now_s)
    pat = None if number is None else await find_pat(connection, asked.business, number, now_s=now_s)
    return None if pat is None else CreatedPat(pat, None)


async def _member(desk: Dependencies, asked: AdminContext, user: UserId) -> Membership | TryAgain | None:
    try:
        return await desk.login.membership(user, asked.business)
    except DirectoryUnavailable as lost:
        desk.log.error("nobody knows the users", cause=str(lost))
        return TryAgain()


def _scope_faults(member: Membership | None, scope: tuple[str, ...]) -> list[FieldError]:
    if member is None:
        return []
    held = permitted_scopes(member.role, member.permissions, scope)
    detail = "The token's user may not do this."
    return [FieldError("scopes", "not-permitted", detail, at) for at, name in enumerate(scope) if name not in held]


def _end_faults(ends_at_s: int, now_s: int) -> list[FieldError]:
    if now_s < ends_at_s <= one_year_after(now_s):
        return []
    return [FieldError("expires_at", "out-of-range", "Must lie ahead, and within a year from now.")]


def _bearer(asked: AdminContext, user: UserId, member: Membership, name: str, rate_key: str) -> Bearer:
    return Bearer(
        kind=TokenKind.PAT,
        client_id=PAT_CLIENT,
        business=asked.business,
        user=user,
        role=member.role,
        plan=member.plan,
        permissions=member.permissions,
        rate_key=rate_key,
        name=name,
        created_by=asked.user,
    )


async def _issued(
    desk: Dependencies,
    connection: AsyncConnection,
    asked: AdminContext,
    bearer: Bearer,
    scope: tuple[str, ...],
    now_s: int,
    ends_at_s: int,
) -> CreatedPat | TryAgain:
    if await reason_not_to_issue(desk, connection, bearer, now_s=now_s) is not None:
        return TryAgain()
    token = await issue(desk, connection, bearer, scope, now_s=now_s, life_s=ends_at_s - now_s)
    pat = await find_pat(connection, asked.business, token.number, now_s=now_s)
    if pat is None:
        raise LookupError("a token that was just made is not there")
    return CreatedPat(replace(pat, number=0), None) if asked.dry else CreatedPat(pat, token.text)


async def _held(
    connection: AsyncConnection, asked: AdminContext, number: int, revision: int | None, now_s: int
) -> Pat | NotFound | Stale:
    found = await find_pat(connection, asked.business, number, now_s=now_s, hold=True)
    if found is None:
        return NotFound()
    return found if revision in (None, found.revision) else Stale(found.revision)


async def _end_overlapping(
    desk: Dependencies, connection: AsyncConnection, asked: AdminContext, old: Pat, now_s: int
) -> None:
    older = (ACCESS_TOKENS.c.rate_key == old.rate_key, ACCESS_TOKENS.c.number != old.number)
    own = ACCESS_TOKENS.c.business_id == asked.business
    await end_pats(connection, own, *older, actor=asked.actor(desk), now_s=now_s)


async def _replaced(
    desk: Dependencies, connection: AsyncConnection, asked: AdminContext, old: Pat, new: Pat, now_s: int, overlap_s: int
) -> None:
    actor = asked.actor(desk)
    if overlap_s:
        await schedule_end(connection, old.jti, at_s=now_s + overlap_s, actor=actor, now_s=now_s)
    else:
        await end_pats(connection, ACCESS_TOKENS.c.number == old.number, actor=actor, now_s=now_s)
    await mark_replaced(connection, old.number, new.number)
    await _noted(desk, connection, asked, "pat.rotated", old, now_s, by=new.jti, overlap_s=overlap_s)


async def _noted(
    desk: Dependencies,
    connection: AsyncConnection,
    asked: AdminContext,
    action: str,
    pat: Pat,
    now_s: int,
    **detail: str | int,
) -> None:
    actor = asked.actor(desk)
    await record(connection, action, pat.jti, actor=actor, now_s=now_s, business=asked.business, **detail)
