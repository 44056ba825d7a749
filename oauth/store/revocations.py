"""The revocation log: appended to in the caller's transaction, read a page at a time.

Knows numbers and their order, not who is told. Whoever issues tokens asks for the `bars` first.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.stores.revocations.events import RETENTION_S, START, Event, EventKind, EventPage, parse_position
from oauth.store.tables import REVOCATION_HEAD, REVOCATION_LOG

PAGE = 1000
HEAD = str(sa.select(REVOCATION_HEAD.c.sequence))
"""Asks for the last number that was given; the text is the same for every database."""
_LOG = REVOCATION_LOG.c
_SUSPENDED = (
    sa.select(_LOG.kind)
    .where(_LOG.kind.in_((EventKind.SUSPEND, EventKind.RESUME)), _LOG.target == sa.bindparam("business"))
    .order_by(_LOG.sequence.desc())
    .limit(1)
)
_BARS = sa.select(
    _SUSPENDED.scalar_subquery(),
    sa.select(sa.func.max(_LOG.at_s))
    .where(_LOG.kind == EventKind.SUBJECT, _LOG.target == sa.bindparam("subject"))
    .scalar_subquery(),
    sa.exists().where(_LOG.kind == EventKind.KEY, _LOG.target == sa.bindparam("kid")),
)
"""In one question: every token that is issued asks it."""
_COLUMNS = (_LOG.sequence, _LOG.mark, _LOG.kind, _LOG.target, _LOG.at_s, _LOG.value, _LOG.expires_at_s)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be appended. `target` is a `jti`, `usr_…`, `biz_…` or `kid`; `actor` is who wants it, for the log."""

    kind: EventKind
    target: str
    actor: str
    value: str | None = None
    expires_at_s: int | None = None

    def forgotten_at_s(self, now_s: int) -> int | None:
        """Without an end of its own, a revocation ends when no token can live that it could meet."""
        if self.expires_at_s is None and self.kind in (EventKind.TOKEN, EventKind.SUBJECT):
            return now_s + RETENTION_S
        return self.expires_at_s


@dataclass(frozen=True, slots=True)
class IssueBars:
    """Why a token would be born dead. `not_before_s`: the first `iat` that the revocation of all others has not met."""

    suspended: bool
    not_before_s: int
    key_ended: bool


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event, and who wanted it."""

    event: Event
    actor: str


async def append(connection: AsyncConnection, notes: Sequence[NewEntry], *, now_s: int) -> int:
    """Append all; returns the last number. In a transaction that commits soon: other appends wait for it."""
    head = REVOCATION_HEAD.c.sequence
    taken = sa.update(REVOCATION_HEAD).values(sequence=head + len(notes)).returning(head)
    last = int((await connection.execute(taken)).scalar_one())
    first = last - len(notes) + 1
    rows = [
        {
            "sequence": first + place,
            "mark": secrets.token_hex(8),
            "kind": note.kind,
            "target": note.target,
            "value": note.value,
            "at_s": now_s,
            "expires_at_s": note.forgotten_at_s(now_s),
            "actor": note.actor,
        }
        for place, note in enumerate(notes)
    ]
    await connection.execute(sa.insert(REVOCATION_LOG), rows)
    return last


async def page(connection: AsyncConnection, after: str, *, limit: int = PAGE) -> EventPage:
    """What follows a position. ValueError when it is none."""
    number, mark = parse_position(after)
    if after != START and not await _is_known(connection, number, mark):
        return EventPage(position_unknown=True)
    last = int((await connection.execute(sa.select(REVOCATION_HEAD.c.sequence))).scalar_one())
    found = sa.select(*_COLUMNS).where(_LOG.sequence > number).order_by(_LOG.sequence).limit(limit)
    events = tuple(_event(*row) for row in await connection.execute(found))
    return EventPage(events, at_head=(events[-1].sequence if events else number) == last)


async def entries(connection: AsyncConnection) -> list[LogEntry]:
    """The whole log, oldest first."""
    found = await connection.execute(sa.select(*_COLUMNS, _LOG.actor).order_by(_LOG.sequence))
    return [LogEntry(_event(*columns), actor) for *columns, actor in found]


async def issue_bars(connection: AsyncConnection, *, business: str, subject: str, kid: str) -> IssueBars:
    """Of a token that the key `kid` would sign for the `usr_…` in the `biz_…`."""
    named = {"business": business, "subject": subject, "kid": kid}
    suspended, revoked_at_s, withdrawn = (await connection.execute(_BARS, named)).one()
    return IssueBars(
        suspended == EventKind.SUSPEND, 0 if revoked_at_s is None else int(revoked_at_s) + 1, bool(withdrawn)
    )


async def _is_known(connection: AsyncConnection, number: int, mark: str) -> bool:
    found = await connection.execute(sa.select(_LOG.mark).where(_LOG.sequence == number))
    return found.scalar_one_or_none() == mark


def _event(*columns: Any) -> Event:
    sequence, mark, kind, target, at_s, value, expires_at_s = columns
    return Event(sequence, mark, EventKind(kind), target, at_s, value, expires_at_s)
