"""[pure] Bodies of batches: their shape fails as a whole, everything else is an item's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contract import headers, ids
from contract.problems import ItemError
from contract.types import Id
from contract.vocabulary import Json
from transcoder.call import Call
from transcoder.errors import ApiError
from transcoder.etags import Precondition, read_precondition
from transcoder.handlers.shared import brought, invalid, judged
from transcoder.pointers import did_you_mean, pointer
from transcoder.records import Values
from transcoder.validate import Invalid, create_values, item, patch_values, upsert_values
from transcoder.values import Fault

MAX_ITEMS = 100
Number = int | ids.Foreign


@dataclass(frozen=True, slots=True)
class Update:
    """An item of a batch update. `values` may be what is wrong with its patch."""

    number: Number
    values: Values | Invalid
    precondition: Precondition | None


def created(call: Call) -> list[Values | Invalid]:
    """Items of a batch create, each a create body."""
    return [
        _judged(call, body, lambda b: create_values(call.operation.resource, b, call.around)) for body in _items(call)
    ]


def upserted(call: Call) -> list[Values | Invalid]:
    """Items of a batch upsert, each a create body; the same `on` value twice fails the whole."""
    on = str(call.parameters.on)
    read = [
        _judged(call, body, lambda b: upsert_values(call.operation.resource, on, b, call.around))
        for body in _items(call)
    ]
    seen: set[Any] = set()
    errors: list[ItemError] = []
    for index, values in enumerate(read):
        if isinstance(values, Invalid):
            continue
        if values[on] in seen:
            errors.append(item(Fault("duplicate-item", "Another item has this value."), pointer("items", index, on)))
        seen.add(values[on])
    if errors:
        raise invalid(errors)
    return read


def listed(call: Call, *, distinct: bool) -> list[Number]:
    """The ids of a batch get or delete."""
    return _numbers(call, [(given, pointer("ids", index)) for index, given in enumerate(_array(call, "ids"))], distinct)


def updated(call: Call) -> list[Update]:
    """Items of a batch update."""
    bodies = _items(call)
    errors = [error for index, body in enumerate(bodies) for error in _misshapen(body, pointer("items", index))]
    if errors:
        raise invalid(errors)
    numbers = _numbers(call, [(body["id"], pointer("items", n, "id")) for n, body in enumerate(bodies)], distinct=True)
    read: list[Update] = []
    for index, (body, number) in enumerate(zip(bodies, numbers, strict=True)):
        values = _judged(call, body["patch"], lambda b: patch_values(call.operation.resource, b, call.around))
        read.append(Update(number, values, _precondition(body.get("if_match"), pointer("items", index, "if_match"))))
    return read


def _judged(call: Call, body: Json, read: Callable[[Json], Values | Invalid]) -> Values | Invalid:
    today, told = brought(call, body)
    return judged(call, body, told, read(today))


def _array(call: Call, name: str) -> list[Json]:
    body = call.body
    if not isinstance(body, dict):
        raise invalid((ItemError("invalid-type", "The body must be a JSON object.", pointer=""),))
    errors = [
        item(
            Fault("unknown-member", "There is no such member.", did_you_mean=did_you_mean(other, [name])),
            pointer(other),
        )
        for other in body
        if other != name
    ]
    given = body.get(name)
    if name not in body:
        errors.append(item(Fault("required", "This member is required."), pointer(name)))
    elif given is None:
        errors.append(item(Fault("not-nullable", "This member cannot be null."), pointer(name)))
    elif not isinstance(given, list):
        errors.append(item(Fault("invalid-type", "Expected an array."), pointer(name)))
    elif not 1 <= len(given) <= MAX_ITEMS:
        code = "too-many-items" if given else "too-few-items"
        errors.append(item(Fault(code, f"1 to {MAX_ITEMS} items."), pointer(name)))
    if errors or not isinstance(given, list):
        raise invalid(errors)
    return given


def _items(call: Call) -> list[Json]:
    return _array(call, "items")


def _misshapen(body: Json, at: str) -> list[ItemError]:
    known = ("id", "patch", "if_match")
    if not isinstance(body, dict):
        return [item(Fault("invalid-type", "Expected an object."), at)]
    odd = [name for name in body if name not in known]
    return [
        *(
            item(
                Fault("unknown-member", "There is no such member.", did_you_mean=did_you_mean(name, known)),
                at + pointer(name),
            )
            for name in odd
        ),
        *(
            item(Fault("required", "This member is required."), f"{at}/{name}")
            for name in known[:2]
            if name not in body
        ),
    ]


def _numbers(call: Call, given: Sequence[tuple[Json, str]], distinct: bool) -> list[Number]:
    kind = Id(call.operation.resource.prefix)
    numbers: list[Number] = []
    errors: list[ItemError] = []
    seen: set[str] = set()
    for text, at in given:
        number = call.around.open_id(kind.prefix, text) if isinstance(text, str) else ids.MALFORMED
        if text is None:
            errors.append(item(Fault("not-nullable", "An id cannot be null.", example=kind.example), at))
        elif not isinstance(text, str):
            errors.append(item(Fault("invalid-type", "Expected a string.", example=kind.example), at))
        elif isinstance(number, ids.Malformed):
            detail = f"Not an id: {kind.prefix}_ and {ids.OPAQUE_LENGTH} characters."
            errors.append(item(Fault("invalid-id", detail, example=kind.example), at))
        elif distinct and text in seen:
            errors.append(item(Fault("duplicate-item", "Another item has this id."), at))
        else:
            seen.add(text)
            numbers.append(ids.FOREIGN if isinstance(number, ids.Malformed) else number)
    if errors:
        raise invalid(errors)
    return numbers


def _precondition(given: Json, at: str) -> Precondition | None:
    if given is None:
        return None
    try:
        return read_precondition(headers.IF_MATCH, given if isinstance(given, str) else "")
    except ApiError:
        raise invalid((item(Fault("invalid-value", "Expected the record's etag, or *."), at),)) from None
