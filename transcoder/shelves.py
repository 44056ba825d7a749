"""Whose records stand where: each resource is kept by one service, and a call about it goes to that one's dialect.

Itself `Records`, so that handlers know of no more than one. What asks for many rows goes in its business's lane. Knows
no dialect.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

from contract.resources import Action, Resource
from transcoder.lanes import Lanes
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
    Values,
    Written,
)

P = ParamSpec("P")
T = TypeVar("T")


class Shelves(Records):
    """The `main` records, and of some resources another keeper's. See `Records`."""

    def __init__(self, main: Records, others: Mapping[Resource, Records]) -> None:
        self._main = main
        self._others = others
        self._lanes = Lanes()
        self.capabilities = main.capabilities

    def capabilities_for(self, resource: Resource | None) -> Capabilities:
        """Its keeper's."""
        return self._of(resource).capabilities_for(resource)

    def keeper_of(self, resource: Resource | None) -> Records:
        """The keeper that the resource has."""
        return self._of(resource).keeper_of(resource)

    def _of(self, resource: Resource | None) -> Records:
        return self._main if resource is None else self._others.get(resource, self._main)

    def _in_turn(
        self, shelf: Shelf, actor: Actor, rows: int, ask: Callable[P, Awaitable[T]], *args: P.args, **more: P.kwargs
    ) -> Awaitable[T]:
        # By resource as well: where contacts hang, deals of the same business do not wait for them.
        return self._lanes.through((actor.tenant, shelf.resource), rows, actor.deadline_s, ask, *args, **more)

    async def page(self, shelf: Shelf, query: Query, actor: Actor) -> Page | Refusal:
        ask = self._of(shelf.resource).page
        return await self._in_turn(shelf, actor, query.limit, ask, shelf, query, actor)

    async def get(self, shelf: Shelf, number: int, actor: Actor) -> Record | Refusal:
        return await self._of(shelf.resource).get(shelf, number, actor)

    async def create(self, shelf: Shelf, values: Values, terms: Terms, actor: Actor) -> Written | Refusal:
        return await self._of(shelf.resource).create(shelf, values, terms, actor)

    async def update(self, shelf: Shelf, number: int, values: Values, terms: Terms, actor: Actor) -> Written | Refusal:
        return await self._of(shelf.resource).update(shelf, number, values, terms, actor)

    async def delete(self, shelf: Shelf, number: int, terms: Terms, actor: Actor) -> Record | Refusal | None:
        return await self._of(shelf.resource).delete(shelf, number, terms, actor)

    async def restore(self, shelf: Shelf, number: int, terms: Terms, actor: Actor) -> Written | Refusal:
        return await self._of(shelf.resource).restore(shelf, number, terms, actor)

    async def upsert(self, shelf: Shelf, on: str, values: Values, terms: Terms, actor: Actor) -> Written | Refusal:
        return await self._of(shelf.resource).upsert(shelf, on, values, terms, actor)

    async def act(
        self, shelf: Shelf, action: Action, number: int, values: Values, terms: Terms, actor: Actor
    ) -> Written | Refusal:
        return await self._of(shelf.resource).act(shelf, action, number, values, terms, actor)

    async def batch_get(self, shelf: Shelf, numbers: Sequence[int], actor: Actor) -> list[Record | Refusal]:
        ask = self._of(shelf.resource).batch_get
        return await self._in_turn(shelf, actor, len(numbers), ask, shelf, numbers, actor)

    async def batch_create(
        self, shelf: Shelf, items: Sequence[Values], terms: Terms, actor: Actor
    ) -> list[Written | Refusal]:
        ask = self._of(shelf.resource).batch_create
        return await self._in_turn(shelf, actor, len(items), ask, shelf, items, terms, actor)

    async def batch_update(
        self, shelf: Shelf, items: Sequence[Change], terms: Terms, actor: Actor
    ) -> list[Written | Refusal]:
        ask = self._of(shelf.resource).batch_update
        return await self._in_turn(shelf, actor, len(items), ask, shelf, items, terms, actor)

    async def batch_upsert(
        self, shelf: Shelf, on: str, items: Sequence[Values], terms: Terms, actor: Actor
    ) -> list[Written | Refusal]:
        ask = self._of(shelf.resource).batch_upsert
        return await self._in_turn(shelf, actor, len(items), ask, shelf, on, items, terms, actor)

    async def batch_delete(
        self, shelf: Shelf, numbers: Sequence[int], terms: Terms, actor: Actor
    ) -> list[Record | Refusal | None]:
        ask = self._of(shelf.resource).batch_delete
        return await self._in_turn(shelf, actor, len(numbers), ask, shelf, numbers, terms, actor)

    async def definitions(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> Definitions:
        return await self._of(resource).definitions(resource, actor, fresh=fresh)

    async def profile(self, actor: Actor) -> Profile | Refusal:
        return await self._main.profile(actor)

    async def default_currency(self, actor: Actor) -> str | Refusal:
        return await self._main.default_currency(actor)

    async def outcome(self, dedupe_key: str, actor: Actor) -> Done | Running | Absent:
        return await self._main.outcome(dedupe_key, actor)
