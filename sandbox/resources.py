"""Which records this CRM keeps: a row per resource, a row per field.

Owns names, kinds, limits, defaults, references, uniqueness, rules and what is worth an index. It must not know how any
of it is stored or spoken: the engine loops over these rows, so a further resource is further rows.
"""

from dataclasses import dataclass
from enum import Enum

from sandbox.kinds import (
    COUNTRY,
    DOMAIN,
    EMAIL,
    FLAG,
    INSTANT,
    PAST_DAY,
    PHONE,
    REFERENCE,
    TAGS,
    URL,
    Kind,
    Value,
    code,
    integer,
    line,
    text,
)
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


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `server`: the CRM alone writes it. `unique`: how a value that a live record has already is refused."""

    name: str
    kind: Kind
    nullable: bool = True
    required: bool = False
    default: Value | None = None
    server: bool = False
    refers_to: str | None = None
    unique: Code | None = None
    sortable: bool = False
    filterable: bool = True
    index: Index = Index.NONE


@dataclass(frozen=True, slots=True)
class OneOf:
    """A rule over a whole record: one of `fields` has a value, else the write is refused with `code`."""

    code: Code
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its word in paths (the table's name, too), its word in permissions, verbs, fields and rules."""

    path: str
    verbs: frozenset[Verb]
    fields: tuple[Field, ...]
    permission_word: str = ""
    rules: tuple[OneOf, ...] = ()

    def field(self, name: str) -> Field | None:
        """The field of that name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def is_deletable(self) -> bool:
        """Whether its records can be soft-deleted."""
        return self.field("is_deleted") is not None


ID = Field("id", REFERENCE, nullable=False, server=True, sortable=True)
STAMPS = (
    Field("created_at", INSTANT, nullable=False, server=True, sortable=True),
    Field("updated_at", INSTANT, nullable=False, server=True, sortable=True),
    Field("revision", integer(range(1, 2**63)), nullable=False, server=True, filterable=False),
)
DELETION = (
    Field("is_deleted", FLAG, nullable=False, server=True, filterable=False),
    Field("deleted_at", INSTANT, server=True, filterable=False),
)
OWNED = (
    Field("external_id", line(128), unique=Code.DUP_EXTERNAL_ID, index=Index.FEW),
    Field("owner_user_id", REFERENCE, nullable=False, refers_to="users", index=Index.MANY),
    Field("created_by_user_id", REFERENCE, nullable=False, server=True, refers_to="users"),
    *STAMPS,
    *DELETION,
)
ADDRESS = (
    *(Field(f"address_{part}", line(200)) for part in ("line1", "line2", "city", "region")),
    Field("address_postal_code", line(20)),
    Field("address_country", COUNTRY),
)
TAGGED = Field("tags", TAGS, nullable=False, default=[])
RECORD_VERBS = frozenset({Verb.QUERY, Verb.GET, Verb.CREATE, Verb.UPDATE, Verb.DELETE})

USERS = Resource(
    "users",
    frozenset({Verb.LIST, Verb.GET}),
    (
        ID,
        Field("name", line(201), nullable=False),
        Field("email", EMAIL, nullable=False),
        Field("role_code", code(4), nullable=False),
        Field("is_active", FLAG, nullable=False),
        Field("tz", line(64)),
        *STAMPS,
    ),
)
COMPANIES = Resource(
    "companies",
    RECORD_VERBS,
    (
        ID,
        Field("name", line(200), nullable=False, required=True, sortable=True),
        Field("domain", DOMAIN, index=Index.FEW),
        Field("website", URL),
        Field("industry", line(100)),
        Field("phone", PHONE),
        Field("employees", integer(range(10_000_001)), sortable=True),
        Field("description", text(5000)),
        *ADDRESS,
        TAGGED,
        *OWNED,
    ),
    permission_word="companies",
)
CONTACTS = Resource(
    "contacts",
    RECORD_VERBS,
    (
        ID,
        Field("first_name", line(100)),
        Field("last_name", line(100), sortable=True),
        Field("email", EMAIL, unique=Code.DUP_EMAIL, sortable=True),
        Field("phone", PHONE, index=Index.FEW),
        Field("job_title", line(150)),
        Field("lifecycle_code", code(4), nullable=False, default=1, index=Index.MANY),
        Field("source", line(100)),
        Field("birth_date", PAST_DAY),
        Field("dnd", FLAG, nullable=False, default=0),
        Field("company_id", REFERENCE, refers_to="companies", index=Index.MANY),
        *ADDRESS,
        TAGGED,
        *OWNED,
    ),
    permission_word="contacts",
    rules=(OneOf(Code.NO_IDENTITY, ("first_name", "last_name", "email", "phone")),),
)
RESOURCES = (USERS, COMPANIES, CONTACTS)
