"""[pure] The `filters` of a search: a caller's JSON in, a tree of neutral conditions or every fault at once out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from contract import ids
from contract.parameters import ADDRESS_FILTERS, filter_names
from contract.problems import ItemError
from contract.resources import Resource
from contract.resources.shape import USER_PREFIX
from contract.size_and_time_limits import MAX_CONDITIONS, MAX_ERRORS, MAX_FILTER_DEPTH, MAX_LIST_VALUES, MAX_PATTERN
from contract.types import (
    OPERATORS,
    Address,
    Amount,
    Bool,
    Currency,
    CustomFields,
    CustomType,
    Date,
    DateTime,
    Group,
    Id,
    Ids,
    Tags,
)
from contract.versions.change import FilterCondition
from contract.vocabulary import Json
from transcoder.backend.interface import NO_RECORD, AllOf, AnyOf, Condition, CustomFieldDefinition, NotOf, Tree
from transcoder.presentation.versioning import Translation
from transcoder.validation.bodies import InvalidBody, item_error
from transcoder.validation.composite_values import custom_value, option, unknown
from transcoder.validation.pointers import did_you_mean, pointer
from transcoder.validation.values import InvalidValue, KnownDefinitions, ValidationContext, check, currency, in_units

Fixed = str | InvalidValue | None
"""The currency that amounts in a list of conditions are read by; a fault of it is told by its own condition."""

_CUSTOM_GROUPS: dict[CustomType, Group] = {
    CustomType.TEXT: Group.STR,
    CustomType.LONG_TEXT: Group.TEXT,
    CustomType.NUMBER: Group.NUM,
    CustomType.BOOLEAN: Group.BOOL,
    CustomType.DATE: Group.TIME,
    CustomType.DATETIME: Group.TIME,
    CustomType.SELECT: Group.ENUM,
    CustomType.MULTI_SELECT: Group.SET,
    CustomType.EMAIL: Group.STR,
    CustomType.PHONE: Group.STR,
    CustomType.URL: Group.STR,
    CustomType.USER: Group.ID,
}


@dataclass(frozen=True, slots=True)
class _Target:
    """What a condition is about: the neutral field, its group, whether it may be null, and how one value is read."""

    name: str
    group: Group
    nullable: bool
    kind: Any


@dataclass(slots=True)
class _Parser:
    """One call's state: what there is to judge by, and what was found wrong."""

    resource: Resource
    around: ValidationContext
    translation: Translation
    errors: list[ItemError] = field(default_factory=list)
    conditions: int = 0

    def fault(self, fault: InvalidValue, at: str) -> None:
        self.errors.append(item_error(fault, at))


def parse_filters(
    resource: Resource, filters: Json, around: ValidationContext, translation: Translation
) -> Tree | InvalidBody | None:
    """The tree that all of `filters` make; None for no filter."""
    reading = _Parser(resource, around, translation)
    if not isinstance(filters, list):
        reading.fault(
            InvalidValue("invalid-type", "Expected an array of conditions and groups.", example=[]), "/filters"
        )
        return InvalidBody(tuple(reading.errors))
    tree = _all(reading, filters, "/filters", depth=0)
    if reading.conditions > MAX_CONDITIONS:
        fault = InvalidValue("too-many-items", f"At most {MAX_CONDITIONS} conditions in all.")
        reading.errors.insert(0, item_error(fault, "/filters"))
    if reading.errors:
        return InvalidBody(tuple(reading.errors[:MAX_ERRORS]))
    return tree


def top_currency(filters: Json) -> Fixed:
    """The currency that the top-level list fixes, if exactly one condition does."""
    return _fixed_currency(filters) if isinstance(filters, list) else None


def _all(reading: _Parser, nodes: list[Json], at: str, *, depth: int) -> Tree | None:
    code = _fixed_currency(nodes) if reading.resource.money else None
    parts = [
        _node(reading, node, f"{at}/{index}", depth, code) for index, node in enumerate(nodes[: MAX_CONDITIONS + 1])
    ]
    kept = tuple(part for part in parts if part is not None)
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else AllOf(kept)


def _node(reading: _Parser, node: Json, at: str, depth: int, code: Fixed) -> Tree | None:
    if not isinstance(node, dict):
        reading.fault(_other_than("a condition or a group", node), at)
        return None
    if len(reading.errors) >= MAX_ERRORS:
        return None
    if "field" in node or "operator" in node or "value" in node:
        return _condition(reading, node, at, code)
    if len(node) != 1 or next(iter(node)) not in ("any", "all", "not"):
        _odd_members(reading, node, at)
        return None
    if depth >= MAX_FILTER_DEPTH:
        reading.fault(InvalidValue("out-of-range", f"Groups lie at most {MAX_FILTER_DEPTH} deep."), at)
        return None
    return _group(reading, *next(iter(node.items())), at, depth + 1)


def _other_than(expected: str, given: Json) -> InvalidValue:
    return InvalidValue("not-nullable" if given is None else "invalid-type", f"Expected {expected}.")


def _odd_members(reading: _Parser, node: Mapping[str, Json], at: str) -> None:
    known = ["field", "operator", "value", "any", "all", "not"]
    odd = [name for name in node if name not in known]
    for name in odd[:MAX_ERRORS]:  # the rest would not be shown, and each guess at a name costs
        reading.fault(unknown(name, known), at + pointer(name))
    if not odd:
        reading.fault(InvalidValue("invalid-value", "A group has exactly one of `any`, `all` and `not`."), at)


def _group(reading: _Parser, word: str, inner: Json, at: str, depth: int) -> Tree | None:
    at = f"{at}/{word}"
    if word == "not":
        part = _node(reading, inner, at, depth, None)
        return None if part is None else NotOf(part, at=at.removesuffix(f"/{word}"))
    if not isinstance(inner, list):
        reading.fault(_other_than("an array of conditions and groups", inner), at)
        return None
    if not 1 <= len(inner) <= MAX_CONDITIONS:
        code = "too-few-items" if not inner else "too-many-items"
        reading.fault(InvalidValue(code, f"A group has 1 to {MAX_CONDITIONS} parts."), at)
        return None
    if word == "all":
        return _all(reading, inner, at, depth=depth)
    parts = [_node(reading, node, f"{at}/{index}", depth, None) for index, node in enumerate(inner)]
    return AnyOf(tuple(part for part in parts if part is not None), at=at.removesuffix(f"/{word}"))


def _fixed_currency(nodes: list[Json]) -> Fixed:
    """What the one sibling `currency` `eq` X says that amounts in this list are read by."""
    codes = [
        node.get("value")
        for node in nodes
        if isinstance(node, dict)
        and node.get("field") in ("currency", "value.currency")
        and node.get("operator") == "eq"
    ]
    return currency(Currency(), codes[0], _NOTHING) if len(codes) == 1 else None


_NOTHING = ValidationContext(0, lambda _, __: ids.FOREIGN, KnownDefinitions({}))


def _condition(reading: _Parser, node: Mapping[str, Json], at: str, code: Fixed) -> Tree | None:
    reading.conditions += 1
    if not _whole(reading, node, at):
        return None
    test = reading.translation.upgrade_condition(FilterCondition(node["field"], node["operator"], node["value"]))
    target = None if test is None else _target(reading, test.field)
    if test is None or not isinstance(target, _Target):
        fault = target if isinstance(target, InvalidValue) else _unknown_field(reading, node["field"])
        reading.fault(fault, f"{at}/field")
        return None
    allowed = _operators(target)
    if test.operator not in allowed:
        reading.fault(
            InvalidValue("invalid-operator", "This field does not take that operator.", allowed=allowed),
            f"{at}/operator",
        )
        return None
    value = _value(reading, target, test.operator, test.value, code)
    if isinstance(value, InvalidValue):
        fault_at = f"{at}/field" if value.code == "currency-required" else f"{at}/value"
        reading.errors.append(_translated(reading, item_error(value, fault_at), target))
        return None
    condition = Condition(target.name, test.operator, value, at=at)
    return NotOf(condition, at=at) if test.negated else condition


def _unknown_field(reading: _Parser, name: str) -> InvalidValue:
    known = reading.translation.to_caller_names(filter_names(reading.resource))
    return InvalidValue("unknown-field", "There is no such field.", did_you_mean=did_you_mean(name, known))


def _translated(reading: _Parser, error: ItemError, target: _Target) -> ItemError:
    """The fault as a caller of an older version knows it: there a day is no datetime. Its place in the body stays."""
    moved = reading.translation.to_caller_error(replace(error, pointer=pointer(target.name)))
    return replace(moved, pointer=error.pointer)


def _whole(reading: _Parser, node: Mapping[str, Json], at: str) -> bool:
    """Whether a condition has its three parts and no other; every fault is told."""
    known = ("field", "operator", "value")
    told = len(reading.errors)
    for name in node:
        if name not in known:
            reading.fault(unknown(name, known), at + pointer(name))
        elif name != "value" and not isinstance(node[name], str):
            reading.fault(_other_than("a string", node[name]), f"{at}/{name}")
        if len(reading.errors) >= MAX_ERRORS:
            return False  # the rest would not be shown, and each guess at a name costs
    for name in known:
        if name not in node:
            reading.fault(_absent(reading, node, name), f"{at}/{name}")
    return len(reading.errors) == told


_PARTS = "A condition has field, operator and value."
_FLAGS = ("is_null", "is_empty")
_FLAG_TAKES = "{} takes true or false."


def _absent(reading: _Parser, node: Mapping[str, Json], name: str) -> InvalidValue:
    operator, field_name = node.get("operator"), node.get("field")
    if name == "value" and operator in _FLAGS:
        return InvalidValue("required", f"{_PARTS} {_FLAG_TAKES.format(operator)}", example=True)
    today = reading.translation.current_name(field_name) if name == "operator" and isinstance(field_name, str) else None
    target = None if today is None else _target(reading, today)
    return InvalidValue("required", _PARTS, allowed=_operators(target) if isinstance(target, _Target) else ())


def _target(reading: _Parser, name: str) -> _Target | InvalidValue | None:
    top, dot, rest = name.partition(".")
    row = reading.resource.by_name.get(top)
    if row is None:
        return None
    match row.type:
        case Address(members=members) if dot:
            kind = dict(members).get(rest)
            if kind is None:
                return None
            return _Target(name, Group.STR, True, kind) if rest in ADDRESS_FILTERS else _NOT_FILTERABLE
        case CustomFields() if dot:
            definition = reading.around.definitions.get(rest)
            return None if definition is None else _Target(name, _CUSTOM_GROUPS[definition.type], True, definition)
        case Address() | CustomFields():
            return _NOT_FILTERABLE
    if dot:
        return None
    return _Target(name, row.type.group, row.nullable, row.type) if row.filterable else _NOT_FILTERABLE


_NOT_FILTERABLE = InvalidValue("not-filterable", "Records cannot be filtered by this field.")


def _operators(target: _Target) -> tuple[str, ...]:
    return tuple(word for word in OPERATORS[target.group] if word != "is_null" or target.nullable)


def _value(reading: _Parser, target: _Target, operator: str, value: Json, code: Fixed) -> Any | InvalidValue:
    if value is None:
        return _null(target, operator)
    match operator:
        case "is_null" | "is_empty":
            return check(Bool(), value, reading.around)
        case "contains" | "starts_with":
            return _pattern(value)
    if isinstance(target.kind, Amount) and code is None:
        detail = "An amount is compared beside exactly one condition `currency` `eq` in the same list."
        return InvalidValue("currency-required", detail)
    match operator:
        case "in" | "not_in" | "has_any" | "has_all" | "has_none":
            return _listed(reading, target, value, code)
        case "between":
            return _span(reading, target, value, code)
    return _one(reading, target, value, code)


def _null(target: _Target, operator: str) -> InvalidValue:
    if operator in _FLAGS:
        return InvalidValue("not-nullable", _FLAG_TAKES.format(operator), example=True)
    flag = next((word for word in _operators(target) if word in _FLAGS), None)
    way = "this field is never null." if flag is None else f'use "operator":"{flag}","value":true.'
    return InvalidValue("not-nullable", f"null is no value to compare with: {way}")


def _pattern(value: Json) -> str | InvalidValue:
    if not isinstance(value, str):
        return InvalidValue("invalid-type", "Expected a string.")
    if not value:
        return InvalidValue("too-short", "At least 1 character.")
    return value if len(value) <= MAX_PATTERN else InvalidValue("too-long", f"At most {MAX_PATTERN} characters.")


def _listed(reading: _Parser, target: _Target, value: Json, code: Fixed) -> list[Any] | InvalidValue:
    if not isinstance(value, list):
        return InvalidValue("invalid-type", "Expected an array.")
    if not 1 <= len(value) <= MAX_LIST_VALUES:
        return InvalidValue("too-few-items" if not value else "too-many-items", f"1 to {MAX_LIST_VALUES} values.")
    read: list[Any] = []
    for each in value:
        one = InvalidValue("not-nullable", "null is no value.") if each is None else _one(reading, target, each, code)
        if isinstance(one, InvalidValue):
            return one
        read.append(one)
    return read


def _span(reading: _Parser, target: _Target, value: Json, code: Fixed) -> list[Any] | InvalidValue:
    if not isinstance(value, list) or len(value) != 2:
        return InvalidValue("invalid-type", "Expected an array of two: the lowest and the highest.")
    read = _listed(reading, target, value, code)
    if isinstance(read, list) and read[0] > read[1]:
        return InvalidValue("out-of-range", "The first must not be greater than the second.")
    return read


def _one(reading: _Parser, target: _Target, value: Json, code: Fixed) -> Any | InvalidValue:
    kind = target.kind
    match kind:
        case CustomFieldDefinition():
            return _custom(reading, kind, value)
        case Tags():
            return check(kind.item, value, reading.around)
        case Ids():
            return _id(reading, Id(kind.prefix), value)
        case Id():
            return _id(reading, kind, value)
        case Amount():
            read = check(kind, value, reading.around)
            return in_units(kind, read, code) if isinstance(read, Decimal) and isinstance(code, str) else read
        # A filter may well ask for what lies ahead: only a record's own value may not.
        case DateTime():
            return check(DateTime(), value, reading.around)
        case Date():
            return check(Date(), value, reading.around)
    return check(kind, value, reading.around)


def _custom(reading: _Parser, definition: CustomFieldDefinition, value: Json) -> Any | InvalidValue:
    match definition.type:
        case CustomType.MULTI_SELECT:
            return option(definition, value, reading.around)
        case CustomType.USER:
            return _id(reading, Id(USER_PREFIX), value)
    return custom_value(definition, value, reading.around)


def _id(reading: _Parser, kind: Id, value: Json) -> int | InvalidValue:
    read = check(kind, value, reading.around)
    # A well-formed id of nothing is no mistake in a filter: it matches nothing.
    return NO_RECORD if isinstance(read, InvalidValue) and read.code == "reference-not-found" else read
