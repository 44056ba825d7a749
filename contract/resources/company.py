"""Companies: organisations that contacts and deals belong to."""

from contract.resources.shape import (
    COMPANY_PREFIX,
    CUSTOM_FIELDS,
    EXTERNAL_ID,
    OWNER_FIELDS,
    SIX_KINDS,
    TAG_ACTIONS,
    TAGS,
    TIMESTAMPS,
    Field,
    Resource,
    record_id,
)
from contract.roles import full_access
from contract.types import Address, Domain, Int, Line, Phone, Text, Url

COMPANY = Resource(
    name="companies",
    noun="company",
    prefix=COMPANY_PREFIX,
    access=full_access("companies"),
    kinds=SIX_KINDS,
    fields=(
        record_id(COMPANY_PREFIX),
        Field(
            "name",
            Line(200, example="Northwind Ltd"),
            required=True,
            nullable=False,
            sortable=True,
            in_search_text=True,
        ),
        Field(
            "domain",
            Domain(),
            in_search_text=True,
            about="Branches may share one: it is not unique, and an upsert on it can be ambiguous.",
        ),
        Field("website", Url()),
        Field("phone", Phone(), in_search_text=True),
        Field("industry", Line(100, example="Logistics")),
        Field("employee_count", Int(0, 10_000_000), sortable=True),
        Field("description", Text(5000, example="Freight on the Severn.")),
        Field("address", Address()),
        TAGS,
        EXTERNAL_ID,
        CUSTOM_FIELDS,
        *OWNER_FIELDS,
        *TIMESTAMPS,
    ),
    list_filters=("domain", "external_id", "owner_id"),
    actions=TAG_ACTIONS,
    upsert_on=("domain", "external_id"),
    about="Organisations that contacts and deals belong to.",
)
