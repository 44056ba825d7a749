"""The address book service as the gateway's `Backend`: what a platform team writes for an internal service of its own.

Nothing outside it knows the service's words. What the service cannot do is listed, and refused by what is inherited.
"""

from datetime import datetime
from functools import partial
from types import NoneType
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from contract import problems
from contract.ids import IdKind
from contract.resources import CONTACT
from contract.vocabulary import Json, Kind
from infra.process.settings import SettingsReader
from transcoder.backend.interface import (
    Actor,
    Page,
    Profile,
    Query,
    Record,
    RecordCollection,
    Refusal,
    Values,
    WriteResult,
    WriteTerms,
)
from transcoder.backend.json_calls import refusals_by_message, send_json, to_neutral
from transcoder.backend.loader import Connect
from transcoder.backend.offset_paging import OffsetRows, page_after
from transcoder.backend.simple_backend import (
    SimpleBackend,
    capabilities_of,
    duplicate,
    equality_conditions,
    invalid_field,
    missing_fields,
    rule_broken,
    to_record,
)
from transcoder.backend.upstream import Upstream

T = TypeVar("T")
NAMES = {"first_name": "given", "last_name": "family", "email": "mail", "phone": "mobile", "job_title": "position"}
WRITABLE = NAMES | {"lifecycle_stage": "stage", "owner_id": "owner"}
THEIRS = WRITABLE | {"created_by_id": "maker", "created_at": "added", "updated_at": "changed", "number": "id"}
"""Public name → theirs."""
OURS = {theirs: ours for ours, theirs in THEIRS.items()}
STAGES = {"lead": "Lead", "prospect": "Prospect", "customer": "Customer", "former": "Past"}
FILTERS, SORT_KEYS = ("email", "phone", "lifecycle_stage", "owner_id"), ("created_at", "updated_at")
KINDS = (Kind.LIST, Kind.SEARCH, Kind.CREATE, Kind.GET, Kind.UPDATE, Kind.DELETE)
BATCHES = (Kind.BATCH_CREATE, Kind.BATCH_GET, Kind.BATCH_UPDATE, Kind.BATCH_DELETE)
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Person(msgspec.Struct, rename=THEIRS):
    """A record as they write it; an answer of any other form is not passed on."""

    number: UUID
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    job_title: str | None
    lifecycle_stage: Literal["Lead", "Prospect", "Customer", "Past"]
    owner_id: UUID
    created_by_id: UUID
    created_at: Instant
    updated_at: Instant

    def record(self) -> Record:
        values = {name: to_neutral(value) for name, value in msgspec.structs.asdict(self).items()}
        stage = next(ours for ours, theirs in STAGES.items() if theirs == self.lifecycle_stage)
        return to_record(values.pop("number"), values | {"lifecycle_stage": stage})


class People(msgspec.Struct):
    people: list[msgspec.Raw]
    count: int


class Made(msgspec.Struct):
    id: UUID


REFUSALS = {
    r"No such person\.": lambda _: Refusal(problems.RESOURCE_NOT_FOUND),
    r"Somebody with this (mail) is there already: (.{36})\.": lambda said: duplicate(OURS[said[1]], UUID(said[2]).int),
    r"The (position) is too long\.": lambda said: invalid_field(OURS[said[1]], "too-long", "It is too long here."),
    r"The owner does not .*": lambda _: invalid_field("owner_id", "reference-not-found", "No live record has this id."),
    r"A person needs .*": lambda _: rule_broken("contact-needs-identity", "A name, email or phone must be set."),
}
"""What it refuses for the caller's sake. Any other sentence is a fault inside: 502, and told in our log alone."""


def inward(values: Values) -> dict[str, Json]:
    """Neutral values in their words; those that they have no word for are refused elsewhere."""
    said = {WRITABLE[name]: value for name, value in values.items() if name in WRITABLE}
    if "owner" in said:
        said["owner"] = str(UUID(int=said["owner"]))
    if "stage" in said:
        said["stage"] = STAGES[said["stage"]]
    return said


class AddressBook(SimpleBackend):
    """Contacts as people of the address book. See `Backend` for what each method promises."""

    capabilities = capabilities_of(IdKind.UUID, CONTACT, *KINDS, *BATCHES)
    _refusal_in = staticmethod(refusals_by_message("error", REFUSALS))

    def __init__(self, token: str, upstream: Upstream) -> None:
        self._token, self._upstream = token, upstream

    async def page(self, shelf: RecordCollection, query: Query, actor: Actor) -> Page | Refusal:
        conditions = equality_conditions(query, FILTERS, SORT_KEYS)
        if isinstance(conditions, Refusal):
            return conditions
        asked = inward({each.field: each.value for each in conditions})
        asked["sort"] = ("-" if query.descending else "") + THEIRS[query.order_by]

        async def fetch(offset: int, limit: int) -> OffsetRows | Refusal:
            path = f"people?{urlencode(asked | {'offset': offset, 'limit': limit})}"
            found = await self._ask("GET", path, actor, People)
            return (
                found
                if isinstance(found, Refusal)
                else OffsetRows.of(Person, found.people, query.order_by, found.count)
            )

        return await page_after(query, fetch)

    async def get(self, shelf: RecordCollection, number: int, actor: Actor) -> Record | Refusal:
        found = await self._ask("GET", f"people/{UUID(int=number)}", actor, Person)
        return found if isinstance(found, Refusal) else found.record()

    async def create(
        self, shelf: RecordCollection, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        if lost := missing_fields(CONTACT, values, WRITABLE):
            return lost
        made = await self._ask("POST", "people", actor, Made, inward(values))
        return made if isinstance(made, Refusal) else await self.read_back(shelf, made.id.int, actor, created=True)

    async def update(
        self, shelf: RecordCollection, number: int, values: Values, terms: WriteTerms, actor: Actor
    ) -> WriteResult | Refusal:
        patch = inward(values)
        refused = missing_fields(CONTACT, values, WRITABLE)
        if patch and not refused:
            refused = await self._ask("PATCH", f"people/{UUID(int=number)}", actor, NoneType, patch)
        return refused or await self.read_back(shelf, number, actor, wrote=bool(patch))

    async def delete(self, shelf: RecordCollection, number: int, terms: WriteTerms, actor: Actor) -> Refusal | None:
        return await self._ask("DELETE", f"people/{UUID(int=number)}", actor, NoneType)

    async def profile(self, actor: Actor) -> Profile | Refusal:
        told = await self._ask("GET", f"staff/{UUID(int=actor.user)}", actor, dict[str, str])
        if isinstance(told, Refusal):
            return told
        business = {"name": told["account"], "time_zone": told["zone"]}
        return Profile(business, {"full_name": told["name"], "email": told["mail"]})

    async def _ask(self, method: str, path: str, actor: Actor, kind: type[T], body: Json = None) -> T | Refusal:
        headers = {"Authorization": f"Token {self._token}", "On-Behalf-Of": str(UUID(int=actor.user))}
        url = f"/accounts/{UUID(int=actor.tenant)}/{path}"
        return await send_json(self._upstream, actor, method, url, headers, kind, self._refusal_in, body)


def load(reader: SettingsReader) -> Connect:
    """What DIALECT names: reads the dialect's own settings, and makes it once there is a connection."""
    token = reader.secret("DIALECT_TOKEN_FILE", str.strip, "the service's token")
    return partial(AddressBook, token)
