"""Whose records stand where: each resource is kept by one service, and a call about it goes to that one's dialect.

Itself `Backend`, so that handlers know of no more than one. What asks for many rows goes in its business's lane. Knows
no dialect.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

from contract.resources import Action, Resource
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
    Values,
    WriteAbsent,
    WriteDone,
    WriteResult,
    WriteRunning,
    WriteTerms,
)
from transcoder.fairness.tenant_queue import TenantQueues

P = ParamSpec("P")
T = TypeVar("T")


class BackendRouter(Backend):
    """The `main` records, and of some resources another keeper's. See `Backend`."""

    def __init__(self, main: Backend, others: Mapping[Resource, Backend]) -> None:
        self._main = main
        self._others = others
        self._lanes = TenantQueues()
        self.capabilities = main.capabilities

    def capabilities_for(self, resource: Resource | None) -> Capabilities:
        """Its keeper's."""
        return self._backend_of(resource).capabilities_for(resource)

    def owner_of(self, resource: Resource | None) -> Backend:
        """The keeper that the resource has."""
        return self._backend_of(resource).owner_of(resource)

    def _backend_of(self, resource: Resource | None) -> Backend:
        return self._main if resource is None else self._others.get(resource, self._main)

    def _queued(
        self,
        shelf: RecordCollection,
        actor: Actor,
        rows: int,
        ask: Callable[P, Awaitable[T]],
        *args: P.args,
        **more: P.kwargs,
    ) -> Awaitable[T]:
        # By resource as well: where contacts hang, deals of the same business do not wait for them.
        return self._lanes.run((actor.tenant, shelf.resource), rows, actor.deadline_s, ask, *args, **more)

    async def page(self, shelf: RecordCollection, query: Query, actor: Actor) -> Page | Refusal:
        ask = self._backend_of(shelf.resource).page
        return await self._queued(shelf, actor, query.limit, ask, shelf, query, actor)

    async def get(self, shelf: RecordCollection, number: int, actor: Actor) -> Record | Refusal:
        return await self._backend_of(shelf.resource).get(shelf, number, actor)

    async def create(
        self, shelf: RecordCollection, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        return await self._backend_of(shelf.resource).create(shelf, values, terms, actor)

    async def update(
        self, shelf: RecordCollection, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        return await self._backend_of(shelf.resource).update(shelf, number, values, terms, actor)

    async def delete(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> Record | Refusal | None:
        return await self._backend_of(shelf.resource).delete(shelf, number, terms, actor)

    async def restore(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        return await self._backend_of(shelf.resource).restore(shelf, number, terms, actor)

    async def upsert(
        self, shelf: RecordCollection, on: str, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        return await self._backend_of(shelf.resource).upsert(shelf, on, values, terms, actor)

    async def act(
        self, shelf: RecordCollection, action: Action, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        return await self._backend_of(shelf.resource).act(shelf, action, number, values, terms, actor)

    async def batch_get(self, shelf: RecordCollection, numbers: Sequence[int], actor: Actor) -> list[Record | Refusal]:
        ask = self._backend_of(shelf.resource).batch_get
        return await self._queued(shelf, actor, len(numbers), ask, shelf, numbers, actor)

    async def batch_create(
        self, shelf: RecordCollection, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        ask = self._backend_of(shelf.resource).batch_create
        return await self._queued(shelf, actor, len(items), ask, shelf, items, terms, actor)

    async def batch_update(
        self, shelf: RecordCollection, items: Sequence[Change], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        ask = self._backend_of(shelf.resource).batch_update
        return await self._queued(shelf, actor, len(items), ask, shelf, items, terms, actor)

    async def batch_upsert(
        self, shelf: RecordCollection, on: str, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        ask = self._backend_of(shelf.resource).batch_upsert
        return await self._queued(shelf, actor, len(items), ask, shelf, on, items, terms, actor)

    async def batch_delete(
        self, shelf: RecordCollection, numbers: Sequence[int], terms: WriteTerms, actor: Actor
    ) -> list[Record | Refusal | None]:
        ask = self._backend_of(shelf.resource).batch_delete
        return await self._queued(shelf, actor, len(numbers), ask, shelf, numbers, terms, actor)

    async def definitions(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> Definitions:
        return await self._backend_of(resource).definitions(resource, actor, fresh=fresh)

    async def profile(self, actor: Actor) -> Profile | Refusal:
        return await self._main.profile(actor)

    async def default_currency(self, actor: Actor) -> str | Refusal:
        return await self._main.default_currency(actor)

    async def outcome(self, dedupe_key: str, actor: Actor) -> WriteDone | WriteRunning | WriteAbsent:
        return await self._main.outcome(dedupe_key, actor)
