"""Which records this CRM keeps: a row per resource, a row per field.

Owns names, kinds, limits, defaults, references, uniqueness, rules and what is worth an index. It must not know how any
of it is stored or spoken: the engine loops over these rows, so a further resource is further rows.
"""

from sandbox.currencies import CURRENCIES
from sandbox.declarations import (
    Children,
    Closing,
    Default,
    Field,
    Index,
    OneOf,
    Parent,
    Resource,
    Together,
    Unique,
    Verb,
)
from sandbox.field_types import (
    COUNTRY,
    CUSTOM,
    DAY,
    DOMAIN,
    EMAIL,
    FLAG,
    INSTANT,
    OPEN_OR_DONE,
    OPTIONS,
    PAST_DAY,
    PAST_INSTANT,
    PHONE,
    REFERENCE,
    TAGS,
    URL,
    choice,
    code,
    ids,
    integer,
    line,
    text,
)
from sandbox.refusals import Code

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
    Field("external_id", line(128), unique=Unique(Code.DUP_EXTERNAL_ID), index=Index.FEW),
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
CUSTOMISED = Field("custom", CUSTOM, nullable=False, default=[], filterable=False)
LINKS = (
    Field("contact_id", REFERENCE, refers_to="contacts", index=Index.MANY),
    Field("company_id", REFERENCE, refers_to="companies", index=Index.MANY),
    Field("deal_id", REFERENCE, refers_to="deals", index=Index.MANY),
)
LINKED = OneOf(Code.NO_LINK, tuple(field.name for field in LINKS))
KEPT = frozenset({Verb.GET, Verb.CREATE, Verb.UPDATE, Verb.DELETE, Verb.UNDELETE})
RECORD = KEPT | {Verb.QUERY, Verb.UPSERT, Verb.BULK}

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
FIELD_DEFS = Resource(
    "field_defs",
    frozenset({Verb.LIST, Verb.GET, Verb.CREATE, Verb.UPDATE}),
    (
        ID,
        Field("resource", choice("contacts", "companies", "deals"), nullable=False, required=True, once=True),
        Field("key", line(63), nullable=False, required=True, once=True),
        Field("label", line(100), nullable=False, required=True),
        Field("type_code", code(12), nullable=False, required=True, once=True),
        Field("options", OPTIONS, nullable=False, default=[]),
        Field("description", text(500)),
        *STAMPS,
    ),
)
COMPANIES = Resource(
    "companies",
    RECORD | {Verb.TAGS},
    (
        ID,
        Field("name", line(200), nullable=False, required=True, sortable=True, searched=True),
        Field("domain", DOMAIN, index=Index.FEW, searched=True),
        Field("website", URL),
        Field("industry", line(100)),
        Field("phone", PHONE, searched=True),
        Field("employees", integer(range(10_000_001)), sortable=True),
        Field("description", text(5000)),
        *ADDRESS,
        TAGGED,
        CUSTOMISED,
        *OWNED,
    ),
    permission_word="companies",
    matches=("domain", "external_id"),
)
CONTACTS = Resource(
    "contacts",
    RECORD | {Verb.TAGS},
    (
        ID,
        Field("first_name", line(100), searched=True),
        Field("last_name", line(100), sortable=True, searched=True),
        Field("email", EMAIL, unique=Unique(Code.DUP_EMAIL), sortable=True, searched=True),
        Field("phone", PHONE, index=Index.FEW, searched=True),
        Field("job_title", line(150), searched=True),
        Field("lifecycle_code", code(4), nullable=False, default=1, index=Index.MANY),
        Field("source", line(100)),
        Field("birth_date", PAST_DAY),
        Field("dnd", FLAG, nullable=False, default=0),
        Field("company_id", REFERENCE, refers_to="companies", index=Index.MANY),
        *ADDRESS,
        TAGGED,
        CUSTOMISED,
        *OWNED,
    ),
    permission_word="contacts",
    rules=(OneOf(Code.NO_IDENTITY, ("first_name", "last_name", "email", "phone")),),
    matches=("email", "external_id"),
)
PIPELINES = Resource(
    "pipelines",
    KEPT | {Verb.LIST},
    (
        ID,
        Field("name", line(100), nullable=False, required=True, unique=Unique(Code.DUP_NAME, any_case=True)),
        Field("is_default", FLAG, nullable=False, default=0),
        *STAMPS,
        *DELETION,
    ),
    children=Children("stages", "pipeline_id", "sort_index"),
    live_max=50,
)
STAGES = Resource(
    "stages",
    KEPT | {Verb.LIST},
    (
        ID,
        Field("pipeline_id", REFERENCE, nullable=False, server=True, refers_to="pipelines", index=Index.FEW),
        Field(
            "name",
            line(100),
            nullable=False,
            required=True,
            unique=Unique(Code.DUP_NAME, any_case=True, within="pipeline_id"),
        ),
        Field("sort_index", integer(range(1, 51)), nullable=False),
        Field("win_percent", integer(range(101)), nullable=False, default=0),
        *STAMPS,
        *DELETION,
    ),
    parent=Parent("pipelines", "pipeline_id"),
    live_max=50,
)
DEALS = Resource(
    "deals",
    RECORD | {Verb.TAGS, Verb.STATUS, Verb.STAGE},
    (
        ID,
        Field("title", line(200), nullable=False, required=True, sortable=True, searched=True),
        Field("pipeline_id", REFERENCE, nullable=False, once=True, refers_to="pipelines", index=Index.MANY),
        Field("stage_id", REFERENCE, nullable=False, once=True, refers_to="stages", index=Index.MANY),
        Field("status_code", code(3), nullable=False, once=True, default=1, index=Index.MANY),
        Field("amount_minor", integer(range(10**15)), sortable=True, sorted_within="currency"),
        Field("currency", choice(*CURRENCIES), index=Index.MANY),
        Field("expected_close_date", DAY, sortable=True),
        Field("closed_at", PAST_INSTANT, once=True, sortable=True),
        Field("stage_entered_at", INSTANT, nullable=False, server=True, sortable=True),
        Field("lost_reason", line(255), once=True),
        Field("company_id", REFERENCE, refers_to="companies", index=Index.MANY),
        Field("contact_ids", ids(20), nullable=False, default=[], refers_to="contacts"),
        TAGGED,
        CUSTOMISED,
        *OWNED,
    ),
    permission_word="deals",
    rules=(Together(("amount_minor", "currency")),),
    closing=Closing("status_code", open=1, at="closed_at", reasoned=3, reason="lost_reason"),
    matches=("external_id",),
)
TASKS = Resource(
    "tasks",
    RECORD | {Verb.DONE},
    (
        ID,
        Field("title", line(200), nullable=False, required=True, searched=True),
        Field("description", text(5000), searched=True),
        Field(
            "task_type", choice("todo", "call", "email", "meeting"), nullable=False, default="todo", index=Index.MANY
        ),
        Field("priority_code", code(3), nullable=False, default=2, index=Index.MANY),
        Field("is_done", OPEN_OR_DONE, nullable=False, once=True, default=0, index=Index.MANY),
        Field("due_at", INSTANT, sortable=True),
        Field("completed_at", PAST_INSTANT, once=True, sortable=True),
        *LINKS,
        *OWNED,
    ),
    permission_word="tasks",
    closing=Closing("is_done", open=0, at="completed_at"),
    matches=("external_id",),
)
NOTES = Resource(
    "notes",
    RECORD,
    (
        ID,
        Field("body", text(20_000), nullable=False, required=True, searched=True),
        Field("noted_at", PAST_INSTANT, nullable=False, default=Default.NOW, sortable=True),
        Field("pinned", FLAG, nullable=False, default=0, index=Index.MANY),
        *LINKS,
        *OWNED,
    ),
    permission_word="notes",
    rules=(LINKED,),
    matches=("external_id",),
)
ACTIVITIES = Resource(
    "activity_log",
    RECORD,
    (
        ID,
        Field(
            "activity_type",
            choice("call", "email", "meeting", "sms", "other"),
            nullable=False,
            required=True,
            once=True,
            index=Index.MANY,
        ),
        Field("direction_code", code(2)),
        Field("subject", line(255), nullable=False, required=True, searched=True),
        Field("body", text(20_000), searched=True),
        Field("occurred_at", PAST_INSTANT, nullable=False, default=Default.NOW, sortable=True),
        Field("duration_ms", integer(range(86_400_001))),
        Field("outcome", choice("connected", "no_answer", "voicemail", "busy", "completed", "cancelled")),
        *LINKS,
        *OWNED,
    ),
    permission_word="activities",
    rules=(LINKED,),
    matches=("external_id",),
)
RESOURCES = (USERS, FIELD_DEFS, COMPANIES, CONTACTS, PIPELINES, STAGES, DEALS, TASKS, NOTES, ACTIVITIES)
