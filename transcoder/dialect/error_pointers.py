"""[pure] The CRM's names of places (`address_city`, `custom.17`, `stages.0.name`) as JSON Pointers into our bodies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contract.types import Amount, CustomType, Date, DateTime, Domain, Email, Id, Ids, Phone, Url
from transcoder.dialect.custom_values import CUSTOM, CustomFields
from transcoder.dialect.mapping import ActionCall, ResourceMapping
from transcoder.validation.pointers import pointer

_PROSE = "invalid-characters"
_MALFORMED: dict[Any, str] = {
    Email: "invalid-email",
    Phone: "invalid-phone",
    Url: "invalid-url",
    Domain: "invalid-domain",
    Date: "invalid-date",
    DateTime: "invalid-datetime",
    Amount: "invalid-amount",
    Id: "invalid-id",
    Ids: "invalid-id",
    CustomType.EMAIL: "invalid-email",
    CustomType.PHONE: "invalid-phone",
    CustomType.URL: "invalid-url",
    CustomType.DATE: "invalid-date",
    CustomType.DATETIME: "invalid-datetime",
    CustomType.USER: "invalid-id",
}
"""What a value of a wrong form is called, by type; of all other types it is a matter of characters."""


@dataclass(frozen=True, slots=True)
class ErrorPointer:
    """Where in a public body, and what a value of a wrong form is called there."""

    pointer: str = ""
    malformed: str = _PROSE


def error_pointer(dialect: ResourceMapping, own: CustomFields, action: ActionCall | None, name: str) -> ErrorPointer:
    """The place behind an internal name, as near as can be told; raises UnknownCustomField."""
    head, *rest = name.split(".")
    renamed = {} if action is None else {internal: public for public, internal in action.names.items()}
    if head in renamed:
        return ErrorPointer(pointer(renamed[head], *_indices(rest)))
    segments = dialect.pointers.get(head)
    if segments is None:
        return ErrorPointer()
    if head == CUSTOM:
        return _own_place(segments, own, rest)
    if head in dialect.parts:
        return _part_place(dialect.parts[head], head, rest)
    kind = dialect.resource.field(segments[0]).type
    malformed = _MALFORMED.get(type(kind), _PROSE) if len(segments) == 1 else _PROSE
    return ErrorPointer(pointer(*segments, *_indices(rest)), malformed)


def _own_place(segments: tuple[str, ...], own: CustomFields, rest: list[str]) -> ErrorPointer:
    if not rest:
        return ErrorPointer(pointer(*segments))
    definition = own.by_internal_number(rest[0]).definition
    return ErrorPointer(
        pointer(*segments, definition.key, *_indices(rest[1:])), _MALFORMED.get(definition.type, _PROSE)
    )


def _part_place(part: ResourceMapping, head: str, rest: list[str]) -> ErrorPointer:
    inner = part.pointers.get(rest[1], ()) if len(rest) > 1 else ()
    return ErrorPointer(pointer(head, *_indices(rest[:1]), *inner))


def _indices(rest: Iterable[str]) -> list[str]:
    """The leading indices into arrays."""
    indices: list[str] = []
    for segment in rest:
        if not segment.isdecimal():
            break
        indices.append(segment)
    return indices
