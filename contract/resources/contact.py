"""Contacts: persons that the business deals with."""

from contract.resources.shape import (
    COMPANY_PREFIX,
    CONTACT_PREFIX,
    CUSTOM_FIELDS,
    EXTERNAL_ID,
    FULL_NAME,
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
from contract.types import Address, Bool, Choice, Date, Email, Id, Line, Phone

CONTACT = Resource(
    name="contacts",
    noun="contact",
    prefix=CONTACT_PREFIX,
    access=access("contacts"),
    kinds=SIX_KINDS,
    fields=(
        record_id(CONTACT_PREFIX),
        Field("first_name", Line(100, example="Ada"), searched=True),
        Field("last_name", Line(100, example="Okafor"), sortable=True, searched=True),
        FULL_NAME,
        Field("email", Email(), sortable=True, searched=True, about="Unique among live contacts."),
        Field("phone", Phone(), searched=True),
        Field("job_title", Line(150, example="Head of Operations"), searched=True),
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
        *OWNED,
        *STAMPS,
    ),
    list_filters=("email", "phone", "external_id", "company_id", "owner_id", "lifecycle_stage"),
    actions=TAG_ACTIONS,
    upsert_on=("email", "external_id"),
    about="Persons that the business deals with. After every write one of `first_name`, `last_name`, `email` and "
    "`phone` is not null (rule `contact-needs-identity`).",
)
