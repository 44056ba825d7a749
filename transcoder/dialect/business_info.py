"""What the CRM knows of a business as a whole: own fields and currency, remembered for a while, and the profile."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from contract import headers
from contract.currencies import EXPONENTS
from contract.resources import Resource
from contract.vocabulary import Kind
from transcoder.backend.interface import Actor, CustomFieldDefinition, Profile, Refusal
from transcoder.dialect.conversions import NUMBER, coded, decoder, one_of
from transcoder.dialect.custom_fields import FIELD_DEFINITIONS, to_definition
from transcoder.dialect.custom_values import NO_CUSTOM_FIELDS, CustomFields, custom_fields_of
from transcoder.dialect.error_mapping import RefusalContext
from transcoder.dialect.list_all import list_all
from transcoder.dialect.responses import refusal_of
from transcoder.dialect.transport import CrmRequest, Transport, reading_response
from transcoder.dialect.ttl_cache import Clock, TtlCache
from transcoder.dialect.users import USERS
from transcoder.presentation.errors import ApiError

_LIFE_S = 5.0
_BUSINESSES = 10_000
_PLANS = {"starter": 1, "growth": 2, "scale": 3}
_PLAN = coded(_PLANS)
_PLAN_CODE: Any = one_of(_PLANS.values())
_CURRENCY: Any = one_of(EXPONENTS)
_USER: Any = USERS.reader.row
_definition_rows = FIELD_DEFINITIONS.reader.rows


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
_PROFILE = CrmRequest("GET", "profile")

AllCustomFields = Mapping[str, CustomFields]
"""By the name of the resource."""


class BusinessInfo:
    """Reads them; one per process."""

    def __init__(self, wire: Transport, clock: Clock) -> None:
        self._wire = wire
        self._own: TtlCache[AllCustomFields] = TtlCache(clock, life_s=_LIFE_S, size=_BUSINESSES)
        self._currencies: TtlCache[str] = TtlCache(clock, life_s=_LIFE_S, size=_BUSINESSES)

    def cached_custom_fields(self, resource: Resource, actor: Actor) -> CustomFields | None:
        """The own fields of a resource, if they need not be read."""
        known = self._own.cached(actor.tenant)
        return None if known is None else known.get(resource.name, NO_CUSTOM_FIELDS)

    async def custom_fields(self, resource: Resource, actor: Actor, *, fresh: bool = False) -> CustomFields:
        """The own fields of a resource."""

        async def read() -> AllCustomFields:
            return await self._read_own(actor)

        known = await self._own.get(actor.tenant, read, deadline_s=actor.deadline_s, fresh=fresh)
        return known.get(resource.name, NO_CUSTOM_FIELDS)

    async def _read_own(self, actor: Actor) -> AllCustomFields:
        rows = await list_all(self._wire, FIELD_DEFINITIONS, FIELD_DEFINITIONS.path, "exclude", actor, _definition_rows)
        if isinstance(rows, Refusal):
            raise to_api_error(rows)
        by_resource: defaultdict[str, list[CustomFieldDefinition]] = defaultdict(list)
        with reading_response(CrmRequest("GET", FIELD_DEFINITIONS.path)):
            for row in rows:
                resource, definition = to_definition(row)
                by_resource[resource].append(definition)
        return {resource: custom_fields_of(definitions) for resource, definitions in by_resource.items()}

    async def profile(self, actor: Actor) -> Profile | Refusal:
        """The business and the user, as of now."""
        answer = await self._wire.send(_PROFILE, actor)
        with reading_response(_PROFILE):
            return refusal_of(RefusalContext(USERS, Kind.ME), answer) or _to_profile(_profile(answer.result))

    async def currency(self, actor: Actor) -> str:
        """The default currency."""

        async def read() -> str:
            profile = await self.profile(actor)
            if isinstance(profile, Refusal):
                raise to_api_error(profile)
            return str(profile.business["default_currency"])

        return await self._currencies.get(actor.tenant, read, deadline_s=actor.deadline_s)


def _to_profile(told: _Profile) -> Profile:
    business, user = told.business, USERS.reader.record(told.user)
    shown = {
        "id": business.id,
        "name": business.name,
        "plan": _PLAN.read(business.plan_code),
        "default_currency": business.default_currency,
        "time_zone": business.tz,
    }
    return Profile(shown, {**user.values, "id": user.number})


def to_api_error(refusal: Refusal) -> ApiError:
    """A refusal where there is no word for one: the problem that it is."""
    wait = {} if refusal.retry_after_s is None else {headers.RETRY_AFTER: str(refusal.retry_after_s)}
    return ApiError(refusal.problem, errors=refusal.errors, headers=wait, cause=refusal.cause, **refusal.members)
