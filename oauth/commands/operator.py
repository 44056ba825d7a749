"""The operator's commands: revoke, suspend and resume, put on another plan, and see what is in force.

`python -m oauth revoke --jti J | --subject usr_… | --subject N --tenant N | --key KID | --business B`, `suspend` and
`resume` `--business B`, `plan --business B [--plan P]`, `list [--all]`; B is a `biz_…` id or an internal number. Knows
words and the log; what an event does is for whoever holds it.
"""

import argparse
import asyncio
import getpass
import re
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contract.ids import Codec
from contract.rate_plans import PLANS
from contract.resources.personal_access_token import PERSONAL_ACCESS_TOKEN
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.vocabulary import TenantId, UserId
from infra.stores.revocations.events import Event, EventKind
from oauth.commands.arguments import CommandError, OneLineParser, fail, format_number, parse_subject, parse_tenant
from oauth.settings import OperatorSettings
from oauth.tokens.mint import JTI, JTI_PREFIXES

if TYPE_CHECKING:  # the commands that only print are not to wait for SQLAlchemy
    from sqlalchemy.ext.asyncio import AsyncConnection

    from oauth.store.database import Database
    from oauth.store.revocations import LogEntry, NewEntry

COMMANDS = ("revoke", "suspend", "resume", "plan", "list")
_HEADINGS = ("WHAT", "WHOM", "VALUE", "SINCE", "UNTIL", "BY", "EVENT")
_NOTHING = "-"
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
"""RFC 7638, as our keys are named."""
_PAT_ID = f"{PERSONAL_ACCESS_TOKEN.prefix}_"
_A_JTI = f"{' or '.join(f'{prefix}_' for prefix in JTI_PREFIXES.values())} and 32 hex digits, as the token itself says"


def add_commands(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    """The five."""
    revoke = commands.add_parser("revoke", help="end a token, all of a user's or of a key's, or suspend a business")
    whose = revoke.add_mutually_exclusive_group(required=True)
    whose.add_argument("--jti", help=f"one token, by its `jti`, or by the {_PAT_ID} id of its record")
    whose.add_argument(
        "--subject", type=parse_subject, help="all of a user so far: a usr_ id, or a number with --tenant"
    )
    whose.add_argument("--key", help="all that a signing key has signed or will, by its `kid`")
    whose.add_argument("--business", type=_business_word, help="as `suspend`: all tokens, also those to come")
    revoke.add_argument("--tenant", type=parse_tenant, help="the business of a user given by number")
    suspend = commands.add_parser("suspend", help="refuse all tokens of a business until it is resumed")
    _business(suspend)
    resume = commands.add_parser("resume", help="take a suspension back")
    _business(resume)
    plan = commands.add_parser("plan", help="put a business on a plan, whatever its tokens say")
    _business(plan)
    plan.add_argument("--plan", choices=tuple(PLANS), help="without: on what its tokens say")
    shown = commands.add_parser("list", help="what is in force")
    shown.add_argument("--all", action="store_true", help="the whole log instead")
    for changes in (revoke, suspend, resume, plan):
        changes.add_argument("--actor", default=_whoever(), help="who wants it, for the log")


def run(parsed: argparse.Namespace, settings: OperatorSettings) -> str:
    """Do one of them; returns what it did, or what is in force."""
    return asyncio.run(
        _list(settings, everything=parsed.all) if parsed.command == "list" else _change(parsed, settings)
    )


async def _change(parsed: argparse.Namespace, settings: OperatorSettings) -> str:
    from oauth.store import revocations
    from oauth.store.tokens import end_by_jti, end_by_key, end_subject

    note, ids, now_s = _note(parsed, settings.ids), settings.ids, int(time.time())
    async with _log(settings) as database, database.write() as connection:
        if note.kind is EventKind.TOKEN and note.target.startswith(_PAT_ID):
            note = replace(note, target=await _jti_behind(connection, note.target, ids))
        target, actor = note.target, note.actor
        if note.kind is EventKind.KEY:
            number, ended = await end_by_key(connection, target, actor=actor, now_s=now_s)
            return f"{note.kind} {target}: event {number}; tokens that ended: {ended}"
        if note.kind is EventKind.TOKEN:
            number = await end_by_jti(connection, target, actor=actor, now_s=now_s)
        elif note.kind is EventKind.SUBJECT:
            whose = await _who_may_be(connection, target, ids)
            number = await end_subject(connection, target, whose, actor=actor, now_s=now_s)
        else:
            number = await revocations.append(connection, [note], now_s=now_s)
    return f"{note.kind} {note.target}{f' {note.value}' if note.value else ''}{_as_given(parsed)}: event {number}"


def _as_given(parsed: argparse.Namespace) -> str:
    """What stood for a target that does not show it, so that a slip is seen: any number seals to an id."""
    if getattr(parsed, "jti", None) is not None:
        return f" ({parsed.jti})" if parsed.jti.startswith(_PAT_ID) else ""
    if isinstance(parsed.business, int):
        return f" (business {format_number(parsed.business)})"
    if isinstance(getattr(parsed, "subject", None), int):
        return f" (user {format_number(parsed.subject)} of business {format_number(parsed.tenant)})"
    return ""


async def _list(settings: OperatorSettings, *, everything: bool) -> str:
    from oauth.store import revocations

    async with _log(settings) as database, database.read() as connection:
        entries = await revocations.entries(connection)
    rows = [_HEADINGS, *map(_row, entries if everything else _in_force(entries, time.time()))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


@asynccontextmanager
async def _log(settings: OperatorSettings) -> "AsyncIterator[Database]":
    """The database, with this version's tables."""
    from oauth.store.database import Database, DatabaseUnavailable
    from oauth.store.schema import missing_migrations

    try:
        async with Database(settings.database_url) as database:
            if missing := await missing_migrations(database):
                fail(missing)
            yield database
    except DatabaseUnavailable as error:
        fail(str(error))


def _note(parsed: argparse.Namespace, ids: Codec) -> "NewEntry":
    from oauth.store.revocations import NewEntry

    if parsed.command == "revoke" and parsed.tenant is not None and parsed.subject is None:
        fail("--tenant says whose user is meant: it goes with --subject")
    if parsed.command == "revoke" and parsed.jti is not None:
        return NewEntry(EventKind.TOKEN, _jti(parsed.jti), parsed.actor)
    if parsed.command == "revoke" and parsed.key is not None:
        return NewEntry(EventKind.KEY, _kid(parsed.key), parsed.actor)
    if parsed.command == "revoke" and parsed.subject is not None:
        return NewEntry(EventKind.SUBJECT, _user(parsed, ids), parsed.actor)
    kind = EventKind.SUSPEND if parsed.command == "revoke" else EventKind(parsed.command)
    return NewEntry(
        kind, _business_id(parsed.business, ids), parsed.actor, parsed.plan if kind is EventKind.PLAN else None
    )


def _user(parsed: argparse.Namespace, ids: Codec) -> str:
    if isinstance(parsed.subject, str):
        return _user_id(parsed.subject, parsed.tenant, ids)
    if parsed.tenant is None:
        fail("a user's number means nothing without its business: --tenant")
    try:
        return ids.seal(USER_PREFIX, parsed.tenant, parsed.subject)
    except (OverflowError, struct.error):
        fail("a UUID names nobody where ids are integers; see ID_KIND")


def _user_id(given: str, of: TenantId | None, ids: Codec) -> str:
    ours = ids.looks_like(USER_PREFIX, given) if of is None else isinstance(ids.open(USER_PREFIX, of, given), int)
    if not ours:
        fail(f"{given!r} is the id of no user of this {'deployment' if of is None else 'business'}")
    return given


def _business_id(given: TenantId | str, ids: Codec) -> str:
    if not isinstance(given, str):
        try:
            return ids.seal_business(BUSINESS_PREFIX, given)
        except (OverflowError, struct.error):
            fail("a UUID names no business where ids are integers; see ID_KIND")
    # A tenant is an int, a misspelt id is none: to suspend nobody in silence would be worse than to ask again.
    if not isinstance(ids.open_business(BUSINESS_PREFIX, given), int):
        fail(f"{given!r} is the id of no business of this deployment")
    return given


def _jti(text: str) -> str:
    if not text.startswith(_PAT_ID) and JTI.fullmatch(text) is None:
        fail(f"{text!r} cannot be a token's jti: {_A_JTI}")
    return text


async def _jti_behind(connection: "AsyncConnection", given: str, ids: Codec) -> str:
    from oauth.store.pats import businesses_with_pats, jti_of

    for business in await businesses_with_pats(connection):
        number = ids.open(PERSONAL_ACCESS_TOKEN.prefix, business, given)
        if isinstance(number, int) and (jti := await jti_of(connection, business, number)):
            return jti
    raise CommandError(f"{given!r} is the id of no token that is kept here: give the token's jti, {_A_JTI}")


async def _who_may_be(connection: "AsyncConnection", user: str, ids: Codec) -> list[tuple[TenantId, UserId]]:
    """Whose id that is. A UUID could be anybody's in any business, and is somebody's in one."""
    from oauth.store.pats import businesses_with_pats

    opened = [(business, ids.open(USER_PREFIX, business, user)) for business in await businesses_with_pats(connection)]
    return [(business, UserId(number)) for business, number in opened if isinstance(number, int)]


def _kid(text: str) -> str:
    if _THUMBPRINT.fullmatch(text) is None:
        fail(f"{text!r} is the name of no signing key")
    return text


def _in_force(entries: "list[LogEntry]", now_s: float) -> "list[LogEntry]":
    """The last word on each target, unless it took something back or has expired."""
    last: dict[tuple[EventKind, str], LogEntry] = {}
    for entry in entries:
        kind = EventKind.SUSPEND if entry.event.kind is EventKind.RESUME else entry.event.kind
        last[kind, entry.event.target] = entry
    return [entry for entry in last.values() if _is_in_force(entry.event, now_s)]


def _is_in_force(event: Event, now_s: float) -> bool:
    taken_back = event.kind is EventKind.RESUME or (event.kind is EventKind.PLAN and event.value is None)
    return not taken_back and (event.expires_at_s is None or event.expires_at_s > now_s)


def _row(entry: "LogEntry") -> tuple[str, ...]:
    event = entry.event
    until = _NOTHING if event.expires_at_s is None else _instant(event.expires_at_s)
    value = event.value or _NOTHING
    return event.kind, event.target, value, _instant(event.at_s), until, entry.actor, str(event.sequence)


def _instant(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _business(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--business", type=_business_word, required=True, help="a biz_ id, or the internal number")


def _business_word(text: str) -> TenantId | str:
    return text if text.startswith(f"{BUSINESS_PREFIX}_") else parse_tenant(text)


def _whoever() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        return "operator"
