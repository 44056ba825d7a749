"""Custom fields: the definitions of the business's own fields."""

from contract.resources.shape import ETAG, LIFECYCLE_FIELDS, Field, Resource, Writable, record_id
from contract.roles import read_access
from contract.types import Choice, CustomType, Line, Options, Text
from contract.vocabulary import Kind

CUSTOM_FIELD = Resource(
    name="custom_fields",
    noun="custom_field",
    prefix="cf",
    access=read_access("custom_fields", "See the definitions of custom fields"),
    kinds=(Kind.LIST, Kind.SEARCH),
    fields=(
        record_id("cf"),
        Field(
            "resource", Choice(("contacts", "companies", "deals"), is_open=True), nullable=False, write=Writable.NEVER
        ),
        Field(
            "key",
            Line(63, example="loyalty_tier"),
            nullable=False,
            write=Writable.NEVER,
            in_search_text=True,
            about="Unique per resource; it never changes.",
        ),
        Field("label", Line(100, example="Loyalty tier"), nullable=False, write=Writable.NEVER, in_search_text=True),
        Field("type", Choice(tuple(kind.value for kind in CustomType)), nullable=False, write=Writable.NEVER),
        Field(
            "options",
            Options(),
            nullable=False,
            write=Writable.NEVER,
            filterable=False,
            about="What a select may be; empty for other types.",
        ),
        Field("description", Text(500), write=Writable.NEVER, in_search_text=True),
        *LIFECYCLE_FIELDS,
        ETAG,
    ),
    list_filters=("resource", "type"),
    about="The definitions of the business's own fields, by whose keys `custom_fields` of records are written. "
    "Read only.",
)
