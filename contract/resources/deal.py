"""Deals: possible sales that move through the stages of one pipeline."""

from contract.resources.pipeline import PIPELINE_PREFIX, STAGE_PREFIX
from contract.resources.shape import (
    COMPANY_PREFIX,
    CONTACT_PREFIX,
    CUSTOM_FIELDS,
    DEAL_PREFIX,
    EXTERNAL_ID,
    OWNER_FIELDS,
    SIX_KINDS,
    TAG_ACTIONS,
    TAGS,
    TIMESTAMPS,
    Action,
    AmountPair,
    Field,
    Resource,
    Writable,
    record_id,
)
from contract.roles import full_access
from contract.types import Amount, Choice, Currency, Date, DateTime, Id, Ids, Line

_CLOSED = ("status", ("won", "lost"))
_CLOSED_AT = Field(
    "closed_at",
    DateTime(not_future=True),
    write=Writable.ON_CREATE,
    sortable=True,
    requires=_CLOSED,
    about="Not null exactly while the deal is won or lost; now unless given.",
)
_LOST_REASON = Field(
    "lost_reason",
    Line(255, example="Price"),
    write=Writable.ON_CREATE,
    requires=("status", ("lost",)),
    about="Why it was lost.",
)
_CLOSING = Field("closed_at", DateTime(not_future=True), about="When it was closed: now unless given.")

DEAL = Resource(
    name="deals",
    noun="deal",
    prefix=DEAL_PREFIX,
    access=full_access("deals"),
    kinds=SIX_KINDS,
    fields=(
        record_id(DEAL_PREFIX),
        Field(
            "title",
            Line(200, example="Northwind fleet renewal"),
            required=True,
            nullable=False,
            sortable=True,
            in_search_text=True,
        ),
        Field(
            "pipeline_id",
            Id(PIPELINE_PREFIX),
            nullable=False,
            write=Writable.ON_CREATE,
            about="The default pipeline unless given; later changed by `move` and `reopen` alone.",
        ),
        Field(
            "stage_id",
            Id(STAGE_PREFIX),
            nullable=False,
            write=Writable.ON_CREATE,
            about="The first stage of the pipeline unless given; later changed by `move` and `reopen` alone.",
        ),
        Field(
            "status",
            Choice(("open", "won", "lost")),
            nullable=False,
            write=Writable.ON_CREATE,
            default="open",
            about="A create may bring a deal in as won or lost; later changed by actions alone.",
        ),
        Field(
            "amount",
            Amount("currency"),
            sortable=True,
            about="What the deal is worth, a decimal in its currency. A number is taken too; answers are always "
            "strings.",
        ),
        Field(
            "currency",
            Currency(),
            about="ISO 4217. Null exactly when the amount is; the stored one, else the business's own, unless given.",
        ),
        Field("expected_close_date", Date(example="2026-09-30"), sortable=True),
        _CLOSED_AT,
        Field(
            "stage_changed_at",
            DateTime(),
            nullable=False,
            write=Writable.NEVER,
            sortable=True,
            about="When `stage_id` last changed.",
        ),
        _LOST_REASON,
        Field("company_id", Id(COMPANY_PREFIX)),
        Field("contact_ids", Ids(CONTACT_PREFIX, 20), nullable=False, default=()),
        TAGS,
        EXTERNAL_ID,
        CUSTOM_FIELDS,
        *OWNER_FIELDS,
        *TIMESTAMPS,
    ),
    list_filters=("pipeline_id", "stage_id", "status", "company_id", "external_id", "owner_id"),
    member_filters=(("contact_id", "contact_ids"),),
    actions=(
        *TAG_ACTIONS,
        Action(
            "win",
            "win",
            (_CLOSING,),
            summary="Win a deal",
            about="From open. A deal that is won already stays as it is, but for a `closed_at` that is given; a lost "
            "one has to be reopened first (rule `deal-state`).",
        ),
        Action(
            "lose",
            "lose",
            (_CLOSING, Field("lost_reason", Line(255, example="Price"), about="Why it was lost.")),
            summary="Lose a deal",
            about="From open. Of a deal that is lost already only what is given changes; a won one has to be reopened "
            "first (rule `deal-state`).",
        ),
        Action(
            "reopen",
            "reopen",
            (
                Field(
                    "stage_id", Id(STAGE_PREFIX), nullable=False, about="Where it goes on; where it was unless given."
                ),
            ),
            summary="Reopen a deal",
            about="From won or lost: `closed_at` and `lost_reason` are null again.",
        ),
        Action(
            "move",
            "move",
            (Field("stage_id", Id(STAGE_PREFIX), required=True, nullable=False, about="A stage of any pipeline."),),
            summary="Move a deal to another stage",
            about="Of open deals alone (rule `deal-state`). `pipeline_id` and `stage_changed_at` follow.",
        ),
    ),
    upsert_on=("external_id",),
    money=AmountPair("amount", "currency"),
    about="Possible sales that move through the stages of one pipeline.",
)
