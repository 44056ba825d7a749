"""[pure] Bodies: a caller's JSON in, neutral values or every fault at once out, in document order.

What the rows say is laid out once for each resource and mode (`_BodyShape`): a judge for each member. Faults are looked
for a place only once there is one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any

from contract.problems import ItemError
from contract.resources import RESOURCES, AmountPair, Field, Resource, Writable
from contract.size_and_time_limits import MAX_ERRORS
from contract.types import Address, Amount, CustomFields, Parts
from contract.vocabulary import Json
from transcoder.backend.interface import Values
from transcoder.validation.composite_values import JUDGES, WRONG, FieldErrors, Judge, Read, errors_of, unknown
from transcoder.validation.pointers import in_document_order, pointer
from transcoder.validation.values import CHECKS, InvalidValue, ValidationContext, check_of, in_units


class BodyMode(StrEnum):
    """What a body is for. Words, since those are hashed faster than members of a bare Enum."""

    CREATE = "create"
    PATCH = "patch"
    UPSERT = "upsert"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class InvalidBody:
    """A body that cannot be taken, and why."""

    errors: tuple[ItemError, ...]


class _BodyShape:
    """What a body may hold in a mode: the judge of each member, and what is to be seen of the body as a whole."""

    def __init__(self, fields: Mapping[str, Field], mode: BodyMode) -> None:
        rows = fields.values()
        self.judges = {row.name: _validator(row, mode) for row in rows}
        """Of each member what judges it, and what null is."""
        self.writable = [row.name for row in rows if row.write is not Writable.NEVER]
        self.beside = {row.name: partial(_applicable, row, fields, mode) for row in rows if row.requires is not None}
        self.required = () if mode is BodyMode.PATCH else tuple(row for row in rows if row.required)
        self.defaults = {row.name: row.default for row in rows if row.default is not None}
        self.objects = tuple(row.name for row in rows if isinstance(row.type, Address | CustomFields))
        """Of which an empty one is none."""


_READ_ONLY = InvalidValue("read-only", "This member cannot be written here.")
_NOT_NULLABLE = InvalidValue("not-nullable", "This member cannot be null.")


def _validator(row: Field, mode: BodyMode) -> tuple[Judge, InvalidValue | None]:
    if row.write is Writable.NEVER or (row.write is Writable.ON_CREATE and mode is BodyMode.PATCH):
        return lambda _, __: _READ_ONLY, _READ_ONLY
    return _JUDGES[type(row.type)](row.type), None if row.nullable else _NOT_NULLABLE


@lru_cache
def _shape_of(resource: Resource, mode: BodyMode) -> _BodyShape:
    return _BodyShape(resource.by_name, mode)


def validate_create(resource: Resource, body: Json, around: ValidationContext) -> Values | InvalidBody:
    """What a create body holds, defaults filled in; nulls stand for absent."""
    shape = _shape_of(resource, BodyMode.CREATE)
    read = _resource_values(resource, shape, body, around)
    if isinstance(read, InvalidBody):
        return read
    for name, default in shape.defaults.items():
        if name not in read:
            read[name] = list(default) if isinstance(default, tuple) else default
    for name in shape.objects:
        if read.get(name) is not None:
            read[name] = _present(read[name]) or None
    return _present(read)


def _present(members: dict[str, Any]) -> dict[str, Any]:
    """Those that are not null."""
    if None not in members.values():
        return members
    return {name: value for name, value in members.items() if value is not None}


def validate_patch(resource: Resource, body: Json, around: ValidationContext) -> Values | InvalidBody:
    """What a merge patch changes (RFC 7396): absent members are not there, None clears."""
    return _resource_values(resource, _shape_of(resource, BodyMode.PATCH), body, around)


def validate_upsert(resource: Resource, on: str, body: Json, around: ValidationContext) -> Values | InvalidBody:
    """What an upsert's body holds: a whole create body, of which the present members are a patch where one matches."""
    read = _resource_values(resource, _shape_of(resource, BodyMode.UPSERT), body, around)
    if not isinstance(body, dict) or body.get(on) is not None:
        return read
    fault = InvalidValue("not-nullable" if on in body else "required", "An upsert needs the field that it matches by.")
    others = read.errors if isinstance(read, InvalidBody) else ()
    return _invalid([*others, item_error(fault, pointer(on))], body)


def validate_action(fields: Sequence[Field], body: Json, around: ValidationContext) -> Values | InvalidBody:
    """What an action's body holds."""
    if not isinstance(body, dict):
        return _NO_OBJECT
    values, errors = _read(_BodyShape({row.name: row for row in fields}, BodyMode.ACTION), body, around)
    return _invalid(errors, body) if errors else values


def _resource_values(
    resource: Resource, shape: _BodyShape, body: Json, around: ValidationContext
) -> dict[str, Any] | InvalidBody:
    if not isinstance(body, dict):
        return _NO_OBJECT
    values, errors = _read(shape, body, around)
    if resource.money is not None:
        priced = _with_money(resource, resource.money, body, values)
        if isinstance(priced, InvalidBody):
            errors += priced.errors
        else:
            values = priced
    return _invalid(errors, body) if errors else values


_NO_OBJECT = InvalidBody((ItemError("invalid-type", "The body must be a JSON object.", pointer=""),))


def _invalid(errors: Sequence[ItemError], body: Json) -> InvalidBody:
    return InvalidBody(in_document_order(errors, body)[:MAX_ERRORS])


def _read(
    shape: _BodyShape, body: dict[str, Json], around: ValidationContext
) -> tuple[dict[str, Any], list[ItemError]]:
    """The values of the members that are good, and what is wrong with the others."""
    values: dict[str, Any] = {}
    errors: list[ItemError] = []
    judges, beside = shape.judges, shape.beside
    for name, value in body.items():
        if name in judges:
            judge, null = judges[name]
            read = null if value is None else judge(value, around)
        else:
            read = unknown(name, shape.writable)
        if name in beside and read is not None:
            read = beside[name](read, body)
        if type(read) not in WRONG:
            values[name] = read
            continue
        at = pointer(name)
        errors += [item_error(fault, at) for fault in errors_of(read)]
        if len(errors) >= MAX_ERRORS:
            break  # the rest would not be shown, and each guess at a name costs
    errors += [_missing(row) for row in shape.required if row.name not in body]
    return values, errors


def _missing(row: Field) -> ItemError:
    example = _shown(row.type.example)
    return ItemError("required", "This member is required.", pointer=pointer(row.name), example=example)


def _shown(example: Json) -> Json:
    return list(example) if isinstance(example, tuple) else example


def item_error(fault: InvalidValue, at: str) -> ItemError:
    """A fault as an item error, below a place."""
    return ItemError(
        fault.code,
        fault.detail,
        pointer=at + fault.at,
        allowed=fault.allowed,
        did_you_mean=fault.did_you_mean,
        example=_shown(fault.example),
    )


def _applicable(row: Field, fields: Mapping[str, Field], mode: BodyMode, read: Read, body: dict[str, Json]) -> Read:
    """Against the body's own state: an open deal has no `closed_at`."""
    if row.requires is None or type(read) in WRONG:
        return read
    name, allowed = row.requires
    if mode is BodyMode.UPSERT and name not in body:
        return read  # the record that it matches has a state, which only the service knows
    state = body.get(name, fields[name].default)
    known = getattr(fields[name].type, "values", ())
    if state in known and state not in allowed:
        return InvalidValue("not-applicable", f"Only beside `{name}` {' or '.join(allowed)}.")
    return read


def _parts(kind: Parts) -> Judge:
    """The parts of a new record: an object each, all of whose members are told; no two of one name."""
    resource = next(row for row in RESOURCES if row.name == kind.of)
    shape = _BodyShape({name: resource.field(name) for name in kind.members}, BodyMode.CREATE)
    defaults = {name: resource.field(name).default for name in kind.members}

    def read(value: Json, around: ValidationContext) -> list[dict[str, Any]] | InvalidValue | FieldErrors:
        if not isinstance(value, list):
            return InvalidValue("invalid-type", "Expected an array of objects.", example=kind.example)
        if len(value) < kind.min_items:
            return InvalidValue("too-few-items", f"At least {kind.min_items}.", example=kind.example)
        if len(value) > kind.max_items:
            return InvalidValue("too-many-items", f"At most {kind.max_items}.")
        faults = FieldErrors()
        parts: list[dict[str, Any]] = []
        names: set[str] = set()
        for index, given in enumerate(value):
            if not isinstance(given, dict):
                code = "not-nullable" if given is None else "invalid-type"
                faults.append(InvalidValue(code, "Expected an object.", pointer(index), example=kind.example[0]))
                continue
            part, errors = _read(shape, given, around)
            faults += [_within(index, error) for error in errors]
            if "name" not in part:
                continue
            name = str(part["name"]).lower()
            if name in names:
                faults.append(InvalidValue("duplicate-item", "Another one has this name.", at=pointer(index, "name")))
            names.add(name)
            parts.append(defaults | part)
        return faults or parts

    return read


def _within(index: int, error: ItemError) -> InvalidValue:
    at = pointer(index) + (error.pointer or "")
    return InvalidValue(error.code, error.detail, at, error.allowed, error.did_you_mean, error.example)


_JUDGES: Mapping[type, Callable[[Any], Judge]] = {**dict.fromkeys(CHECKS, check_of), **JUDGES, Parts: _parts}
"""What gives the judge of each type that callers write."""
WRITABLE_TYPES = frozenset(_JUDGES)


def _with_money(
    resource: Resource, money: AmountPair, body: dict[str, Json], read: dict[str, Any]
) -> dict[str, Any] | InvalidBody:
    """The rules between an amount and its currency; an amount without one stays a Decimal until it is known."""
    if any(name in body and name not in read for name in (money.amount, money.currency)):
        return read  # what is wrong with one of them is told already
    amount, currency = read.get(money.amount), read.get(money.currency)
    if amount is None and currency is not None:
        return _fault(
            money.amount, InvalidValue("required", "A currency never comes without an amount.", example="12500.00")
        )
    if amount is None:
        if money.amount not in body and money.currency in body:
            return _fault(
                money.amount, InvalidValue("required", "A currency is cleared with its amount.", example="12500.00")
            )
        return read | {money.currency: None} if money.amount in read else read
    if money.currency in body and currency is None:
        return _fault(money.currency, InvalidValue("not-nullable", "An amount needs its currency."))
    if currency is None:
        return read
    return to_smallest_units(resource, money, read, currency)


def to_smallest_units(
    resource: Resource, money: AmountPair, read: Values, currency: str
) -> dict[str, Any] | InvalidBody:
    """The values with the amount in the currency's smallest unit, and the currency beside it."""
    kind, given = resource.field(money.amount).type, read[money.amount]
    if not isinstance(kind, Amount) or not isinstance(given, Decimal):
        return dict(read)
    units = in_units(kind, given, currency)
    if isinstance(units, InvalidValue):
        return _fault(money.amount, units)
    return {**read, money.amount: units, money.currency: currency}


def _fault(name: str, fault: InvalidValue) -> InvalidBody:
    return InvalidBody((item_error(fault, pointer(name)),))
