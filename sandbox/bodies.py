"""Request bodies, read: what a query, a create and an update ask for.

Owns the shapes of the dialect's bodies and the check of each value against its field's row. Pure: today comes in. It
must not know the stored record, so that what it refuses is refused whatever is stored.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from sandbox.filters import Condition, condition
from sandbox.kinds import Value, is_integer
from sandbox.paging import Order, Position, open_key, read_after, read_order
from sandbox.refusals import Rule, UnreadableError, invalid
from sandbox.resources import Field, Resource
from sandbox.tables import RecordTable

LIMIT_MAX = 200
DEDUPE_KEY_MAX = 80
QUERY_MEMBERS = frozenset(
    {"where", "text", "sort", "limit", "after_key", "after", "with_deleted", "with_total"},
)


@dataclass(frozen=True, slots=True)
class Query:
    """One page that is asked for."""

    where: Condition
    order: Order
    limit: int
    after: Position | None
    with_deleted: int
    with_total: bool


@dataclass(frozen=True, slots=True)
class Creation:
    """A record that is asked for, and the key under which its answer is kept."""

    values: Mapping[str, Value]
    dedupe_key: str | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Patch:
    """What is to change in a record."""

    values: Mapping[str, Value]
    unset: frozenset[str]
    expected_revision: int | None


def members(body: object, allowed: frozenset[str]) -> dict[str, object]:
    """`body` as an object with no other members than those."""
    if not isinstance(body, dict):
        raise UnreadableError("the body is not an object")
    if strange := body.keys() - allowed:
        raise UnreadableError(f"unknown members: {sorted(strange)}")
    return body


def read_query(body: object, records: RecordTable, business_id: int) -> Query:
    """Read the body of POST …/query."""
    query = members(body, QUERY_MEMBERS)
    if query.get("text") is not None:
        raise UnreadableError("text: not a query that this resource has")
    order = read_order(query.get("sort", ["-created_at", "-id"]), records)
    return Query(
        where=condition(query.get("where"), records, business_id),
        order=order,
        limit=_among(query, "limit", range(1, LIMIT_MAX + 1), 50),
        after=_place(query, order),
        with_deleted=_among(query, "with_deleted", range(3), 0),
        with_total=bool(_among(query, "with_total", range(2), 0)),
    )


def _among(query: Mapping[str, object], name: str, span: range, default: int) -> int:
    value = query.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value not in span:
        raise UnreadableError(f"{name}: not one of {span.start}..{span.stop - 1}")
    return value


def _place(query: Mapping[str, object], order: Order) -> Position | None:
    key, after = query.get("after_key"), query.get("after")
    if key is None:
        return None if after is None else read_after(after, order)
    if after is not None or not isinstance(key, str):
        raise UnreadableError("after_key: not a string, or beside an after")
    return open_key(key, order)


def read_creation(body: object, resource: Resource, *, today: date) -> Creation:
    """Read the body of a create."""
    values = dict(members(body, _writable(resource) | {"dedupe_key"}))
    key = values.pop("dedupe_key", None)
    if key is not None and not (isinstance(key, str) and 0 < len(key) <= DEDUPE_KEY_MAX):
        raise UnreadableError(f"dedupe_key: not a string of 1 to {DEDUPE_KEY_MAX} characters")
    for field in resource.fields:
        if field.required and field.name not in values:
            raise invalid(field.name, Rule.REQUIRED)
    return Creation(_checked(values, resource, today), key, _fingerprint(resource, values))


def _fingerprint(resource: Resource, values: Mapping[str, object]) -> bytes:
    """What makes two bodies the same: their content, not the order in which it was sent."""
    return hashlib.sha256(msgspec.json.encode(["create", resource.path, values], order="sorted")).digest()


def read_patch(body: object, resource: Resource, *, today: date) -> Patch:
    """Read the body of an update."""
    patch = members(body, frozenset({"set", "unset", "expected_revision"}))
    values = members(patch.get("set", {}), _writable(resource))
    names = patch.get("unset", [])
    if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise UnreadableError("unset: not a list of names")
    unset = members(dict.fromkeys(names), _writable(resource)).keys()
    if unset & values.keys():
        raise UnreadableError("the same field is set and unset")
    for field in resource.fields:
        if field.name in unset and not field.nullable:
            raise invalid(field.name, Rule.NULL)
    return Patch(_checked(values, resource, today), frozenset(unset), _revision(patch.get("expected_revision")))


def _revision(revision: object) -> int | None:
    """An expected revision, if one is given."""
    if revision is not None and not (isinstance(revision, int) and is_integer(revision)):
        raise UnreadableError("expected_revision: not a number")
    return revision


def _writable(resource: Resource) -> frozenset[str]:
    return frozenset(field.name for field in resource.fields if not field.server)


def _checked(values: Mapping[str, object], resource: Resource, today: date) -> dict[str, Value]:
    given = [(field, values[field.name]) for field in resource.fields if field.name in values]
    return {field.name: _value(field, value, today) for field, value in given}


def _value(field: Field, value: object, today: date) -> Value:
    checked = Rule.NULL if value is None else field.kind.check(value, today)
    if isinstance(checked, Rule):
        raise invalid(field.name, checked)
    return checked
