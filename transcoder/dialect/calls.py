"""Calls about records: sent, and their answers read, with the business's own fields at hand where they are needed."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from msgspec import structs

from contract.problems import UPSTREAM_INVALID
from transcoder.dialect.answers import refusal_in
from transcoder.dialect.business import Business
from transcoder.dialect.conversions import Unreadable
from transcoder.dialect.envelope import Envelope
from transcoder.dialect.own_fields import NO_OWN_FIELDS, OwnFields, UnknownOwnField
from transcoder.dialect.refusals import Asked
from transcoder.dialect.rows import Dialect
from transcoder.dialect.wire import Ask, Wire, unusable
from transcoder.errors import ApiError
from transcoder.records import Actor, Refusal

T = TypeVar("T")

Read = Callable[[Envelope, OwnFields], T]
_CONVERTS = Ask("", "")
"""What is asked of nobody: a value that cannot be said inside was not written."""


class Calls:
    """Sends them; one per process."""

    def __init__(self, wire: Wire, business: Business) -> None:
        self._wire = wire
        self._business = business

    async def inward(self, dialect: Dialect, actor: Actor, make: Callable[[OwnFields], T]) -> T:
        """What `make` makes of neutral values, before anything is sent."""
        own = self._at_hand(dialect, actor)
        try:
            try:
                return make(own)
            except UnknownOwnField:
                return make(await self._newer(dialect, actor, own))
        except Unreadable as fault:
            raise unusable(_CONVERTS, str(fault)) from None

    async def ask(self, asked: Asked, ask: Ask, actor: Actor, read: Read[T]) -> T | Refusal:
        """What `read` makes of the answer, or the refusal in it."""
        answer = await self._wire.send(ask, actor)
        own = self._at_hand(asked.dialect, actor)
        try:
            try:
                return _outward(asked, answer, own, read)
            except UnknownOwnField:
                newer = await self._newer(asked.dialect, actor, own)
                return _outward(asked, answer, replace(newer, are_fresh=True), read)
        except ApiError as error:
            raise after(ask, answer, error) from None
        except Unreadable as fault:
            raise unusable(ask, str(fault)) from None

    async def own_fields(self, dialect: Dialect, actor: Actor, *, beyond: OwnFields | None = None) -> OwnFields:
        """The own fields, as at hand; newer ones than `beyond`, where those were not enough."""
        return self._at_hand(dialect, actor) if beyond is None else await self._newer(dialect, actor, beyond)

    def _at_hand(self, dialect: Dialect, actor: Actor) -> OwnFields:
        if not dialect.custom_name:
            return NO_OWN_FIELDS
        return self._business.own_fields_at_hand(dialect.resource, actor) or NO_OWN_FIELDS

    async def _newer(self, dialect: Dialect, actor: Actor, beyond: OwnFields) -> OwnFields:
        """Those that were not enough may have met one that is unknown to them."""
        if not dialect.custom_name:
            return NO_OWN_FIELDS
        # What was enough for nobody may have been nothing at all: then anything that is remembered is newer.
        fresh = beyond is self._business.own_fields_at_hand(dialect.resource, actor)
        return await self._business.own_fields(dialect.resource, actor, fresh=fresh)


def _outward(asked: Asked, answer: Envelope, own: OwnFields, read: Read[T]) -> T | Refusal:
    refusal = None if answer.ok else refusal_in(structs.replace(asked, own=own), answer)
    return refusal or read(answer, own)


def after(ask: Ask, answer: Envelope, error: ApiError) -> ApiError:
    """A fault that comes while the answer is read: the write stands, but its caller does not hear what became of it."""
    if ask.writes and answer.ok:
        return ApiError(UPSTREAM_INVALID, outcome="unknown", cause=f"{error.problem.code}: {error.cause}")
    return error
