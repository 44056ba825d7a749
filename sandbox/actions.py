"""Actions on a record: closing it, opening it again, moving it to another stage, tagging it.

Owns their bodies and the states that they start from, as the resource's `closing` row has them. It must not know HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.bodies import BodyContext, check, members, revision_of
from sandbox.checks import Changes, Write, load_for_write
from sandbox.deals import stage_change
from sandbox.declarations import Closing
from sandbox.field_types import TAGS, is_integer
from sandbox.records import Record
from sandbox.refusals import Code, Refusal, RefusedError, Rule, UnreadableError, invalid
from sandbox.writes import rewritten, tag


@dataclass(frozen=True, slots=True)
class Close:
    """To close a record: its status then, and what is said beside it (an instant, a reason, None for no reason)."""

    status: int
    given: Changes
    expected_revision: int | None


@dataclass(frozen=True, slots=True)
class Reopen:
    """To open a record again, perhaps in another stage."""

    stage_id: int | None
    expected_revision: int | None


@dataclass(frozen=True, slots=True)
class Move:
    """To put an open record into another stage."""

    stage_id: int
    expected_revision: int | None


@dataclass(frozen=True, slots=True)
class Tag:
    """To add or remove tags."""

    add: list[str]
    remove: list[str]
    expected_revision: int | None


def read_status(body: object, asking: BodyContext) -> Close | Reopen:
    """Read `{"status_code":3,"closed_at":…,"lost_reason":"…"}` or `{"status_code":1,"stage_id":45}`."""
    return _read_closure(body, asking, _closing(asking).status, stage=True)


def read_done(body: object, asking: BodyContext) -> Close | Reopen:
    """Read `{"done":1,"completed_at":…}` or `{"done":0}`."""
    return _read_closure(body, asking, "done", stage=False)


def _closing(asking: BodyContext) -> Closing:
    if asking.resource.closing is None:
        raise TypeError(asking.resource.path)
    return asking.resource.closing


def _read_closure(body: object, asking: BodyContext, word: str, *, stage: bool) -> Close | Reopen:
    closing, resource = _closing(asking), asking.resource
    row = resource.field(closing.status)
    if row is None or not isinstance(body, dict):
        raise UnreadableError("the body is not an object")
    if word not in body:
        raise invalid(word, Rule.REQUIRED)
    status = check(word, row.kind, body[word], asking.now_ms)
    if status == closing.open:
        wish = members(body, frozenset({word, "expected_revision"} | ({"stage_id"} if stage else set())))
        return Reopen(_stage(wish) if "stage_id" in wish else None, revision_of(wish))
    reason = {closing.reason} if closing.reason and status == closing.reasoned else set()
    wish = members(body, frozenset({word, "expected_revision", closing.at} | reason))
    given = {name: wish[name] for name in (closing.at, closing.reason) if name and name in wish}
    return Close(int(str(status)), _given(given, closing, asking), revision_of(wish))


def _given(given: Mapping[str, object], closing: Closing, asking: BodyContext) -> Changes:
    """The values that a closure brings; only the reason may be null."""
    rows = {row.name: row for row in asking.resource.fields if row.name in given}
    return {
        name: None if value is None and name == closing.reason else check(name, rows[name].kind, value, asking.now_ms)
        for name, value in given.items()
    }


def _stage(wish: Mapping[str, object]) -> int:
    stage_id = wish.get("stage_id")
    if stage_id is None:
        raise invalid("stage_id", Rule.NULL if "stage_id" in wish else Rule.REQUIRED)
    if not isinstance(stage_id, int) or not is_integer(stage_id):
        raise invalid("stage_id", Rule.TYPE)
    return stage_id


def read_move(body: object, asking: BodyContext) -> Move:
    """Read `{"stage_id":45}`."""
    wish = members(body, frozenset({"stage_id", "expected_revision"}))
    return Move(_stage(wish), revision_of(wish))


def read_tag(body: object, asking: BodyContext) -> Tag:
    """Read `{"add":[…]}` or `{"remove":[…]}`."""
    wish = members(body, frozenset({"add", "remove", "expected_revision"}))
    if ("add" in wish) == ("remove" in wish):
        raise UnreadableError("neither tags to add nor tags to remove, or both")
    tags = check("tags", TAGS, wish.get("add", wish.get("remove")), asking.now_ms)
    words = [str(item) for item in tags] if isinstance(tags, list) else []
    return Tag(words if "add" in wish else [], words if "remove" in wish else [], revision_of(wish))


def _bad_state(write: Write, stored: Record) -> RefusedError:
    return RefusedError(Refusal(Code.BAD_STATE, f"{write.path} {stored['id']} is not in a state for that"))


def _row(write: Write) -> Closing:
    closing = write.records.resource.closing
    if closing is None:
        raise TypeError(write.path)
    return closing


async def act(write: Write, record_id: int, wish: Close | Reopen | Move | Tag) -> Record:
    """Carry out an action; returns the record. What changes no value writes nothing."""
    match wish:
        case Tag(add, remove, expected_revision):
            return await tag(write, record_id, add, remove, expected_revision)
        case Close():
            stored = await load_for_write(write, record_id, wish.expected_revision)
            changes = _closed(write, stored, wish)
        case Reopen():
            stored = await load_for_write(write, record_id, wish.expected_revision)
            changes = await _reopened(write, stored, wish)
        case Move():
            stored = await load_for_write(write, record_id, wish.expected_revision)
            changes = await stage_change(write, stored, wish.stage_id)
            if stored[_row(write).status] != _row(write).open:
                raise _bad_state(write, stored)
    changes = {name: value for name, value in changes.items() if value != stored.get(name)}
    return await rewritten(write, stored, changes) if changes else stored


def _closed(write: Write, stored: Record, wish: Close) -> Changes:
    closing = _row(write)
    if stored[closing.status] == wish.status:
        return wish.given
    if stored[closing.status] != closing.open:
        raise _bad_state(write, stored)
    return {closing.status: wish.status, closing.at: write.at_ms, **wish.given}


async def _reopened(write: Write, stored: Record, wish: Reopen) -> Changes:
    closing = _row(write)
    place = await stage_change(write, stored, wish.stage_id)
    if stored[closing.status] == closing.open:
        if place:
            raise _bad_state(write, stored)
        return {}
    blank = dict.fromkeys(name for name in (closing.at, closing.reason) if name)
    return {closing.status: closing.open, **blank, **place}
