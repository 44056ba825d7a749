"""Calls about records: sent, and their answers read, with the business's own fields at hand where they are needed."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from msgspec import structs

from contract.problems import UPSTREAM_INVALID
from transcoder.backend.interface import Actor, Refusal
from transcoder.dialect.business_info import BusinessInfo
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.custom_values import NO_CUSTOM_FIELDS, CustomFields, UnknownCustomField
from transcoder.dialect.envelope import Envelope
from transcoder.dialect.error_mapping import RefusalContext
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.responses import refusal_of
from transcoder.dialect.transport import CrmRequest, Transport, unusable_response
from transcoder.presentation.errors import ApiError

T = TypeVar("T")

Read = Callable[[Envelope, CustomFields], T]
_CONVERTS = CrmRequest("", "")
"""What is asked of nobody: a value that cannot be said inside was not written."""


class RecordCalls:
    """Sends them; one per process."""

    def __init__(self, wire: Transport, business: BusinessInfo) -> None:
        self._wire = wire
        self._business = business

    async def convert(self, dialect: ResourceMapping, actor: Actor, make: Callable[[CustomFields], T]) -> T:
        """What `make` makes of neutral values, before anything is sent."""
        own = self._at_hand(dialect, actor)
        try:
            try:
                return make(own)
            except UnknownCustomField:
                return make(await self._newer(dialect, actor, own))
        except UnreadableResponse as fault:
            raise unusable_response(_CONVERTS, str(fault)) from None

    async def send(self, asked: RefusalContext, ask: CrmRequest, actor: Actor, read: Read[T]) -> T | Refusal:
        """What `read` makes of the answer, or the refusal in it."""
        answer = await self._wire.send(ask, actor)
        own = self._at_hand(asked.dialect, actor)
        try:
            try:
                return _outward(asked, answer, own, read)
            except UnknownCustomField:
                newer = await self._newer(asked.dialect, actor, own)
                return _outward(asked, answer, replace(newer, are_fresh=True), read)
        except ApiError as error:
            raise outcome_unknown(ask, answer, error) from None
        except UnreadableResponse as fault:
            raise unusable_response(ask, str(fault)) from None

    async def custom_fields(
        self, dialect: ResourceMapping, actor: Actor, *, beyond: CustomFields | None = None
    ) -> CustomFields:
        """The own fields, as at hand; newer ones than `beyond`, where those were not enough."""
        return self._at_hand(dialect, actor) if beyond is None else await self._newer(dialect, actor, beyond)

    def _at_hand(self, dialect: ResourceMapping, actor: Actor) -> CustomFields:
        if not dialect.custom_name:
            return NO_CUSTOM_FIELDS
        return self._business.cached_custom_fields(dialect.resource, actor) or NO_CUSTOM_FIELDS

    async def _newer(self, dialect: ResourceMapping, actor: Actor, beyond: CustomFields) -> CustomFields:
        """Those that were not enough may have met one that is unknown to them."""
        if not dialect.custom_name:
            return NO_CUSTOM_FIELDS
        # What was enough for nobody may have been nothing at all: then anything that is remembered is newer.
        fresh = beyond is self._business.cached_custom_fields(dialect.resource, actor)
        return await self._business.custom_fields(dialect.resource, actor, fresh=fresh)


def _outward(asked: RefusalContext, answer: Envelope, own: CustomFields, read: Read[T]) -> T | Refusal:
    refusal = None if answer.ok else refusal_of(structs.replace(asked, own=own), answer)
    return refusal or read(answer, own)


def outcome_unknown(ask: CrmRequest, answer: Envelope, error: ApiError) -> ApiError:
    """A fault that comes while the answer is read: the write stands, but its caller does not hear what became of it."""
    if ask.writes and answer.ok:
        return ApiError(UPSTREAM_INVALID, outcome="unknown", cause=f"{error.problem.code}: {error.cause}")
    return error
