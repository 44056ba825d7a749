"""[pure] Records outward: neutral values become the public JSON of a version, ids sealed, instants in RFC 3339."""

from collections.abc import Callable, Iterable, Mapping
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
from transcoder.etags import etag
from transcoder.records import Definitions, Record, Values
from transcoder.versioning import Translation

encode: Callable[[Json], bytes] = msgspec.json.Encoder(decimal_format="number").encode
"""Compact JSON in UTF-8."""
_DAY_MS, _MINUTE_MS, _EPOCH = 86_400_000, 60_000, date(1970, 1, 1).toordinal()
_MINUTES = tuple(f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60))


def instant_text(ms: int) -> str:
    """Epoch milliseconds as RFC 3339 in UTC; the fraction only where there is one."""
    day, of_day = divmod(ms, _DAY_MS)
    minute, of_minute = divmod(of_day, _MINUTE_MS)
    second, fraction = divmod(of_minute, 1000)
    text = f"{_date(day)}T{_MINUTES[minute]}:{second:02d}"
    return f"{text}.{fraction:03d}Z" if fraction else f"{text}Z"


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
    """Turns records of one resource into public objects; the work per field is laid out once."""

    def __init__(self, resource: Resource, codec: Codec, others: Presenters) -> None:
        self._resource = resource
        self._codec = codec
        self._fields = tuple((row.name, _form(row, codec, others)) for row in resource.fields if not row.once)
        self._once = tuple(row.name for row in resource.shown_once)

    def record_id(self, tenant: TenantId, number: int) -> str:
        """The public id of a record."""
        return self._codec.seal(self._resource.prefix, tenant, number)

    def etag(self, tenant: TenantId, record: Record, version: Version) -> str:
        """The record's etag in a version."""
        return etag(self.record_id(tenant, record.number), record.revision, version)

    def public(
        self,
        around: "Around",
        record: Record,
        translation: Translation,
        fields: frozenset[str] | None = None,
    ) -> dict[str, Json]:
        """The public object, every documented member present; only `fields` and the id where they are given.

        A record that is not there yet (a dry create, number 0) has no id. What is shown once is there if it is given.
        """
        record_id = self.record_id(around.tenant, record.number)
        whole: Values = {
            **record.values,
            "id": record.number or None,
            "deleted_at": record.deleted_at_ms,
            "etag": etag(record_id, record.revision, around.version),
        }
        plain = whole.get
        wanted = self._fields if fields is None else [row for row in self._fields if row[0] in fields or row[0] == "id"]
        shown = {name: plain(name) if form is None else form(around, whole) for name, form in wanted}
        shown |= {name: record.values[name] for name in self._once if name in record.values}
        return translation.record(shown)


@dataclass(frozen=True, slots=True)
class Around:
    """What a record is shown by: whose it is, in which version, and the definitions of its custom fields."""

    tenant: TenantId
    version: Version
    definitions: Definitions


Form = Callable[[Around, Mapping[str, Any]], Json]


def _form(field: Field, codec: Codec, others: Presenters) -> Form | None:
    """How a field is shown; None stands for its value as it is."""
    name = field.name
    match field.type:
        case Id(prefix=prefix):
            return lambda around, values: _sealed(codec, prefix, around, values.get(name))
        case Ids(prefix=prefix):
            return lambda around, values: [
                codec.seal(prefix, around.tenant, number) for number in values.get(name) or ()
            ]
        case DateTime():
            return lambda _, values: _instant(values.get(name))
        case FullName(parts=parts):
            return lambda _, values: " ".join(values[part] for part in parts if values.get(part) is not None) or None
        case Address(members=members):
            return lambda _, values: _address(members, values.get(name))
        case Amount(currency=currency):
            return lambda _, values: None if values.get(name) is None else amount_text(values[name], values[currency])
        case Parts(of=of):
            return lambda around, values: _parts(others.named(of), around, values.get(name) or ())
        case CustomFields():
            return lambda around, values: _custom_fields(codec, around, values.get(name) or {})
    return None


def _sealed(codec: Codec, prefix: str, around: Around, number: int | None) -> Json:
    return None if number is None else codec.seal(prefix, around.tenant, number)


def _instant(ms: int | None) -> Json:
    return None if ms is None else instant_text(ms)


def _address(members: tuple[tuple[str, Any], ...], given: Mapping[str, Json] | None) -> Json:
    return None if given is None else {member: given.get(member) for member, _ in members}


_UNCHANGED = Translation(())


def _parts(presenter: Presenter, around: Around, parts: Iterable[Record]) -> Json:
    return [presenter.public(around, part, _UNCHANGED) for part in parts]


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
