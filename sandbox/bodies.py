"""Request bodies of queries and of whole records, read: what a query, a create, an update and an upsert ask for.

Owns the shapes of the dialect's bodies and the check of each value against its field's row. Pure: the instant comes in.
It must not know the stored record, so that what it refuses is refused whatever is stored.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.codec import canonical_json
from sandbox.custom_fields import NONE, PREFIX, CustomFields, number_of
from sandbox.declarations import Closing, Resource
from sandbox.field_types import FieldType, Storage, Value, is_integer
from sandbox.filters import Condition, condition
from sandbox.paging import Order, Position, decode_page_key, parse_after, parse_order
from sandbox.query_strategy import Ways
from sandbox.refusals import Rule, UnreadableError, invalid
from sandbox.tables import RecordTable
from sandbox.text_search import words_of

LIMIT_MAX = 200
DEDUPE_KEY_MAX = 80
OWN_MAX = 200
QUERY_MEMBERS = frozenset(
    {"where", "text", "sort", "limit", "after_key", "after", "with_deleted", "with_total"},
)


@dataclass(frozen=True, slots=True)
class Query:
    """One page that is asked for."""

    where: Condition
    words: list[str]
    order: Order
    limit: int
    after: Position | None
    with_deleted: int
    with_total: bool


@dataclass(frozen=True, slots=True)
class BodyContext:
    """What a body is read for: the resource (and under which record), the business's own fields of it, the instant."""

    resource: Resource
    own: CustomFields
    now_ms: int
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class RecordContent:
    """What is to be in a record: fields that are set, fields that are unset, own fields (None: unset)."""

    values: Mapping[str, Value]
    unset: frozenset[str] = frozenset()
    own: Mapping[int, Value | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Under what the answer to a call is kept, and what makes another call the same one."""

    text: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Patch:
    """What is to change in a record."""

    content: RecordContent
    expected_revision: int | None


@dataclass(frozen=True, slots=True)
class Upsert:
    """A record that is to be there, and the field by which it is found if it is."""

    match: str
    content: RecordContent
    expected_revision: int | None


def members(body: object, allowed: frozenset[str]) -> dict[str, object]:
    """`body` as an object with no other members than those."""
    if not isinstance(body, dict):
        raise UnreadableError("the body is not an object")
    if strange := body.keys() - allowed:
        raise UnreadableError(f"unknown members: {sorted(strange)}")
    return body


def parse_query(
    body: object, records: RecordTable, business_id: int, own: CustomFields = NONE, ways: Ways | None = None
) -> Query:
    """Read the body of POST …/query."""
    query = members(body, QUERY_MEMBERS)
    text = query.get("text")
    if text is not None and not (isinstance(text, str) and records.words is not None):
        raise UnreadableError("text: not a string, or not a query that this resource has")
    order = parse_order(query.get("sort", ["-created_at", "-id"]), records)
    return Query(
        where=condition(query.get("where"), records, business_id, own, ways),
        words=words_of([text or ""]),
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
        return None if after is None else parse_after(after, order)
    if after is not None or not isinstance(key, str):
        raise UnreadableError("after_key: not a string, or beside an after")
    return decode_page_key(key, order)


def parse_key(verb: str, asking: BodyContext, body: object) -> tuple[IdempotencyKey | None, object]:
    """The key of a write, if its body has one, and the body without it."""
    if not isinstance(body, dict) or "dedupe_key" not in body:
        return None, body
    rest = dict(body)
    key = rest.pop("dedupe_key")
    if key is None:
        return None, rest
    if not (isinstance(key, str) and 0 < len(key) <= DEDUPE_KEY_MAX):
        raise UnreadableError(f"dedupe_key: not a string of 1 to {DEDUPE_KEY_MAX} characters")
    return IdempotencyKey(
        key, hashlib.sha256(canonical_json([verb, asking.resource.path, asking.parent_id, rest])).digest()
    ), rest


def parse_create(body: object, asking: BodyContext) -> RecordContent:
    """Read the body of a create."""
    resource = asking.resource
    values = members(body, writable(resource))
    require(resource, values)
    content = _content(values, [], asking)
    if resource.closing:
        check_closing(resource, resource.closing, content.values)
    return content


def parse_patch(body: object, asking: BodyContext) -> Patch:
    """Read the body of an update."""
    patch = members(body, frozenset({"set", "unset", "expected_revision"}))
    content = _content(patch.get("set", {}), patch.get("unset", []), asking)
    return Patch(content, revision_of(patch))


def parse_upsert(body: object, asking: BodyContext) -> Upsert:
    """Read the body of an upsert."""
    wish = members(body, frozenset({"match", "set", "unset", "expected_revision"}))
    match = wish.get("match")
    if match not in asking.resource.matches:
        raise UnreadableError(f"match: not one of {', '.join(asking.resource.matches)}")
    content = _content(wish.get("set", {}), wish.get("unset", []), asking)
    if match not in content.values:
        raise invalid(str(match), Rule.NULL if match in content.unset else Rule.REQUIRED)
    closing = asking.resource.closing
    if closing and closing.status in content.values:
        check_closing(asking.resource, closing, content.values)
    return Upsert(str(match), content, revision_of(wish))


def require(resource: Resource, values: Mapping[str, object]) -> None:
    """Refuse a new record that lacks what it needs."""
    for row in resource.fields:
        if row.required and row.name not in values:
            raise invalid(row.name, Rule.REQUIRED)


def check_closing(resource: Resource, closing: Closing, values: Mapping[str, Value]) -> None:
    """Refuse what the status of the same body, or else that of a new record, excludes."""
    status = resource.field(closing.status)
    given = values.get(closing.status, status.default if status else None)
    if closing.at in values and given == closing.open:
        raise invalid(closing.at, Rule.STATUS)
    if closing.reason in values and given != closing.reasoned:
        raise invalid(str(closing.reason), Rule.STATUS)


def revision_of(body: Mapping[str, object]) -> int | None:
    """The revision that a body expects, if it does."""
    revision = body.get("expected_revision")
    if revision is not None and not (isinstance(revision, int) and is_integer(revision)):
        raise UnreadableError("expected_revision: not a number")
    return revision


def writable(resource: Resource) -> frozenset[str]:
    """The names of the fields that callers write."""
    return frozenset(row.name for row in resource.fields if not row.server)


def _content(given: object, unset: object, asking: BodyContext) -> RecordContent:
    resource = asking.resource
    values = dict(members(given, writable(resource)))
    if not (isinstance(unset, list) and all(isinstance(name, str) for name in unset)):
        raise UnreadableError("unset: not a list of names")
    names = {name for name in unset if not name.startswith(PREFIX)}
    members(dict.fromkeys(names), writable(resource))
    if names & values.keys():
        raise UnreadableError("the same field is set and unset")
    for row in resource.fields:
        if row.name in names and not row.nullable:
            raise invalid(row.name, Rule.NULL)
    own = _own(values, [name for name in unset if name not in names], asking)
    return RecordContent(_checked(values, asking), frozenset(names), own)


def _checked(values: Mapping[str, object], asking: BodyContext) -> dict[str, Value]:
    rows = [row for row in asking.resource.fields if row.name in values and row.kind.stored is not Storage.CUSTOM]
    return {row.name: check(row.name, row.kind, values[row.name], asking.now_ms) for row in rows}


def check(name: str, kind: FieldType, value: object, now_ms: int) -> Value:
    """A value as it is stored, or the refusal of it."""
    checked = Rule.NULL if value is None else kind.check(value, now_ms)
    if isinstance(checked, Rule):
        raise invalid(name, checked)
    return checked


def _own(values: Mapping[str, object], unset: list[str], asking: BodyContext) -> dict[int, Value | None]:
    given = _given_own(values.get("custom", []))
    removed = {_known(name, number_of(name), asking) for name in unset}
    if removed & given.keys():
        raise UnreadableError("the same field is set and unset")
    if len(given) > OWN_MAX:
        raise invalid("custom", Rule.COUNT_MAX)
    own: dict[int, Value | None] = dict.fromkeys(removed)
    for number, value in given.items():
        row = asking.own[_known(f"{PREFIX}{number}", number, asking)]
        checked = check(row.name, row.kind, value, asking.now_ms)
        own[number] = None if checked == [] else checked  # an empty set is no value
    return own


def _given_own(given: object) -> dict[int, object]:
    if not isinstance(given, list):
        raise invalid("custom", Rule.TYPE)
    values: dict[int, object] = {}
    for entry in given:
        match entry:
            case {"field_id": int(number), "value": value, **rest} if not rest and number not in values:
                values[number] = value
            case _:
                raise UnreadableError("custom: not a list of different field_id with value")
    return values


def _known(name: str, number: int | None, asking: BodyContext) -> int:
    if number is None or number not in asking.own:
        raise invalid(name, Rule.UNKNOWN)
    return number
