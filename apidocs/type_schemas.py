"""[pure] Types as schemas: what an answer holds, and what a request may hold, which is normalised first."""

from collections.abc import Callable, Iterable
from typing import Any

from apidocs.json_schema import Schema, array, described, enum, nullable, ref, request_object, response_object
from contract.operations import SCOPES
from contract.resources import RESOURCES, Resource
from contract.types import (
    Address,
    Amount,
    Bool,
    Choice,
    Country,
    Currency,
    CustomFields,
    Date,
    DateTime,
    Domain,
    Email,
    Etag,
    FullName,
    Id,
    Ids,
    Int,
    Line,
    ListOf,
    Options,
    Parts,
    Phone,
    Scopes,
    Tags,
    Text,
    Uris,
    Url,
    Zone,
)

_OPAQUE = "[0-9a-hjkmnp-tv-z]"
_MAX_ID = 64
"""What clients are promised of ids."""
_MAX_EMAIL = 254
_WHITE = r"\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What is trimmed: Unicode's White_Space, which `\\s` is in no two dialects of patterns."""
_CONTROL, _CONTROL_IN_TEXT = r"\u0000-\u001f\u007f", r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAX_DOMAIN = 253


def noun(resource: Resource) -> str:
    """The resource's noun as the names of its schemas begin."""
    return pascal(resource.noun)


def pascal(words: str) -> str:
    """`custom_field` → `CustomField`."""
    return "".join(word.title() for word in words.replace(".", "_").split("_"))


def choice_name(resource: Resource, member: str) -> str:
    """The schema of a member that is one of several words: one type in code, wherever it stands."""
    return f"{noun(resource)}{pascal(member)}"


def response_schema(kind: Any) -> Schema:
    """What a value of this type is in answers."""
    return READ[type(kind)](kind)


def request_schema(kind: Any) -> Schema:
    """What may be sent for a value of this type."""
    return WRITE.get(type(kind), READ[type(kind)])(kind)


def _text(kind: Line | Text) -> Schema:
    return {"type": "string", "maxLength": kind.max_length}


def _new_line(kind: Line) -> Schema:
    """Trimmed; then without control characters, and not empty."""
    inner = f"[^{_WHITE}{_CONTROL}]"
    return {**_new(_trimmed(f"{inner}(?:[^{_CONTROL}]*{inner})?")), "maxLength": kind.max_length}


def _new_text(kind: Text) -> Schema:
    """Tabs and line breaks are the only control characters; something in it is no white space."""
    any_of, some = f"[^{_CONTROL_IN_TEXT}]*", f"[^{_WHITE}{_CONTROL_IN_TEXT}]"
    return {**_new(f"^{any_of}{some}{any_of}$"), "maxLength": kind.max_length}


def _new(pattern: str) -> Schema:
    return {"type": "string", "minLength": 1, "pattern": pattern}


def _trimmed(pattern: str) -> str:
    return f"^[{_WHITE}]*{pattern}[{_WHITE}]*$"


def _phone(_: Phone) -> Schema:
    return {"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"}


def _new_phone(_: Phone) -> Schema:
    return {"type": "string", "pattern": f"^[ .()-]*\\+{_DIALLED}$"}


def phone_in_a_query() -> Schema:
    """There a space in front stands for a `+` that nobody escaped."""
    return {"type": "string", "pattern": rf"^(?: |[.()-][ .()-]*\+|\+){_DIALLED}$"}


_DIALLED = "[ .()-]*[1-9](?:[ .()-]*[0-9]){6,14}[ .()-]*"


def _url(kind: Url) -> Schema:
    return {"type": "string", "format": "uri", "maxLength": kind.max_length}


def _uri(kind: Uris) -> Schema:
    return {"type": "string", "format": "uri", "minLength": 1, "maxLength": kind.max_length}


def _amount(_: Amount) -> Schema:
    return {"type": "string", "pattern": r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$"}


def _new_amount(kind: Amount) -> Schema:
    return {"anyOf": [_amount(kind), {"type": "number", "minimum": 0, "exclusiveMaximum": 10**12}]}


def _id(kind: Id) -> Schema:
    return {"type": "string", "maxLength": _MAX_ID, "pattern": f"^{kind.prefix}_"}


def _given_id(kind: Id) -> Schema:
    """26 characters, or 52 where the internal ids are UUIDs."""
    return {"type": "string", "pattern": f"^{kind.prefix}_{_OPAQUE}{{26}}(?:{_OPAQUE}{{26}})?$"}


def _custom(kind: CustomFields) -> Schema:
    simple: list[Schema] = [{"type": each} for each in ("string", "number", "boolean")]
    return {
        "type": "object",
        "additionalProperties": {"anyOf": [*simple, array({"type": "string"})]},
        "maxProperties": kind.max_items,
    }


def _new_custom(kind: CustomFields) -> Schema:
    schema = _custom(kind)
    return {**schema, "additionalProperties": nullable(schema["additionalProperties"])}


def part_name(kind: Parts) -> str:
    """The schema of a part that is made together with its owner."""
    return f"{noun(_of(kind))}Part"


def part_preview_name(kind: Parts) -> str:
    """The schema of a part whose owner is not there yet."""
    return f"{noun(_of(kind))}Preview"


def _of(kind: Parts) -> Resource:
    return next(row for row in RESOURCES if row.name == kind.of)


def part_schema(kind: Parts) -> Schema:
    """A part that is made together with its owner."""
    resource = _of(kind)
    rows = [resource.field(name) for name in kind.members]
    properties = {row.name: described(request_schema(row.type), row.about, example=row.type.example) for row in rows}
    return request_object(properties, required=tuple(row.name for row in rows if row.required))


def address(kind: Address) -> Schema:
    """An address in answers: all of its members, null where there is nothing."""
    properties = {
        name: described(nullable(response_schema(each)), "", example=each.example) for name, each in kind.members
    }
    return response_object(properties, required=tuple(properties))


def new_address(kind: Address) -> Schema:
    """An address in requests: merged member by member."""
    return request_object(
        {name: described(nullable(request_schema(each)), "", example=each.example) for name, each in kind.members}
    )


def open_words(values: Iterable[str]) -> Schema:
    """A word of an answer that later releases extend: no `enum`, so that a new word breaks no client."""
    known = ", ".join(f"`{value}`" for value in values)
    return {"type": "string", "description": f"Known values: {known}. More can be added: accept others."}


def scope_schemas() -> dict[str, Schema]:
    """Scopes in answers, which later releases extend, and in requests."""
    names = [scope.name for scope in SCOPES]
    return {SCOPE: open_words(names), KNOWN_SCOPE: enum(names)}


ADDRESS, NEW_ADDRESS = "Address", "AddressInput"
SCOPE, KNOWN_SCOPE = "Scope", "KnownScope"

READ: dict[type, Callable[[Any], Schema]] = {
    Line: _text,
    Text: _text,
    Url: _url,
    Domain: lambda _: {"type": "string", "format": "hostname"},
    Email: lambda _: {"type": "string", "format": "email", "maxLength": _MAX_EMAIL},
    Phone: _phone,
    Date: lambda _: {"type": "string", "format": "date"},
    DateTime: lambda _: {"type": "string", "format": "date-time"},
    Bool: lambda _: {"type": "boolean"},
    Choice: lambda kind: open_words(kind.values) if kind.is_open else enum(kind.values),
    Int: lambda kind: {"type": "integer", "minimum": kind.low, "maximum": kind.high},
    Amount: _amount,
    Currency: lambda _: {"type": "string", "pattern": "^[A-Z]{3}$"},
    Country: lambda _: {"type": "string", "pattern": "^[A-Z]{2}$"},
    Zone: lambda _: {"type": "string"},
    Id: _id,
    Ids: lambda kind: array(_id(Id(kind.prefix)), high=kind.max_items, distinct=True),
    ListOf: lambda kind: array(response_schema(kind.item), high=kind.max_items, distinct=True),
    Tags: lambda kind: array(_text(kind.item), low=kind.min_items or None, high=kind.max_items, distinct=True),
    Scopes: lambda _: array(ref(SCOPE), low=1, distinct=True),
    Uris: lambda kind: array(_uri(kind), high=kind.max_items, distinct=True),
    Address: lambda _: ref(ADDRESS),
    CustomFields: _custom,
    Parts: lambda kind: array(ref(noun(_of(kind))), high=kind.max_items),
    Options: lambda _: array(response_object({"value": {"type": "string"}, "label": {"type": "string"}})),
    FullName: lambda _: {"type": "string"},
    Etag: lambda _: {"type": "string", "maxLength": 64},
}
WRITE: dict[type, Callable[[Any], Schema]] = {
    Line: _new_line,
    Text: _new_text,
    Domain: lambda _: {**_new(_trimmed(rf"{_LABEL}(?:\.{_LABEL})+\.?")), "maxLength": _MAX_DOMAIN},
    Phone: _new_phone,
    Amount: _new_amount,
    Currency: lambda _: _new(_trimmed("[A-Za-z]{3}")),
    Country: lambda _: _new(_trimmed("[A-Za-z]{2}")),
    Id: _given_id,
    Ids: lambda kind: array(_given_id(Id(kind.prefix)), high=kind.max_items, distinct=True),
    ListOf: lambda kind: array(request_schema(kind.item), high=kind.max_items, distinct=True),
    Tags: lambda kind: array(_new_line(kind.item), low=kind.min_items or None, high=kind.max_items, distinct=True),
    Scopes: lambda _: array(ref(KNOWN_SCOPE), low=1, distinct=True),
    Address: lambda _: ref(NEW_ADDRESS),
    CustomFields: _new_custom,
    Parts: lambda kind: array(ref(part_name(kind)), low=kind.min_items, high=kind.max_items),
}
"""Where a request may hold more than an answer: it is trimmed, folded and stripped first."""
