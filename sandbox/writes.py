"""Create, update, delete, undelete, upsert and tags, whatever the resource.

Owns what each of them changes; what is checked, and in which order, is said in `checks`. All of it happens in the
transaction of the write, whose instant comes in as `at_ms`. It must not know HTTP, nor any one resource.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox import records as store
from sandbox.bodies import OWN_MAX, Patch, RecordContent, Upsert, check_closing, require
from sandbox.checks import (
    OWNER,
    Changes,
    Rules,
    Write,
    check_new,
    check_once,
    check_owner,
    check_references,
    check_right,
    check_rules,
    check_unique,
    load,
    load_for_write,
    no_rules,
    number,
    stale_revision,
)
from sandbox.declarations import Default
from sandbox.field_types import Value, fold
from sandbox.records import Record
from sandbox.refusals import Code, Refusal, RefusedError, Rule, invalid

TAGS_MAX = 50


async def as_given(write: Write, record: Record) -> Record:
    """Of a resource whose new records need nothing but the defaults of its row."""
    return record


@dataclass(frozen=True, slots=True)
class Special:
    """What only one resource does: filling in a new record, rules on a record that is written or comes back."""

    complete: Callable[[Write, Record], Awaitable[Record]] = as_given
    rules: Rules = no_rules
    restorable: Rules = no_rules


async def create(write: Write, content: RecordContent, special: Special) -> Record:
    """Make a record; returns it."""
    actor, resource = write.call.user_id, write.records.resource
    record: Record = _defaults(write) | dict(content.values)
    if resource.parent and write.parent_id is not None:
        record[resource.parent.field] = write.parent_id
    if resource.field("custom"):
        record["custom"] = _merged_own([], content)
    if resource.is_owned:
        record = {OWNER: actor, **record, "created_by_user_id": actor}
    if resource.closing and record[resource.closing.status] != resource.closing.open:
        record.setdefault(resource.closing.at, write.at_ms)
    check_owner(write.call, record.get(OWNER))
    record = await special.complete(write, record)
    await check_references(write, {}, record)
    await check_new(write, record, special.rules)
    record |= {"created_at": write.at_ms, "updated_at": write.at_ms, "revision": 1}
    if resource.is_deletable:
        record["is_deleted"] = 0
    return await store.insert(write.connection, write.records, write.call.business_id, record)


def _defaults(write: Write) -> Record:
    fields = [field for field in write.records.resource.fields if field.default is not None]
    return {field.name: write.at_ms if field.default is Default.NOW else field.default for field in fields}  # type: ignore[misc]


def _merged_own(stored: Any, content: RecordContent) -> list[Any]:
    values = {entry["field_id"]: entry["value"] for entry in stored} | dict(content.own)
    kept = [{"field_id": key, "value": value} for key, value in sorted(values.items()) if value is not None]
    if len(kept) > OWN_MAX:
        raise invalid("custom", Rule.COUNT_MAX)
    return kept


async def update(write: Write, record_id: int, patch: Patch, special: Special) -> Record:
    """Change a record; returns it. What changes no value writes nothing."""
    stored = await load_for_write(write, record_id, patch.expected_revision)
    return await patched(write, stored, patch.content, special)


async def patched(write: Write, stored: Record, content: RecordContent, special: Special) -> Record:
    """Change a record that is the actor's to change; returns it."""
    resource = write.records.resource
    touched: dict[str, Value | None] = {**content.values, **dict.fromkeys(content.unset)}
    if resource.closing and resource.closing.at in content.unset:
        del touched[resource.closing.at]  # null for an instant of closing counts as absent
    if content.own:
        touched["custom"] = _merged_own(stored["custom"], content)
    check_once(resource.fields, stored, touched)
    changes = {name: value for name, value in touched.items() if value != stored.get(name)}
    if not changes:
        return stored
    wanted = {name: value for name, value in {**stored, **changes}.items() if value is not None}
    check_owner(write.call, changes.get(OWNER))
    await check_references(write, stored, changes)
    await check_rules(write, wanted, special.rules)
    await check_unique(write, wanted, changes)
    return await rewritten(write, stored, changes)


async def delete(write: Write, record_id: int, expected_revision: int | None) -> Record:
    """Soft-delete a record; returns it. Holders of its id keep it."""
    stored = await load_for_write(write, record_id, expected_revision, right="delete_all")
    return await deleted(write, stored)


async def deleted(write: Write, stored: Record) -> Record:
    """Soft-delete a record that is the actor's to delete; returns it."""
    return await rewritten(write, stored, {"is_deleted": 1, "deleted_at": write.at_ms})


async def undelete(write: Write, record_id: int, special: Special) -> Record:
    """Bring a record back, links and all; returns it. A live one stays as it is."""
    stored = await load(write, record_id)
    check_right(write, stored, "delete_all")
    if not stored["is_deleted"]:
        return stored
    await check_new(write, stored, special.rules)
    await special.restorable(write, stored)
    return await rewritten(write, stored, {"is_deleted": 0})


async def upsert(write: Write, wish: Upsert, special: Special) -> tuple[Record, bool, bool]:
    """Make or change the record that matches; returns it, whether it is new, whether it changed."""
    resource = write.records.resource
    field = resource.field(wish.match)
    if field is None:
        raise TypeError(wish.match)
    business_id, value = write.call.business_id, wish.content.values[wish.match]
    matches = await store.live_ids(write.connection, write.records, business_id, field, value, most=2)
    if len(matches) > 1:
        raise RefusedError(Refusal(Code.AMBIGUOUS, f"several {write.path} have that {wish.match}"))
    if matches:
        stored = await load_for_write(write, matches[0], wish.expected_revision)
        after = await patched(write, stored, wish.content, special)
        return after, False, after != stored
    if wish.expected_revision not in (None, 0):
        raise stale_revision(f"no {write.path} has that {wish.match}", 0)
    require(resource, wish.content.values)
    if resource.closing:
        check_closing(resource, resource.closing, wish.content.values)
    return await create(write, wish.content, special), True, True


async def tag(write: Write, record_id: int, add: list[str], remove: list[str], expected_revision: int | None) -> Record:
    """Add tags that are not there in any case, or remove some in any case; returns the record."""
    stored = await load_for_write(write, record_id, expected_revision)
    before = [str(item) for item in _list(stored["tags"])]
    known, gone = {fold(item) for item in before}, {fold(item) for item in remove}
    after = [item for item in before if fold(item) not in gone] + [item for item in add if fold(item) not in known]
    if len(after) > TAGS_MAX:
        raise invalid("tags", Rule.COUNT_MAX)
    return stored if after == before else await rewritten(write, stored, {"tags": after})


def _list(value: Value) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


async def rewritten(write: Write, stored: Record, changes: Changes) -> Record:
    """Write changes to a record; returns it at its next revision."""
    moved = {**changes, "revision": number(stored, "revision") + 1, "updated_at": write.at_ms}
    return await store.change(write.connection, write.records, write.call.business_id, stored, moved)
