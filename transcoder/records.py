"""What handlers and a dialect pass to each other: records, queries and refusals in neutral form, and the seam itself.

Neutral values: ids are internal integers, instants epoch milliseconds, enums the public words, an address a dict of its
members, null None. Neither side knows the other's JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contract.problems import ItemError, Problem
from contract.resources import Resource
from contract.vocabulary import TenantId, TraceId, UserId

Values = Mapping[str, Any]
"""Public field name → neutral value."""


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record. `deleted_at_ms` is None while it lives."""

    number: int
    revision: int
    values: Values
    deleted_at_ms: int | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A test that a record must pass; `operator` is a word of the public filter operators."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """A page to read: all conditions hold. `place` is the service's own key behind which to go on."""

    conditions: tuple[Condition, ...]
    order_by: str
    descending: bool
    limit: int
    deleted: str
    with_total: bool
    place: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `next_place` is there when more follow."""

    records: Sequence[Record]
    next_place: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service's own no, already a problem of ours. Numbers in it are internal: the caller's side seals them."""

    problem: Problem
    errors: tuple[ItemError, ...] | None = None
    members: Mapping[str, Any] = field(default_factory=dict)
    existing: int | None = None
    revision: int | None = None
    retry_after_s: int | None = None
    cause: str | None = None
    """The service's own words, for the log alone."""


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf a call is made, and how long it may take."""

    tenant: TenantId
    user: UserId
    permissions: str
    role: str
    trace_id: TraceId
    deadline_s: float
    """The loop time at which the request's own deadline ends."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the internal services can do; where one is missing the gateway says so and does not guess."""

    dedupe: bool
    """A create that carries a key is made once, however often it is sent."""
    revision: bool
    """A write can name the revision that it expects."""
    keyset: bool
    """Pages go on behind a place, not at an offset."""
    record_permission: bool
    """It refuses to change what others own."""


class Records(Protocol):
    """The seam to the internal services; each call ends by the actor's deadline."""

    capabilities: Capabilities

    async def page(self, resource: Resource, query: Query, actor: Actor) -> Page | Refusal:
        """A page of records."""

    async def get(self, resource: Resource, number: int, actor: Actor) -> Record | Refusal:
        """One record, a deleted one included."""

    async def create(
        self, resource: Resource, values: Values, dedupe_key: str | None, actor: Actor
    ) -> Record | Refusal:
        """A new record."""

    async def update(
        self, resource: Resource, number: int, changes: Values, revision: int | None, actor: Actor
    ) -> Record | Refusal:
        """The record after a merge of `changes`; None clears a field."""

    async def delete(self, resource: Resource, number: int, revision: int | None, actor: Actor) -> Refusal | None:
        """Delete softly."""
