"""Tokens and apps as `Backend`: each call as a call to the authorization server, and its answer back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from contract.ids import IdKind
from contract.operations import operations_of
from contract.problems import INVALID_CURSOR, NOT_SUPPORTED
from contract.resources import APP, PERSONAL_ACCESS_TOKEN, Action, Resource
from contract.vocabulary import Json
from infra.process.shared_secret import SharedSecret
from infra.stores import oauth_admin_messages as wire
from transcoder.backend.in_memory_list import InvalidPosition, page_in_memory
from transcoder.backend.interface import (
    Actor,
    Capabilities,
    Page,
    Profile,
    Query,
    Record,
    RecordCollection,
    Refusal,
    Values,
    WriteAbsent,
    WriteDone,
    WriteResult,
    WriteTerms,
)
from transcoder.backend.json_calls import send_json, unusable_response
from transcoder.backend.simple_backend import SimpleBackend
from transcoder.backend.upstream import Upstream
from transcoder.oauth_backend import conversions as convert
from transcoder.oauth_backend.error_mapping import gone, refusal_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _ResourceMapping:
    """How one resource is spoken of: its word in paths, its forms, what is made of them, and what is said of a new one.

    `actions`: by name, what follows the record's path, and what is said.
    """

    word: str
    form: type[Any]
    forms: type[Any]
    record: Callable[[Any], Record]
    new: convert.Inward
    actions: Mapping[str, tuple[str, convert.Inward]]

    def read(self, told: Any | Refusal) -> Record | Refusal:
        """The record in an answer."""
        return told if isinstance(told, Refusal) else self.record(told)


_KINDS: Mapping[Resource, _ResourceMapping] = {
    PERSONAL_ACCESS_TOKEN: _ResourceMapping(
        wire.TOKENS,
        wire.Token,
        list[wire.Token],
        convert.token_record,
        convert.new_token,
        {"rotate": (wire.ROTATE, convert.rotation)},
    ),
    APP: _ResourceMapping(
        wire.APPS,
        wire.App,
        list[wire.App],
        convert.app_record,
        convert.new_app,
        {"rotate_secret": (wire.ROTATE_SECRET, convert.rotation)},
    ),
}
ADMINISTERED = tuple(_KINDS)


class OAuthBackend(SimpleBackend):
    """One per process. See `Backend` for what each method promises."""

    def __init__(self, upstream: Upstream, secret: SharedSecret | None, ids: IdKind) -> None:
        self._upstream = upstream
        self._secret = secret
        self.capabilities = Capabilities(
            ids=ids,
            dedupe=True,
            revision=True,
            keyset=True,
            negation=False,
            dry_run=True,
            item_batch=False,
            record_permission=False,
            operations=frozenset(row.id for resource in ADMINISTERED for row in operations_of(resource)),
        )

    async def page(self, shelf: RecordCollection, query: Query, actor: Actor) -> Page | Refusal:
        """A page cut out of all there are."""
        kind = _KINDS[shelf.resource]
        found = await self._ask("GET", kind.word, actor, kind.forms)
        if isinstance(found, Refusal):
            return found
        try:
            return page_in_memory([kind.record(each) for each in found], query)
        except InvalidPosition:
            return Refusal(INVALID_CURSOR, members={"reason": "expired"})

    async def get(self, shelf: RecordCollection, number: int, actor: Actor) -> Record | Refusal:
        """One of them; what is deleted is so for good, and nothing shows it."""
        kind = _KINDS[shelf.resource]
        record = kind.read(await self._ask("GET", f"{kind.word}/{number}", actor, kind.form))
        if isinstance(record, Record) and record.deleted_at_ms is not None:
            return gone(record.deleted_at_ms)
        return record

    async def create(
        self, shelf: RecordCollection, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """A new one; with its secret word, this once."""
        kind = _KINDS[shelf.resource]
        return await self._write(kind, "POST", kind.word, kind.new(values), terms, actor)

    async def update(
        self, shelf: RecordCollection, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """An app, for of a token nothing changes."""
        kind = _KINDS[shelf.resource]
        return await self._write(kind, "PATCH", f"{kind.word}/{number}", convert.app_changes(values), terms, actor)

    async def delete(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> Record | Refusal | None:
        """It ends."""
        kind = _KINDS[shelf.resource]
        outcome = await self._write(kind, "DELETE", f"{kind.word}/{number}", {}, terms, actor)
        if isinstance(outcome, Refusal):
            return outcome
        return outcome.record if terms.dry_run else None

    async def act(
        self, shelf: RecordCollection, action: Action, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Another one in its place, or another secret."""
        kind = _KINDS[shelf.resource]
        tail, inward = kind.actions[action.name]
        return await self._write(kind, "POST", f"{kind.word}/{number}/{tail}", inward(values), terms, actor)

    async def outcome(self, dedupe_key: str, actor: Actor) -> WriteDone | WriteAbsent:
        """What was made with that key."""
        made = await self._ask("GET", f"{wire.KEYS}/{dedupe_key}", actor, wire.CreatedResult)
        if isinstance(made, Refusal):
            raise unusable_response("a refusal of a key", writes=False)
        return WriteAbsent() if made.number is None else WriteDone(made.number)

    async def profile(self, actor: Actor) -> Profile | Refusal:
        """Who the caller is, another one knows."""
        return Refusal(NOT_SUPPORTED)

    async def _write(
        self,
        kind: _ResourceMapping,
        method: str,
        path: str,
        body: dict[str, Json],
        terms: WriteTerms,
        actor: Actor,
    ) -> WriteResult | Refusal:
        told = body | {"dry": terms.dry_run} | ({} if terms.revision is None else {"revision": terms.revision})
        if terms.dedupe_key is not None:
            told["dedupe_key"] = terms.dedupe_key
        record = kind.read(await self._ask(method, path, actor, kind.form, told))
        return record if isinstance(record, Refusal) else WriteResult(record)

    async def _ask(self, method: str, path: str, actor: Actor, kind: type[T], body: Json = None) -> T | Refusal:
        headers = {wire.ACTOR: str(actor.user), wire.PERMISSIONS: actor.permissions, wire.TRACE: actor.trace_id}
        if self._secret is not None:
            headers["Authorization"] = self._secret.authorization
        url = f"{wire.ROOT}/{actor.tenant}/{path}"
        return await send_json(self._upstream, actor, method, url, headers, kind, refusal_of, body)
