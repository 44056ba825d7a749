"""[pure] Records inward: internal JSON as neutral values, by a struct for each resource that is made from its rows.

The struct says what may be there, of what type and within what bounds, so that one pass over the bytes both reads and
judges them. Whatever is not of that form is Unreadable; members that no row names are passed over. What makes a record
of a struct is written from the rows too, as a function's source: it is run for every record that anybody reads.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from contract.bounds import MAX_INTEGER
from contract.resources import Resource
from transcoder.dialect.conversions import FLAG, INSTANT, NUMBER, Conversion, Unreadable, decoder, same, there
from transcoder.dialect.envelope import ReadEnvelope, envelope_of
from transcoder.dialect.own_fields import CUSTOM, NO_OWN_FIELDS, OwnFields, OwnValue, UnknownOwnField, read_own
from transcoder.records import Record, UnreadableRecord

_AT_ONCE = 15
"""Members of the longest dict that CPython makes in one step: one of sixteen it makes empty, and lets it grow."""

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
        members = [*_members(fields, composed), *_own_members(resource, composed)]
        self.row: Any = msgspec.defstruct(resource.name, members, kw_only=True, gc=False)
        self.source, known = _written(resource, fields, composed)
        """Of `record`."""
        exec(compile(self.source, f"<{resource.name}>", "exec"), known)  # noqa: S102  rows are its only source
        self._record: Callable[[Row, OwnFields], Record] = known["record"]
        rows: Any = list[self.row]  # type: ignore[name-defined]
        self._row: Callable[[msgspec.Raw], Row] = decoder(self.row)
        self._rows: Callable[[msgspec.Raw], list[Row]] = decoder(rows)
        self._raw_rows: Callable[[msgspec.Raw], list[msgspec.Raw]] = decoder(list[msgspec.Raw])
        self.answer: ReadEnvelope = envelope_of(self.row)
        """Reads an answer that holds one."""
        self.page: ReadEnvelope = envelope_of(rows)
        """Reads an answer that holds several."""

    def one(self, result: Row | msgspec.Raw, own: OwnFields = NO_OWN_FIELDS) -> Record:
        """The record, of a row or of what is to be read as one; raises Unreadable."""
        return self._record(self._row(result) if isinstance(result, msgspec.Raw) else result, own)

    def many(self, result: list[Row] | msgspec.Raw, own: OwnFields = NO_OWN_FIELDS) -> list[Record | UnreadableRecord]:
        """Read the records of several; one that is not of the form does not take the others.

        Raises Unreadable where not even its id can be read, and UnknownOwnField where newer definitions may help.
        """
        record = self._record
        try:
            return [record(row, own) for row in (self._rows(result) if isinstance(result, msgspec.Raw) else result)]
        except Unreadable as fault:
            if isinstance(fault, UnknownOwnField) and not own.are_fresh:
                raise
        return [self._each(row, own) for row in (self._raw_rows(result) if isinstance(result, msgspec.Raw) else result)]

    def rows(self, result: msgspec.Raw) -> dict[int, Row]:
        """Read the rows of several by their numbers, to be made something of later; raises Unreadable."""
        return {row.id_: row for row in self._rows(result)}

    def _each(self, row: Row | msgspec.Raw, own: OwnFields) -> Record | UnreadableRecord:
        try:
            return self.one(row, own)
        except Unreadable as fault:
            if isinstance(fault, UnknownOwnField) and not own.are_fresh:
                raise
            number = _numbered(row).id if isinstance(row, msgspec.Raw) else row.id_
            return UnreadableRecord(number, str(fault))

    def record(self, row: Row, own: OwnFields = NO_OWN_FIELDS) -> Record:
        """A row as a record; raises Unreadable when its members contradict each other."""
        return self._record(row, own)


class _Numbered(msgspec.Struct, gc=False):
    """All that must be readable of a record for its page to be told without it."""

    id: NUMBER


_numbered: Callable[[msgspec.Raw], _Numbered] = decoder(_Numbered)


def _written(resource: Resource, fields: Mapping[str, Stored], composed: Composed) -> tuple[str, dict[str, Any]]:
    """The source of a resource's `record(row, own)`, and the names that it knows."""
    known: dict[str, Any] = {"Record": Record, "deletion": _deletion, "read_own": read_own, "priced": _priced}
    values: dict[str, str] = {}
    for name, stored in fields.items():
        values[name] = f"row.{name}"
        if stored.conversion.read is there:
            values[name] = f"row.{name} or None"
        elif stored.conversion.read is not same:
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
    lines = ["def record(row, own):", "    values = {"]
    members = list(values.items())
    lines += [f"        {name!r}: {value}," for name, value in members[:_AT_ONCE]]
    lines += ["    }", *(f"    values[{name!r}] = {value}" for name, value in members[_AT_ONCE:])]
    if resource.money is not None:
        lines += [f"    priced(values[{resource.money.amount!r}], values[{resource.money.currency!r}])"]
    # `deleted_at` outlives an undelete; `is_deleted` decides.
    deleted_at_ms = "deletion(row.deleted_at_) if row.is_deleted_ else None" if resource.deletable else "None"
    lines += [f"    return Record(row.id_, row.revision_, values, {deleted_at_ms})", ""]
    return "\n".join(lines), known


def _deletion(at_ms: int | None) -> int:
    if at_ms is None:
        raise Unreadable("the instant of a deletion was expected")
    return at_ms


def _priced(amount: int | None, currency: str | None) -> None:
    if (amount is None) != (currency is None):
        raise Unreadable("an amount and its currency were expected, or neither")


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
    for internal in composed.address.values():
        yield f"{internal}_", str | None, msgspec.field(default=None, name=internal)
