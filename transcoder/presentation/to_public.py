"""[pure] Records outward: neutral values become the public JSON of a version, ids sealed, instants in RFC 3339.

A resource has a struct, made from its rows, that is encoded as its public object; and what fills one in is written from
the rows too, as a function's source: it is run for every record that anybody is shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import msgspec

from contract.currencies import EXPONENTS
from contract.ids import Codec
from contract.resources import Field, Resource
from contract.resources.shape import USER_PREFIX
from contract.types import Address, Amount, CustomFields, CustomType, DateTime, Etag, FullName, Id, Ids, Parts
from contract.versions import Version
from contract.vocabulary import Json, TenantId
from transcoder.backend.interface import Definitions, Record, Values
from transcoder.presentation.etags import etag, etags
from transcoder.presentation.record_checks import InvalidRecord, InvalidValuePolicy, RecordCheck

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
    of_day = ms % _DAY_MS
    of_minute = of_day % _MINUTE_MS
    minute, second = _MINUTES[of_day // _MINUTE_MS], _SECONDS[of_minute // 1000]
    return f"{_date(ms // _DAY_MS)}{minute}{second}{_ENDS[of_minute % 1000]}"


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


OnNulled = Callable[[Resource, str, str], None]
"""Told of each value that is shown as null since the contract excludes it: (resource, member, id of its record)."""


def _to_nobody(resource: Resource, member: str, record_id: str) -> None:
    """Note nothing."""


class Presenters:
    """The presenter of each resource; parts are presented by their own."""

    def __init__(
        self,
        resources: Iterable[Resource],
        codec: Codec,
        on_invalid: InvalidValuePolicy = InvalidValuePolicy.NULL,
        note: OnNulled = _to_nobody,
    ) -> None:
        self.codec = codec
        self.note = note
        self._by_resource = {
            resource: Presenter(resource, self, RecordCheck(resource, codec.max_number, on_invalid))
            for resource in resources
        }
        self._by_name = {resource.name: presenter for resource, presenter in self._by_resource.items()}

    def __getitem__(self, resource: Resource) -> "Presenter":
        return self._by_resource[resource]

    def for_resource(self, name: str) -> "Presenter":
        """The presenter of the resource of that name."""
        return self._by_name[name]


class Presenter:
    """Turns records of one resource into what is encoded as public objects; laid out once."""

    def __init__(self, resource: Resource, all_of_them: Presenters, check: RecordCheck) -> None:
        self._resource = resource
        self._codec = all_of_them.codec
        self._check = check
        self._note = all_of_them.note
        self.source, known = _written(resource, self._codec, all_of_them)
        """Of `shown`."""
        exec(compile(self.source, f"<{resource.name} shown>", "exec"), known)  # noqa: S102  rows are its only source
        self._shown: Callable[[PresentationContext, Record, Values, str, str], PublicRecord] = known["shown"]
        self._once = tuple(row.name for row in resource.shown_once)

    def record_id(self, tenant: TenantId, number: int) -> str:
        """The public id of a record."""
        return self._codec.seal(self._resource.prefix, tenant, number)

    def etag(self, tenant: TenantId, record: Record, version: Version) -> str:
        """The record's etag in a version."""
        return etag(self.record_id(tenant, record.number), record.revision, version)

    def present_all(
        self, around: "PresentationContext", records: Sequence[Record]
    ) -> "list[PublicRecord | InvalidRecord]":
        """The public objects as today's version has them, every documented member present and in its order.

        A record that is not there yet (a dry create, number 0) has no id. What is shown once is there if it is given.
        In the place of a record that the contract excludes stands why.
        """
        values: list[Any] = [self._values(around, record) for record in records]
        if InvalidRecord in map(type, values):
            return [self._one_or_why(around, record, each) for record, each in zip(records, values, strict=True)]
        numbers, revisions = [record.number for record in records], [record.revision for record in records]
        record_ids = self._codec.seal_all(self._resource.prefix, around.tenant, numbers)
        told = (records, values, record_ids, etags(record_ids, revisions, around.version))
        shown = self._shown
        try:
            return [shown(around, *own) for own in zip(*told, strict=True)]
        except InvalidRecord:  # a part of one of them
            return [self._one_or_why(around, record, each) for record, each in zip(records, values, strict=True)]

    def present(self, around: "PresentationContext", record: Record) -> "PublicRecord":
        """Likewise of one record; raises InvalidRecord."""
        values = self._values(around, record)
        if isinstance(values, InvalidRecord):
            raise values
        return self._one(around, record, values)

    def _one(self, around: "PresentationContext", record: Record, values: Values) -> "PublicRecord":
        [record_id] = self._codec.seal_all(self._resource.prefix, around.tenant, (record.number,))
        return self._shown(around, record, values, record_id, etag(record_id, record.revision, around.version))

    def _values(self, around: "PresentationContext", record: Record) -> Values | InvalidRecord:
        """What may be shown of a record; members that its service has left out are null."""
        values = record.values
        if record.is_checked:
            return values
        try:
            if self._check.passes(record, values, around.definitions):
                return values
        except KeyError:
            pass
        try:
            values, nulls = self._check.repair(record, around.definitions)
        except InvalidRecord as why:
            return why
        for name in nulls:
            self._note(self._resource, name, self.record_id(around.tenant, record.number))
        return values

    def _one_or_why(
        self, around: "PresentationContext", record: Record, values: Values | InvalidRecord
    ) -> "PublicRecord | InvalidRecord":
        try:
            return values if isinstance(values, InvalidRecord) else self._one(around, record, values)
        except InvalidRecord as why:
            return why

    def to_dicts(self, around: "PresentationContext", records: Sequence[Record]) -> list[Public]:
        """The same as dicts, for whoever takes members away or gives them other names; raises InvalidRecord."""
        return [self.to_dict(shown) for shown in _parts_public(self.present_all(around, records))]

    def to_dict(self, shown: "PublicRecord") -> Public:
        """One of them as a dict."""
        return dict(msgspec.to_builtins(shown, builtin_types=(Decimal,)))

    def select_fields(self, public: Public, fields: frozenset[str] | None) -> Public:
        """Of a public object only those `fields` and the id, and what is shown once; all where none are given."""
        if fields is None:
            return public
        kept = fields.union(("id",), self._once)
        return {name: value for name, value in public.items() if name in kept}


PublicRecord = Any
"""A public object; which struct it is, the rows of its resource say."""


class PresentationContext(msgspec.Struct, frozen=True, gc=False):
    """What a record is shown by: whose it is, in which version, and the definitions of its custom fields."""

    tenant: TenantId
    version: Version
    definitions: Definitions


def _written(resource: Resource, codec: Codec, others: Presenters) -> tuple[str, dict[str, Any]]:
    """The source of a resource's `shown(around, record, values, record_id, tag)`, and the names that it knows.

    Whatever no row documents is dropped.
    """
    always = [row for row in resource.fields if not row.shown_once]
    members = [(row.name, Any) for row in always] + [(row.name, Any, msgspec.UNSET) for row in resource.shown_once]
    known: dict[str, Any] = {
        "Shown": msgspec.defstruct(resource.name, members, gc=False),
        "UNSET": msgspec.UNSET,
        "seal": codec.seal,
        "seal_all": codec.seal_all,
        "custom": partial(_custom_fields, codec),
        **_OF_ALL,
    }
    lines = ["def shown(around, record, values, record_id, tag):", "    tenant = around.tenant", "    return Shown("]
    lines += [f"        {_expression(row, known, others)},  # {row.name}" for row in always]
    lines += [f"        values.get({row.name!r}, UNSET),  # {row.name}" for row in resource.shown_once]
    return "\n".join([*lines, "    )", ""]), known


def _expression(field: Field, known: dict[str, Any], others: Presenters) -> str:
    """What a member is shown as. Names that are for one member alone are added to those `known`."""
    value = f"values[{field.name!r}]"
    there = f"None if (it := {value}) is None else"
    match field.type:
        case Id() if field.name == "id":
            return "record_id if record.number else None"
        case Etag():
            return "tag"
        case DateTime() if field.name == "deleted_at":
            return f"None if (it := record.deleted_at_ms) is None else {_INSTANT}"
        case DateTime():
            return f"{there} {_INSTANT}"
        case Id(prefix=prefix):
            return f"{there} seal({prefix!r}, tenant, it)"  # the codec remembers owners and companies
        case Address(members=members):
            names = tuple(member for member, _ in members)
            return f"{there} it if tuple(it) == {names!r} else whole(it, {names!r})"
        case FullName(parts=parts):
            held = f"({', '.join(f'values[{part!r}]' for part in parts)})"
            return f"joined(it) if None in (it := {held}) else ' '.join(it) or None"
        case Amount(currency=currency):
            return f"{there} amount(it, values[{currency!r}])"
        case Ids(prefix=prefix):
            return f"seal_all({prefix!r}, tenant, it) if (it := {value}) else []"
        case Parts(of=of):
            known[f"show_{field.name}"] = lambda around, parts: _parts_public(
                others.for_resource(of).present_all(around, parts)
            )
            return f"show_{field.name}(around, it) if (it := {value}) else []"
        case CustomFields():
            return f"custom(around, it) if (it := {value}) else {{}}"
    return value


def _parts_public(parts: "list[PublicRecord | InvalidRecord]") -> "list[PublicRecord]":
    """The parts of a record; raises InvalidRecord for one that cannot be shown."""
    for part in parts:
        if isinstance(part, InvalidRecord):
            raise part
    return parts


def _whole(given: Mapping[str, Json], names: tuple[str, ...]) -> Public:
    """The members of these names in their order and no others, null where nothing is given."""
    return {name: given.get(name) for name in names}


def _joined(parts: Iterable[str | None]) -> str | None:
    """What is there of a full name; None where nothing is."""
    return " ".join([part for part in parts if part is not None]) or None


_OF_ALL = {
    "amount": amount_text,
    "whole": _whole,
    "joined": _joined,
    "date": _date,
    "minutes": _MINUTES,
    "seconds": _SECONDS,
    "ends": _ENDS,
}
_INSTANT = (
    f"f'{{date(it // {_DAY_MS})}}{{minutes[(of_day := it % {_DAY_MS}) // {_MINUTE_MS}]}}"
    f"{{seconds[of_day % {_MINUTE_MS} // 1000]}}{{ends[of_day % 1000]}}'"
)
"""As `instant_text`, in its place: a page has three of them a record, and half of their cost were calls."""


def _custom_fields(codec: Codec, around: PresentationContext, values: Mapping[str, Any]) -> Json:
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
