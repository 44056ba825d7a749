"""Apps: clients of the authorization server, registered by a business's admin. Kept by that server."""

from contract.resources.personal_access_token import OVERLAP
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
from contract.roles import ADMINISTRATION, ROLES
from contract.size_and_time_limits import MAX_APPS
from contract.types import Bool, Choice, DateTime, Id, Line, Scopes, Text, Uris
from contract.vocabulary import Kind

APP = Resource(
    name="apps",
    noun="app",
    prefix="app",
    access=ADMINISTRATION,
    kinds=(Kind.LIST, Kind.CREATE, Kind.GET, Kind.UPDATE, Kind.DELETE),
    fields=(
        record_id("app"),
        Field(
            "name", Line(100, example="Warehouse sync"), required=True, nullable=False, about="What users see it by."
        ),
        Field(
            "kind",
            Choice(("marketplace", "service")),
            required=True,
            nullable=False,
            write=Writable.ON_CREATE,
            about="`marketplace`: users of any business allow it to act for them. `service`: it acts in this business "
            "by itself, as a user of its own.",
        ),
        Field(
            "is_public",
            Bool(example=False),
            nullable=False,
            write=Writable.ON_CREATE,
            default=False,
            about="Whether it cannot keep a secret, as on a phone; a service always has one.",
        ),
        Field(
            "redirect_uris",
            Uris(),
            nullable=False,
            about="Where users may be sent back to, to the letter: https; of a public app also `http://127.0.0.1` or "
            "`http://[::1]` with any port, and a scheme of its own. A marketplace app needs one, a service has none.",
        ),
        Field("scopes", Scopes(), required=True, nullable=False, about="The most that it may ask for."),
        Field(
            "service_role",
            Choice(tuple(ROLES)),
            requires=("kind", ("service",)),
            about="The role of a service's user; a service needs one.",
        ),
        Field(
            "client_id",
            Line(64, example="cli_5f0c1f2b8e6d4a7c9b3e2d1f0a9c8b7d"),
            nullable=False,
            write=Writable.NEVER,
            about="What it calls itself at the authorization server.",
        ),
        Field("service_user_id", Id(USER_PREFIX), write=Writable.NEVER, about="The user that a service acts as."),
        Field("secret_rotated_at", DateTime(), write=Writable.NEVER, about="When its secret last changed."),
        CREATED_BY,
        CREATED_AT,
        ETAG,
        Field(
            "client_secret",
            Text(64, example="sec_gYw0m9zq3cB8nq0c3pTt8bXo5fN1rEJ7uQ2dKkV4sLM"),
            nullable=False,
            write=Writable.NEVER,
            filterable=False,
            shown_once=True,
            about="The secret, unless the app is public. Nobody can show it again.",
        ),
    ),
    actions=(
        Action(
            "rotate_secret",
            "rotate_secret",
            (OVERLAP,),
            summary="Rotate an app's secret",
            about="The answer holds the new secret, this once. The one before goes on for the overlap. A public app "
            "has none (rule `app-secret`).",
            creates=True,
        ),
    ),
    about="A client of the authorization server.",
    operation_texts={
        Kind.LIST: OperationTexts(about="The apps that this business has registered."),
        Kind.CREATE: OperationTexts(
            about=f"The answer holds the secret of one that is not public, this once. A business has {MAX_APPS} apps "
            "at the most (rule `limit-reached`)."
        ),
        Kind.GET: OperationTexts(about="The record; never the secret. One that was deleted is 410."),
        Kind.UPDATE: OperationTexts(
            about="A merge patch: absent members stay, arrays are replaced. Fewer scopes count for tokens that are "
            "issued from then on; those of a service end when its scopes or its role change."
        ),
        Kind.DELETE: OperationTexts(about="It is no client any more; all its grants and tokens end within a second."),
    },
)
