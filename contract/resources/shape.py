"""What a resource is made of: the row types, and the fields that records share. Knows no resource and no storage."""

from dataclasses import dataclass, field
from enum import Enum

from contract.roles import Access
from contract.types import CustomFields, DateTime, Etag, FieldType, FullName, Id, Line, Tags
from contract.vocabulary import Json, Kind

API_ROOT = "/v1"
"""Every operation is below it; what is not an operation there asks for a token all the same."""


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
    only_with: tuple[str, tuple[str, ...]] | None = None
    """(field, values): on create it may be non-null only beside one of these values of that field, in the same body."""


@dataclass(frozen=True, slots=True)
class Action:
    """A verb on one record. `path` follows the record's own; the body holds `fields`; no body where none is needed."""

    name: str
    path: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Money:
    """An amount and the currency that it needs, by field name."""

    amount: str
    currency: str


@dataclass(frozen=True)
class Resource:
    """A public resource. `name` is its word in paths, scopes and operation ids; `parent` the one it lies under.

    `upsert_on`: the fields that an upsert can match by. `member_filters`: list parameters that ask whether an array
    holds an id, with the array's name. `money`: where an amount is.
    """

    name: str
    noun: str
    prefix: str
    access: Access
    kinds: tuple[Kind, ...]
    fields: tuple[Field, ...]
    list_filters: tuple[str, ...] = ()
    member_filters: tuple[tuple[str, str], ...] = ()
    actions: tuple[Action, ...] = ()
    upsert_on: tuple[str, ...] = ()
    parent: "Resource | None" = None
    order_by: str = "created_at"
    descending: bool = True
    money: Money | None = None
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {row.name: row for row in self.fields})

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def parameter(self) -> str:
        """The id's name in path templates."""
        return f"{self.noun}_id"

    @property
    def collection(self) -> str:
        """The path template of the collection."""
        above = API_ROOT if self.parent is None else self.parent.item
        return f"{above}/{self.name}"

    @property
    def item(self) -> str:
        """The path template of one record."""
        return f"{self.collection}/{{{self.parameter}}}"

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        return self.by_name[name]

    @property
    def sort_keys(self) -> tuple[str, ...]:
        """What `order_by` takes."""
        return tuple(row.name for row in self.fields if row.sortable)

    @property
    def deletable(self) -> bool:
        """Whether its records can be soft-deleted, and so asked for with `deleted`."""
        return "deleted_at" in self.by_name

    @property
    def custom(self) -> bool:
        """Whether its records have the business's own fields."""
        return "custom_fields" in self.by_name


USER_PREFIX = "usr"
BUSINESS_PREFIX = "biz"
CONTACT_PREFIX = "con"
COMPANY_PREFIX = "cmp"
DEAL_PREFIX = "deal"

SIX_KINDS = (
    Kind.LIST,
    Kind.CREATE,
    Kind.GET,
    Kind.UPDATE,
    Kind.DELETE,
    Kind.RESTORE,
    Kind.SEARCH,
    Kind.BATCH_CREATE,
    Kind.BATCH_GET,
    Kind.BATCH_UPDATE,
    Kind.BATCH_DELETE,
    Kind.UPSERT,
    Kind.BATCH_UPSERT,
)
"""What every resource with owners can do."""

CONFIGURATION_KINDS = (Kind.LIST, Kind.CREATE, Kind.GET, Kind.UPDATE, Kind.DELETE, Kind.RESTORE)


def record_id(prefix: str) -> Field:
    """The record's own id."""
    return Field("id", Id(prefix), nullable=False, write=Write.NEVER)


OWNED: tuple[Field, ...] = (
    Field("owner_id", Id(USER_PREFIX), nullable=False),
    Field("created_by_id", Id(USER_PREFIX), nullable=False, write=Write.NEVER),
)
"""Who a record belongs to. `owner_id` is the token's user unless given."""

EXTERNAL_ID = Field("external_id", Line(128, example="erp:1042"))
TAGS = Field("tags", Tags(), nullable=False, default=())
CUSTOM_FIELDS = Field("custom_fields", CustomFields(), nullable=False)

LIFE: tuple[Field, ...] = (
    Field("created_at", DateTime(), nullable=False, write=Write.NEVER, sortable=True),
    Field("updated_at", DateTime(), nullable=False, write=Write.NEVER, sortable=True),
)
ETAG = Field("etag", Etag(), nullable=False, write=Write.NEVER, filterable=False)
STAMPS: tuple[Field, ...] = (*LIFE, Field("deleted_at", DateTime(), write=Write.NEVER, filterable=False), ETAG)
"""What every record that can be deleted ends with."""

FULL_NAME = Field("full_name", FullName(), write=Write.NEVER, filterable=False)

LINKS: tuple[Field, ...] = (
    Field("contact_id", Id(CONTACT_PREFIX)),
    Field("company_id", Id(COMPANY_PREFIX)),
    Field("deal_id", Id(DEAL_PREFIX)),
)
"""What tasks, notes and activities are about."""

TAG_ACTIONS: tuple[Action, ...] = tuple(
    Action(f"{verb}_tags", f"tags/{verb}", (Field("tags", Tags(min_items=1), required=True, nullable=False),))
    for verb in ("add", "remove")
)
