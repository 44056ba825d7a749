"""Deals: possible sales that move through the stages of one pipeline."""

from contract.resources.pipeline import PIPELINE_PREFIX, STAGE_PREFIX
from contract.resources.shape import (
    COMPANY_PREFIX,
    CONTACT_PREFIX,
    CUSTOM_FIELDS,
    DEAL_PREFIX,
    EXTERNAL_ID,
    OWNED,
    SIX_KINDS,
    STAMPS,
    TAG_ACTIONS,
    TAGS,
    Action,
    Field,
    Money,
    Resource,
    Write,
    record_id,
)
from contract.roles import access
from contract.types import Amount, Choice, Currency, Date, DateTime, Id, Ids, Line

_CLOSED = ("status", ("won", "lost"))
_CLOSED_AT = Field("closed_at", DateTime(not_future=True), write=Write.ON_CREATE, sortable=True, only_with=_CLOSED)
_LOST_REASON = Field("lost_reason", Line(255, example="Price"), write=Write.ON_CREATE, only_with=("status", ("lost",)))

DEAL = Resource(
    name="deals",
    noun="deal",
    prefix=DEAL_PREFIX,
    access=access("deals"),
    kinds=SIX_KINDS,
    fields=(
        record_id(DEAL_PREFIX),
        Field(
            "title",
            Line(200, example="Northwind fleet renewal"),
            required=True,
            nullable=False,
            sortable=True,
            searched=True,
        ),
        Field("pipeline_id", Id(PIPELINE_PREFIX), nullable=False, write=Write.ON_CREATE),
        Field("stage_id", Id(STAGE_PREFIX), nullable=False, write=Write.ON_CREATE),
        Field("status", Choice(("open", "won", "lost")), nullable=False, write=Write.ON_CREATE, default="open"),
        Field("amount", Amount("currency"), sortable=True),
        Field("currency", Currency()),
        Field("expected_close_date", Date(example="2026-09-30"), sortable=True),
        _CLOSED_AT,
        Field("stage_changed_at", DateTime(), nullable=False, write=Write.NEVER, sortable=True),
        _LOST_REASON,
        Field("company_id", Id(COMPANY_PREFIX)),
        Field("contact_ids", Ids(CONTACT_PREFIX, 20), nullable=False, default=()),
        TAGS,
        EXTERNAL_ID,
        CUSTOM_FIELDS,
        *OWNED,
        *STAMPS,
    ),
    list_filters=("pipeline_id", "stage_id", "status", "company_id", "external_id", "owner_id"),
    member_filters=(("contact_id", "contact_ids"),),
    actions=(
        *TAG_ACTIONS,
        Action("win", "win", (Field("closed_at", DateTime(not_future=True)),)),
        Action(
            "lose",
            "lose",
            (Field("closed_at", DateTime(not_future=True)), Field("lost_reason", Line(255, example="Price"))),
        ),
        Action("reopen", "reopen", (Field("stage_id", Id(STAGE_PREFIX), nullable=False),)),
        Action("move", "move", (Field("stage_id", Id(STAGE_PREFIX), required=True, nullable=False),)),
    ),
    upsert_on=("external_id",),
    money=Money("amount", "currency"),
)
