"""[pure] Records inward: internal JSON as neutral values, by a struct for each resource that is made from its rows.

The struct says what may be there, of what type and within the contract's bounds, so that one pass over the bytes both
reads and judges them. A second struct, which is tried where the first does not fit, knows the types alone: what it
reads is judged by others. Whatever is not even of that form is Unreadable; members that no row names are passed over.
What makes a record of a struct is written from the rows too, as a function's source: it is run for every record that
anybody reads.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from contract.resources import Resource
from contract.size_and_time_limits import MAX_INTEGER
from transcoder.backend.interface import Record, UnreadableRecord
from transcoder.dialect.conversions import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Conversion,
    UnreadableResponse,
    decoder,
    existing,
    unchanged,
)
from transcoder.dialect.custom_values import (
    CUSTOM,
    NO_CUSTOM_FIELDS,
    CustomFields,
    CustomValue,
    UnknownCustomField,
    read_custom_values,
)
from transcoder.dialect.envelope import ReadEnvelope, envelope_reader
from transcoder.dialect.value_bounds import bounded_type

_AT_ONCE = 15
"""Members of the longest dict that CPython makes in one step: one of sixteen it makes empty, and lets it grow."""

Row = Any
"""An internal record of the known form; which struct it is, the rows of its resource say."""


@dataclass(frozen=True, slots=True)
class StoredField:
    """A public field inside: its internal name, whether it may be missing, how its values are converted."""

    internal: str
    nullable: bool
    conversion: Conversion


@dataclass(frozen=True, slots=True)
class CompositeFields:
    """What a resource holds beside its plain fields.

    `address`: member of the public address → internal field, empty where there is none; `address_name` and
    `custom_name`: the public members, empty likewise. `parts`: how the records inside it are read.
    """

    address: Mapping[str, str]
    address_name: str
    custom_name: str
    parts: Mapping[str, "RecordReader"]


class RecordReader:
    """Reads records of one resource; laid out once."""

    def __init__(self, resource: Resource, fields: Mapping[str, StoredField], composed: CompositeFields) -> None:
        self.row: Any = _struct(resource, fields, composed, bounded_type)
        """A row within the contract's bounds."""
        self.loose_row: Any = _struct(resource, fields, composed, _of_type)
        """A row of the types alone."""
        self.source, known = _written(resource, fields, composed)
        """Of `record`."""
        exec(compile(self.source, f"<{resource.name}>", "exec"), known)  # noqa: S102  rows are its only source
        self._record: Callable[[Row, CustomFields, bool], Record] = known["record"]
        rows: Any = list[self.row]  # type: ignore[name-defined]
        self._row: Callable[[msgspec.Raw], Row] = decoder(self.row)
        self._loose_row: Callable[[msgspec.Raw], Row] = decoder(self.loose_row)
        self._rows: Callable[[msgspec.Raw], list[Row]] = decoder(rows)
        loose_rows: Any = list[self.loose_row]  # type: ignore[name-defined]
        self._loose_rows: Callable[[msgspec.Raw], list[Row]] = decoder(loose_rows)
        self._raw_rows: Callable[[msgspec.Raw], list[msgspec.Raw]] = decoder(list[msgspec.Raw])
        self.answer: ReadEnvelope = envelope_reader(self.row)
        """Reads an answer that holds one."""
        self.page: ReadEnvelope = envelope_reader(rows)
        """Reads an answer that holds several."""

    def read(self, result: Row | msgspec.Raw, own: CustomFields = NO_CUSTOM_FIELDS) -> Record:
        """The record, of a row or of what is to be read as one; raises UnreadableResponse."""
        if not isinstance(result, msgspec.Raw):
            return self.record(result, own)
        try:
            row = self._row(result)
        except UnreadableResponse:
            return self._record(self._loose_row(result), own, False)
        return self._record(row, own, True)

    def read_many(
        self, result: list[Row] | msgspec.Raw, own: CustomFields = NO_CUSTOM_FIELDS
    ) -> list[Record | UnreadableRecord]:
        """Read the records of several; one that is not of the form does not take the others.

        Raises UnreadableResponse where not even its id can be read, and UnknownCustomField where newer definitions may
        help.
        """
        record = self._record
        try:
            rows = self._rows(result) if isinstance(result, msgspec.Raw) else result
            return [record(row, own, True) for row in rows]
        except UnreadableResponse as fault:
            if isinstance(fault, UnknownCustomField) and not own.are_fresh:
                raise
        return [self._each(row, own) for row in (self._raw_rows(result) if isinstance(result, msgspec.Raw) else result)]

    def rows(self, result: msgspec.Raw) -> dict[int, Row]:
        """Read the rows of several by their numbers, to be made something of later; raises UnreadableResponse."""
        return {row.id_: row for row in self._loose_rows(result)}

    def _each(self, row: Row | msgspec.Raw, own: CustomFields) -> Record | UnreadableRecord:
        try:
            return self.read(row, own)
        except UnreadableResponse as fault:
            if isinstance(fault, UnknownCustomField) and not own.are_fresh:
                raise
            number = _numbered(row).id if isinstance(row, msgspec.Raw) else row.id_
            return UnreadableRecord(number, str(fault))

    def record(self, row: Row, own: CustomFields = NO_CUSTOM_FIELDS) -> Record:
        """A row as a record; raises UnreadableResponse when its members contradict each other."""
        return self._record(row, own, isinstance(row, self.row))


class _IdOnly(msgspec.Struct, gc=False):
    """All that must be readable of a record for its page to be told without it."""

    id: NUMBER


_numbered: Callable[[msgspec.Raw], _IdOnly] = decoder(_IdOnly)


def _written(
    resource: Resource, fields: Mapping[str, StoredField], composed: CompositeFields
) -> tuple[str, dict[str, Any]]:
    """The source of a resource's `record(row, own)`, and the names that it knows."""
    known: dict[str, Any] = {"Record": Record, "deletion": _deletion, "read_own": read_custom_values, "priced": _priced}
    values: dict[str, str] = {}
    for name, stored in fields.items():
        values[name] = f"row.{name}"
        if stored.conversion.read is existing:
            values[name] = f"row.{name} or None"
        elif stored.conversion.read is not unchanged:
            known[f"read_{name}"] = stored.conversion.read
            unless_null = f"None if row.{name} is None else " if stored.nullable else ""
            values[name] = f"{unless_null}read_{name}(row.{name})"
    if composed.address:
        told = {member: f"row.{internal}_" for member, internal in composed.address.items()}
        whole = ", ".join(f"{member!r}: {value}" for member, value in told.items())
        values[composed.address_name] = f"None if {' is '.join(told.values())} is None else {{{whole}}}"
    if composed.custom_name:
        values[composed.custom_name] = "read_own(row.custom_, own) if row.custom_ else {}"
    for name, part in composed.parts.items():
        known[f"read_{name}"] = part.record
        values[name] = f"[read_{name}(part, own) for part in row.{name}]"
    lines = ["def record(row, own, is_checked):", "    values = {"]
    members = list(values.items())
    lines += [f"        {name!r}: {value}," for name, value in members[:_AT_ONCE]]
    lines += ["    }", *(f"    values[{name!r}] = {value}" for name, value in members[_AT_ONCE:])]
    if resource.money is not None:
        lines += [f"    priced(values[{resource.money.amount!r}], values[{resource.money.currency!r}])"]
    # `deleted_at` outlives an undelete; `is_deleted` decides.
    deleted_at_ms = "deletion(row.deleted_at_) if row.is_deleted_ else None" if resource.deletable else "None"
    # What a custom field may hold, only its definition says.
    is_checked = "is_checked and not row.custom_" if composed.custom_name else "is_checked"
    lines += [f"    return Record(row.id_, row.revision_, values, {deleted_at_ms}, {is_checked})", ""]
    return "\n".join(lines), known


def _deletion(at_ms: int | None) -> int:
    if at_ms is None:
        raise UnreadableResponse("the instant of a deletion was expected")
    return at_ms


def _priced(amount: int | None, currency: str | None) -> None:
    if (amount is None) != (currency is None):
        raise UnreadableResponse("an amount and its currency were expected, or neither")


_Member = tuple[str, Any] | tuple[str, Any, Any]


_KindOf = Callable[[Any, bool, Conversion], Any]
"""(public type, nullable, conversion) → what a struct says of a member, as msgspec takes it."""


def _of_type(_: Any, __: bool, conversion: Conversion) -> Any:
    return conversion.kind


def _struct(resource: Resource, fields: Mapping[str, StoredField], composed: CompositeFields, kind_of: _KindOf) -> Any:
    members = [*_members(resource, fields, composed, kind_of), *_own_members(resource, composed, kind_of)]
    return msgspec.defstruct(resource.name, members, kw_only=True, gc=False)


def _members(
    resource: Resource, fields: Mapping[str, StoredField], composed: CompositeFields, kind_of: _KindOf
) -> Iterator[_Member]:
    """The struct's members that are public ones, under their public names."""
    for name, stored in fields.items():
        kind = kind_of(resource.field(name).type, stored.nullable, stored.conversion)
        if stored.nullable:
            yield name, kind | None, msgspec.field(default=None, name=stored.internal)
        else:
            yield name, kind, msgspec.field(name=stored.internal)
    for name, part in composed.parts.items():
        rows: Any = part.row if kind_of is bounded_type else part.loose_row
        yield name, list[rows]


def _own_members(resource: Resource, composed: CompositeFields, kind_of: _KindOf) -> Iterator[_Member]:
    """The others; no public name ends in `_`."""
    yield "id_", NUMBER, msgspec.field(name="id")
    yield "revision_", Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)], msgspec.field(name="revision")
    yield "custom_", list[CustomValue], msgspec.field(default_factory=list, name=CUSTOM)
    if resource.deletable:
        yield "is_deleted_", FLAG, msgspec.field(name="is_deleted")
        yield "deleted_at_", INSTANT | None, msgspec.field(default=None, name="deleted_at")
    if composed.address:
        address: Any = resource.field(composed.address_name).type
        for member, kind in address.members:
            internal = composed.address[member]
            yield f"{internal}_", kind_of(kind, True, TEXT) | None, msgspec.field(default=None, name=internal)
