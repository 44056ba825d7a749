"""The calls: each public kind as a call to the CRM, and its answer back. Implements `records.Records`."""

import time
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec

from contract.ids import IdKind
from contract.problems import INVALID_CURSOR
from contract.resources import Action, Resource
from contract.vocabulary import Json, Kind
from transcoder.dialect.answers import refusal_in, to_outcome, to_page, to_written
from transcoder.dialect.bulk import in_bulk
from transcoder.dialect.business import Business, raised
from transcoder.dialect.cache import Clock
from transcoder.dialect.calls import Calls, Read
from transcoder.dialect.envelope import Envelope, anything
from transcoder.dialect.own_fields import OwnFields
from transcoder.dialect.queries import to_query
from transcoder.dialect.refusals import Asked
from transcoder.dialect.reshape import to_action, to_changes, to_fields
from transcoder.dialect.rows import Dialect
from transcoder.dialect.users import USERS
from transcoder.dialect.whole import read_whole
from transcoder.dialect.wire import Ask, Wire, reading
from transcoder.listing import BadPlace, page_of
from transcoder.records import (
    Absent,
    Actor,
    Capabilities,
    Change,
    Definitions,
    Done,
    Page,
    Profile,
    Query,
    Record,
    Records,
    Refusal,
    Running,
    Shelf,
    Terms,
    UnreadableRecord,
    Values,
    Written,
)
from transcoder.upstream import Upstream

T = TypeVar("T")


class Crm(Records):
    """The internal CRM as `records.Records`. One per process; remembers each business's own fields and currency."""

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

    def __init__(self, upstream: Upstream, dialects: tuple[Dialect, ...], clock: Clock = time.monotonic) -> None:
        self._wire = Wire(upstream)
        self._business = Business(self._wire, clock)
        self._calls = Calls(self._wire, self._business)
        self._dialects = {dialect.resource: dialect for dialect in dialects}

    async def page(self, shelf: Shelf, query: Query, actor: Actor) -> Page | Refusal:
        """A page of records."""
        dialect, path = self._at(shelf)
        if dialect.by_offset:
            return await self._page_of_whole(dialect, path, query, actor)
        body = await self._calls.inward(dialect, actor, lambda own: to_query(dialect, query, own))
        ask = Ask("POST", f"{path}/query", body, read=dialect.reading.page)
        return await self._calls.ask(
            Asked(dialect, Kind.LIST), ask, actor, lambda answer, own: to_page(dialect, query, answer, own)
        )

    async def _page_of_whole(self, dialect: Dialect, path: str, query: Query, actor: Actor) -> Page | Refusal:
        def read(result: msgspec.Raw) -> dict[int, Record | UnreadableRecord]:
            return {each.number: each for each in dialect.reading.many(result)}

        found = await read_whole(self._wire, dialect, path, query.deleted, actor, read)
        if isinstance(found, Refusal):
            return found
        try:
            return page_of(found, query, dialect.resource.searched)
        except BadPlace:
            return Refusal(INVALID_CURSOR, members={"reason": "expired"})

    async def get(self, shelf: Shelf, number: int, actor: Actor) -> Record | Refusal:
        """One record, a deleted one included."""
        dialect, path = self._at(shelf)
        ask = Ask("GET", f"{path}/{number}", read=dialect.reading.answer)
        return await self._calls.ask(Asked(dialect, Kind.GET), ask, actor, _record_of(dialect))

    async def create(self, shelf: Shelf, values: Values, terms: Terms, actor: Actor) -> Written | Refusal:
        """A new record; with a key, the first one made with it."""
        dialect, path = self._at(shelf)
        fields = await self._calls.inward(dialect, actor, lambda own: to_fields(dialect, values, own))
        return await self._write(Asked(dialect, Kind.CREATE), _write(dialect, "POST", path, fields, terms), actor)

    async def update(self, shelf: Shelf, number: int, values: Values, terms: Terms, actor: Actor) -> Written | Refusal:
        """The record after the change."""
        dialect, path = self._at(shelf)
        body = await self._calls.inward(dialect, actor, lambda own: _patch(dialect, values, own))
        ask = _write(dialect, "PUT", f"{path}/{number}", body, terms)
        return await self._write(Asked(dialect, Kind.UPDATE), ask, actor)

    async def delete(self, shelf: Shelf, number: int, terms: Terms, actor: Actor) -> Record | Refusal | None:
        """Delete softly."""
        dialect, path = self._at(shelf)
        query = "" if terms.revision is None else f"?expected_revision={terms.revision}"
        ask = Ask("DELETE", f"{path}/{number}{query}", writes=True)
        asked = Asked(dialect, Kind.DELETE)
        if terms.dry:
            return await self._calls.ask(asked, ask.dry(), actor, _record_of(dialect))
        return await self._calls.ask(asked, ask, actor, _nothing)

    async def restore(self, shelf: Shelf, number: int, terms: Terms, actor: Actor) -> Written | Refusal:
        """Undo a delete."""
        dialect, path = self._at(shelf)
        ask = _write(dialect, "POST", f"{path}/{number}/undelete", {}, terms)
        return await self._write(Asked(dialect, Kind.RESTORE), ask, actor)

    async def upsert(self, shelf: Shelf, on: str, values: Values, terms: Terms, actor: Actor) -> Written | Refusal:
        """Create, or merge into the one that matches."""
        dialect, path = self._at(shelf)
        patch = await self._calls.inward(dialect, actor, lambda own: _patch(dialect, values, own))
        body = {"match": dialect.fields[on].internal, **patch}
        ask = _write(dialect, "POST", f"{path}/upsert", body, terms)
        return await self._write(Asked(dialect, Kind.UPSERT), ask, actor)

    async def act(
        self, shelf: Shelf, action: Action, number: int, values: Values, terms: Terms, actor: Actor
    ) -> Written | Refusal:
        """Carry out an action."""
        dialect, path = self._at(shelf)
        tail, body = to_action(dialect, action, values)
        asked = Asked(dialect, Kind.ACTION, action=dialect.actions[action.name])
        return await self._write(asked, _write(dialect, "POST", f"{path}/{number}/{tail}", body, terms), actor)

    async def batch_get(self, shelf: Shelf, numbers: Sequence[int], actor: Actor) -> list[Record | Refusal]:
        """Several records, deleted ones included."""
        dialect, path = self._at(shelf)

        def ask(items: Sequence[Json]) -> Ask:
            return Ask("POST", f"{path}/bulk", {"op": "get", "items": items})

        items = [{"id": number} for number in numbers]
        return await in_bulk(self._calls, Asked(dialect, Kind.BATCH_GET), ask, items, actor, _record_of(dialect))

    async def batch_create(
        self, shelf: Shelf, items: Sequence[Values], terms: Terms, actor: Actor
    ) -> list[Written | Refusal]:
        """Several new records."""
        dialect, _ = self._at(shelf)
        bodies = await self._calls.inward(
            dialect, actor, lambda own: [to_fields(dialect, values, own) for values in items]
        )
        return await self._batch(shelf, Kind.BATCH_CREATE, {"op": "create"}, bodies, terms, actor, _written_of(dialect))

    async def batch_update(
        self, shelf: Shelf, items: Sequence[Change], terms: Terms, actor: Actor
    ) -> list[Written | Refusal]:
        """Several merges."""
        dialect, _ = self._at(shelf)

        def patches(own: OwnFields) -> list[dict[str, Json]]:
            return [
                {"id": change.number, **_patch(dialect, change.values, own)}
                | ({} if change.revision is None else {"expected_revision": change.revision})
                for change in items
            ]

        bodies = await self._calls.inward(dialect, actor, patches)
        return await self._batch(shelf, Kind.BATCH_UPDATE, {"op": "update"}, bodies, terms, actor, _written_of(dialect))

    async def batch_upsert(
        self, shelf: Shelf, on: str, items: Sequence[Values], terms: Terms, actor: Actor
    ) -> list[Written | Refusal]:
        """Several upserts."""
        dialect, _ = self._at(shelf)
        bodies = await self._calls.inward(
            dialect, actor, lambda own: [_patch(dialect, values, own) for values in items]
        )
        head = {"op": "upsert", "match": dialect.fields[on].internal}
        return await self._batch(shelf, Kind.BATCH_UPSERT, head, bodies, terms, actor, _written_of(dialect))

    async def batch_delete(
        self, shelf: Shelf, numbers: Sequence[int], terms: Terms, actor: Actor
    ) -> list[Record | Refusal | None]:
        """Several deletes."""
        dialect, _ = self._at(shelf)
        bodies: list[dict[str, Json]] = [{"id": number} for number in numbers]
        read: Read[Record | None] = _record_of(dialect) if terms.dry else _nothing
        return await self._batch(shelf, Kind.BATCH_DELETE, {"op": "delete"}, bodies, terms, actor, read)

    async def definitions(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> Definitions:
        """The custom fields of a resource."""
        return (await self._business.own_fields(resource, actor, fresh=fresh)).definitions

    async def profile(self, actor: Actor) -> Profile | Refusal:
        """The business and the user."""
        return await self._business.profile(actor)

    async def default_currency(self, actor: Actor) -> str | Refusal:
        """The business's currency."""
        return await self._business.currency(actor)

    async def outcome(self, dedupe_key: str, actor: Actor) -> Done | Running | Absent:
        """What became of a write with that key."""
        ask = Ask("GET", f"dedupe/{quote(dedupe_key, safe='')}")
        answer = await self._wire.send(ask, actor)
        with reading(ask):
            refusal = refusal_in(Asked(USERS, Kind.GET), answer)
            if refusal is None:
                return to_outcome(answer)
        raise raised(refusal)

    def _at(self, shelf: Shelf) -> tuple[Dialect, str]:
        dialect = self._dialects[shelf.resource]
        return dialect, dialect.path if shelf.parent is None else dialect.path.format(parent=shelf.parent)

    async def _write(self, asked: Asked, ask: Ask, actor: Actor) -> Written | Refusal:
        return await self._calls.ask(asked, ask, actor, _written_of(asked.dialect))

    async def _batch(
        self,
        shelf: Shelf,
        kind: Kind,
        head: dict[str, Json],
        bodies: list[dict[str, Json]],
        terms: Terms,
        actor: Actor,
        read: Read[T],
    ) -> list[T | Refusal]:
        dialect, path = self._at(shelf)

        def ask(items: Sequence[Json]) -> Ask:
            ask = Ask("POST", f"{path}/bulk", {**head, "items": items}, writes=True)
            return ask.dry() if terms.dry else ask

        if terms.dedupe_key is not None:
            at = terms.positions or range(len(bodies))
            bodies = [body | {"dedupe_key": terms.item_key(n)} for n, body in zip(at, bodies, strict=True)]
        return await in_bulk(self._calls, Asked(dialect, kind), ask, bodies, actor, read)


def _write(dialect: Dialect, method: str, path: str, body: dict[str, Json], terms: Terms) -> Ask:
    """A call that writes one record, on the caller's terms."""
    if terms.revision is not None:
        body = body | {"expected_revision": terms.revision}
    if terms.dedupe_key is not None:
        body = body | {"dedupe_key": terms.dedupe_key}
    ask = Ask(method, path, body, writes=True, read=dialect.reading.answer)
    return ask.dry() if terms.dry else ask


def _patch(dialect: Dialect, values: Values, own: OwnFields) -> dict[str, Json]:
    put, unset = to_changes(dialect, values, own)
    return {"set": put, "unset": unset}


def _record_of(dialect: Dialect) -> Read[Record]:
    return lambda answer, own: dialect.reading.one(answer.result, own)


def _written_of(dialect: Dialect) -> Read[Written]:
    return lambda answer, own: to_written(dialect, answer, own)


def _nothing(answer: Envelope, _: OwnFields) -> None:
    """What a delete has to say is of no use, if only it is JSON."""
    anything(answer.result)
