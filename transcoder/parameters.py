"""[pure] Query parameters: which an operation takes, and what each says. Every fault is told at once (400)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract import ids
from contract.bounds import DEFAULT_LIMIT, MAX_ERRORS, MAX_IDS, MAX_LIMIT
from contract.operations import Operation
from contract.problems import INVALID_PARAMETER, ItemError
from contract.resources import Resource
from contract.types import DateTime, Id, Phone
from contract.vocabulary import Kind
from transcoder.errors import ApiError
from transcoder.records import Condition
from transcoder.validate import did_you_mean
from transcoder.values import Fault, Surroundings, check

DELETED = ("exclude", "include", "only")
DIRECTIONS = ("asc", "desc")
_WINDOWS = {
    "created_since": ("created_at", "gte"),
    "created_until": ("created_at", "lt"),
    "updated_since": ("updated_at", "gte"),
    "updated_until": ("updated_at", "lt"),
}
"""Half-open: `[since, until)`."""
_SHOWN = 64
"""Characters of a caller's own words in an answer."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the query said, defaults filled in. `nothing`: a filter names an id of nobody, so no record can match."""

    fields: frozenset[str] | None = None
    deleted: str = "exclude"
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    order_by: str = "created_at"
    descending: bool = True
    include_total: bool = False
    conditions: tuple[Condition, ...] = ()
    nothing: bool = False


Read = Callable[[Resource, str, Surroundings], Any | Fault]


def _word(*allowed: str) -> Read:
    def read(_: Resource, text: str, __: Surroundings) -> str | Fault:
        return text if text in allowed else Fault("unknown-value", "Not one of the allowed values.", allowed=allowed)

    return read


def _limit(_: Resource, text: str, __: Surroundings) -> int | Fault:
    if not text.isascii() or not text.isdigit():
        return Fault("invalid-type", "Expected a whole number.", example=DEFAULT_LIMIT)
    if len(text) > 9 or not 1 <= int(text) <= MAX_LIMIT:
        return Fault("out-of-range", f"Must lie between 1 and {MAX_LIMIT}.", example=DEFAULT_LIMIT)
    return int(text)


def _cursor(_: Resource, text: str, __: Surroundings) -> str:
    return text  # opened by whoever knows the query that it must belong to


def _order_by(resource: Resource, text: str, _: Surroundings) -> str | Fault:
    if text in resource.sort_keys:
        return text
    return Fault("not-sortable", "Records cannot be ordered by this.", allowed=resource.sort_keys)


def _fields(resource: Resource, text: str, _: Surroundings) -> frozenset[str] | Fault:
    known = [field.name for field in resource.fields]
    for name in text.split(","):
        if name not in known:
            return Fault("unknown-field", f'There is no field "{name[:_SHOWN]}".', allowed=tuple(known))
    return frozenset(text.split(","))


def _ids(resource: Resource, text: str, around: Surroundings) -> list[int] | Fault:
    texts = text.split(",")
    if len(texts) > MAX_IDS:
        return Fault("too-many-items", f"At most {MAX_IDS} ids.")
    opened = [around.open_id(resource.prefix, item) for item in texts]
    if any(isinstance(item, ids.Malformed) for item in opened):
        return Fault(
            "invalid-id", f"Each id is {resource.prefix}_ and 26 characters.", example=Id(resource.prefix).example
        )
    return [item for item in opened if isinstance(item, int)]


def _instant(_: Resource, text: str, around: Surroundings) -> int | Fault:
    # In a query an unescaped + has become a space.
    return check(DateTime(), text.replace(" ", "+"), around)


def _filter(name: str) -> Read:
    def read(resource: Resource, text: str, around: Surroundings) -> Any | Fault:
        kind = resource.field(name).type
        if isinstance(kind, Id):
            opened = around.open_id(kind.prefix, text)
            if isinstance(opened, ids.Malformed):
                return Fault("invalid-id", f"Not an id: {kind.prefix}_ and 26 characters.", example=kind.example)
            return opened
        if isinstance(kind, Phone) and text.startswith(" "):
            text = "+" + text[1:]
        return check(kind, text, around)

    return read


_PAGING: dict[str, Read] = {
    "limit": _limit,
    "cursor": _cursor,
    "order_by": _order_by,
    "sort_direction": _word(*DIRECTIONS),
    "include_total": _word("true", "false"),
    "deleted": _word(*DELETED),
    "fields": _fields,
    "ids": _ids,
    **dict.fromkeys(_WINDOWS, _instant),
}


def readers(operation: Operation) -> Mapping[str, Read]:
    """The parameters that an operation takes, each with its reader; made once per operation."""
    match operation.kind:
        case Kind.LIST:
            return _PAGING | {name: _filter(name) for name in operation.resource.list_filters}
        case Kind.GET:
            return {"fields": _fields, "deleted": _word("exclude", "include")}
        case _:
            return {}


def read_parameters(
    operation: Operation, known: Mapping[str, Read], pairs: Sequence[tuple[str, str]], around: Surroundings
) -> Parameters:
    """What the query says; raises `invalid-parameter` with every fault."""
    read: dict[str, Any] = {}
    errors: list[ItemError] = []
    for name, text in pairs:
        if len(errors) >= MAX_ERRORS:
            break  # the rest would not be shown, and each guess at a name costs
        if name not in known:
            meant = did_you_mean(name, list(known))
            fault = Fault("unknown-parameter", "This operation takes no such parameter.", did_you_mean=meant)
            errors.append(_item(name[:_SHOWN], fault))
            continue
        value = (
            Fault("repeated-parameter", "A parameter may stand once.")
            if name in read
            else known[name](operation.resource, text, around)
        )
        if isinstance(value, Fault):
            errors.append(_item(name, value))
        read.setdefault(name, value)
    if errors:
        raise ApiError(INVALID_PARAMETER, errors=errors)
    return _parameters(operation, read)


def _item(name: str, fault: Fault) -> ItemError:
    return ItemError(
        fault.code,
        fault.detail,
        parameter=name,
        allowed=fault.allowed,
        did_you_mean=fault.did_you_mean,
        example=fault.example,
    )


def _parameters(operation: Operation, read: Mapping[str, Any]) -> Parameters:
    conditions = [Condition(field, test, read[name]) for name, (field, test) in _WINDOWS.items() if name in read]
    if operation.kind is Kind.LIST:
        conditions += [Condition(name, "eq", read[name]) for name in operation.resource.list_filters if name in read]
    if "ids" in read:
        conditions.append(Condition("id", "in", read["ids"]))
    return Parameters(
        fields=read.get("fields"),
        deleted=read.get("deleted", "exclude"),
        limit=read.get("limit", DEFAULT_LIMIT),
        cursor=read.get("cursor"),
        order_by=read.get("order_by", "created_at"),
        descending=read.get("sort_direction", "desc") == "desc",
        include_total=read.get("include_total") == "true",
        conditions=tuple(conditions),
        nothing=any(condition.value == [] or isinstance(condition.value, ids.Foreign) for condition in conditions),
    )
