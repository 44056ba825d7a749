"""Notes: free text about one or more records."""

from contract.resources.shape import EXTERNAL_ID, LINKS, OWNER_FIELDS, SIX_KINDS, TIMESTAMPS, Field, Resource, record_id
from contract.roles import full_access
from contract.types import Bool, DateTime, Text

NOTE = Resource(
    name="notes",
    noun="note",
    prefix="note",
    access=full_access("notes"),
    kinds=SIX_KINDS,
    fields=(
        record_id("note"),
        Field(
            "body",
            Text(20_000, example="Prefers a call before 10:00."),
            required=True,
            nullable=False,
            in_search_text=True,
        ),
        Field(
            "occurred_at",
            DateTime(not_future=True),
            nullable=False,
            sortable=True,
            about="When it was noted: now unless given.",
        ),
        Field("is_pinned", Bool(), nullable=False, default=False),
        *LINKS,
        EXTERNAL_ID,
        *OWNER_FIELDS,
        *TIMESTAMPS,
    ),
    list_filters=("contact_id", "company_id", "deal_id", "is_pinned", "external_id", "owner_id"),
    upsert_on=("external_id",),
    about="Free text about one or more records. After every write one of `contact_id`, `company_id` and `deal_id` is "
    "not null (rule `link-required`).",
)
