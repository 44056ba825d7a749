"""Widgets: a resource that the tests add to a copy of the project, to see that a resource is a declaration."""

from contract.resources.shape import CONTACT_PREFIX, EXTERNAL_ID, OWNED, SIX_KINDS, STAMPS, Field, Resource, record_id
from contract.roles import access
from contract.types import Choice, Id, Int, Line

WIDGET = Resource(
    name="widgets",
    noun="widget",
    prefix="wdg",
    access=access("widgets"),
    kinds=SIX_KINDS,
    fields=(
        record_id("wdg"),
        Field("label", Line(100), required=True, nullable=False, sortable=True, searched=True),
        Field("size", Choice(("small", "large")), nullable=False, default="small"),
        Field("weight_grams", Int(0, 100_000), sortable=True),
        Field("contact_id", Id(CONTACT_PREFIX)),
        EXTERNAL_ID,
        *OWNED,
        *STAMPS,
    ),
    list_filters=("size", "contact_id", "external_id"),
    upsert_on=("external_id",),
)
