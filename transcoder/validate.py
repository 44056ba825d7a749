"""[pure] Bodies: a caller's JSON in, neutral values or every fault at once out, in document order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from contract.bounds import MAX_ERRORS
from contract.problems import ItemError
from contract.resources import RESOURCES, Field, Money, Resource, Write
from contract.types import Address, Amount, CustomFields, Ids, Parts, Scopes, Several, Tags, Uris
from contract.vocabulary import Json
from transcoder import members
from transcoder.members import Faults, Read, faults_of, unknown
from transcoder.pointers import in_document_order, pointer
from transcoder.records import Values
from transcoder.values import Fault, Surroundings, check, in_units


class Mode(Enum):
    """What a body is for."""

    CREATE = "create"
    PATCH = "patch"
    UPSERT = "upsert"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Invalid:
    """A body that cannot be taken, and why."""

    errors: tuple[ItemError, ...]


def create_values(resource: Resource, body: Json, around: Surroundings) -> Values | Invalid:
    """What a create body holds, defaults filled in; nulls stand for absent."""
    read = _resource_values(resource, body, around, Mode.CREATE)
    if isinstance(read, Invalid):
        return read
    for field in resource.fields:
        if field.name not in read and field.default is not None:
            read[field.name] = list(field.default) if isinstance(field.default, tuple) else field.default
    return {name: filled for name, value in read.items() if (filled := _without_nulls(value)) is not None}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if part is not None} or None
    return value


def patch_values(resource: Resource, body: Json, around: Surroundings) -> Values | Invalid:
    """What a merge patch changes (RFC 7396): absent members are not there, None clears."""
    return _resource_values(resource, body, around, Mode.PATCH)


def upsert_values(resource: Resource, on: str, body: Json, around: Surroundings) -> Values | Invalid:
    """What an upsert's body holds: a whole create body, of which the present members are a patch where one matches."""
    read = _resource_values(resource, body, around, Mode.UPSERT)
    if not isinstance(body, dict) or body.get(on) is not None:
        return read
    fault = Fault("not-nullable" if on in body else "required", "An upsert needs the field that it matches by.")
    others = read.errors if isinstance(read, Invalid) else ()
    return _invalid([*others, item(fault, pointer(on))], body)


def action_values(fields: Sequence[Field], body: Json, around: Surroundings) -> Values | Invalid:
    """What an action's body holds."""
    if not isinstance(body, dict):
        return _NO_OBJECT
    values, errors = _read({row.name: row for row in fields}, body, around, Mode.ACTION)
    return _invalid(errors, body) if errors else values


def _resource_values(resource: Resource, body: Json, around: Surroundings, mode: Mode) -> dict[str, Any] | Invalid:
    if not isinstance(body, dict):
        return _NO_OBJECT
    values, errors = _read(resource.by_name, body, around, mode)
    if resource.money is not None:
        priced = _with_money(resource, resource.money, body, values)
        if isinstance(priced, Invalid):
            errors += priced.errors
        else:
            values = priced
    return _invalid(errors, body) if errors else values


_NO_OBJECT = Invalid((ItemError("invalid-type", "The body must be a JSON object.", pointer=""),))


def _invalid(errors: Sequence[ItemError], body: Json) -> Invalid:
    return Invalid(in_document_order(errors, body)[:MAX_ERRORS])


def _read(
    fields: Mapping[str, Field], body: dict[str, Json], around: Surroundings, mode: Mode
) -> tuple[dict[str, Any], list[ItemError]]:
    """The values of the members that are good, and what is wrong with the others."""
    values: dict[str, Any] = {}
    errors: list[ItemError] = []
    for name, value in body.items():
        row = fields.get(name)
        read = unknown(name, _writable(fields)) if row is None else _member(row, value, around, mode)
        if row is not None and row.only_with is not None and read is not None:
            read = _applicable(row, read, body, fields, mode)
        faults = list(faults_of(read))
        if not faults:
            values[name] = read
        errors += [item(fault, pointer(name)) for fault in faults]
        if len(errors) >= MAX_ERRORS:
            break  # the rest would not be shown, and each guess at a name costs
    if mode is not Mode.PATCH:
        errors += [
            ItemError(
                "required", "This member is required.", pointer=pointer(row.name), example=_shown(row.type.example)
            )
            for row in fields.values()
            if row.required and row.name not in body
        ]
    return values, errors


def _writable(fields: Mapping[str, Field]) -> list[str]:
    return [name for name, field in fields.items() if field.write is not Write.NEVER]


def _shown(example: Json) -> Json:
    return list(example) if isinstance(example, tuple) else example


def item(fault: Fault, at: str) -> ItemError:
    """A fault as an item error, below a place."""
    return ItemError(
        fault.code,
        fault.detail,
        pointer=at + fault.at,
        allowed=fault.allowed,
        did_you_mean=fault.did_you_mean,
        example=_shown(fault.example),
    )


def _member(field: Field, value: Json, around: Surroundings, mode: Mode) -> Read:
    if field.write is Write.NEVER or (field.write is Write.ON_CREATE and mode is Mode.PATCH):
        return Fault("read-only", "This member cannot be written here.")
    if value is None:
        return None if field.nullable else Fault("not-nullable", "This member cannot be null.")
    match field.type:
        case Tags():
            return members.tags(field.type, value, around)
        case Scopes():
            return members.scopes(field.type, value)
        case Uris():
            return members.uris(field.type, value)
        case Several():
            return members.several(field.type, value, around)
        case Ids():
            return members.ids(field.type, value, around)
        case Address():
            return members.address(field.type, value, around)
        case CustomFields():
            return members.custom_fields(field.type, value, around)
        case Parts():
            return _parts(field.type, value, around)
        case _:
            return check(field.type, value, around)


def _applicable(row: Field, read: Read, body: dict[str, Json], fields: Mapping[str, Field], mode: Mode) -> Read:
    """Against the body's own state: an open deal has no `closed_at`."""
    if row.only_with is None or isinstance(read, Fault | Faults):
        return read
    name, allowed = row.only_with
    if mode is Mode.UPSERT and name not in body:
        return read  # the record that it matches has a state, which only the service knows
    state = body.get(name, fields[name].default)
    known = getattr(fields[name].type, "values", ())
    if state in known and state not in allowed:
        return Fault("not-applicable", f"Only beside `{name}` {' or '.join(allowed)}.")
    return read


def _parts(kind: Parts, value: Json, around: Surroundings) -> list[dict[str, Any]] | Fault | Faults:
    if not isinstance(value, list):
        return Fault("invalid-type", "Expected an array of objects.", example=kind.example)
    if len(value) < kind.min_items:
        return Fault("too-few-items", f"At least {kind.min_items}.", example=kind.example)
    if len(value) > kind.max_items:
        return Fault("too-many-items", f"At most {kind.max_items}.")
    resource = next(row for row in RESOURCES if row.name == kind.of)
    fields = {name: resource.field(name) for name in kind.members}
    faults = Faults()
    parts: list[dict[str, Any]] = []
    names: set[str] = set()
    for index, given in enumerate(value):
        if not isinstance(given, dict):
            code = "not-nullable" if given is None else "invalid-type"
            faults.append(Fault(code, "Expected an object.", pointer(index), example=kind.example[0]))
            continue
        read, errors = _read(fields, given, around, Mode.CREATE)
        faults += [
            Fault(
                error.code,
                error.detail,
                pointer(index) + (error.pointer or ""),
                error.allowed,
                error.did_you_mean,
                error.example,
            )
            for error in errors
        ]
        if "name" not in read:
            continue
        name = str(read["name"]).lower()
        if name in names:
            faults.append(Fault("duplicate-item", "Another one has this name.", at=pointer(index, "name")))
        names.add(name)
        parts.append({row.name: read.get(row.name, row.default) for row in fields.values()})
    return faults or parts


def _with_money(
    resource: Resource, money: Money, body: dict[str, Json], read: dict[str, Any]
) -> dict[str, Any] | Invalid:
    """The rules between an amount and its currency; an amount without one stays a Decimal until it is known."""
    if any(name in body and name not in read for name in (money.amount, money.currency)):
        return read  # what is wrong with one of them is told already
    amount, currency = read.get(money.amount), read.get(money.currency)
    if amount is None and currency is not None:
        return _fault(money.amount, Fault("required", "A currency never comes without an amount.", example="12500.00"))
    if amount is None:
        if money.amount not in body and money.currency in body:
            return _fault(money.amount, Fault("required", "A currency is cleared with its amount.", example="12500.00"))
        return read | {money.currency: None} if money.amount in read else read
    if money.currency in body and currency is None:
        return _fault(money.currency, Fault("not-nullable", "An amount needs its currency."))
    if currency is None:
        return read
    return scaled(resource, money, read, currency)


def scaled(resource: Resource, money: Money, read: Values, currency: str) -> dict[str, Any] | Invalid:
    """The values with the amount in the currency's smallest unit, and the currency beside it."""
    kind, given = resource.field(money.amount).type, read[money.amount]
    if not isinstance(kind, Amount) or not isinstance(given, Decimal):
        return dict(read)
    units = in_units(kind, given, currency)
    if isinstance(units, Fault):
        return _fault(money.amount, units)
    return {**read, money.amount: units, money.currency: currency}


def _fault(name: str, fault: Fault) -> Invalid:
    return Invalid((item(fault, pointer(name)),))
