"""Create, update and delete, whatever the resource: what is checked, and in which order.

Owns the order: existence, revision, record permission, field permission, references, rules, uniqueness. All of it in
the transaction of the write, whose instant comes in as `at_ms`. It must not know HTTP, nor any one resource.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox import records as store
from sandbox.bodies import Creation, Patch
from sandbox.calls import Call
from sandbox.kinds import Value
from sandbox.records import Record
from sandbox.refusals import Code, Refusal, RefusedError
from sandbox.tables import TABLES, RecordTable

OWNER = "owner_user_id"
ASSIGN = "records:assign"


@dataclass(frozen=True, slots=True)
class Write:
    """A write under way: its transaction, the records it is about, who asks, and its instant."""

    connection: AsyncConnection
    records: RecordTable
    call: Call
    at_ms: int


async def create(write: Write, creation: Creation) -> Record:
    """Make a record; returns it."""
    actor, fields = write.call.user_id, write.records.resource.fields
    defaults = {field.name: field.default for field in fields if field.default is not None}
    record: Record = {OWNER: actor, **defaults, **creation.values, "created_by_user_id": actor}
    await _check(write, record, record, own_id=None)
    record |= {"created_at": write.at_ms, "updated_at": write.at_ms, "revision": 1, "is_deleted": 0}
    return await store.insert(write.connection, write.records, write.call.business_id, record)


async def update(write: Write, record_id: int, patch: Patch) -> Record:
    """Change a record; returns it. What changes no value writes nothing."""
    stored = await _claimed(write, record_id, patch.expected_revision, right="write_all")
    wanted = {name: value for name, value in {**stored, **patch.values}.items() if name not in patch.unset}
    touched = patch.values.keys() | patch.unset
    changes = {name: wanted.get(name) for name in touched if wanted.get(name) != stored.get(name)}
    if not changes:
        return stored
    await _check(write, wanted, changes, own_id=record_id)
    return await _rewritten(write, stored, changes)


async def delete(write: Write, record_id: int, expected_revision: int | None) -> Record:
    """Soft-delete a record; returns it. Holders of its id keep it."""
    stored = await _claimed(write, record_id, expected_revision, right="delete_all")
    return await _rewritten(write, stored, {"is_deleted": 1, "deleted_at": write.at_ms})


async def _claimed(write: Write, record_id: int, expected_revision: int | None, *, right: str) -> Record:
    """The record, if it is live, at the expected revision, and the actor's to change."""
    stored = await store.find(write.connection, write.records, write.call.business_id, record_id)
    name = f"{write.records.resource.path} {record_id}"
    if stored is None:
        raise RefusedError(Refusal(Code.NOT_FOUND, f"no {name}"))
    if stored["is_deleted"]:
        more = {"deleted_at": _number(stored, "deleted_at")}
        raise RefusedError(Refusal(Code.DELETED, f"{name} is deleted", more=more))
    revision = _number(stored, "revision")
    if expected_revision not in (None, revision):
        more = {"revision": revision}
        raise RefusedError(Refusal(Code.STALE_REV, f"{name} is at revision {revision}", more=more))
    needed = f"{write.records.resource.permission_word}:{right}"
    if stored[OWNER] != write.call.user_id and needed not in write.call.permissions:
        raise RefusedError(Refusal(Code.FORBIDDEN_RECORD, f"{name} is another's, and {needed} is missing"))
    return stored


async def _check(write: Write, wanted: Record, changes: Mapping[str, Value | None], *, own_id: int | None) -> None:
    """Everything that `changes` and the record as `wanted` have to satisfy, in the order of this module."""
    _check_owner(write.call, changes.get(OWNER))
    await _check_references(write, changes)
    for rule in write.records.resource.rules:
        if not any(name in wanted for name in rule.fields):
            raise RefusedError(Refusal(rule.code, f"none of {', '.join(rule.fields)} has a value"))
    await _check_unique(write, changes, own_id)


def _check_owner(call: Call, owner: Value | None) -> None:
    if owner not in (None, call.user_id) and ASSIGN not in call.permissions:
        raise RefusedError(Refusal(Code.FORBIDDEN_FIELD, f"{ASSIGN} is missing", field=OWNER))


async def _check_references(write: Write, changes: Mapping[str, Value | None]) -> None:
    for field in write.records.resource.fields:
        value = changes.get(field.name)
        if field.refers_to is None or field.server or not isinstance(value, int):
            continue
        target = TABLES[field.refers_to]
        if not await store.has_live(write.connection, target, write.call.business_id, value):
            raise RefusedError(Refusal(Code.BAD_REF, f"no {field.refers_to} {value}", field=field.name))


async def _check_unique(write: Write, changes: Mapping[str, Value | None], own_id: int | None) -> None:
    for field in write.records.resource.fields:
        value = changes.get(field.name)
        if field.unique is None or value is None:
            continue
        business_id = write.call.business_id
        twin = await store.twin_of(write.connection, write.records, business_id, field, value, but=own_id)
        if twin is not None:
            message = f"{write.records.resource.path} {twin} has that {field.name}"
            raise RefusedError(Refusal(field.unique, message, field=field.name, more={"existing_id": twin}))


async def _rewritten(write: Write, stored: Record, changes: Mapping[str, Value | None]) -> Record:
    moved = {**changes, "revision": _number(stored, "revision") + 1, "updated_at": write.at_ms}
    return await store.change(write.connection, write.records, write.call.business_id, _number(stored, "id"), moved)


def _number(record: Record, name: str) -> int:
    value = record[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is not a number")
    return value
