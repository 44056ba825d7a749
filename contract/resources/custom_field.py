"""Custom fields: the definitions of the business's own fields."""

from contract.resources.shape import ETAG, LIFE, Field, Resource, Write, record_id
from contract.roles import reading
from contract.types import Choice, CustomType, Line, Options, Text
from contract.vocabulary import Kind

CUSTOM_FIELD = Resource(
    name="custom_fields",
    noun="custom_field",
    prefix="cf",
    access=reading("custom_fields", "See the definitions of custom fields"),
    kinds=(Kind.LIST, Kind.SEARCH),
    fields=(
        record_id("cf"),
        Field("resource", Choice(("contacts", "companies", "deals"), grows=True), nullable=False, write=Write.NEVER),
        Field(
            "key",
            Line(63, example="loyalty_tier"),
            nullable=False,
            write=Write.NEVER,
            searched=True,
            about="Unique per resource; it never changes.",
        ),
        Field("label", Line(100, example="Loyalty tier"), nullable=False, write=Write.NEVER, searched=True),
        Field("type", Choice(tuple(kind.value for kind in CustomType)), nullable=False, write=Write.NEVER),
        Field(
            "options",
            Options(),
            nullable=False,
            write=Write.NEVER,
            filterable=False,
            about="What a select may be; empty for other types.",
        ),
        Field("description", Text(500), write=Write.NEVER, searched=True),
        *LIFE,
        ETAG,
    ),
    list_filters=("resource", "type"),
    about="The definitions of the business's own fields, by whose keys `custom_fields` of records are written. "
    "Read only.",
)
