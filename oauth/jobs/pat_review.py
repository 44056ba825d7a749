"""What PATs say of their users, compared with what the users are now; those that say too much end.

A PAT says for months what its user may do, and nobody asks again when it is used. So it is asked here, again and again:
a role that became less, or a user who is gone, shows within `EVERY_S` and the time that the asking takes. Who may more
than the token says keeps it. Grants need none of this: each refresh asks.
"""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from itertools import groupby

from contract.operations import PERMISSIONS
from contract.roles import ROLES, effective_permissions
from oauth.dependencies import Dependencies
from oauth.jobs.periodic import run_every
from oauth.login import DirectoryUnavailable, Membership
from oauth.store.audit import record
from oauth.store.pats import LivePat, list_live
from oauth.store.tables import ACCESS_TOKENS
from oauth.store.tokens import end_pats, end_user

EVERY_S = 30.0
ACTOR = "standing"


async def review_all(desk: Dependencies) -> None:
    """Review all tokens once.

    Raises DatabaseUnavailable; DirectoryUnavailable after all others, if nothing can be told of some.
    """
    async with desk.database.read() as connection:
        holdings = await list_live(connection, now_s=desk.clock())
    ended, lost = 0, None
    for (business, user), held in groupby(holdings, key=lambda each: (each.business, each.user)):
        try:
            member = await desk.login.membership(user, business)
        except DirectoryUnavailable as fault:  # perhaps for this user alone, who must not keep others' tokens alive
            lost = fault
        else:
            ended += await _judge(desk, list(held), member)
    if ended:
        desk.log.info("tokens said too much", ended=ended)
    if lost is not None:
        raise lost


async def _judge(desk: Dependencies, held: list[LivePat], member: Membership | None) -> int:
    """The tokens of one user in one business."""
    one, now_s = held[0], desk.clock()
    too_much = [each for each in held if member is None or exceeds_role(each, member)]
    if not too_much:
        return 0
    async with desk.database.write() as connection:
        which = ACCESS_TOKENS.c.jti.in_([each.jti for each in too_much])
        ended = await end_pats(connection, which, actor=ACTOR, now_s=now_s)
        if member is None:
            await end_user(connection, one.user, one.business, reason="user-gone", actor=ACTOR, now_s=now_s)
        for each in too_much:
            why = {"reason": "user-gone" if member is None else "role-changed"}
            await record(connection, "pat.revoked", each.jti, actor=ACTOR, now_s=now_s, business=each.business, **why)
    return ended


def exceeds_role(held: LivePat, member: Membership) -> bool:
    """Whether the token grants something that its user may no longer do."""
    said = _granted(held.role, held.permissions)
    return not said <= _granted(member.role, member.permissions)


def _granted(role: str, permissions: str | None) -> frozenset[str]:
    claimed: Iterable[str] | None = None if permissions is None else permissions.split()
    return effective_permissions(ROLES[role], None if claimed is None else frozenset(claimed), PERMISSIONS)


def review_periodically(desk: Dependencies) -> AbstractAsyncContextManager[None]:
    """Look now and then, while the block lasts."""

    async def look_once() -> None:
        try:
            await review_all(desk)
        except DirectoryUnavailable as lost:
            desk.log.warning("standing not looked at", cause=str(lost))
        except Exception as error:  # no reason to stop serving
            desk.log.error("standing not looked at", cause=f"{type(error).__name__}: {error}")

    return run_every(look_once, every_s=EVERY_S)
