"""[pure] The rows: how each field of a resource is stored inside, made from its public type and a few differences."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.ids import MAX_NUMBER
from contract.resources import Resource
from contract.types import Address, Bool, Choice, DateTime, Etag, FieldType, FullName, Id, Tags

_YEAR_10000_MS = 253_402_300_800_000


class Unreadable(Exception):
    """An internal answer that is not of the form that the rows say."""


Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """A public field inside: its internal name, and the conversions between neutral and internal values."""

    public: str
    internal: str
    read: Convert
    write: Convert


@dataclass(frozen=True, slots=True)
class Differences:
    """What a resource does not share with the rule: its path word, other names, and enums stored as numbers."""

    path: str
    names: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


OWNED_NAMES = {"owner_id": "owner_user_id", "created_by_id": "created_by_user_id"}
"""Names that every record with an owner has inside."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A resource inside: its path word, its plain fields by public name, its address, and the way back of names."""

    resource: Resource
    path: str
    fields: Mapping[str, Stored]
    address: Mapping[str, str]
    """Member of the public address → internal field; empty where there is none."""
    address_name: str
    pointers: Mapping[str, tuple[str, ...]]
    """Internal field → the segments of its public pointer."""


def _same(value: Any) -> Any:
    return value


def text(value: Any) -> str:
    """Some text."""
    if not isinstance(value, str):
        raise Unreadable("a string was expected")
    return value


def integer(value: Any) -> int:
    """A whole number; `true` is none, though Python says so."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unreadable("an integer was expected")
    return value


def number(value: Any) -> int:
    """An id: what the codec can seal."""
    read = integer(value)
    if not 0 <= read <= MAX_NUMBER:
        raise Unreadable("an id was expected")
    return read


def instant(value: Any) -> int:
    """An instant that can be written down: epoch milliseconds before the year 10000."""
    read = integer(value)
    if not 0 <= read < _YEAR_10000_MS:
        raise Unreadable("epoch milliseconds were expected")
    return read


def flag(value: Any) -> bool:
    """0 or 1."""
    if integer(value) not in (0, 1):
        raise Unreadable("0 or 1 was expected")
    return bool(value)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unreadable("an array of strings was expected")
    return value


def _coded(codes: Mapping[str, int]) -> tuple[Convert, Convert]:
    words = {code: word for word, code in codes.items()}

    def read(value: Any) -> str:
        if integer(value) not in words:
            raise Unreadable("an unknown code")
        return words[value]

    return read, codes.__getitem__


def _listed(values: tuple[str, ...]) -> Convert:
    def read(value: Any) -> str:
        if value not in values:
            raise Unreadable("an unknown word")
        return str(value)

    return read


def _conversions(kind: FieldType, codes: Mapping[str, int] | None) -> tuple[Convert, Convert]:
    if codes is not None:
        return _coded(codes)
    match kind:
        case Bool():
            return flag, int
        case DateTime():
            return instant, _same
        case Id():
            return number, _same
        case Tags():
            return _texts, _same
        case Choice(values=values):
            return _listed(values), _same
        case _:
            return text, _same


_NOT_STORED = ("id", "deleted_at")


def dialect(resource: Resource, differences: Differences) -> Dialect:
    """The rows of a resource: what its types say, but for the differences."""
    fields: dict[str, Stored] = {}
    address: dict[str, str] = {}
    address_name = ""
    for row in resource.fields:
        if row.name in _NOT_STORED or isinstance(row.type, Etag | FullName):
            continue
        if isinstance(row.type, Address):
            address = {member: f"{row.name}_{member}" for member, _ in row.type.members}
            address_name = row.name
            continue
        internal = differences.names.get(row.name, row.name)
        read, write = _conversions(row.type, differences.codes.get(row.name))
        fields[row.name] = Stored(row.name, internal, read, write)
    pointers: dict[str, tuple[str, ...]] = {stored.internal: (stored.public,) for stored in fields.values()}
    pointers |= {internal: (address_name, member) for member, internal in address.items()}
    return Dialect(resource, differences.path, fields, address, address_name, pointers)
