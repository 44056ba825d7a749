"""Who has failed to prove who they are, how often of late, and for how long they are not listened to.

In the database, so that several processes count together. What is counted, such as a client from an address, is kept as
a digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import LockoutRule
from oauth.store.tables import FAILURES
from oauth.tokens.opaque import digest

_COLUMNS = FAILURES.c
LOCKED_UNTIL = sa.select(sa.func.max(_COLUMNS.locked_until_s)).where(
    _COLUMNS.what.in_(sa.bindparam("watched", expanding=True))
)
"""Asks for the instant until which one of the `watched` is not listened to."""


@dataclass(frozen=True, slots=True)
class FailureCounter:
    """Something that failures are counted of, and how many are borne."""

    what: str
    rule: LockoutRule

    @property
    def key(self) -> str:
        """As it is kept."""
        return digest(self.what)


async def locked_for_s(connection: AsyncConnection, watched: Sequence[FailureCounter], *, now_s: int) -> int:
    """For how many seconds one of these is not listened to; 0 if all are."""
    return wait_s(await connection.scalar(LOCKED_UNTIL, {"watched": counter_keys(watched)}), now_s)


def counter_keys(watched: Sequence[FailureCounter]) -> list[str]:
    """As LOCKED_UNTIL is told of them."""
    return [each.key for each in watched]


def wait_s(locked_until_s: int | None, now_s: int) -> int:
    """How long that is from now."""
    return max(0, (locked_until_s or 0) - now_s)


async def count_failure(connection: AsyncConnection, watched: Sequence[FailureCounter], *, now_s: int) -> None:
    """Count a failure of each."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # In one order, so that two who count the same never wait for each other.
    for each in sorted(watched, key=lambda one: one.key):
        stale = _COLUMNS.since_s <= now_s - each.rule.window_s
        count = sa.case((stale, 1), else_=_COLUMNS.count + 1)
        too_many = now_s + each.rule.locked_s if each.rule.attempts == 1 else 0
        first = insert(FAILURES).values(what=each.key, count=1, since_s=now_s, locked_until_s=too_many)
        again = {
            "count": count,
            "since_s": sa.case((stale, now_s), else_=_COLUMNS.since_s),
            "locked_until_s": sa.case(
                (count >= each.rule.attempts, now_s + each.rule.locked_s), else_=_COLUMNS.locked_until_s
            ),
        }
        await connection.execute(first.on_conflict_do_update(index_elements=[_COLUMNS.what], set_=again))


async def forget_failures(connection: AsyncConnection, watched: Sequence[FailureCounter]) -> None:
    """A success: what was counted of these is forgotten."""
    await connection.execute(sa.delete(FAILURES).where(_COLUMNS.what.in_([each.key for each in watched])))
