"""What a resource is made of: the row types, and the fields that records share. Knows no resource and no storage."""

from dataclasses import dataclass
from enum import Enum

from contract.roles import Access
from contract.types import DateTime, Etag, FieldType, FullName, Id, Line
from contract.vocabulary import Json, Kind


class Write(Enum):
    """When a caller may set a field."""

    ALWAYS = "create and update"
    ON_CREATE = "create only"
    NEVER = "read-only"


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a record. `default` stands in for an absent member on create (None: null, or made by the service)."""

    name: str
    type: FieldType
    required: bool = False
    nullable: bool = True
    write: Write = Write.ALWAYS
    default: Json = None
    filterable: bool = True
    sortable: bool = False
    searched: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """A public resource. `name` is its word in paths, scopes and operation ids; `parameter` its id's name in paths."""

    name: str
    noun: str
    prefix: str
    access: Access
    kinds: tuple[Kind, ...]
    fields: tuple[Field, ...]
    list_filters: tuple[str, ...]

    @property
    def parameter(self) -> str:
        """The id's name in path templates."""
        return f"{self.noun}_id"

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def sort_keys(self) -> tuple[str, ...]:
        """What `order_by` takes."""
        return tuple(field.name for field in self.fields if field.sortable)


USER_PREFIX = "usr"
BUSINESS_PREFIX = "biz"
COMPANY_PREFIX = "cmp"


def record_id(prefix: str) -> Field:
    """The record's own id."""
    return Field("id", Id(prefix), nullable=False, write=Write.NEVER)


OWNED: tuple[Field, ...] = (
    Field("external_id", Line(128, example="erp:1042")),
    Field("owner_id", Id(USER_PREFIX), nullable=False),
    Field("created_by_id", Id(USER_PREFIX), nullable=False, write=Write.NEVER),
)
"""What every record with an owner has. `owner_id` is the token's user unless given."""

STAMPS: tuple[Field, ...] = (
    Field("created_at", DateTime(), nullable=False, write=Write.NEVER, sortable=True),
    Field("updated_at", DateTime(), nullable=False, write=Write.NEVER, sortable=True),
    Field("deleted_at", DateTime(), write=Write.NEVER, filterable=False),
    Field("etag", Etag(), nullable=False, write=Write.NEVER, filterable=False),
)
"""What every record that can be deleted ends with."""

FULL_NAME = Field("full_name", FullName(), write=Write.NEVER, filterable=False)
