"""Every write as one thing to do: read from a body, carried out in a transaction, whichever resource it is of.

Owns which function reads and carries out which verb, and the few resources that have their own. It must not know HTTP:
a single call and an item of a bulk call come here alike.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sandbox import actions, deals, stages, writes
from sandbox.bodies import (
    BodyContext,
    IdempotencyKey,
    members,
    parse_create,
    parse_key,
    parse_patch,
    parse_upsert,
    revision_of,
)
from sandbox.checks import Write
from sandbox.declarations import Verb
from sandbox.field_types import is_integer
from sandbox.records import Record
from sandbox.refusals import UnreadableError
from sandbox.writes import Special


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A write that is carried out: the record, whether it is a new one, and what is told beside it."""

    record: Record
    is_new: bool = False
    beside: Mapping[str, object] = field(default_factory=dict)


Perform: TypeAlias = Callable[[Write], Awaitable[WriteResult]]


@dataclass(frozen=True, slots=True)
class WriteOperation:
    """A write that is asked for, and the key under which its answer is kept."""

    perform: Perform
    key: IdempotencyKey | None


@dataclass(frozen=True, slots=True)
class ResourceWrites:
    """How the records of a resource are kept: what differs from resource to resource."""

    read: Callable[[object, BodyContext], Any] = parse_create
    create: Callable[[Write, Any], Awaitable[Record]] | None = None
    update: Callable[[Write, int, Any], Awaitable[Record]] | None = None
    delete: Callable[[Write, int, int | None], Awaitable[Record]] = writes.delete
    undelete: Callable[[Write, int], Awaitable[Record]] | None = None
    special: Special = field(default_factory=Special)


USUAL = ResourceWrites()
KEEPING: dict[str, ResourceWrites] = {
    "deals": ResourceWrites(special=Special(deals.place_in_stage, deals.check_place, deals.check_stage_is_there)),
    "pipelines": ResourceWrites(
        read=stages.read_pipeline,
        create=stages.create_pipeline,
        update=stages.update_pipeline,
        delete=stages.delete_pipeline,
        undelete=stages.undelete_pipeline,
    ),
    "stages": ResourceWrites(
        create=stages.create_stage,
        update=stages.update_stage,
        delete=stages.delete_stage,
        undelete=stages.undelete_stage,
    ),
}


def _create(body: object, asking: BodyContext, record_id: int) -> Perform:
    keeping = KEEPING.get(asking.resource.path, USUAL)
    wish = keeping.read(body, asking)

    async def perform(write: Write) -> WriteResult:
        if keeping.create:
            return WriteResult(await keeping.create(write, wish), is_new=True)
        return WriteResult(await writes.create(write, wish, keeping.special), is_new=True)

    return perform


def _update(body: object, asking: BodyContext, record_id: int) -> Perform:
    keeping, patch = KEEPING.get(asking.resource.path, USUAL), parse_patch(body, asking)

    async def perform(write: Write) -> WriteResult:
        if keeping.update:
            return WriteResult(await keeping.update(write, record_id, patch))
        return WriteResult(await writes.update(write, record_id, patch, keeping.special))

    return perform


def _delete(body: object, asking: BodyContext, record_id: int) -> Perform:
    revision = revision_of(members(body, frozenset({"expected_revision"})))
    keeping = KEEPING.get(asking.resource.path, USUAL)

    async def perform(write: Write) -> WriteResult:
        return WriteResult(await keeping.delete(write, record_id, revision))

    return perform


def _undelete(body: object, asking: BodyContext, record_id: int) -> Perform:
    keeping = KEEPING.get(asking.resource.path, USUAL)

    async def perform(write: Write) -> WriteResult:
        if keeping.undelete:
            return WriteResult(await keeping.undelete(write, record_id))
        return WriteResult(await writes.undelete(write, record_id, keeping.special))

    return perform


def _upsert(body: object, asking: BodyContext, record_id: int) -> Perform:
    keeping, wish = KEEPING.get(asking.resource.path, USUAL), parse_upsert(body, asking)

    async def perform(write: Write) -> WriteResult:
        record, created, changed = await writes.upsert(write, wish, keeping.special)
        return WriteResult(record, created, {"created": created, "changed": changed})

    return perform


def _action(read: Callable[[object, BodyContext], Any]) -> Callable[[object, BodyContext, int], Perform]:
    def reader(body: object, asking: BodyContext, record_id: int) -> Perform:
        wish = read(body, asking)

        async def perform(write: Write) -> WriteResult:
            return WriteResult(await actions.act(write, record_id, wish))

        return perform

    return reader


READERS: dict[Verb, Callable[[object, BodyContext, int], Perform]] = {
    Verb.CREATE: _create,
    Verb.UPDATE: _update,
    Verb.DELETE: _delete,
    Verb.UNDELETE: _undelete,
    Verb.UPSERT: _upsert,
    Verb.TAGS: _action(actions.read_tag),
    Verb.STATUS: _action(actions.read_status),
    Verb.STAGE: _action(actions.read_move),
    Verb.DONE: _action(actions.read_done),
}


def parse_write(verb: Verb, body: object, asking: BodyContext, record_id: int = 0) -> WriteOperation:
    """The write that a body asks for.

    Raises:
        RefusedError: a value in it breaks a rule, whatever is stored.
        UnreadableError: the dialect has no such body.
    """
    key, rest = parse_key(verb.value, asking, body)
    return WriteOperation(READERS[verb](rest, asking, record_id), key)


def parse_bulk_item(verb: Verb, item: object, asking: BodyContext, match: object) -> WriteOperation:
    """The write that an item of a bulk call asks for."""
    if not isinstance(item, dict):
        raise UnreadableError("an item is not an object")
    if verb is Verb.CREATE:
        return parse_write(verb, item, asking)
    if verb is Verb.UPSERT:
        return parse_write(verb, {**item, "match": match}, asking)
    # The key's fingerprint has to tell one record from another, so the id is taken out only behind it.
    key, rest = parse_key(verb.value, asking, item)
    body = dict(rest) if isinstance(rest, dict) else {}
    return WriteOperation(READERS[verb](body, asking, record_id_of({"id": body.pop("id", None)})), key)


def record_id_of(item: object) -> int:
    """The id in `{"id": 7}`."""
    match item:
        case {"id": int(record_id), **rest} if not rest and is_integer(record_id):
            return record_id
    raise UnreadableError("an item has no id, or more than it")
