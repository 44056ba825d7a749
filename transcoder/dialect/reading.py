"""[pure] Records inward: internal JSON as neutral values, by a struct for each resource that is made from its rows.

The struct says what may be there, of what type and within what bounds, so that one pass over the bytes both reads and
judges them. Whatever is not of that form is Unreadable; members that no row names are passed over.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec.structs import astuple

from contract.bounds import MAX_INTEGER
from contract.resources import Resource
from transcoder.dialect.conversions import FLAG, INSTANT, NUMBER, Conversion, Unreadable, decoder, same
from transcoder.dialect.own_fields import CUSTOM, NO_OWN_FIELDS, OwnFields, OwnValue, read_own
from transcoder.records import Record

Row = Any
"""An internal record of the known form; which struct it is, the rows of its resource say."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A public field inside: its internal name, whether it may be missing, how its values are converted."""

    internal: str
    nullable: bool
    conversion: Conversion


@dataclass(frozen=True, slots=True)
class Composed:
    """What a resource holds beside its plain fields.

    `address`: member of the public address → internal field, empty where there is none; `address_name` and
    `custom_name`: the public members, empty likewise. `parts`: how the records inside it are read.
    """

    address: Mapping[str, str]
    address_name: str
    custom_name: str
    parts: Mapping[str, "Reading"]


class Reading:
    """Reads records of one resource; laid out once."""

    def __init__(self, resource: Resource, fields: Mapping[str, Stored], composed: Composed) -> None:
        self._money = resource.money
        self._composed = composed
        self._names = (*fields, *composed.parts)
        """Of the struct's members, the first; what is the record's own, or no plain value, stands behind them."""
        conversions = ((name, stored.conversion.read) for name, stored in fields.items())
        self._conversions = tuple((name, read) for name, read in conversions if read is not same)
        members = [*_members(fields, composed), *_own_members(resource, composed)]
        self.row: Any = msgspec.defstruct(resource.name, members, kw_only=True, gc=False)
        self._row: Callable[[msgspec.Raw], Row] = decoder(self.row)
        self._rows: Callable[[msgspec.Raw], list[Row]] = decoder(list[self.row])  # type: ignore[name-defined]

    def one(self, raw: msgspec.Raw, own: OwnFields = NO_OWN_FIELDS) -> Record:
        """The record; raises Unreadable."""
        return self.record(self._row(raw), own)

    def many(self, raw: msgspec.Raw, own: OwnFields = NO_OWN_FIELDS) -> list[Record]:
        """The records of an array; raises Unreadable."""
        return [self.record(row, own) for row in self._rows(raw)]

    def rows(self, raw: msgspec.Raw) -> dict[int, Row]:
        """Those of an array by their numbers, to be made records of later; raises Unreadable."""
        return {row.id_: row for row in self._rows(raw)}

    def record(self, row: Row, own: OwnFields = NO_OWN_FIELDS) -> Record:
        """A row as a record; raises Unreadable when its members contradict each other."""
        told, names = astuple(row), self._names
        values = dict(zip(names, told, strict=False))
        number, revision, own_values, is_deleted, deleted_at_ms, *address = told[len(names) :]
        for name, read in self._conversions:
            if (value := values[name]) is not None:
                values[name] = read(value)
        composed = self._composed
        if address.count(None) < len(address):
            values[composed.address_name] = dict(zip(composed.address, address, strict=True))
        if composed.custom_name:
            values[composed.custom_name] = read_own(own_values, own)
        for name, part in composed.parts.items():
            values[name] = [part.record(each, own) for each in values[name]]
        if self._money is not None and (values[self._money.amount] is None) != (values[self._money.currency] is None):
            raise Unreadable("an amount and its currency were expected, or neither")
        if is_deleted and deleted_at_ms is None:
            raise Unreadable("the instant of a deletion was expected")
        # `deleted_at` outlives an undelete; `is_deleted` decides.
        return Record(number, revision, values, deleted_at_ms if is_deleted else None)


_NEVER_SENT = msgspec.field(default=None)
_Member = tuple[str, Any] | tuple[str, Any, Any]


def _members(fields: Mapping[str, Stored], composed: Composed) -> Iterator[_Member]:
    """The struct's members that are public ones, under their public names."""
    for name, stored in fields.items():
        if stored.nullable:
            yield name, stored.conversion.kind | None, msgspec.field(default=None, name=stored.internal)
        else:
            yield name, stored.conversion.kind, msgspec.field(name=stored.internal)
    for name, part in composed.parts.items():
        yield name, list[part.row]  # type: ignore[name-defined]


def _own_members(resource: Resource, composed: Composed) -> Iterator[_Member]:
    """The others; no public name ends in `_`."""
    yield "id_", NUMBER, msgspec.field(name="id")
    yield "revision_", Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)], msgspec.field(name="revision")
    yield "custom_", list[OwnValue], msgspec.field(default_factory=list, name=CUSTOM)
    if resource.deletable:
        yield "is_deleted_", FLAG, msgspec.field(name="is_deleted")
        yield "deleted_at_", INSTANT | None, msgspec.field(default=None, name="deleted_at")
    else:  # whatever it has by these names is passed over
        yield from (("is_deleted_", None, _NEVER_SENT), ("deleted_at_", None, _NEVER_SENT))
    for internal in composed.address.values():
        yield f"{internal}_", str | None, msgspec.field(default=None, name=internal)
