"""What a resource is made of: the row types, and the fields that records share. Knows no resource and no storage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from contract.roles import AccessRule
from contract.types import CustomFields, DateTime, Etag, FieldType, FullName, Id, Line, Tags
from contract.vocabulary import Json, Kind

API_ROOT = "/v1"
"""Every operation is below it; what is not an operation there asks for a token all the same."""


class Writable(Enum):
    """When a caller may set a field."""

    ALWAYS = "create and update"
    ON_CREATE = "create only"
    NEVER = "read-only"


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a record. `default` stands in for an absent member on create (None: null, or made by the service).

    `once`: shown by the one answer that made it, and never again. `about` is for the reader of the documentation.
    """

    name: str
    type: FieldType
    required: bool = False
    nullable: bool = True
    write: Writable = Writable.ALWAYS
    default: Json = None
    filterable: bool = True
    sortable: bool = False
    in_search_text: bool = False
    shown_once: bool = False
    requires: tuple[str, tuple[str, ...]] | None = None
    """(field, values): on create it may be non-null only beside one of these values of that field, in the same body."""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A verb on one record. `path` follows the record's own; the body holds `fields`; no body where none is needed.

    `makes`: it makes something anew, and its answer shows the members that are shown once. `summary` and
    `about` are for the reader of the documentation.
    """

    name: str
    path: str
    fields: tuple[Field, ...] = ()
    summary: str = ""
    about: str = ""
    success: int = 200
    creates: bool = False


@dataclass(frozen=True, slots=True)
class OperationTexts:
    """What a kind of operation is called, and said to do, on a resource where it is not the usual."""

    name: str = ""
    summary: str = ""
    about: str = ""


_AS_USUAL = OperationTexts()


@dataclass(frozen=True, slots=True)
class AmountPair:
    """An amount and the currency that it needs, by field name."""

    amount: str
    currency: str


@dataclass(frozen=True, eq=False)
class Resource:
    """A public resource, which equals no other. `name` is its word in paths, scopes and operation ids; `parent` the one
    that it lies under.

    `upsert_on`: the fields that an upsert can match by. `member_filters`: list parameters that ask whether an array
    holds an id, with the array's name. `money`: where an amount is. `ends`: a delete ends the record and leaves it to
    be read, as a revoked token is. `about`: what its records are, and `spoken`: what is done to them,
    for readers of the documentation.
    """

    name: str
    noun: str
    prefix: str
    access: AccessRule
    kinds: tuple[Kind, ...]
    fields: tuple[Field, ...]
    list_filters: tuple[str, ...] = ()
    member_filters: tuple[tuple[str, str], ...] = ()
    actions: tuple[Action, ...] = ()
    upsert_on: tuple[str, ...] = ()
    parent: "Resource | None" = None
    order_by: str = "created_at"
    descending: bool = True
    money: AmountPair | None = None
    ends_permanently: bool = False
    about: str = ""
    operation_texts: Mapping[Kind, OperationTexts] = field(default_factory=dict)
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {row.name: row for row in self.fields})

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

    def texts_of(self, kind: Kind) -> OperationTexts:
        """What is said of a kind here; empty texts where it is the usual."""
        return self.operation_texts.get(kind, _AS_USUAL)

    @property
    def shown_once(self) -> tuple[Field, ...]:
        """The members that only the answer which made them shows."""
        return tuple(row for row in self.fields if row.shown_once)

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where there is none."""
        return self.by_name[name]

    @property
    def sort_keys(self) -> tuple[str, ...]:
        """What `order_by` takes."""
        return tuple(row.name for row in self.fields if row.sortable)

    @property
    def searched(self) -> tuple[str, ...]:
        """The members that `search_text` looks into."""
        return tuple(row.name for row in self.fields if row.in_search_text)

    @property
    def deletable(self) -> bool:
        """Whether its records can be soft-deleted, and so asked for with `deleted`."""
        return "deleted_at" in self.by_name

    @property
    def has_custom_fields(self) -> bool:
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

CONFIGURATION_KINDS = (Kind.LIST, Kind.CREATE, Kind.GET, Kind.UPDATE, Kind.DELETE, Kind.RESTORE, Kind.SEARCH)


def record_id(prefix: str) -> Field:
    """The record's own id."""
    return Field("id", Id(prefix), nullable=False, write=Writable.NEVER, about="The record's one id, for ever.")


CREATED_BY = Field(
    "created_by_id", Id(USER_PREFIX), nullable=False, write=Writable.NEVER, about="The user that created it."
)
OWNER_FIELDS: tuple[Field, ...] = (
    Field(
        "owner_id",
        Id(USER_PREFIX),
        nullable=False,
        about="The user that the record belongs to: the token's unless given. Naming another needs `records:assign`.",
    ),
    CREATED_BY,
)
"""Who a record belongs to. `owner_id` is the token's user unless given."""

EXTERNAL_ID = Field(
    "external_id",
    Line(128, example="erp:1042"),
    about="Your own key, unique (exact case) among live records of the resource. Write it `<system>:<key>`, so that "
    "the keys of two systems never meet.",
)
TAGS = Field(
    "tags", Tags(), nullable=False, default=(), about="Words to find the record by, distinct without regard to case."
)
CUSTOM_FIELDS = Field(
    "custom_fields",
    CustomFields(),
    nullable=False,
    about="The business's own fields by key, as `GET /v1/custom_fields` defines them; keys without a value are left "
    "out. In a patch, null removes a key and absent keys stay.",
)

LIFECYCLE_FIELDS: tuple[Field, ...] = (
    Field("created_at", DateTime(), nullable=False, write=Writable.NEVER, sortable=True, about="When it was created."),
    Field(
        "updated_at",
        DateTime(),
        nullable=False,
        write=Writable.NEVER,
        sortable=True,
        about="When it last changed, whatever changed it; it moves together with `etag`.",
    ),
)
ETAG = Field(
    "etag",
    Etag(),
    nullable=False,
    write=Writable.NEVER,
    filterable=False,
    about="The mark of this revision: send it in `If-Match` to change the record only if nobody else has.",
)
DELETED_AT = Field(
    "deleted_at", DateTime(), write=Writable.NEVER, filterable=False, about="When it was deleted; null on live records."
)
TIMESTAMPS: tuple[Field, ...] = (*LIFECYCLE_FIELDS, DELETED_AT, ETAG)
"""What every record that can be deleted ends with."""

CREATED_AT = LIFECYCLE_FIELDS[0]

FULL_NAME = Field(
    "full_name",
    FullName(),
    write=Writable.NEVER,
    filterable=False,
    about="First and last name, joined by a space.",
)

LINKS: tuple[Field, ...] = (
    Field("contact_id", Id(CONTACT_PREFIX), about="The contact that it is about."),
    Field("company_id", Id(COMPANY_PREFIX), about="The company that it is about."),
    Field("deal_id", Id(DEAL_PREFIX), about="The deal that it is about."),
)
"""What tasks, notes and activities are about."""

TAG_ACTIONS: tuple[Action, ...] = tuple(
    Action(
        f"{verb}_tags",
        f"tags/{verb}",
        (Field("tags", Tags(min_items=1), required=True, nullable=False, about=f"The tags to {verb}."),),
        summary=f"{verb.title()} tags",
        about=about,
    )
    for verb, about in (
        ("add", "Appends the tags that are not there yet, in any case. No read before the write is needed."),
        ("remove", "Takes the tags away, in any case; those that are not there are no mistake."),
    )
)
