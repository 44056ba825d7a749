"""What a dialect of a plain service need not write itself: batches one by one, and honest refusals.

A dialect that inherits from `SimpleBackend` has `page`, `get`, `create`, `update`, `delete` and `profile` of its own.
Whatever else the contract has is refused as `not-supported`, not made up: an upsert out of a search and a create would
now and then make two records. Knows no service.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from msgspec import structs

from contract.ids import IdKind
from contract.operations import operation
from contract.problems import (
    BUSINESS_RULE_VIOLATED,
    DUPLICATE_RESOURCE,
    INTERNAL_ERROR,
    NOT_SUPPORTED,
    VALIDATION_FAILED,
    ItemError,
)
from contract.resources import Action, Resource
from contract.vocabulary import Kind
from transcoder.backend.interface import (
    Actor,
    AllOf,
    Backend,
    Capabilities,
    Change,
    Condition,
    Definitions,
    Query,
    Record,
    RecordCollection,
    Refusal,
    Tree,
    Values,
    WriteAbsent,
    WriteDone,
    WriteResult,
    WriteRunning,
    WriteTerms,
)
from transcoder.backend.json_calls import unusable_response
from transcoder.presentation.errors import ApiError
from transcoder.validation.pointers import pointer

S = TypeVar("S")
T = TypeVar("T")

MAX_PARALLEL = 8
"""Calls of one batch that are under way together: 100 of 50 ms each take 0.65 s, and the service keeps its breath."""
_NO = "not-supported"
_NOT_SERVED = Refusal(NOT_SUPPORTED)


class SimpleBackend(Backend):
    """`Backend` of a service that makes, reads, changes and deletes single records."""

    async def read_back(
        self, shelf: RecordCollection, number: int, actor: Actor, *, created: bool = False, wrote: bool = True
    ) -> WriteResult | Refusal:
        """The record behind a write that answered without it. The write stands, whatever becomes of this call.

        `wrote`: False where there was nothing to write.
        """
        try:
            found = await self.get(shelf, number, actor)
        except ApiError as error:
            raise ApiError(error.problem, outcome="unknown" if wrote else error.outcome, cause=error.cause) from None
        if isinstance(found, Record):
            return WriteResult(found, created, changed=wrote)
        if wrote:
            raise unusable_response("a record that was just written cannot be read", writes=True)
        return found

    async def batch_get(self, shelf: RecordCollection, numbers: Sequence[int], actor: Actor) -> list[Record | Refusal]:
        """See `Backend`."""
        return await each_item(numbers, lambda number, _: self.get(shelf, number, actor))

    async def batch_create(
        self, shelf: RecordCollection, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """See `Backend`."""
        return await each_item(items, lambda values, at: self.create(shelf, values, _of_item(terms, at), actor))

    async def batch_update(
        self, shelf: RecordCollection, items: Sequence[Change], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """See `Backend`."""

        def update(change: Change, at: int) -> Awaitable[WriteResult | Refusal]:
            own = structs.replace(_of_item(terms, at), revision=change.revision)
            return self.update(shelf, change.number, change.values, own, actor)

        return await each_item(items, update)

    async def batch_upsert(
        self, shelf: RecordCollection, on: str, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """See `Backend`."""
        return await each_item(items, lambda values, at: self.upsert(shelf, on, values, _of_item(terms, at), actor))

    async def batch_delete(
        self, shelf: RecordCollection, numbers: Sequence[int], terms: WriteTerms, actor: Actor
    ) -> list[Record | Refusal | None]:
        """See `Backend`."""
        return await each_item(numbers, lambda number, at: self.delete(shelf, number, _of_item(terms, at), actor))

    async def restore(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """What is deleted is gone."""
        return _NOT_SERVED

    async def upsert(
        self, shelf: RecordCollection, on: str, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Not made of two calls, since another caller's could come between them."""
        return _NOT_SERVED

    async def act(
        self, shelf: RecordCollection, action: Action, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """There is none."""
        return _NOT_SERVED

    async def definitions(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> Definitions:
        """No business has fields of its own."""
        return {}

    async def default_currency(self, actor: Actor) -> str | Refusal:
        """There is no money."""
        return _NOT_SERVED

    async def outcome(self, dedupe_key: str, actor: Actor) -> WriteDone | WriteRunning | WriteAbsent:
        """Asked only of services that know keys."""
        raise ApiError(INTERNAL_ERROR, outcome="not-applied", cause="a service without keys was asked about one")


def capabilities_of(ids: IdKind, resource: Resource, *kinds: Kind) -> Capabilities:
    """The capabilities of a service that has these operations on one resource, and nothing beyond."""
    return Capabilities(
        ids=ids,
        dedupe=False,
        revision=False,
        keyset=False,
        negation=False,
        dry_run=False,
        item_batch=False,
        record_permission=False,
        operations=frozenset(operation(resource, kind).id for kind in kinds),
    )


def _of_item(terms: WriteTerms, at: int) -> WriteTerms:
    """Each item has a key of its own, made of its place in the caller's batch."""
    place = terms.positions[at] if terms.positions else at
    return structs.replace(terms, dedupe_key=terms.item_key(place), positions=())


async def each_item(items: Sequence[S], ask: Callable[[S, int], Awaitable[T | Refusal]]) -> list[T | Refusal]:
    """The outcome of each item, in order, of a call each; `AT_ONCE` at a time.

    A call that fails is its own item's refusal, and says what became of it: what no time was left for was not applied.
    """
    lanes = asyncio.Semaphore(MAX_PARALLEL)

    async def outcome(item: S, at: int) -> T | Refusal:
        async with lanes:
            try:
                return await ask(item, at)
            except ApiError as error:
                errors = None if error.errors is None else tuple(error.errors)
                return Refusal(error.problem, errors, error.members, outcome=error.outcome, cause=error.cause)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(outcome(item, at)) for at, item in enumerate(items)]
    return [task.result() for task in asked]


def missing_fields(resource: Resource, values: Values, known: Collection[str]) -> Refusal | None:
    """The refusal of what the service has no field for; what says nothing, such as a default, is let go by."""
    lost = [name for name, value in values.items() if name not in known and not _says_nothing(resource, name, value)]
    if not lost:
        return None
    detail = "This deployment has no place for it."
    return Refusal(NOT_SUPPORTED, tuple(ItemError(_NO, detail, pointer=pointer(name)) for name in lost))


def _says_nothing(resource: Resource, name: str, value: Any) -> bool:
    return value in (None, {}, []) or value == resource.field(name).default


def to_record(number: int, values: Values) -> Record:
    """A live record of a service that counts no revisions. What it has no member for is left out, and shown as null.

    Its revision is a digest of what it holds: enough to tell that nothing changed, and nothing to bind a write to.
    """
    text = json.dumps(dict(values), sort_keys=True, default=str)
    revision = int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") + 1
    return Record(number, revision, values, None)


def equality_conditions(
    query: Query, fields: Collection[str], sort_keys: Collection[str]
) -> Sequence[Condition] | Refusal:
    """The conditions of a query that asks for equal `fields` alone, in an order that there is; else its refusal."""
    lost: list[ItemError] = []
    if query.text is not None:
        lost.append(ItemError(_NO, "There is no search by words here.", pointer=pointer("search_text")))
    if query.order_by not in sort_keys:
        item = ItemError(_NO, "Records are not ordered by this here.", pointer=pointer("order_by"))
        lost.append(replace(item, allowed=tuple(sort_keys)))
    if query.deleted != "exclude":
        lost.append(ItemError(_NO, "Deleted records are not kept here.", parameter="deleted"))
    conditions: list[Condition] = []
    for part in _parts(query.where):
        if isinstance(part, Condition) and part.operator == "eq" and part.field in fields:
            conditions.append(part)
        else:
            detail = "Records are only looked for by equal values here, of some members."
            lost.append(ItemError(_NO, detail, pointer=part.at, allowed=tuple(fields)))
    return Refusal(NOT_SUPPORTED, tuple(lost)) if lost else conditions


def _parts(tree: Tree | None) -> list[Any]:
    match tree:
        case None:
            return []
        case AllOf(parts=parts):
            return [inner for part in parts for inner in _parts(part)]
    return [tree]


def invalid_field(name: str, code: str, detail: str) -> Refusal:
    """A member that the service will not take."""
    return Refusal(VALIDATION_FAILED, (ItemError(code, detail, pointer=pointer(name)),))


def duplicate(name: str, existing: int | None) -> Refusal:
    """Another live record has this value."""
    item = ItemError("duplicate-value", "Another live record has this value.", pointer=pointer(name))
    return Refusal(DUPLICATE_RESOURCE, (item,), {"field": name}, existing=existing)


def rule_broken(rule: str, detail: str) -> Refusal:
    """A rule of the business about the whole record."""
    item = ItemError("rule-violated", detail, pointer="")
    return Refusal(BUSINESS_RULE_VIOLATED, (item,), {"rule": rule})
