"""[pure] Records outward: neutral values become the public JSON of a version, ids sealed, instants in RFC 3339."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from contract.currencies import EXPONENTS
from contract.ids import Codec
from contract.resources import Field, Resource
from contract.resources.shape import USER_PREFIX
from contract.types import Address, Amount, CustomFields, CustomType, DateTime, FullName, Id, Ids, Parts
from contract.versions import Version
from contract.vocabulary import Json, TenantId
from transcoder.etags import etag, etags
from transcoder.records import Definitions, Record, Values

Public = dict[str, Json]
"""An object as callers see it."""

encode: Callable[[Json], bytes] = msgspec.json.Encoder(decimal_format="number").encode
"""Compact JSON in UTF-8."""
_DAY_MS, _MINUTE_MS, _EPOCH = 86_400_000, 60_000, date(1970, 1, 1).toordinal()
_MINUTES = tuple(f"T{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f":{second:02d}" for second in range(60))
_ENDS = ("Z", *(f".{ms:03d}Z" for ms in range(1, 1000)))


def instant_text(ms: int) -> str:
    """Epoch milliseconds as RFC 3339 in UTC; the fraction only where there is one."""
    day, of_day = divmod(ms, _DAY_MS)
    minute, of_minute = divmod(of_day, _MINUTE_MS)
    second, fraction = divmod(of_minute, 1000)
    return _date(day) + _MINUTES[minute] + _SECONDS[second] + _ENDS[fraction]


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


def amount_text(units: int, currency: str) -> str:
    """Smallest units as a decimal string with exactly the currency's digits."""
    exponent = EXPONENTS[currency]
    if exponent == 0:
        return str(units)
    digits = str(units).rjust(exponent + 1, "0")
    return f"{digits[:-exponent]}.{digits[-exponent:]}"


class Presenters:
    """The presenter of each resource; parts are presented by their own."""

    def __init__(self, resources: Iterable[Resource], codec: Codec) -> None:
        self.codec = codec
        self._by_resource = {resource: Presenter(resource, codec, self) for resource in resources}
        self._by_name = {resource.name: presenter for resource, presenter in self._by_resource.items()}

    def __getitem__(self, resource: Resource) -> "Presenter":
        return self._by_resource[resource]

    def named(self, name: str) -> "Presenter":
        """The presenter of the resource of that name."""
        return self._by_name[name]


class Presenter:
    """Turns records of one resource into public objects; the work per field is laid out once, and done for a page."""

    def __init__(self, resource: Resource, codec: Codec, others: Presenters) -> None:
        self._resource = resource
        self._codec = codec
        self._blank: dict[str, Json] = {row.name: None for row in resource.fields if not row.once}
        """Every documented member in its order."""
        forms = (_form(row, codec, others) for row in resource.fields if not row.once)
        self._forms = tuple(form for form in forms if form is not None)
        self._once = tuple(row.name for row in resource.shown_once)

    def record_id(self, tenant: TenantId, number: int) -> str:
        """The public id of a record."""
        return self._codec.seal(self._resource.prefix, tenant, number)

    def etag(self, tenant: TenantId, record: Record, version: Version) -> str:
        """The record's etag in a version."""
        return etag(self.record_id(tenant, record.number), record.revision, version)

    def public(self, around: "Around", records: Sequence[Record]) -> list[Public]:
        """The public objects as today's version has them, every documented member present.

        A record that is not there yet (a dry create, number 0) has no id. What is shown once is there if it is given.
        """
        shown = [_within(self._blank, record.values) for record in records]
        record_ids = self._codec.seal_all(self._resource.prefix, around.tenant, [record.number for record in records])
        tags = etags(record_ids, [record.revision for record in records], around.version)
        for record, each, record_id, tag in zip(records, shown, record_ids, tags, strict=True):
            each["id"] = record_id if record.number else None
            each["etag"] = tag
            if "deleted_at" in each:
                each["deleted_at"] = record.deleted_at_ms
        for form in self._forms:
            form(around, shown)
        if self._once:
            for record, each in zip(records, shown, strict=True):
                each |= {name: record.values[name] for name in self._once if name in record.values}
        return shown

    def chosen(self, public: Public, fields: frozenset[str] | None) -> Public:
        """Of a public object only those `fields` and the id, and what is shown once; all where none are given."""
        if fields is None:
            return public
        kept = fields.union(("id",), self._once)
        return {name: value for name, value in public.items() if name in kept}


def _within(blank: Public, given: Values) -> Public:
    """The members of `blank` in its order and no others, null where nothing is given."""
    shown = {**blank, **given}
    return shown if len(shown) == len(blank) else {name: shown[name] for name in blank}


@dataclass(frozen=True, slots=True)
class Around:
    """What a record is shown by: whose it is, in which version, and the definitions of its custom fields."""

    tenant: TenantId
    version: Version
    definitions: Definitions


Form = Callable[[Around, Sequence[Public]], None]
"""Puts what is shown of a member in the place of its neutral value, in several objects."""


def _form(field: Field, codec: Codec, others: Presenters) -> Form | None:
    """How a field is shown; None stands for its value as it is."""
    name = field.name
    match field.type:
        case Id() if name == "id":
            return None  # the records' own are sealed all at once
        case Id(prefix=prefix):
            return _reference(name, codec, prefix)
        case DateTime():
            return _where_there(name, instant_text)
        case Address(members=members):
            blank: Public = {member: None for member, _ in members}
            return _where_there(name, lambda given: _within(blank, given))
        case FullName(parts=parts):
            return _full_name(name, parts)
        case Amount(currency=currency):
            return _amount(name, currency)
        case Ids(prefix=prefix):
            return _each(name, lambda around, numbers: codec.seal_all(prefix, around.tenant, numbers), list)
        case Parts(of=of):
            return _each(name, lambda around, parts: others.named(of).public(around, parts), list)
        case CustomFields():
            return _each(name, lambda around, values: _custom_fields(codec, around, values), dict)
    return None


def _where_there(name: str, shown_as: Callable[[Any], Json]) -> Form:
    """A value by itself; null where there is none."""

    def form(_: Around, shown: Sequence[Public]) -> None:
        for each in shown:
            value = each[name]
            if value is not None:
                each[name] = shown_as(value)

    return form


def _each(name: str, shown_as: Callable[[Around, Any], Json], empty: Callable[[], Json]) -> Form:
    """A value that holds several; `empty` where it holds none."""

    def form(around: Around, shown: Sequence[Public]) -> None:
        for each in shown:
            value = each[name]
            each[name] = shown_as(around, value) if value else empty()

    return form


def _reference(name: str, codec: Codec, prefix: str) -> Form:
    """Owners and companies come again and again: the codec remembers them."""

    def form(around: Around, shown: Sequence[Public]) -> None:
        for each in shown:
            if each[name] is not None:
                each[name] = codec.seal(prefix, around.tenant, each[name])

    return form


def _full_name(name: str, parts: tuple[str, ...]) -> Form:
    def form(_: Around, shown: Sequence[Public]) -> None:
        for each in shown:
            each[name] = " ".join([text for part in parts if (text := each[part]) is not None]) or None

    return form


def _amount(name: str, currency: str) -> Form:
    def form(_: Around, shown: Sequence[Public]) -> None:
        for each in shown:
            if each[name] is not None:
                each[name] = amount_text(each[name], each[currency])

    return form


def _custom_fields(codec: Codec, around: Around, values: Mapping[str, Any]) -> Json:
    shown: dict[str, Json] = {}
    for key, value in values.items():
        definition = around.definitions.get(key)
        if definition is None:
            continue  # deleted between two looks: the record's next reading does not have it either
        match definition.type:
            case CustomType.DATETIME:
                shown[key] = instant_text(value)
            case CustomType.USER:
                shown[key] = codec.seal(USER_PREFIX, around.tenant, value)
            case _:
                shown[key] = value
    return shown
