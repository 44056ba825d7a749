"""What the CRM knows of a business as a whole: own fields and currency, remembered for a while, and the profile."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from contract import headers
from contract.currencies import EXPONENTS
from contract.resources import Resource
from contract.vocabulary import Kind
from transcoder.dialect.answers import refusal_in
from transcoder.dialect.cache import Clock, Remembered
from transcoder.dialect.conversions import NUMBER, coded, decoder, one_of
from transcoder.dialect.custom_fields import FIELD_DEFINITIONS, to_definition
from transcoder.dialect.own_fields import NO_OWN_FIELDS, OwnFields, own_fields
from transcoder.dialect.refusals import Asked
from transcoder.dialect.users import USERS
from transcoder.dialect.whole import read_whole
from transcoder.dialect.wire import Ask, Wire, reading
from transcoder.errors import ApiError
from transcoder.records import Actor, Definition, Profile, Refusal

_LIFE_S = 5.0
_BUSINESSES = 10_000
_PLANS = {"starter": 1, "growth": 2, "scale": 3}
_PLAN = coded(_PLANS)
_PLAN_CODE: Any = one_of(_PLANS.values())
_CURRENCY: Any = one_of(EXPONENTS)
_USER: Any = USERS.reading.row
_definition_rows = FIELD_DEFINITIONS.reading.rows


class _Business(msgspec.Struct, gc=False):
    id: NUMBER
    name: str
    plan_code: _PLAN_CODE
    default_currency: _CURRENCY
    tz: str | None = None


class _Profile(msgspec.Struct):
    business: _Business
    user: _USER


_profile = decoder(_Profile)
_PROFILE = Ask("GET", "profile")

AllOwnFields = Mapping[str, OwnFields]
"""By the name of the resource."""


class Business:
    """Reads them; one per process."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._own: Remembered[AllOwnFields] = Remembered(clock, life_s=_LIFE_S, size=_BUSINESSES)
        self._currencies: Remembered[str] = Remembered(clock, life_s=_LIFE_S, size=_BUSINESSES)

    def own_fields_at_hand(self, resource: Resource, actor: Actor) -> OwnFields | None:
        """The own fields of a resource, if they need not be read."""
        known = self._own.at_hand(actor.tenant)
        return None if known is None else known.get(resource.name, NO_OWN_FIELDS)

    async def own_fields(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> OwnFields:
        """The own fields of a resource."""

        async def read() -> AllOwnFields:
            return await self._read_own(actor)

        known = await self._own.get(actor.tenant, read, deadline_s=actor.deadline_s, fresh=fresh)
        return known.get(resource.name, NO_OWN_FIELDS)

    async def _read_own(self, actor: Actor) -> AllOwnFields:
        rows = await read_whole(
            self._wire, FIELD_DEFINITIONS, FIELD_DEFINITIONS.path, "exclude", actor, _definition_rows
        )
        if isinstance(rows, Refusal):
            raise raised(rows)
        by_resource: defaultdict[str, list[Definition]] = defaultdict(list)
        with reading(Ask("GET", FIELD_DEFINITIONS.path)):
            for row in rows:
                resource, definition = to_definition(row)
                by_resource[resource].append(definition)
        return {resource: own_fields(definitions) for resource, definitions in by_resource.items()}

    async def profile(self, actor: Actor) -> Profile | Refusal:
        """The business and the user, as of now."""
        answer = await self._wire.send(_PROFILE, actor)
        with reading(_PROFILE):
            return refusal_in(Asked(USERS, Kind.ME), answer) or _to_profile(_profile(answer.result))

    async def currency(self, actor: Actor) -> str:
        """The default currency."""

        async def read() -> str:
            profile = await self.profile(actor)
            if isinstance(profile, Refusal):
                raise raised(profile)
            return str(profile.business["default_currency"])

        return await self._currencies.get(actor.tenant, read, deadline_s=actor.deadline_s)


def _to_profile(told: _Profile) -> Profile:
    business, user = told.business, USERS.reading.record(told.user)
    shown = {
        "id": business.id,
        "name": business.name,
        "plan": _PLAN.read(business.plan_code),
        "default_currency": business.default_currency,
        "time_zone": business.tz,
    }
    return Profile(shown, {**user.values, "id": user.number})


def raised(refusal: Refusal) -> ApiError:
    """A refusal where there is no word for one: the problem that it is."""
    wait = {} if refusal.retry_after_s is None else {headers.RETRY_AFTER: str(refusal.retry_after_s)}
    return ApiError(refusal.problem, errors=refusal.errors, headers=wait, cause=refusal.cause, **refusal.members)
