"""Widgets: a resource that the tests add to a copy of the project, to see that a resource is a declaration."""

from contract.resources.shape import (
    CONTACT_PREFIX,
    EXTERNAL_ID,
    OWNER_FIELDS,
    SIX_KINDS,
    TIMESTAMPS,
    Field,
    Resource,
    record_id,
)
from contract.roles import full_access
from contract.types import Choice, Id, Int, Line

WIDGET = Resource(
    name="widgets",
    noun="widget",
    prefix="wdg",
    access=full_access("widgets"),
    kinds=SIX_KINDS,
    fields=(
        record_id("wdg"),
        Field("label", Line(100), required=True, nullable=False, sortable=True, in_search_text=True),
        Field("size", Choice(("small", "large")), nullable=False, default="small"),
        Field("weight_grams", Int(0, 100_000), sortable=True),
        Field("contact_id", Id(CONTACT_PREFIX)),
        EXTERNAL_ID,
        *OWNER_FIELDS,
        *TIMESTAMPS,
    ),
    list_filters=("size", "contact_id", "external_id"),
    upsert_on=("external_id",),
)
