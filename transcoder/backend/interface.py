"""What handlers and a dialect pass to each other: records, queries and refusals in neutral form, and the seam itself.

Neutral values: ids are internal integers (a UUID the integer that it is), instants epoch milliseconds, days
`YYYY-MM-DD`, enums the public words, amounts integers of the currency's smallest unit beside a currency, addresses
dicts of their members, custom fields dicts by key, parts (a pipeline's stages) lists of records, null None. Neither
side knows the other's JSON.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from contract.ids import IdKind
from contract.problems import ItemError, Problem
from contract.resources import Action, Resource
from contract.types import CustomType
from contract.vocabulary import TenantId, TraceId, UserId

Values = Mapping[str, Any]
"""Public field name → neutral value."""

NO_RECORD = 0
"""The number of no record: what a well-formed id of nobody is compared as."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A stored record. `deleted_at_ms` is None while it lives. A struct, since a page makes hundreds of them.

    `is_checked`: whoever read it has held it to the contract's rows, so that nobody need do it again.
    """

    number: int
    revision: int
    values: Values
    deleted_at_ms: int | None
    is_checked: bool = False


class UnreadableRecord(msgspec.Struct, frozen=True, gc=False):
    """A record of a page that its service told in a form that cannot be read. `cause` is for the log alone."""

    number: int
    cause: str


class WriteResult(msgspec.Struct, frozen=True, gc=False):
    """A record after a write; `created` and `changed` are told by upserts."""

    record: Record
    created: bool = False
    changed: bool = True


@dataclass(frozen=True, slots=True)
class CustomFieldDefinition:
    """A custom field: its own number, key and type; `options` by public value, each with its number."""

    number: int
    key: str
    type: CustomType
    options: Mapping[str, int]


Definitions = Mapping[str, CustomFieldDefinition]
"""By key."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A test that a record must pass. `field` is a public name, `address.city` and `custom_fields.<key>` included;
    `operator` a word of the public filter operators, `value` neutral.
    """

    field: str
    operator: str
    value: Any
    at: str = dataclasses.field(default="", compare=False, kw_only=True)
    """Where it stands in what the caller sent: a pointer into the body, or `/` and the name of a list's parameter."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part holds at least. `at`: as of a condition."""

    parts: tuple["Tree", ...]
    at: str = dataclasses.field(default="", compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class NotOf:
    """The part does not hold. `at`: as of a condition."""

    part: "Tree"
    at: str = dataclasses.field(default="", compare=False, kw_only=True)


Tree = Condition | AllOf | AnyOf | NotOf


@dataclass(frozen=True, slots=True)
class UpdatedAfter:
    """A place that needs no memory: behind the record that was updated then and has that number (0: before all)."""

    updated_at_ms: int
    number: int


class Query(msgspec.Struct, frozen=True):
    """A page to read. `place`: the service's own key, or an `After` where the order is by `updated_at`, ascending."""

    where: Tree | None
    text: str | None
    order_by: str
    descending: bool
    limit: int
    deleted: str
    with_total: bool
    place: str | UpdatedAfter | None


class Page(msgspec.Struct, frozen=True, gc=False):
    """One page; `next_place` is there when more follow. One record that cannot be read does not take the others."""

    records: Sequence[Record | UnreadableRecord]
    next_place: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service's own no, already a problem of ours. Numbers in it are internal: the caller's side seals them.

    `cause` is what the service itself said, for the log alone.
    """

    problem: Problem
    errors: tuple[ItemError, ...] | None = None
    members: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    existing: int | None = None
    revision: int | None = None
    retry_after_s: int | None = None
    outcome: str | None = None
    detail: str | None = None
    cause: str | None = None


class Actor(msgspec.Struct, frozen=True, gc=False):
    """On whose behalf a call is made, and how long it may take."""

    tenant: TenantId
    user: UserId
    permissions: str
    role: str
    trace_id: TraceId
    deadline_s: float
    """The loop time at which the request's own deadline ends."""


class RecordCollection(msgspec.Struct, frozen=True, gc=False):
    """Where records stand: their resource, and for parts the number of the record that they are parts of."""

    resource: Resource
    parent: int | None = None


class WriteTerms(msgspec.Struct, frozen=True, gc=False):
    """How a write is made. `revision`: only on this one (upsert: 0 = no match is expected); `dry`: only as if.

    `positions`: where the items of a batch call stand in the caller's batch; each item's dedupe key is made of its own.
    """

    revision: int | None = None
    dedupe_key: str | None = None
    dry_run: bool = False
    positions: tuple[int, ...] = ()

    def item_key(self, position: int) -> str | None:
        """The dedupe key of the item at that place of the caller's batch."""
        return None if self.dedupe_key is None else f"{self.dedupe_key}.{position}"


@dataclass(frozen=True, slots=True)
class Change:
    """One item of a batch update: which record, what changes (None clears), on which revision."""

    number: int
    values: Values
    revision: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """The business and the user behind a token; neutral values by the public names of `GET /v1/me`."""

    business: Values
    user: Values


@dataclass(frozen=True, slots=True)
class WriteDone:
    """A write with that dedupe key was carried out; the number of its record, where there is one."""

    number: int | None


@dataclass(frozen=True, slots=True)
class WriteRunning:
    """It still is being carried out."""


@dataclass(frozen=True, slots=True)
class WriteAbsent:
    """No write with that key was carried out."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the internal services can do; where one is missing the gateway says so and does not guess."""

    ids: IdKind
    """What records, users and businesses are told apart by."""
    dedupe: bool
    """A write that carries a key is made once, however often it is sent, and its outcome can be asked for."""
    revision: bool
    """A write can name the revision that it expects."""
    keyset: bool
    """Pages go on behind a place, not at an offset."""
    negation: bool
    """Filters can be negated."""
    dry_run: bool
    """A write can be tried without being made."""
    item_batch: bool
    """Many writes go in one call, each with an outcome of its own."""
    record_permission: bool
    """It refuses to change what others own."""
    operations: frozenset[str] | None = None
    """The ids of the operations that it carries out; None: of all."""


class Backend(Protocol):
    """The seam to the internal services; each call ends by the actor's deadline.

    Writes answer with the record as it is afterwards; a dry one as it would be (number 0 where it would be new).
    Batches answer one outcome an item, in order, whatever the service's own limit is.
    """

    capabilities: Capabilities

    def capabilities_for(self, resource: Resource | None) -> Capabilities:
        """Those that count for a resource, or for what is about none: where several keep records, they differ."""
        return self.capabilities

    def owner_of(self, resource: Resource | None) -> "Backend":
        """Return who keeps the records of a resource, and so knows what became of a write of one."""
        return self

    async def page(self, shelf: RecordCollection, query: Query, actor: Actor) -> Page | Refusal:
        """A page of records."""

    async def get(self, shelf: RecordCollection, number: int, actor: Actor) -> Record | Refusal:
        """One record, a deleted one included."""

    async def create(
        self, shelf: RecordCollection, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """A new record."""

    async def update(
        self, shelf: RecordCollection, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Merge `values`; None clears a field."""

    async def delete(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> Record | Refusal | None:
        """Delete softly; the would-be record when dry, else nothing."""

    async def restore(
        self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Undo a delete."""

    async def upsert(
        self, shelf: RecordCollection, on: str, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Create, or merge `values` into the one live record whose `on` field has the same value."""

    async def act(
        self, shelf: RecordCollection, action: Action, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        """Carry out one of the resource's actions."""

    async def batch_get(self, shelf: RecordCollection, numbers: Sequence[int], actor: Actor) -> list[Record | Refusal]:
        """Several records, deleted ones included."""

    async def batch_create(
        self, shelf: RecordCollection, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """Several new records."""

    async def batch_update(
        self, shelf: RecordCollection, items: Sequence[Change], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """Several merges."""

    async def batch_upsert(
        self, shelf: RecordCollection, on: str, items: Sequence[Values], terms: WriteTerms, actor: Actor
    ) -> list[WriteResult | Refusal]:
        """Several upserts."""

    async def batch_delete(
        self, shelf: RecordCollection, numbers: Sequence[int], terms: WriteTerms, actor: Actor
    ) -> list[Record | Refusal | None]:
        """Several deletes."""

    async def definitions(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> Definitions:
        """The custom fields of a resource, as of a few seconds ago at most; `fresh`: as of now."""

    async def profile(self, actor: Actor) -> Profile | Refusal:
        """The business and the user."""

    async def default_currency(self, actor: Actor) -> str | Refusal:
        """The business's currency, as of a few seconds ago at most."""

    async def outcome(self, dedupe_key: str, actor: Actor) -> WriteDone | WriteRunning | WriteAbsent:
        """What became of a write with that key."""
