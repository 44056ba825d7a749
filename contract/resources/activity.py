"""Activities: records of interactions that took place."""

from contract.resources.shape import (
    EXTERNAL_ID,
    LINKS,
    OWNER_FIELDS,
    SIX_KINDS,
    TIMESTAMPS,
    Field,
    Resource,
    Writable,
    record_id,
)
from contract.roles import full_access
from contract.types import Choice, DateTime, Int, Line, Text

_OUTCOMES = ("connected", "no_answer", "voicemail", "busy", "completed", "cancelled")

ACTIVITY = Resource(
    name="activities",
    noun="activity",
    prefix="act",
    access=full_access("activities"),
    kinds=SIX_KINDS,
    fields=(
        record_id("act"),
        Field(
            "type",
            Choice(("call", "email", "meeting", "sms", "other")),
            required=True,
            nullable=False,
            write=Writable.ON_CREATE,
        ),
        Field("direction", Choice(("inbound", "outbound"))),
        Field("subject", Line(255, example="Renewal call"), required=True, nullable=False, in_search_text=True),
        Field("body", Text(20_000, example="Talked about the fleet."), in_search_text=True),
        Field(
            "occurred_at",
            DateTime(not_future=True),
            nullable=False,
            sortable=True,
            about="When it took place: now unless given.",
        ),
        Field("duration_seconds", Int(0, 86_400)),
        Field("outcome", Choice(_OUTCOMES)),
        *LINKS,
        EXTERNAL_ID,
        *OWNER_FIELDS,
        *TIMESTAMPS,
    ),
    list_filters=("type", "contact_id", "company_id", "deal_id", "external_id", "owner_id"),
    upsert_on=("external_id",),
    about="Records of interactions that took place. After every write one of `contact_id`, `company_id` and `deal_id` "
    "is not null (rule `link-required`). Nothing but a call of this API creates one.",
)
