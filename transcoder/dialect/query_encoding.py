"""[pure] Queries inward: the neutral tree and order become the body of a query call."""

from collections.abc import Callable
from typing import Any, assert_never

from contract.vocabulary import Json
from transcoder.backend.interface import AllOf, AnyOf, Condition, NotOf, Query, Tree, UpdatedAfter
from transcoder.dialect.conversions import Conversion
from transcoder.dialect.custom_values import NO_CUSTOM_FIELDS, CustomFields
from transcoder.dialect.mapping import ResourceMapping

WITH_DELETED = {"exclude": 0, "include": 1, "only": 2}
_AS_IT_IS = Conversion(Any)

_Write = Callable[[Conversion, Any], Json]


def _one(conversion: Conversion, value: Any) -> Json:
    return conversion.write(value)


def _each(conversion: Conversion, value: Any) -> Json:
    write = conversion.element or conversion.write
    return [write(item) for item in value]


def _needle(_: Conversion, value: Any) -> Json:
    return value


def _flag(_: Conversion, value: Any) -> Json:
    return int(value)


_OPERATORS: dict[str, tuple[str, _Write]] = {
    "eq": ("=", _one),
    "neq": ("!=", _one),
    "in": ("in", _each),
    "not_in": ("!in", _each),
    "gt": (">", _one),
    "gte": (">=", _one),
    "lt": ("<", _one),
    "lte": ("<=", _one),
    "between": ("..", _each),
    "contains": ("~", _needle),
    "starts_with": ("^", _needle),
    "is_null": ("null", _flag),
    "has_any": ("any", _each),
    "has_all": ("all", _each),
    "has_none": ("none", _each),
    "is_empty": ("empty", _flag),
}


def to_query(dialect: ResourceMapping, query: Query, own: CustomFields = NO_CUSTOM_FIELDS) -> dict[str, Json]:
    """The body of a query call."""
    order, _ = _named(dialect, query.order_by, own)
    mark = "-" if query.descending else ""
    place = query.place
    return {
        "where": None if query.where is None else to_tree(dialect, query.where, own),
        "text": query.text,
        "sort": [f"{mark}{order}", f"{mark}id"],
        "limit": query.limit,
        "after_key": place if isinstance(place, str) else None,
        "after": [place.updated_at_ms, place.number] if isinstance(place, UpdatedAfter) else None,
        "with_deleted": WITH_DELETED[query.deleted],
        "with_total": int(query.with_total),
    }


def to_tree(dialect: ResourceMapping, tree: Tree, own: CustomFields) -> Json:
    """The tree in the CRM's words."""
    match tree:
        case AllOf(parts=parts):
            return {"all": [to_tree(dialect, part, own) for part in parts]}
        case AnyOf(parts=parts):
            return {"any": [to_tree(dialect, part, own) for part in parts]}
        case NotOf(part=part):
            return {"not": to_tree(dialect, part, own)}
        case Condition(field=field, operator=operator, value=value):
            name, conversion = _named(dialect, field, own)
            word, write = _OPERATORS[operator]
            return [name, word, write(conversion, value)]
        case _:
            assert_never(tree)


def _named(dialect: ResourceMapping, public: str, own: CustomFields) -> tuple[str, Conversion]:
    if public == "id":
        return "id", _AS_IT_IS
    head, _, member = public.partition(".")
    if not member:
        stored = dialect.fields[public]
        return stored.internal, stored.conversion
    if head == dialect.custom_name:
        row = own.by_public_key(member)
        return row.internal_name, row.conversion
    return dialect.address[member], _AS_IT_IS
