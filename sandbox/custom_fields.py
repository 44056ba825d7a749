"""The fields that a business has defined for itself.

Owns which kind of value each type holds, and the reading of the definitions. It must not know where values are kept.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.field_types import (
    DAY,
    EMAIL,
    FLAG,
    INSTANT,
    NUMBER,
    PHONE,
    REFERENCE,
    URL,
    FieldType,
    line,
    option,
    options,
    text,
)
from sandbox.tables import TABLES

PREFIX = "custom."
Options = frozenset[int]
USER = 12
TYPES: dict[int, Callable[[Options], FieldType]] = {
    1: lambda known: line(255),
    2: lambda known: text(5000),
    3: lambda known: NUMBER,
    4: lambda known: FLAG,
    5: lambda known: DAY,
    6: lambda known: INSTANT,
    7: option,
    8: options,
    9: lambda known: EMAIL,
    10: lambda known: PHONE,
    11: lambda known: URL,
    USER: lambda known: REFERENCE,
}


@dataclass(frozen=True, slots=True)
class CustomField:
    """One of a business's own fields: the kind of its values, and the resource that they refer to."""

    id: int
    kind: FieldType
    refers_to: str | None

    @property
    def name(self) -> str:
        """How filters and refusals name it."""
        return f"{PREFIX}{self.id}"


CustomFields = Mapping[int, CustomField]
NONE: CustomFields = {}


def mentions_custom_fields(body: object) -> bool:
    """Whether a body speaks of own fields, so that the definitions are worth reading."""
    match body:
        case dict():
            return "custom" in body or any(mentions_custom_fields(part) for part in body.values())
        case list():
            return any(mentions_custom_fields(part) for part in body)
    return isinstance(body, str) and body.startswith(PREFIX)


def number_of(name: str) -> int | None:
    """The id in `custom.17`."""
    number = name.removeprefix(PREFIX)
    return int(number) if number != name and number.isascii() and number.isdecimal() and len(number) <= 18 else None


async def read(connection: AsyncConnection, business_id: int, path: str) -> CustomFields:
    """The business's own fields of a resource."""
    table = TABLES["field_defs"].table
    found = sa.select(table.c.id, table.c.type_code, table.c.options)
    rows = await connection.execute(found.where(table.c.business_id == business_id, table.c.resource == path))
    return {field.id: field for field in _fields(rows.mappings())}


def _fields(rows: Any) -> Iterator[CustomField]:
    for row in rows:
        known = frozenset(choice["id"] for choice in row["options"])
        yield CustomField(row["id"], TYPES[row["type_code"]](known), "users" if row["type_code"] == USER else None)
