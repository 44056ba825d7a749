"""Personal access tokens: long-lived, of one user, made by an admin. Kept by the authorization server."""

from contract.resources.shape import (
    CREATED_AT,
    CREATED_BY,
    ETAG,
    USER_PREFIX,
    Action,
    Field,
    OperationTexts,
    Resource,
    Writable,
    record_id,
)
from contract.roles import ADMINISTRATION
from contract.size_and_time_limits import MAX_OVERLAP_S, MAX_PATS
from contract.types import Choice, DateTime, Id, Int, Line, Scopes, Text
from contract.vocabulary import Kind

OVERLAP = Field(
    "overlap_seconds",
    Int(0, MAX_OVERLAP_S),
    nullable=False,
    default=0,
    about="For how long the old one goes on beside the new one.",
)
_ENDS = "At most a year ahead, in whole seconds; 90 days from now unless given."

PERSONAL_ACCESS_TOKEN = Resource(
    name="personal_access_tokens",
    noun="token",
    prefix="tok",
    access=ADMINISTRATION,
    kinds=(Kind.LIST, Kind.CREATE, Kind.GET, Kind.DELETE),
    fields=(
        record_id("tok"),
        Field(
            "name",
            Line(100, example="Nightly export"),
            required=True,
            nullable=False,
            write=Writable.ON_CREATE,
            about="What it is for, in your words.",
        ),
        Field(
            "scopes",
            Scopes(),
            required=True,
            nullable=False,
            write=Writable.ON_CREATE,
            about="What it may be used for: no more than its user may do.",
        ),
        Field(
            "user_id",
            Id(USER_PREFIX),
            nullable=False,
            write=Writable.ON_CREATE,
            about="The user that it stands for: the caller unless given.",
        ),
        Field("expires_at", DateTime(), nullable=False, write=Writable.ON_CREATE, about=f"When it ends. {_ENDS}"),
        Field(
            "status",
            Choice(("active", "expired", "revoked")),
            nullable=False,
            write=Writable.NEVER,
            about="Whether it can be used. Ended ones are listed for 30 days.",
        ),
        Field("last_used_at", DateTime(), write=Writable.NEVER, about="When it was last used, to the minute."),
        Field(
            "revoked_at",
            DateTime(),
            write=Writable.NEVER,
            about="When it was revoked; ahead while it overlaps with the one that replaces it.",
        ),
        CREATED_BY,
        CREATED_AT,
        ETAG,
        Field(
            "token",
            Text(8192, example="eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln"),
            nullable=False,
            write=Writable.NEVER,
            filterable=False,
            shown_once=True,
            about="The token itself. Nobody can show it again.",
        ),
    ),
    list_filters=("user_id", "status"),
    actions=(
        Action(
            "rotate",
            "rotate",
            (OVERLAP, Field("expires_at", DateTime(), about=f"When the new one ends. {_ENDS}")),
            summary="Rotate a token",
            about="Makes another one of the same name, scopes, user and rate limit in its place: a record of its own. "
            "The old one ends after the overlap. Only an active one can be rotated, and once (rule `token-state`); its "
            "user must still be allowed what it says (rule `token-user`).",
            success=201,
            creates=True,
        ),
    ),
    ends_permanently=True,
    about="A token for programs: it stands for one user of the business, with the scopes that it was made with.",
    operation_texts={
        Kind.LIST: OperationTexts(
            summary="List personal access tokens",
            about="The business's, revoked and expired ones of the last 30 days too.",
        ),
        Kind.CREATE: OperationTexts(
            summary="Create a personal access token",
            about=f"The answer holds the token, this once. A business has {MAX_PATS} live ones at the most (rule "
            "`limit-reached`).",
        ),
        Kind.GET: OperationTexts(summary="Get a personal access token", about="The record; never the token itself."),
        Kind.DELETE: OperationTexts(
            "revoke",
            "Revoke a personal access token",
            "Ends it at once: within a second no call passes with it. One that has ended stays as it is, and the "
            "answer is the same.",
        ),
    },
)
