"""Search: a page of records by a tree of conditions and by words."""

from collections.abc import Callable
from typing import Any

from contract.parameters import DIRECTIONS
from contract.problems import ItemError
from contract.size_and_time_limits import DEFAULT_LIMIT, MAX_ERRORS, MAX_LIMIT, MAX_SEARCH_TEXT
from contract.types import Amount, Int
from contract.vocabulary import Json
from transcoder.http.parameters import suggestion
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext
from transcoder.operations.paging import PageRequest, fetch_page
from transcoder.operations.request_body import validation_error
from transcoder.presentation.to_public import encode
from transcoder.validation.bodies import InvalidBody, item_error
from transcoder.validation.composite_values import unknown
from transcoder.validation.filters import parse_filters, top_currency
from transcoder.validation.pointers import pointer
from transcoder.validation.values import InvalidValue, integer

_MEMBERS = ("filters", "search_text", "order_by", "sort_direction", "limit", "cursor")


def check(call: Call) -> PageRequest:
    """What the body asks for; every fault at its pointer."""
    body = call.body
    if not isinstance(body, dict):
        raise validation_error((ItemError("invalid-type", "The body must be a JSON object.", pointer=""),))
    read: dict[str, Any] = {}
    errors: list[ItemError] = []
    for name, value in body.items():
        if len(errors) >= MAX_ERRORS:
            break  # the rest would not be shown, and each guess at a name costs
        if name not in _MEMBERS:
            errors.append(item_error(unknown(name, _MEMBERS, guess=suggestion), pointer(name)))
            continue
        found = _NULL if value is None else _READERS[name](call, value)
        if isinstance(found, InvalidBody):
            errors += found.errors
        elif isinstance(found, InvalidValue):
            errors.append(item_error(found, pointer(name)))
        else:
            read[name] = found
    if errors:
        raise validation_error(errors)
    resource = call.operation.resource
    return PageRequest(
        where=read.get("filters"),
        text=read.get("search_text"),
        order_by=read.get("order_by", resource.order_by),
        descending=read.get("sort_direction", "desc" if resource.descending else "asc") == "desc",
        limit=read.get("limit", DEFAULT_LIMIT),
        cursor=read.get("cursor"),
    )


async def run(desk: HandlerContext, call: Call, wish: PageRequest) -> Answer:
    """200 with `data` and `meta`."""
    found = await fetch_page(desk, call, wish)
    return Answer(call.operation.success_status, encode(found.body))


def _filters(call: Call, value: Json) -> Any:
    return parse_filters(call.operation.resource, value, call.around, call.translation)


def _text(_: Call, value: Json) -> str | InvalidValue | None:
    if not isinstance(value, str):
        return InvalidValue("invalid-type", "Expected a string.")
    if len(value) > MAX_SEARCH_TEXT:
        return InvalidValue("too-long", f"At most {MAX_SEARCH_TEXT} characters.")
    # Without a letter or digit there is no word to look for.
    return value if any(character.isalnum() for character in value) else None


def _order_by(call: Call, value: Json) -> str | InvalidValue:
    keys = call.operation.resource.sort_keys
    name = call.translation.current_name(value) if isinstance(value, str) else None
    if name not in keys:
        code = "not-sortable" if isinstance(value, str) else "invalid-type"
        return InvalidValue(code, "Records cannot be ordered by this.", allowed=call.translation.to_caller_names(keys))
    if isinstance(call.operation.resource.field(name).type, Amount):
        filters = call.body.get("filters")
        if top_currency(filters) is None:
            detail = "Amounts are ordered beside exactly one condition `currency` `eq` in the top-level list."
            return InvalidValue("currency-required", detail)
    return name


def _direction(_: Call, value: Json) -> str | InvalidValue:
    if not isinstance(value, str):
        return InvalidValue("invalid-type", "Expected a string.", example=DIRECTIONS[0])
    return value if value in DIRECTIONS else InvalidValue("unknown-value", "asc or desc.", allowed=DIRECTIONS)


def _limit(call: Call, value: Json) -> int | InvalidValue:
    return integer(Int(1, MAX_LIMIT), value, call.around)


def _cursor(_: Call, value: Json) -> str | InvalidValue:
    return value if isinstance(value, str) else InvalidValue("invalid-type", "Expected a cursor, or leave it out.")


_NULL = InvalidValue("not-nullable", "Leave it out instead.")
_READERS: dict[str, Callable[[Call, Json], Any]] = {
    "filters": _filters,
    "search_text": _text,
    "order_by": _order_by,
    "sort_direction": _direction,
    "limit": _limit,
    "cursor": _cursor,
}
