"""Who calls, for which business, and how long they wait.

Owns the headers of the dialect and what admits a caller to a business. It must not know what the call then does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.database import Deadline
from sandbox.refusals import Code, Refusal, RefusedError, UnreadableError
from sandbox.tables import BUSINESSES, TABLES

ACTOR = "X-Actor-User-Id"
PERMISSIONS = "X-Actor-Permissions"
TRACE = "X-Trace-Id"
DEADLINE = "X-Deadline-Ms"
FIRST_SERVICE = 2**52
"""Actors from here on are services, which are let in where they call: the first is heard of one when it calls."""
DEFAULT_DEADLINE_MS = 8000  # of a caller that names no deadline

DIGITS = re.compile(r"[0-9]{1,18}")
MILLISECONDS = re.compile(r"-?[0-9]{1,9}")

_users = TABLES["users"].table.c
_here = sa.and_(_users.business_id == BUSINESSES.c.id, _users.id == sa.bindparam("user_id"))
_ADMITTED = (
    sa.select(BUSINESSES.c.is_suspended, _users.id)
    .select_from(BUSINESSES.outerjoin(TABLES["users"].table, _here))
    .where(BUSINESSES.c.id == sa.bindparam("business_id"))
)
"""Built once: every call asks it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A user of a business, what they may do, and their deadline."""

    business_id: int
    user_id: int
    permissions: frozenset[str]
    deadline: Deadline


def read_deadline(headers: Mapping[str, str]) -> Deadline:
    """The deadline that the headers name, counted from now."""
    left = headers.get(DEADLINE, str(DEFAULT_DEADLINE_MS))
    if not MILLISECONDS.fullmatch(left):
        raise UnreadableError(f"{DEADLINE}: not a number of milliseconds")
    return Deadline.after(int(left) / 1000)


def read_call(business_id: str, headers: Mapping[str, str], deadline: Deadline) -> Call:
    """The call that path and headers name."""
    user_id = headers.get(ACTOR, "")
    if not DIGITS.fullmatch(user_id):
        raise UnreadableError(f"{ACTOR}: not a number")
    return Call(int(business_id), int(user_id), frozenset(headers.get(PERMISSIONS, "").split()), deadline)


async def check_caller(connection: AsyncConnection, call: Call) -> None:
    """Let the caller in, or raise: an unknown business or user (HTTP), a suspended business (E_SUSPENDED)."""
    named = {"business_id": call.business_id, "user_id": call.user_id}
    row = (await connection.execute(_ADMITTED, named)).one_or_none()
    if row is None:
        raise UnreadableError(f"no business {call.business_id}", status=404)
    if row.id is None and call.user_id < FIRST_SERVICE:
        raise UnreadableError(f"no user {call.user_id} in business {call.business_id}", status=403)
    if row.is_suspended:
        raise RefusedError(Refusal(Code.SUSPENDED, f"business {call.business_id} is suspended"))


async def lock_business(connection: AsyncConnection, call: Call, *, now_ms: int) -> int:
    """Take the business's clock for a write, and let the caller in; returns the instant of that write."""
    at_ms = await next_instant(connection, call.business_id, now_ms=now_ms)
    await check_caller(connection, call)
    return at_ms


async def next_instant(connection: AsyncConnection, business_id: int, *, now_ms: int) -> int:
    """Move a business's clock; returns the instant, later than that of any write before."""
    clock = BUSINESSES.c.clock_ms
    later = sa.case((clock >= now_ms, clock + 1), else_=now_ms)
    moved = BUSINESSES.update().where(BUSINESSES.c.id == business_id).values(clock_ms=later).returning(clock)
    return int((await connection.execute(moved)).scalar_one_or_none() or now_ms)
