"""The calls: each public kind as a call to the CRM, and its answer back. Implements `records.Backend`."""

import time
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec

from contract.ids import IdKind
from contract.problems import INVALID_CURSOR
from contract.resources import Action, Resource
from contract.vocabulary import Json, Kind
from transcoder.backend.in_memory_list import InvalidPosition, page_in_memory
from transcoder.backend.interface import (
    Actor,
    Backend,
    Capabilities,
    Change,
    Definitions,
    Page,
    Profile,
    Query,
    Record,
    RecordCollection,
    Refusal,
    UnreadableRecord,
    Values,
    WriteAbsent,
    WriteDone,
    WriteResult,
    WriteRunning,
    WriteTerms,
)
from transcoder.backend.upstream import Upstream
from transcoder.dialect.bulk_calls import run_in_bulk
from transcoder.dialect.business_info import BusinessInfo, to_api_error
from transcoder.dialect.custom_values import CustomFields
from transcoder.dialect.envelope import Envelope, read_any
from transcoder.dialect.error_mapping import RefusalContext
from transcoder.dialect.list_all import list_all
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.query_encoding import to_query
from transcoder.dialect.record_calls import Read, RecordCalls
from transcoder.dialect.responses import refusal_of, to_outcome, to_page, to_write_result
from transcoder.dialect.to_internal import to_action, to_changes, to_fields
from transcoder.dialect.transport import CrmRequest, Transport, reading_response
from transcoder.dialect.ttl_cache import Clock
from transcoder.dialect.users import USERS

T = TypeVar("T")


class CrmBackend(Backend):
    """The internal CRM as `records.Backend`. One per process; remembers each business's own fields and currency."""

    capabilities = Capabilities(
        ids=IdKind.INTEGER,
        dedupe=True,
        revision=True,
        keyset=True,
        negation=True,
        dry_run=True,
        item_batch=True,
        record_permission=True,
    )

    def __init__(
        self, upstream: Upstream, dialects: tuple[ResourceMapping, ...], clock: Clock = time.monotonic
    ) -> None:
        self._wire = Transport(upstream)
        self._business = BusinessInfo(self._wire, clock)
        self._calls = RecordCalls(self._wire, self._business)
        self._dialects = {dialect.resource: dialect for dialect in dialects}

    async def page(self, shelf: RecordCollection, query: Query, actor: Actor) -> Page | Refusal:
        """A page of records."""
        dialect, path = self._at(shelf)
        if dialect.pages_by_offset:
            return await self._page_of_whole(dialect, path, query, actor)
        body = await self._calls.convert(dialect, actor, lambda own: to_query(dialect, query, own))
        ask = CrmRequest("POST", f"{path}/query", body, read=dialect.reader.page)
        return await self._calls.send(
            RefusalContext(dialect, Kind.LIST), ask, actor, lambda answer, own: to_page(dialect, query, answer, own)
        )

    async def _page_of_whole(self, dialect: ResourceMapping, path: str, query: Query, actor: Actor) -> Page | Refusal:
        def read(result: msgspec.Raw) -> dict[int, Record | UnreadableRecord]:
            return {each.number: each for each in dialect.reader.read_many(result)}

        found = await list_all(self._wire, dialect, path, query.deleted, actor, read)
        if isinstance(found, Refusal):
            return found
        try:
            return page_in_memory(found, query, dialect.resource.searched)
        except InvalidPosition:
            return Refusal(INVALID_CURSOR, members={"reason": "expired"})

    async def get(self, shelf: RecordCollection, number: int, actor: Actor) -> Record | Refusal:
        """One record, a deleted one included."""
        dialect, path = self._at(shelf)
        ask = CrmRequest("GET", f"{path}/{number}", read=dialect.reader.answer)
        return await self._calls.send(RefusalContext(dialect, Kind.GET), ask, actor, _record_of(dialect))

    async def create(
        self, shelf: RecordCollection, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """A new record; with a key, the first one made with it."""
        dialect, path = self._at(shelf)
        fields = await self._calls.convert(dialect, actor, lambda own: to_fields(dialect, values, own))
        return await self._write(
            RefusalContext(dialect, Kind.CREATE), _write(dialect, "POST", path, fields, terms), actor
        )

    async def update(
        self, shelf: RecordCollection, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """The record after the change."""
        dialect, path = self._at(shelf)
        body = await self._calls.convert(dialect, actor, lambda own: _patch(dialect, values, own))
        ask = _write(dialect, "PUT", f"{path}/{number}", body, terms)
        return await self._write(RefusalContext(dialect, Kind.UPDATE), ask, actor)

    async def delete(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> Record | Refusal | None:
        """Delete softly."""
        dialect, path = self._at(shelf)
        query = "" if terms.revision is None else f"?expected_revision={terms.revision}"
        ask = CrmRequest("DELETE", f"{path}/{number}{query}", writes=True)
        asked = RefusalContext(dialect, Kind.DELETE)
        if terms.dry_run:
            return await self._calls.send(asked, ask.as_dry_run(), actor, _record_of(dialect))
        return await self._calls.send(asked, ask, actor, _nothing)

    async def restore(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Undo a delete."""
        dialect, path = self._at(shelf)
        ask = _write(dialect, "POST", f"{path}/{number}/undelete", {}, terms)
        return await self._write(RefusalContext(dialect, Kind.RESTORE), ask, actor)

    async def upsert(
        self, shelf: RecordCollection, on: str, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Create, or merge into the one that matches."""
        dialect, path = self._at(shelf)
        patch = await self._calls.convert(dialect, actor, lambda own: _patch(dialect, values, own))
        body = {"match": dialect.fields[on].internal, **patch}
        ask = _write(dialect, "POST", f"{path}/upsert", body, terms)
        return await self._write(RefusalContext(dialect, Kind.UPSERT), ask, actor)

    async def act(
        self, shelf: RecordCollection, action: Action, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Carry out an action."""
        dialect, path = self._at(shelf)
        tail, body = to_action(dialect, action, values)
        asked = RefusalContext(dialect, Kind.ACTION, action=dialect.actions[action.name])
        return await self._write(asked, _write(dialect, "POST", f"{path}/{number}/{tail}", body, terms), actor)

    async def batch_get(self, shelf: RecordCollection, numbers: Sequence[int], actor: Actor) -> list[Record | Refusal]:
        """Several records, deleted ones included."""
        dialect, path = self._at(shelf)

        def ask(items: Sequence[Json]) -> CrmRequest:
            return CrmRequest("POST", f"{path}/bulk", {"op": "get", "items": items})

        items = [{"id": number} for number in numbers]
        return await run_in_bulk(
            self._calls, RefusalContext(dialect, Kind.BATCH_GET), ask, items, actor, _record_of(dialect)
        )

    async def batch_create(
        self, shelf: RecordCollection, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """Several new records."""
        dialect, _ = self._at(shelf)
        bodies = await self._calls.convert(
            dialect, actor, lambda own: [to_fields(dialect, values, own) for values in items]
        )
        return await self._batch(shelf, Kind.BATCH_CREATE, {"op": "create"}, bodies, terms, actor, _written_of(dialect))

    async def batch_update(
        self, shelf: RecordCollection, items: Sequence[Change], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """Several merges."""
        dialect, _ = self._at(shelf)

        def patches(own: CustomFields) -> list[dict[str, Json]]:
            return [
                {"id": change.number, **_patch(dialect, change.values, own)}
                | ({} if change.revision is None else {"expected_revision": change.revision})
                for change in items
            ]

        bodies = await self._calls.convert(dialect, actor, patches)
        return await self._batch(shelf, Kind.BATCH_UPDATE, {"op": "update"}, bodies, terms, actor, _written_of(dialect))

    async def batch_upsert(
        self, shelf: RecordCollection, on: str, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """Several upserts."""
        dialect, _ = self._at(shelf)
        bodies = await self._calls.convert(
            dialect, actor, lambda own: [_patch(dialect, values, own) for values in items]
        )
        head = {"op": "upsert", "match": dialect.fields[on].internal}
        return await self._batch(shelf, Kind.BATCH_UPSERT, head, bodies, terms, actor, _written_of(dialect))

    async def batch_delete(
        self, shelf: RecordCollection, numbers: Sequence[int], terms: WriteTerms, actor: Actor
    ) -> list[Record | Refusal | None]:
        """Several deletes."""
        dialect, _ = self._at(shelf)
        bodies: list[dict[str, Json]] = [{"id": number} for number in numbers]
        read: Read[Record | None] = _record_of(dialect) if terms.dry_run else _nothing
        return await self._batch(shelf, Kind.BATCH_DELETE, {"op": "delete"}, bodies, terms, actor, read)

    async def definitions(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> Definitions:
        """The custom fields of a resource."""
        return (await self._business.custom_fields(resource, actor, fresh=fresh)).definitions

    async def profile(self, actor: Actor) -> Profile | Refusal:
        """The business and the user."""
        return await self._business.profile(actor)

    async def default_currency(self, actor: Actor) -> str | Refusal:
        """The business's currency."""
        return await self._business.currency(actor)

    async def outcome(self, dedupe_key: str, actor: Actor) -> WriteDone | WriteRunning | WriteAbsent:
        """What became of a write with that key."""
        ask = CrmRequest("GET", f"dedupe/{quote(dedupe_key, safe='')}")
        answer = await self._wire.send(ask, actor)
        with reading_response(ask):
            refusal = refusal_of(RefusalContext(USERS, Kind.GET), answer)
            if refusal is None:
                return to_outcome(answer)
        raise to_api_error(refusal)

    def _at(self, shelf: RecordCollection) -> tuple[ResourceMapping, str]:
        dialect = self._dialects[shelf.resource]
        return dialect, dialect.path if shelf.parent is None else dialect.path.format(parent=shelf.parent)

    async def _write(self, asked: RefusalContext, ask: CrmRequest, actor: Actor) -> WriteResult | Refusal:
        return await self._calls.send(asked, ask, actor, _written_of(asked.dialect))

    async def _batch(
        self,
        shelf: RecordCollection,
        kind: Kind,
        head: dict[str, Json],
        bodies: list[dict[str, Json]],
        terms: WriteTerms,
        actor: Actor,
        read: Read[T],
    ) -> list[T | Refusal]:
        dialect, path = self._at(shelf)

        def ask(items: Sequence[Json]) -> CrmRequest:
            ask = CrmRequest("POST", f"{path}/bulk", {**head, "items": items}, writes=True)
            return ask.as_dry_run() if terms.dry_run else ask

        if terms.dedupe_key is not None:
            at = terms.positions or range(len(bodies))
            bodies = [body | {"dedupe_key": terms.item_key(n)} for n, body in zip(at, bodies, strict=True)]
        return await run_in_bulk(self._calls, RefusalContext(dialect, kind), ask, bodies, actor, read)


def _write(dialect: ResourceMapping, method: str, path: str, body: dict[str, Json], terms: WriteTerms) -> CrmRequest:
    """A call that writes one record, on the caller's terms."""
    if terms.revision is not None:
        body = body | {"expected_revision": terms.revision}
    if terms.dedupe_key is not None:
        body = body | {"dedupe_key": terms.dedupe_key}
    ask = CrmRequest(method, path, body, writes=True, read=dialect.reader.answer)
    return ask.as_dry_run() if terms.dry_run else ask


def _patch(dialect: ResourceMapping, values: Values, own: CustomFields) -> dict[str, Json]:
    put, unset = to_changes(dialect, values, own)
    return {"set": put, "unset": unset}


def _record_of(dialect: ResourceMapping) -> Read[Record]:
    return lambda answer, own: dialect.reader.read(answer.result, own)


def _written_of(dialect: ResourceMapping) -> Read[WriteResult]:
    return lambda answer, own: to_write_result(dialect, answer, own)


def _nothing(answer: Envelope, _: CustomFields) -> None:
    """What a delete has to say is of no use, if only it is JSON."""
    read_any(answer.result)
