"""[pure] Members that hold more than one value: tags, ids, addresses, custom fields. Each tells all its faults."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from contract.bounds import MAX_ERRORS
from contract.operations import SCOPES
from contract.resources.shape import USER_PREFIX
from contract.types import (
    Address,
    Bool,
    Choice,
    CustomFields,
    CustomType,
    Date,
    DateTime,
    Email,
    Id,
    Ids,
    Line,
    Phone,
    Scopes,
    Several,
    Tags,
    Text,
    Uris,
    Url,
)
from contract.vocabulary import Json
from transcoder.pointers import did_you_mean, pointer
from transcoder.records import NOBODY, Definition
from transcoder.values import Fault, Surroundings, check

_PRINTABLE = re.compile(r"[!-~]+")


class Faults(list[Fault]):
    """Several faults inside one member."""


Read = Any
"""A neutral value, a Fault, or Faults."""


def faults_of(read: Read) -> Iterator[Fault]:
    """The faults in what was read; none when it is a value."""
    if isinstance(read, Fault):
        yield read
    elif isinstance(read, Faults):
        yield from read


def unknown(name: str, known: Sequence[str], at: str = "") -> Fault:
    """The fault of a member that is not there."""
    return Fault("unknown-member", "There is no such member.", at=at, did_you_mean=did_you_mean(name, known))


def _array(
    value: Json, low: int, high: int, example: Json, read_one: Callable[[Json], Read], same: Callable[[Any], Any]
) -> list[Any] | Fault | Faults:
    """An array of distinct values; `same` maps two values alike that count as one."""
    if not isinstance(value, list):
        return Fault("invalid-type", "Expected an array.", example=example)
    if len(value) > high:
        return Fault("too-many-items", f"At most {high} items.")
    if len(value) < low:
        return Fault("too-few-items", f"At least {low} items.", example=example)
    faults = Faults()
    items: list[Any] = []
    seen: set[Any] = set()
    for index, given in enumerate(value):
        item = Fault("not-nullable", "null is no item.") if given is None else read_one(given)
        if not isinstance(item, Fault) and same(item) in seen:
            item = Fault("duplicate-item", "This stands here already.")
        if isinstance(item, Fault):
            faults.append(replace(item, at=pointer(index) + item.at))
            continue
        seen.add(same(item))
        items.append(item)
    return faults or items


def tags(kind: Tags, value: Json, around: Surroundings) -> list[str] | Fault | Faults:
    """Distinct without regard to case."""
    read = lambda item: check(kind.item, item, around)  # noqa: E731
    return _array(value, kind.min_items, kind.max_items, list(kind.example), read, str.lower)


def several(kind: Several, value: Json, around: Surroundings) -> list[str] | Fault | Faults:
    """Distinct values of one type."""
    read = lambda item: check(kind.item, item, around)  # noqa: E731
    return _array(value, 0, kind.max_items, list(kind.example), read, str)


def ids(kind: Ids, value: Json, around: Surroundings) -> list[int] | Fault | Faults:
    """Distinct references. What stands for nobody may do so for several, and is told on once."""
    read_one = lambda item: check(Id(kind.prefix), item, around)  # noqa: E731
    tell_apart = lambda number: object() if number == NOBODY else number  # noqa: E731
    read = _array(value, 0, kind.max_items, list(kind.example), read_one, tell_apart)
    if isinstance(read, Fault | Faults):
        return read
    return list(dict.fromkeys(read))


def scopes(kind: Scopes, value: Json) -> list[str] | Fault | Faults:
    """Distinct words of those that there are."""
    known = tuple(scope.name for scope in SCOPES)
    example = list(kind.example)

    def read(item: Json) -> str | Fault:
        if not isinstance(item, str):
            return Fault("invalid-type", "Expected a string.", example=example[0])
        if item not in known:
            return Fault(
                "unknown-value", "There is no such scope.", allowed=known, did_you_mean=did_you_mean(item, known)
            )
        return item

    return _array(value, 1, len(known), example, read, str)


def uris(kind: Uris, value: Json) -> list[str] | Fault | Faults:
    """Distinct ones, kept to the letter: what each is good for is judged by whoever keeps them."""
    example = list(kind.example)

    def read(item: Json) -> str | Fault:
        if not isinstance(item, str):
            return Fault("invalid-type", "Expected a string.", example=example[0])
        if len(item) > kind.max_length or not _PRINTABLE.fullmatch(item):
            return Fault("invalid-url", "Not an absolute URI in printable ASCII.", example=example[0])
        return item

    return _array(value, 0, kind.max_items, example, read, str)


def address(kind: Address, value: Json, around: Surroundings) -> dict[str, Json] | Fault | Faults:
    """The members that are given; null clears one."""
    if not isinstance(value, dict):
        return Fault("invalid-type", "Expected an object.", example=kind.example)
    types = dict(kind.members)
    faults = Faults()
    members: dict[str, Json] = {}
    for name, given in value.items():
        if name not in types:
            faults.append(unknown(name, list(types), at=pointer(name)))
            if len(faults) >= MAX_ERRORS:
                break
            continue
        read = None if given is None else check(types[name], given, around)
        if isinstance(read, Fault):
            faults.append(replace(read, at=pointer(name)))
        else:
            members[name] = read
    return faults or members


def custom_fields(kind: CustomFields, value: Json, around: Surroundings) -> dict[str, Json] | Fault | Faults:
    """The keys that are given; null removes one."""
    if not isinstance(value, dict):
        return Fault("invalid-type", "Expected an object.", example=kind.example)
    if len(value) > kind.max_items:
        return Fault("too-many-items", f"At most {kind.max_items} keys.")
    faults = Faults()
    members: dict[str, Json] = {}
    for key, given in value.items():
        definition = around.definitions.get(key)
        if definition is None:
            faults.append(unknown(key, list(around.definitions), at=pointer(key)))
            if len(faults) >= MAX_ERRORS:
                break
            continue
        read = None if given is None else custom_value(definition, given, around)
        faults += [replace(fault, at=pointer(key) + fault.at) for fault in faults_of(read)]
        members[key] = None if read == [] else read
    return faults or members


_SIMPLE: dict[CustomType, Line | Text | Bool | Date | DateTime | Email | Phone | Url | Id] = {
    CustomType.TEXT: Line(255),
    CustomType.LONG_TEXT: Text(5000),
    CustomType.BOOLEAN: Bool(),
    CustomType.DATE: Date(),
    CustomType.DATETIME: DateTime(),
    CustomType.EMAIL: Email(),
    CustomType.PHONE: Phone(),
    CustomType.URL: Url(),
    CustomType.USER: Id(USER_PREFIX),
}
_MAX_NUMBER = 10**12
_MAX_DECIMALS = 6
_MAX_CHOSEN = 50


def custom_value(definition: Definition, value: Json, around: Surroundings) -> Read:
    """A value of a custom field; a multi-select is an array of its options' values."""
    match definition.type:
        case CustomType.NUMBER:
            return _number(value)
        case CustomType.SELECT:
            return option(definition, value, around)
        case CustomType.MULTI_SELECT:
            example = list(definition.options)[:1]
            return _array(value, 0, _MAX_CHOSEN, example, lambda each: option(definition, each, around), str)
        case simple:
            return check(_SIMPLE[simple], value, around)


def option(definition: Definition, value: Json, around: Surroundings) -> str | Fault:
    """One of a select field's options."""
    read: str | Fault = check(Choice(tuple(definition.options)), value, around)
    if isinstance(read, Fault) and read.code == "unknown-value":
        around.definitions.miss()
    return read


def _number(value: Json) -> int | Decimal | Fault:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return Fault("invalid-type", "Expected a number.", example=25)
    if not -_MAX_NUMBER <= value <= _MAX_NUMBER:
        return Fault("out-of-range", "At most 10^12 in magnitude.", example=25)
    exact = Decimal(value)
    # Compared with all of its digits: arithmetic would round a long fraction to the 28 of the context.
    if exact != round(exact, _MAX_DECIMALS):
        return Fault("too-many-decimals", f"At most {_MAX_DECIMALS} decimals.", example=25)
    return int(exact) if exact == int(exact) else round(exact, _MAX_DECIMALS).normalize()
