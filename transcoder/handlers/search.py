"""Search: a page of records by a tree of conditions and by words."""

from collections.abc import Callable
from typing import Any

from contract.bounds import DEFAULT_LIMIT, MAX_ERRORS, MAX_LIMIT, MAX_SEARCH_TEXT
from contract.parameters import DIRECTIONS
from contract.problems import ItemError
from contract.types import Amount, Int
from contract.vocabulary import Json
from transcoder.bodies import invalid
from transcoder.call import Answer, Call
from transcoder.filters import read_filters, top_currency
from transcoder.handlers.pages import Wish, page
from transcoder.handlers.shared import Desk
from transcoder.members import unknown
from transcoder.parameters import meant
from transcoder.pointers import pointer
from transcoder.to_public import encode
from transcoder.validate import Invalid, item
from transcoder.values import Fault, whole

_MEMBERS = ("filters", "search_text", "order_by", "sort_direction", "limit", "cursor")


def check(call: Call) -> Wish:
    """What the body asks for; every fault at its pointer."""
    body = call.body
    if not isinstance(body, dict):
        raise invalid((ItemError("invalid-type", "The body must be a JSON object.", pointer=""),))
    read: dict[str, Any] = {}
    errors: list[ItemError] = []
    for name, value in body.items():
        if len(errors) >= MAX_ERRORS:
            break  # the rest would not be shown, and each guess at a name costs
        if name not in _MEMBERS:
            errors.append(item(unknown(name, _MEMBERS, guess=meant), pointer(name)))
            continue
        found = _NULL if value is None else _READERS[name](call, value)
        if isinstance(found, Invalid):
            errors += found.errors
        elif isinstance(found, Fault):
            errors.append(item(found, pointer(name)))
        else:
            read[name] = found
    if errors:
        raise invalid(errors)
    resource = call.operation.resource
    return Wish(
        where=read.get("filters"),
        text=read.get("search_text"),
        order_by=read.get("order_by", resource.order_by),
        descending=read.get("sort_direction", "desc" if resource.descending else "asc") == "desc",
        limit=read.get("limit", DEFAULT_LIMIT),
        cursor=read.get("cursor"),
    )


async def run(desk: Desk, call: Call, wish: Wish) -> Answer:
    """200 with `data` and `meta`."""
    found = await page(desk, call, wish)
    return Answer(call.operation.success, encode(found.body))


def _filters(call: Call, value: Json) -> Any:
    return read_filters(call.operation.resource, value, call.around, call.translation)


def _text(_: Call, value: Json) -> str | Fault | None:
    if not isinstance(value, str):
        return Fault("invalid-type", "Expected a string.")
    if len(value) > MAX_SEARCH_TEXT:
        return Fault("too-long", f"At most {MAX_SEARCH_TEXT} characters.")
    # Without a letter or digit there is no word to look for.
    return value if any(character.isalnum() for character in value) else None


def _order_by(call: Call, value: Json) -> str | Fault:
    keys = call.operation.resource.sort_keys
    name = call.translation.field(value) if isinstance(value, str) else None
    if name not in keys:
        code = "not-sortable" if isinstance(value, str) else "invalid-type"
        return Fault(code, "Records cannot be ordered by this.", allowed=call.translation.shown(keys))
    if isinstance(call.operation.resource.field(name).type, Amount):
        filters = call.body.get("filters")
        if top_currency(filters) is None:
            detail = "Amounts are ordered beside exactly one condition `currency` `eq` in the top-level list."
            return Fault("currency-required", detail)
    return name


def _direction(_: Call, value: Json) -> str | Fault:
    if not isinstance(value, str):
        return Fault("invalid-type", "Expected a string.", example=DIRECTIONS[0])
    return value if value in DIRECTIONS else Fault("unknown-value", "asc or desc.", allowed=DIRECTIONS)


def _limit(call: Call, value: Json) -> int | Fault:
    return whole(Int(1, MAX_LIMIT), value, call.around)


def _cursor(_: Call, value: Json) -> str | Fault:
    return value if isinstance(value, str) else Fault("invalid-type", "Expected a cursor, or leave it out.")


_NULL = Fault("not-nullable", "Leave it out instead.")
_READERS: dict[str, Callable[[Call, Json], Any]] = {
    "filters": _filters,
    "search_text": _text,
    "order_by": _order_by,
    "sort_direction": _direction,
    "limit": _limit,
    "cursor": _cursor,
}
