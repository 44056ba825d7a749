"""Companies: organisations that contacts and deals belong to."""

from contract.resources.shape import (
    COMPANY_PREFIX,
    CUSTOM_FIELDS,
    EXTERNAL_ID,
    OWNED,
    SIX_KINDS,
    STAMPS,
    TAG_ACTIONS,
    TAGS,
    Field,
    Resource,
    record_id,
)
from contract.roles import access
from contract.types import Address, Domain, Int, Line, Phone, Text, Url

COMPANY = Resource(
    name="companies",
    noun="company",
    prefix=COMPANY_PREFIX,
    access=access("companies"),
    kinds=SIX_KINDS,
    fields=(
        record_id(COMPANY_PREFIX),
        Field("name", Line(200, example="Northwind Ltd"), required=True, nullable=False, sortable=True, searched=True),
        Field(
            "domain",
            Domain(),
            searched=True,
            about="Branches may share one: it is not unique, and an upsert on it can be ambiguous.",
        ),
        Field("website", Url()),
        Field("phone", Phone(), searched=True),
        Field("industry", Line(100, example="Logistics")),
        Field("employee_count", Int(0, 10_000_000), sortable=True),
        Field("description", Text(5000, example="Freight on the Severn.")),
        Field("address", Address()),
        TAGS,
        EXTERNAL_ID,
        CUSTOM_FIELDS,
        *OWNED,
        *STAMPS,
    ),
    list_filters=("domain", "external_id", "owner_id"),
    actions=TAG_ACTIONS,
    upsert_on=("domain", "external_id"),
    about="Organisations that contacts and deals belong to.",
)
