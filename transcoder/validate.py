"""[pure] Bodies: a caller's JSON in, neutral values or every fault at once out, in document order."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from contract.bounds import MAX_ERRORS
from contract.problems import ItemError
from contract.resources import Field, Resource, Write
from contract.types import Address, Tags
from contract.vocabulary import Json
from transcoder.records import Values
from transcoder.values import Fault, Surroundings, check

_SIMILAR = 0.6


@dataclass(frozen=True, slots=True)
class Invalid:
    """A body that cannot be taken, and why."""

    errors: tuple[ItemError, ...]


def did_you_mean(name: str, known: list[str]) -> str | None:
    """The known name that a caller may have meant."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=_SIMILAR)
    return close[0] if close else None


def pointer(*segments: str | int) -> str:
    """The JSON Pointer of a place (RFC 6901 §3)."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)


def create_values(resource: Resource, body: Json, around: Surroundings) -> Values | Invalid:
    """What a create body holds, defaults filled in; nulls stand for absent."""
    read = _read(resource, body, around, creating=True)
    if isinstance(read, Invalid):
        return read
    for field in resource.fields:
        if field.name not in read and field.default is not None:
            read[field.name] = list(field.default) if isinstance(field.default, tuple) else field.default
    return {name: value for name, value in read.items() if value is not None}


def patch_values(resource: Resource, body: Json, around: Surroundings) -> Values | Invalid:
    """What a merge patch changes (RFC 7396): absent members are not there, None clears."""
    return _read(resource, body, around, creating=False)


def _read(resource: Resource, body: Json, around: Surroundings, *, creating: bool) -> dict[str, Json] | Invalid:
    if not isinstance(body, dict):
        return Invalid((ItemError("invalid-type", "The body must be a JSON object.", pointer=""),))
    values: dict[str, Json] = {}
    errors: list[ItemError] = []
    fields = {field.name: field for field in resource.fields}
    writable = [name for name, field in fields.items() if field.write is not Write.NEVER]
    for name, value in body.items():
        member = fields.get(name)
        read = _unknown(name, writable) if member is None else _member(member, value, around, creating=creating)
        faults = list(_faults_of(read))
        if not faults:
            values[name] = read
        errors += [_item(fault, name) for fault in faults]
        if len(errors) >= MAX_ERRORS:
            break  # the rest would not be shown, and each guess at a name costs
    if creating:
        errors += [
            ItemError("required", "This member is required.", pointer=pointer(field.name), example=field.type.example)
            for field in resource.fields
            if field.required and field.name not in body
        ]
    return Invalid(tuple(errors[:MAX_ERRORS])) if errors else values


def _unknown(name: str, known: list[str], at: str = "") -> Fault:
    return Fault("unknown-member", "There is no such member.", at=at, did_you_mean=did_you_mean(name, known))


class _Faults(list[Fault]):
    """Several faults inside one member."""


def _faults_of(read: Json | Fault | _Faults) -> Iterator[Fault]:
    if isinstance(read, Fault):
        yield read
    elif isinstance(read, _Faults):
        yield from read


def _item(fault: Fault, name: str) -> ItemError:
    return ItemError(
        fault.code,
        fault.detail,
        pointer=pointer(name) + fault.at,
        allowed=fault.allowed,
        did_you_mean=fault.did_you_mean,
        example=fault.example,
    )


def _member(field: Field, value: Json, around: Surroundings, *, creating: bool) -> Json | Fault | _Faults:
    if field.write is Write.NEVER or (field.write is Write.ON_CREATE and not creating):
        return Fault("read-only", "This member cannot be written here.")
    if value is None:
        return None if field.nullable else Fault("not-nullable", "This member cannot be null.")
    match field.type:
        case Tags():
            return _tags(field.type, value, around)
        case Address():
            return _address(field.type, value, around, creating=creating)
        case _:
            return check(field.type, value, around)


def _tags(kind: Tags, value: Json, around: Surroundings) -> list[str] | Fault | _Faults:
    if not isinstance(value, list):
        return Fault("invalid-type", "Expected an array of strings.", example=list(kind.example))
    if len(value) > kind.max_items:
        return Fault("too-many-items", f"At most {kind.max_items} tags.")
    faults = _Faults()
    tags: list[str] = []
    seen: set[str] = set()
    for index, item in enumerate(value):
        tag = check(kind.item, item, around)
        if isinstance(tag, str) and tag.lower() in seen:
            tag = Fault("duplicate-item", "This tag stands here already; case makes no difference.")
        if isinstance(tag, Fault):
            faults.append(replace(tag, at=pointer(index)))
            continue
        seen.add(tag.lower())
        tags.append(tag)
    return faults or tags


def _address(
    kind: Address, value: Json, around: Surroundings, *, creating: bool
) -> dict[str, Json] | Fault | _Faults | None:
    if not isinstance(value, dict):
        return Fault("invalid-type", "Expected an object.", example=kind.example)
    types = dict(kind.members)
    faults = _Faults()
    members: dict[str, Json] = {}
    for name, given in value.items():
        if name not in types:
            faults.append(_unknown(name, list(types), at=pointer(name)))
            if len(faults) >= MAX_ERRORS:
                break
            continue
        read = None if given is None else check(types[name], given, around)
        if isinstance(read, Fault):
            faults.append(replace(read, at=pointer(name)))
        else:
            members[name] = read
    if faults:
        return faults
    if creating and all(member is None for member in members.values()):
        return None
    return members
