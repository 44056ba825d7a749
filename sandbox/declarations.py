"""What can be said of a resource: the types of the rows in `resources`.

Owns the words of a declaration. It must not know any one resource, nor how a declaration is stored or spoken.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from sandbox.field_types import FieldType, Storage, Value
from sandbox.refusals import Code


class Index(Enum):
    """How records are looked up by a field's value."""

    NONE = "none"
    FEW = "few"  # a value names a handful of records, which can be sorted once found
    MANY = "many"  # a value names a large share of them, which have to come out of the index in order


class Verb(Enum):
    """What can be asked of a resource."""

    QUERY = "query"  # where-tree and keyset
    LIST = "list"  # by offset
    GET = "get"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNDELETE = "undelete"
    UPSERT = "upsert"
    BULK = "bulk"
    TAGS = "tags"
    STATUS = "status"  # close and reopen, with a word why
    STAGE = "stage"  # move to another stage
    DONE = "done"  # close and reopen, as a flag


class Default(Enum):
    """A default that only the instant of the write can tell."""

    NOW = "now"


@dataclass(frozen=True, slots=True)
class Unique:
    """One live record of a business has a value, or one of each `within`; a second is refused with `code`."""

    code: Code
    any_case: bool = False
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    `server`: the CRM alone writes it. `once`: it is given on create, and changes later only by an action. `searched`:
    its words are found by a query's text. `sorted_within`: the field whose value every query in this order names.
    """

    name: str
    kind: FieldType
    nullable: bool = True
    required: bool = False
    default: Value | Default | None = None
    server: bool = False
    once: bool = False
    refers_to: str | None = None
    unique: Unique | None = None
    sortable: bool = False
    sorted_within: str | None = None
    filterable: bool = True
    searched: bool = False
    index: Index = Index.NONE


@dataclass(frozen=True, slots=True)
class OneOf:
    """A rule over a whole record: one of `fields` has a value, else the write is refused with `code`."""

    code: Code
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """A rule over a whole record: either all of `fields` have a value or none has."""

    fields: tuple[str, ...]


RecordRule: TypeAlias = OneOf | Together


@dataclass(frozen=True, slots=True)
class Closing:
    """Records that are open until they are closed: `status` is `open` or not, `at` is when, there exactly while closed.

    `reason` is a field that only the status `reasoned` has.
    """

    status: str
    open: int
    at: str
    reasoned: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """The resource under whose records these are kept, and the field that names one."""

    path: str
    field: str


@dataclass(frozen=True, slots=True)
class Children:
    """The live records of another resource that are shown with a record: in which member, found and ordered by what."""

    path: str
    field: str
    order: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its word in paths (the table's name, too), its word in permissions, verbs, fields and rules.

    `matches`: the fields that an upsert may go by. `live_max`: so many live ones a business has, or a parent.
    """

    path: str
    verbs: frozenset[Verb]
    fields: tuple[Field, ...]
    permission_word: str = ""
    rules: tuple[RecordRule, ...] = ()
    closing: Closing | None = None
    matches: tuple[str, ...] = ()
    parent: Parent | None = None
    children: Children | None = None
    live_max: int | None = None

    def field(self, name: str) -> Field | None:
        """The field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    def stored_as(self, *ways: Storage) -> list[Field]:
        """The fields that are kept in one of those ways."""
        return [field for field in self.fields if field.kind.stored in ways]

    @property
    def is_deletable(self) -> bool:
        """Whether its records can be soft-deleted."""
        return self.field("is_deleted") is not None

    @property
    def is_owned(self) -> bool:
        """Whether its records belong to a user, so that others need a permission to write them."""
        return self.field("owner_user_id") is not None

    @property
    def searched(self) -> list[Field]:
        """The fields whose words a query's text finds."""
        return [field for field in self.fields if field.searched]
