"""What a write has to satisfy, whatever the resource.

Owns the order: existence, revision, record permission, field permission, references, rules, uniqueness. All of it in
the transaction of the write. It must not write, nor know HTTP, nor any one resource.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox import records as store
from sandbox.caller_context import Call
from sandbox.custom_fields import CustomFields
from sandbox.declarations import Field, OneOf, RecordRule
from sandbox.field_types import Value
from sandbox.records import Record
from sandbox.refusals import Code, Refusal, RefusedError, Rule, invalid
from sandbox.tables import LIVE, TABLES, RecordTable

OWNER = "owner_user_id"
ASSIGN = "records:assign"


@dataclass(frozen=True, slots=True)
class Write:
    """A write under way: its transaction, the records it is about, who asks, its instant, and where it happens."""

    connection: AsyncConnection
    records: RecordTable
    call: Call
    at_ms: int
    own: CustomFields = field(default_factory=dict)
    parent_id: int | None = None

    @property
    def path(self) -> str:
        """What to call the records in a message."""
        return self.records.resource.path


Changes = Mapping[str, Value | None]
Rules = Callable[[Write, Record], Awaitable[None]]


async def no_rules(write: Write, wanted: Record) -> None:
    """Of a resource that has no rules but those of its row."""


async def load(write: Write, record_id: int) -> Record:
    """The record, deleted or not."""
    stored = await store.find(write.connection, write.records, write.call.business_id, record_id)
    parent = write.records.resource.parent
    if stored is None or (parent and stored[parent.field] != write.parent_id):
        raise RefusedError(Refusal(Code.NOT_FOUND, f"no {write.path} {record_id}"))
    return stored


async def load_for_write(
    write: Write, record_id: int, expected_revision: int | None, *, right: str = "write_all"
) -> Record:
    """The record, if it is live, at the expected revision, and the actor's to change."""
    stored = await load(write, record_id)
    if stored.get("is_deleted"):
        more = {"deleted_at": number(stored, "deleted_at")}
        raise RefusedError(Refusal(Code.DELETED, f"{write.path} {record_id} is deleted", more=more))
    check_revision(write, stored, expected_revision)
    check_right(write, stored, right)
    return stored


def check_revision(write: Write, stored: Record, expected_revision: int | None) -> None:
    """Refuse a write that was meant for another revision."""
    revision = number(stored, "revision")
    if expected_revision not in (None, revision):
        raise stale_revision(f"{write.path} {stored['id']} is at revision {revision}", revision)


def stale_revision(message: str, revision: int) -> RefusedError:
    """The refusal of a write that was meant for another revision."""
    return RefusedError(Refusal(Code.STALE_REV, message, more={"revision": revision}))


def check_right(write: Write, stored: Record, right: str) -> None:
    """Refuse a write of a record that is another's."""
    resource = write.records.resource
    needed = f"{resource.permission_word}:{right}"
    if resource.is_owned and stored[OWNER] != write.call.user_id and needed not in write.call.permissions:
        message = f"{write.path} {stored['id']} is another's, and {needed} is missing"
        raise RefusedError(Refusal(Code.FORBIDDEN_RECORD, message))


def check_owner(call: Call, owner: Value | None) -> None:
    """Refuse giving a record to another user."""
    if owner not in (None, call.user_id) and ASSIGN not in call.permissions:
        raise RefusedError(Refusal(Code.FORBIDDEN_FIELD, f"{ASSIGN} is missing", field=OWNER))


def check_once(fields: Iterable[Field], stored: Record, changes: Changes) -> None:
    """Refuse changes of what is given on create only."""
    for row in fields:
        if row.once and row.name in changes and changes[row.name] != stored.get(row.name):
            raise invalid(row.name, Rule.IMMUTABLE)


async def check_new(write: Write, wanted: Record, rules: Rules) -> None:
    """Everything that a record which becomes live has to satisfy but permissions and references."""
    await check_rules(write, wanted, rules)
    await check_limit(write, wanted)
    await check_unique(write, wanted, wanted)


async def check_references(write: Write, stored: Record, changes: Changes) -> None:
    """Refuse links to what is not there, if the changes add them."""
    for name, path, target in _links(write, stored, changes):
        if not await store.has_live(write.connection, TABLES[path], write.call.business_id, target):
            raise RefusedError(Refusal(Code.BAD_REF, f"no {path} {target}", field=name))


def _links(write: Write, stored: Record, changes: Changes) -> Iterator[tuple[str, str, int]]:
    """Where the changes link to: the name to call it by, the resource, the id."""
    for row in write.records.resource.fields:
        value = changes.get(row.name)
        if row.refers_to is None or row.server or value is None:
            continue
        if not isinstance(value, list):
            yield row.name, row.refers_to, number(changes, row.name)
            continue
        known = stored.get(row.name, [])
        for place, item in enumerate(value):
            if not (isinstance(known, list) and item in known):
                yield f"{row.name}.{place}", row.refers_to, item
    for entry in _added(stored.get("custom"), changes.get("custom")):
        own = write.own.get(entry["field_id"])
        if own is not None and own.refers_to:
            yield own.name, own.refers_to, entry["value"]


def _added(before: Value | None, after: Value | None) -> list[dict[str, int]]:
    old = before if isinstance(before, list) else []
    return [entry for entry in after if entry not in old] if isinstance(after, list) else []


async def check_rules(write: Write, wanted: Record, rules: Rules) -> None:
    """Refuse a record that breaks a rule."""
    for rule in write.records.resource.rules:
        _check_rule(rule, wanted)
    await rules(write, wanted)


def _check_rule(rule: RecordRule, wanted: Record) -> None:
    missing = [name for name in rule.fields if name not in wanted]
    if isinstance(rule, OneOf):
        if len(missing) == len(rule.fields):
            raise RefusedError(Refusal(rule.code, f"none of {', '.join(rule.fields)} has a value"))
    elif missing and len(missing) < len(rule.fields):
        raise invalid(missing[0], Rule.REQUIRED)


async def check_limit(write: Write, wanted: Record) -> None:
    """Refuse one record more than there may be."""
    resource, table = write.records.resource, write.records.table
    if resource.live_max is None:
        return
    here = [table.c.business_id == write.call.business_id, LIVE]
    if resource.parent:
        here.append(table.c[resource.parent.field] == wanted[resource.parent.field])
    if await store.count(write.connection, table, here) >= resource.live_max:
        raise RefusedError(Refusal(Code.LIMIT, f"there are {resource.live_max} {resource.path} already"))


async def check_unique(write: Write, wanted: Record, changes: Changes) -> None:
    """Refuse a value that another live record has already, if the changes write it."""
    for row in write.records.resource.fields:
        if row.unique is None or changes.get(row.name) is None:
            continue
        twin = await store.twin_of(write.connection, write.records, write.call.business_id, row, wanted)
        if twin is not None:
            message = f"{write.path} {twin} has that {row.name}"
            raise RefusedError(Refusal(row.unique.code, message, field=row.name, more={"existing_id": twin}))


def number(record: Changes, name: str) -> int:
    """A field of a record that is a number."""
    value = record[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is not a number")
    return value
