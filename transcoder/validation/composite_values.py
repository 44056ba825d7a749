"""[pure] Members that hold more than one value: tags, ids, addresses, custom fields. Each tells all its faults.

A type gives a judge: what can be laid out is laid out with it, once, so that a value that is good costs little more
than a look at it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec.structs import replace

from contract.operations import SCOPES
from contract.resources.shape import USER_PREFIX
from contract.size_and_time_limits import MAX_ERRORS
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
    ListOf,
    Phone,
    Scopes,
    Tags,
    Text,
    Uris,
    Url,
)
from contract.vocabulary import Json
from transcoder.backend.interface import NO_RECORD, CustomFieldDefinition
from transcoder.validation.pointers import did_you_mean, pointer
from transcoder.validation.values import InvalidValue, ValidationContext, check, check_of

_PRINTABLE = re.compile(r"[!-~]+")


class FieldErrors(list[InvalidValue]):
    """Several faults inside one member."""


Read = Any
"""A neutral value, a Fault, or Faults."""
WRONG = (InvalidValue, FieldErrors)
"""The types of what is no value. Compared with a value's own, which costs a third of `isinstance`."""


def errors_of(read: Read) -> Iterator[InvalidValue]:
    """The faults in what was read; none when it is a value."""
    if isinstance(read, InvalidValue):
        yield read
    elif isinstance(read, FieldErrors):
        yield from read


def unknown(
    name: str,
    known: Sequence[str],
    at: str = "",
    guess: Callable[[str, Sequence[str]], str | None] = did_you_mean,
) -> InvalidValue:
    """The fault of a member that is not there."""
    return InvalidValue("unknown-member", "There is no such member.", at=at, did_you_mean=guess(name, known))


Judge = Callable[[Json, ValidationContext], Read]
"""What makes a neutral value of a member's JSON, or says what is wrong with it."""
_NULL_ITEM = InvalidValue("not-nullable", "null is no item.")
_TWICE = InvalidValue("duplicate-item", "This stands here already.")


def _array(
    low: int, high: int, example: Sequence[Json], judge: Judge, same: Callable[[Any], Any]
) -> Callable[[Json, ValidationContext], list[Any] | InvalidValue | FieldErrors]:
    """An array of distinct values; `same` maps two values alike that count as one."""
    shown = list(example)

    def array(value: Json, around: ValidationContext) -> list[Any] | InvalidValue | FieldErrors:
        if not isinstance(value, list):
            return InvalidValue("invalid-type", "Expected an array.", example=shown)
        if len(value) > high:
            return InvalidValue("too-many-items", f"At most {high} items.")
        if len(value) < low:
            return InvalidValue("too-few-items", f"At least {low} item{'s' * (low != 1)}.", example=shown)
        good = [judge(given, around) for given in value]
        if InvalidValue not in map(type, good) and len(set(map(same, good))) == len(good):
            return good
        faults = FieldErrors()
        items: list[Any] = []
        seen: set[Any] = set()
        for index, given in enumerate(value):
            item = _NULL_ITEM if given is None else judge(given, around)
            if not isinstance(item, InvalidValue):
                key = same(item)
                if key not in seen:
                    seen.add(key)
                    items.append(item)
                    continue
                item = _TWICE
            faults.append(replace(item, at=pointer(index) + item.at))
        return faults or items

    return array


def tags(kind: Tags) -> Judge:
    """Distinct without regard to case."""
    return _array(kind.min_items, kind.max_items, kind.example, check_of(kind.item), str.lower)


def list_of(kind: ListOf) -> Judge:
    """Distinct values of one type."""
    return _array(0, kind.max_items, kind.example, check_of(kind.item), str)


def ids(kind: Ids) -> Judge:
    """Distinct references. What stands for nobody may do so for several, and is told on once."""
    tell_apart = lambda number: object() if number == NO_RECORD else number  # noqa: E731
    array = _array(0, kind.max_items, kind.example, check_of(Id(kind.prefix)), tell_apart)

    def read(value: Json, around: ValidationContext) -> list[int] | InvalidValue | FieldErrors:
        numbers = array(value, around)
        if isinstance(numbers, WRONG):
            return numbers
        return list(dict.fromkeys(numbers))

    return read


def scopes(kind: Scopes) -> Judge:
    """Distinct words of those that there are."""
    known, example = tuple(scope.name for scope in SCOPES), list(kind.example)

    def one(item: Json, _: ValidationContext) -> str | InvalidValue:
        if not isinstance(item, str):
            return InvalidValue("invalid-type", "Expected a string.", example=example[0])
        if item not in known:
            meant = did_you_mean(item, known)
            return InvalidValue("unknown-value", "There is no such scope.", allowed=known, did_you_mean=meant)
        return item

    return _array(1, len(known), example, one, str)


def uris(kind: Uris) -> Judge:
    """Distinct ones, kept to the letter: what each is good for is judged by whoever keeps them."""
    example = list(kind.example)

    def one(item: Json, _: ValidationContext) -> str | InvalidValue:
        if not isinstance(item, str):
            return InvalidValue("invalid-type", "Expected a string.", example=example[0])
        if len(item) > kind.max_length or not _PRINTABLE.fullmatch(item):
            return InvalidValue("invalid-url", "Not an absolute URI in printable ASCII.", example=example[0])
        return item

    return _array(0, kind.max_items, example, one, str)


def address(kind: Address) -> Judge:
    """The members that are given; null clears one."""
    judges = {name: check_of(member) for name, member in kind.members}

    def read(value: Json, around: ValidationContext) -> dict[str, Json] | InvalidValue | FieldErrors:
        if not isinstance(value, dict):
            return InvalidValue("invalid-type", "Expected an object.", example=kind.example)
        faults = FieldErrors()
        members: dict[str, Json] = {}
        for name, given in value.items():
            judge = judges.get(name)
            if judge is None:
                faults.append(unknown(name, list(judges), at=pointer(name)))
                if len(faults) >= MAX_ERRORS:
                    break
                continue
            member = None if given is None else judge(given, around)
            if type(member) is InvalidValue:
                faults.append(replace(member, at=pointer(name)))
            else:
                members[name] = member
        return faults or members

    return read


def custom_fields(kind: CustomFields) -> Judge:
    """The keys that are given; null removes one."""
    return partial(_custom_fields, kind)


def _custom_fields(
    kind: CustomFields, value: Json, around: ValidationContext
) -> dict[str, Json] | InvalidValue | FieldErrors:
    if not isinstance(value, dict):
        return InvalidValue("invalid-type", "Expected an object.", example=kind.example)
    if len(value) > kind.max_items:
        return InvalidValue("too-many-items", f"At most {kind.max_items} keys.")
    faults = FieldErrors()
    members: dict[str, Json] = {}
    for key, given in value.items():
        definition = around.definitions.get(key)
        if definition is None:
            faults.append(unknown(key, list(around.definitions), at=pointer(key)))
            if len(faults) >= MAX_ERRORS:
                break
            continue
        read = None if given is None else custom_value(definition, given, around)
        faults += [replace(fault, at=pointer(key) + fault.at) for fault in errors_of(read)]
        members[key] = None if read == [] else read
    return faults or members


SIMPLE_CUSTOM_TYPES: dict[CustomType, Line | Text | Bool | Date | DateTime | Email | Phone | Url | Id] = {
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
MAX_CUSTOM_NUMBER = 10**12
_MAX_DECIMALS = 6
MAX_CHOSEN = 50


def custom_value(definition: CustomFieldDefinition, value: Json, around: ValidationContext) -> Read:
    """A value of a custom field; a multi-select is an array of its options' values."""
    match definition.type:
        case CustomType.NUMBER:
            return _number(value)
        case CustomType.SELECT:
            return option(definition, value, around)
        case CustomType.MULTI_SELECT:
            example = list(definition.options)[:1]
            return _array(0, MAX_CHOSEN, example, partial(option, definition), str)(value, around)
        case simple:
            return check(SIMPLE_CUSTOM_TYPES[simple], value, around)


def option(definition: CustomFieldDefinition, value: Json, around: ValidationContext) -> str | InvalidValue:
    """One of a select field's options."""
    read: str | InvalidValue = check(Choice(tuple(definition.options)), value, around)
    if isinstance(read, InvalidValue) and read.code == "unknown-value":
        around.definitions.miss()
    return read


def _number(value: Json) -> int | Decimal | InvalidValue:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return InvalidValue("invalid-type", "Expected a number.", example=25)
    if not -MAX_CUSTOM_NUMBER <= value <= MAX_CUSTOM_NUMBER:
        return InvalidValue("out-of-range", "At most 10^12 in magnitude.", example=25)
    exact = Decimal(value)
    # Compared with all of its digits: arithmetic would round a long fraction to the 28 of the context.
    if exact != round(exact, _MAX_DECIMALS):
        return InvalidValue("too-many-decimals", f"At most {_MAX_DECIMALS} decimals.", example=25)
    return int(exact) if exact == int(exact) else round(exact, _MAX_DECIMALS).normalize()


JUDGES: dict[type, Callable[[Any], Judge]] = {
    Tags: tags,
    Scopes: scopes,
    Uris: uris,
    ListOf: list_of,
    Ids: ids,
    Address: address,
    CustomFields: custom_fields,
}
"""What gives the judge of each type that holds several values."""
