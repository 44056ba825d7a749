"""Activities: records of interactions that took place."""

from contract.resources.shape import EXTERNAL_ID, LINKS, OWNED, SIX_KINDS, STAMPS, Field, Resource, Write, record_id
from contract.roles import access
from contract.types import Choice, DateTime, Int, Line, Text

_OUTCOMES = ("connected", "no_answer", "voicemail", "busy", "completed", "cancelled")

ACTIVITY = Resource(
    name="activities",
    noun="activity",
    prefix="act",
    access=access("activities"),
    kinds=SIX_KINDS,
    fields=(
        record_id("act"),
        Field(
            "type",
            Choice(("call", "email", "meeting", "sms", "other")),
            required=True,
            nullable=False,
            write=Write.ON_CREATE,
        ),
        Field("direction", Choice(("inbound", "outbound"))),
        Field("subject", Line(255, example="Renewal call"), required=True, nullable=False, searched=True),
        Field("body", Text(20_000, example="Talked about the fleet."), searched=True),
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
        *OWNED,
        *STAMPS,
    ),
    list_filters=("type", "contact_id", "company_id", "deal_id", "external_id", "owner_id"),
    upsert_on=("external_id",),
    about="Records of interactions that took place. After every write one of `contact_id`, `company_id` and `deal_id` "
    "is not null (rule `link-required`). Nothing but a call of this API creates one.",
)
