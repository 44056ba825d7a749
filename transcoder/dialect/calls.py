"""Calls about records: sent, and their answers read, with the business's own fields at hand where they are needed."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from contract.problems import UPSTREAM_INVALID
from transcoder.dialect.answers import refusal_in
from transcoder.dialect.business import Business
from transcoder.dialect.envelope import Envelope
from transcoder.dialect.own_fields import NO_OWN_FIELDS, OwnFields, UnknownOwnField
from transcoder.dialect.refusals import Asked
from transcoder.dialect.rows import Dialect
from transcoder.dialect.wire import Ask, Wire, reading
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
        with reading(_CONVERTS):
            return await self._known(dialect, actor, make)

    async def ask(self, asked: Asked, ask: Ask, actor: Actor, read: Read[T]) -> T | Refusal:
        """What `read` makes of the answer, or the refusal in it."""
        answer = await self._wire.send(ask, actor)

        def outward(own: OwnFields) -> T | Refusal:
            refusal = None if answer.ok else refusal_in(replace(asked, own=own), answer)
            return refusal or read(answer, own)

        with reading(ask):
            try:
                return await self._known(asked.dialect, actor, outward)
            except ApiError as error:
                raise after(ask, answer, error) from None

    async def own_fields(self, dialect: Dialect, actor: Actor, *, beyond: OwnFields | None = None) -> OwnFields:
        """The own fields, as at hand; newer ones than `beyond`, where those were not enough."""
        if not dialect.custom_name:
            return NO_OWN_FIELDS
        at_hand = self._business.own_fields_at_hand(dialect.resource, actor)
        if beyond is None:
            return at_hand or NO_OWN_FIELDS
        # What was enough for nobody may have been nothing at all: then anything that is remembered is newer.
        return await self._business.own_fields(dialect.resource, actor, fresh=beyond is at_hand)

    async def _known(self, dialect: Dialect, actor: Actor, use: Callable[[OwnFields], T]) -> T:
        """What `use` makes of the own fields at hand; of newer ones when it meets one that is unknown, once."""
        own = await self.own_fields(dialect, actor)
        try:
            return use(own)
        except UnknownOwnField:
            return use(await self.own_fields(dialect, actor, beyond=own))


def after(ask: Ask, answer: Envelope, error: ApiError) -> ApiError:
    """A fault that comes while the answer is read: the write stands, but its caller does not hear what became of it."""
    if ask.writes and answer.ok:
        return ApiError(UPSTREAM_INVALID, outcome="unknown", cause=f"{error.problem.code}: {error.cause}")
    return error
