"""[pure] What the gateway asks of the authorization server about tokens and apps, and what it is told: paths and forms.

Both ends read and write these. Numbers of users are texts, for where they are UUIDs they have 128 bits. Owns no rule.
"""

from typing import Literal

import msgspec

TOKENS, APPS = "tokens", "apps"
KEYS = "keys"
"""Behind it a `dedupe_key`: what was made with it."""
ROOT = "/businesses"
"""`/businesses/{number}/tokens/{number}/rotate`, on the internal listener."""
ROTATE, ROTATE_SECRET = "rotate", "rotate_secret"
USES_PATH = "/uses"

ACTOR, PERMISSIONS, TRACE, DEADLINE_MS = "X-Actor-User-Id", "X-Actor-Permissions", "X-Trace-Id", "X-Deadline-Ms"
"""For whom, what they may do, the trace, and what is left of the caller's time."""

REFUSED_STATUS = 409
"""With a `Refused`. 2xx has what was asked for; all else is a fault inside."""


Status = Literal["active", "expired", "revoked"]


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that one end writes and the other reads, to the letter."""


class Token(Message, frozen=True, kw_only=True):
    """A personal access token. `token` itself is there once."""

    number: int
    revision: int
    name: str
    scopes: list[str]
    user: str
    status: Status
    created_at_s: int
    expires_at_s: int
    created_by: str | None = None
    last_used_at_s: int | None = None
    revoked_at_s: int | None = None
    token: str | None = None


class App(Message, frozen=True, kw_only=True):
    """An app. `client_secret` is there once."""

    number: int
    revision: int
    name: str
    kind: Literal["marketplace", "service"]
    is_public: bool
    redirect_uris: list[str]
    scopes: list[str]
    client_id: str
    created_at_s: int
    service_role: str | None = None
    service_user: str | None = None
    secret_rotated_at_s: int | None = None
    created_by: str | None = None
    deleted_at_s: int | None = None
    client_secret: str | None = None


class Write(Message, frozen=True, kw_only=True):
    """On which revision, if on one; `dry`: only as if."""

    dry: bool = False
    revision: int | None = None


class Create(Write, frozen=True, kw_only=True):
    """What is made once, however often it is asked for with the same `dedupe_key`."""

    dedupe_key: str | None = None


class CreateToken(Create, frozen=True, kw_only=True):
    """A token that is wanted."""

    name: str
    scopes: list[str]
    user: str | None = None
    expires_at_s: int | None = None


class RotateRequest(Write, frozen=True, kw_only=True):
    """Another token, or another secret, in the place of one."""

    overlap_s: int = 0
    expires_at_s: int | None = None


class CreateApp(Create, frozen=True, kw_only=True):
    """An app that is wanted."""

    name: str
    kind: Literal["marketplace", "service"]
    scopes: list[str]
    is_public: bool = False
    redirect_uris: list[str] | None = None
    service_role: str | None = None


class UpdateApp(Write, frozen=True, kw_only=True):
    """What is to be changed of an app; what is absent stays."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    scopes: list[str] | msgspec.UnsetType = msgspec.UNSET
    redirect_uris: list[str] | msgspec.UnsetType = msgspec.UNSET
    service_role: str | msgspec.UnsetType | None = msgspec.UNSET


class FieldError(Message, frozen=True, kw_only=True):
    """A member that will not do, by its public name; `index`: of an element."""

    member: str
    code: str
    detail: str
    index: int | None = None


class Rejection(Message, frozen=True, kw_only=True):
    """Why not."""

    why: Literal["not-there", "deleted", "stale", "invalid", "rule", "busy"]
    at_s: int | None = None
    revision: int | None = None
    faults: list[FieldError] = []
    rule: str | None = None
    detail: str | None = None


class CreatedResult(Message, frozen=True, kw_only=True):
    """What was made with a `dedupe_key`: its number; None where nothing was."""

    number: int | None


class TokenUses(Message, frozen=True, kw_only=True):
    """When tokens were last used, by `jti`."""

    uses: dict[str, int]
