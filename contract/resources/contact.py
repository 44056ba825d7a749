"""Contacts: persons that the business deals with."""

from contract.resources.shape import (
    COMPANY_PREFIX,
    CONTACT_PREFIX,
    CUSTOM_FIELDS,
    EXTERNAL_ID,
    FULL_NAME,
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
from contract.types import Address, Bool, Choice, Date, Email, Id, Line, Phone

CONTACT = Resource(
    name="contacts",
    noun="contact",
    prefix=CONTACT_PREFIX,
    access=full_access("contacts"),
    kinds=SIX_KINDS,
    fields=(
        record_id(CONTACT_PREFIX),
        Field("first_name", Line(100, example="Ada"), in_search_text=True),
        Field("last_name", Line(100, example="Okafor"), sortable=True, in_search_text=True),
        FULL_NAME,
        Field("email", Email(), sortable=True, in_search_text=True, about="Unique among live contacts."),
        Field("phone", Phone(), in_search_text=True),
        Field("job_title", Line(150, example="Head of Operations"), in_search_text=True),
        Field(
            "lifecycle_stage",
            Choice(("lead", "prospect", "customer", "former")),
            nullable=False,
            default="lead",
            about="How far the relation has come; any change is allowed.",
        ),
        Field("source", Line(100, example="webinar"), about="Where the lead came from."),
        Field("birth_date", Date(not_future=True, example="1988-03-14"), about="Not after today (UTC)."),
        Field("do_not_contact", Bool(), nullable=False, default=False),
        Field("company_id", Id(COMPANY_PREFIX), about="The company that the contact belongs to, one at most."),
        Field("address", Address()),
        TAGS,
        EXTERNAL_ID,
        CUSTOM_FIELDS,
        *OWNER_FIELDS,
        *TIMESTAMPS,
    ),
    list_filters=("email", "phone", "external_id", "company_id", "owner_id", "lifecycle_stage"),
    actions=TAG_ACTIONS,
    upsert_on=("email", "external_id"),
    about="Persons that the business deals with. After every write one of `first_name`, `last_name`, `email` and "
    "`phone` is not null (rule `contact-needs-identity`).",
)
