"""[pure] Bodies of batches: their shape fails as a whole, everything else is an item's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contract import headers, ids
from contract.problems import ItemError
from contract.size_and_time_limits import MAX_BATCH_ITEMS, MAX_ERRORS
from contract.types import Id
from contract.vocabulary import Json
from transcoder.backend.interface import Values
from transcoder.operations.call import Call
from transcoder.operations.request_body import validated, validation_error
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import Precondition, parse_precondition
from transcoder.validation.bodies import InvalidBody, item_error, validate_create, validate_patch, validate_upsert
from transcoder.validation.composite_values import unknown
from transcoder.validation.pointers import in_document_order, pointer
from transcoder.validation.values import InvalidValue, check, malformed_id_error

Number = int | ids.ForeignId


@dataclass(frozen=True, slots=True)
class UpdateItem:
    """An item of a batch update. `values` may be what is wrong with its patch."""

    number: Number
    values: Values | InvalidBody
    precondition: Precondition | None


def create_items(call: Call) -> list[Values | InvalidBody]:
    """Items of a batch create, each a create body."""
    resource = call.operation.resource
    return [_judged(call, body, lambda today: validate_create(resource, today, call.around)) for body in _items(call)]


def upsert_items(call: Call) -> list[Values | InvalidBody]:
    """Items of a batch upsert, each a create body; the same `on` value twice fails all, whatever else is wrong."""
    resource, on = call.operation.resource, str(call.parameters.on)
    bodies = _items(call)
    seen: set[Any] = set()
    errors: list[ItemError] = []
    for index, body in enumerate(bodies):
        matched_by = _matched_by(call, on, body)
        if matched_by is not None and matched_by in seen:
            errors.append(
                item_error(InvalidValue("duplicate-item", "Another item has this value."), pointer("items", index, on))
            )
        seen.add(matched_by)
    if errors:
        raise validation_error(errors)
    return [_judged(call, body, lambda today: validate_upsert(resource, on, today, call.around)) for body in bodies]


def _judged(
    call: Call, body: Json, read: Callable[[Json], Values | InvalidBody], what: str = "item"
) -> Values | InvalidBody:
    if isinstance(body, dict):
        return validated(call, body, read)
    return InvalidBody((ItemError("invalid-type", f"The {what} must be a JSON object.", pointer=""),))


def _matched_by(call: Call, on: str, body: Json) -> Any:
    """The normalised value that an item is matched by; None where it has none that can be."""
    today, _ = call.translation.upgrade_body(body)
    given = today.get(on) if isinstance(today, dict) else None
    read = None if given is None else check(call.operation.resource.field(on).type, given, call.around)
    return None if isinstance(read, InvalidValue) else read


def id_items(call: Call, *, distinct: bool) -> list[Number]:
    """The ids of a batch get or delete."""
    faults: list[ItemError] = []
    given = _array(call, "ids", faults)
    numbers = _numbers(call, [(each, pointer("ids", index)) for index, each in enumerate(given)], distinct, faults)
    _refuse(call, faults)
    return numbers


def update_items(call: Call) -> list[UpdateItem]:
    """Items of a batch update."""
    faults: list[ItemError] = []
    bodies = _array(call, "items", faults)
    faults += [fault for index, body in enumerate(bodies) for fault in _misshapen(body, pointer("items", index))]
    named = [
        (body["id"], pointer("items", index, "id"))
        for index, body in enumerate(bodies)
        if isinstance(body, dict) and "id" in body
    ]
    numbers = _numbers(call, named, True, faults)
    preconditions = [
        _precondition(body.get("if_match") if isinstance(body, dict) else None, pointer("items", index), faults)
        for index, body in enumerate(bodies)
    ]
    _refuse(call, faults)
    resource = call.operation.resource
    read = [
        _judged(call, body["patch"], lambda today: validate_patch(resource, today, call.around), "patch")
        for body in bodies
    ]
    return [UpdateItem(*parts) for parts in zip(numbers, read, preconditions, strict=True)]


def _refuse(call: Call, faults: Sequence[ItemError]) -> None:
    if faults:
        raise validation_error(in_document_order(faults, call.body))


def _array(call: Call, name: str, faults: list[ItemError]) -> list[Json]:
    """The one member of a batch's body; empty where there is a fault in it."""
    body = call.body
    if not isinstance(body, dict):
        raise validation_error((ItemError("invalid-type", "The body must be a JSON object.", pointer=""),))
    faults += _unknown(body, (name,), "")
    given = body.get(name)
    if name not in body:
        fault = InvalidValue("required", "This member is required.")
    elif given is None:
        fault = InvalidValue("not-nullable", "This member cannot be null.")
    elif not isinstance(given, list):
        fault = InvalidValue("invalid-type", "Expected an array.")
    elif not 1 <= len(given) <= MAX_BATCH_ITEMS:
        fault = InvalidValue("too-many-items" if given else "too-few-items", f"1 to {MAX_BATCH_ITEMS} items.")
    else:
        return given
    faults.append(item_error(fault, pointer(name)))
    return []


def _items(call: Call) -> list[Json]:
    faults: list[ItemError] = []
    items = _array(call, "items", faults)
    _refuse(call, faults)
    return items


def _unknown(body: dict[str, Json], known: Sequence[str], at: str) -> list[ItemError]:
    odd = [name for name in body if name not in known]
    return [
        item_error(unknown(name, known), at + pointer(name))
        for name in odd[:MAX_ERRORS]  # the rest would not be shown, and each guess at a name costs
    ]


def _misshapen(body: Json, at: str) -> list[ItemError]:
    if not isinstance(body, dict):
        code = "not-nullable" if body is None else "invalid-type"
        return [item_error(InvalidValue(code, "Expected an object."), at)]
    lacking = [name for name in ("id", "patch") if name not in body]
    return [
        *_unknown(body, ("id", "patch", "if_match"), at),
        *(item_error(InvalidValue("required", "This member is required."), f"{at}/{name}") for name in lacking),
    ]


def _numbers(call: Call, given: Sequence[tuple[Json, str]], distinct: bool, faults: list[ItemError]) -> list[Number]:
    """The records behind ids, each with its place; of those that are none the faults."""
    kind = Id(call.operation.resource.prefix)
    numbers: list[Number] = []
    seen: set[str] = set()
    for text, at in given:
        if not isinstance(text, str):
            code = "not-nullable" if text is None else "invalid-type"
            faults.append(item_error(InvalidValue(code, "Expected a string.", example=kind.example), at))
            continue
        number = call.around.open_id(kind.prefix, text)
        if isinstance(number, ids.MalformedId):
            faults.append(item_error(malformed_id_error(kind.prefix, number), at))
        elif distinct and text in seen:
            faults.append(item_error(InvalidValue("duplicate-item", "Another item has this id."), at))
        else:
            seen.add(text)
            numbers.append(number)
    return numbers


def _precondition(given: Json, at: str, faults: list[ItemError]) -> Precondition | None:
    if given is None:
        return None
    try:
        return parse_precondition(headers.IF_MATCH, given if isinstance(given, str) else "")
    except ApiError:
        code = "invalid-value" if isinstance(given, str) else "invalid-type"
        faults.append(item_error(InvalidValue(code, "Expected the record's etag, or *."), f"{at}/if_match"))
        return None
