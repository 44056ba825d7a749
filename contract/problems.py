"""Every way to be wrong, a row each, and the one renderer (RFC 9457).

Envoy, authz and transcoder all speak with these bytes. Rows say what the caller reads; what went on inside is for the
log.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contract.vocabulary import Json


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem type. `code` is its slug; `detail` says what to do where a caller of `render` has nothing closer.

    `outcome` of a retryable problem says whether the write may have happened: `not-applied` or `unknown`.
    """

    code: str
    status: int
    title: str
    detail: str
    retryable: bool = False
    outcome: str | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class ItemError:
    """One thing wrong in a request, at one of: a `pointer` (RFC 6901), a query `parameter`, a `header`."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None
    allowed: tuple[str, ...] = ()
    did_you_mean: str | None = None
    example: Json = None

    def members(self) -> dict[str, Json]:
        """The item as it stands in `errors`."""
        item: dict[str, Json] = {}
        if self.pointer is not None:
            item["pointer"] = self.pointer
        if self.parameter is not None:
            item["parameter"] = self.parameter
        if self.header is not None:
            item["header"] = self.header
        item["code"] = self.code
        item["detail"] = self.detail
        if self.allowed:
            item["allowed"] = list(self.allowed)
        if self.did_you_mean is not None:
            item["did_you_mean"] = self.did_you_mean
        if self.example is not None:
            item["example"] = self.example
        return item


def type_uri(problem: Problem, api_url: str) -> str:
    """The problem's `type`: a page under the API's own public URL, never under the request's Host."""
    return f"{api_url}/problems/{problem.code}"


def problem_members(
    problem: Problem,
    *,
    api_url: str,
    trace_id: str,
    detail: str | None = None,
    with_instance: bool = True,
    errors: Sequence[ItemError] | None = None,
    outcome: str | None = None,
    **members: Any,
) -> dict[str, Any]:
    """A problem's members, for an answer of its own or for an item of a batch; see `render`."""
    body: dict[str, Any] = {
        "type": type_uri(problem, api_url),
        "title": problem.title,
        "status": problem.status,
        "detail": detail or problem.detail,
    }
    if with_instance:
        body["instance"] = f"/v1/requests/{trace_id}"
    body["code"], body["trace_id"] = problem.code, trace_id
    # A member may say that this one case of a retryable problem is not worth repeating.
    body["retryable"] = members.get("retryable", problem.retryable)
    if body["retryable"] or outcome == "unknown":
        body["outcome"] = outcome or problem.outcome or "not-applied"
    body |= members
    if errors is not None:
        body["errors"] = [error.members() for error in errors]
    return body


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Made once: `json.dumps` with options makes one for each call."""


def render(problem: Problem, *, api_url: str, trace_id: str, **members: Any) -> bytes:
    """The body of an `application/problem+json` answer.

    `detail` replaces the row's. `with_instance` is for answers that authz or the transcoder gives to an accepted
    token: those have a receipt. `errors` are the items; `outcome` overrides the row's; what else is given are the
    problem's own extension members (RFC 9457 §3.2).
    """
    body = problem_members(problem, api_url=api_url, trace_id=trace_id, **members)
    return _encode(body).encode()


AUTHENTICATION_REQUIRED = Problem(
    "authentication-required",
    401,
    "A token is required",
    "Send an access token in the Authorization header: `Authorization: Bearer <token>`.",
)
INVALID_TOKEN = Problem(
    "invalid-token",
    401,
    "The token is not valid",
    "The access token is malformed, expired, revoked or not meant for this API. Get a new one and send it again.",
)
INSUFFICIENT_SCOPE = Problem(
    "insufficient-scope",
    403,
    "The token lacks a scope",
    "Get a token with the scopes in `required_scopes`.",
)
INSUFFICIENT_PERMISSION = Problem(
    "insufficient-permission",
    403,
    "The user lacks a permission",
    "The token's user may not do this. Ask an admin of the business for the permission in `required_permission`.",
)
BUSINESS_SUSPENDED = Problem(
    "business-suspended",
    403,
    "The business is suspended",
    "The business that this token belongs to is suspended. Its admin can have it resumed.",
)
ROUTE_NOT_FOUND = Problem(
    "route-not-found",
    404,
    "There is no such path",
    "No operation has this path. Check it against the documentation; paths have no trailing slash.",
)
METHOD_NOT_ALLOWED = Problem(
    "method-not-allowed",
    405,
    "This path does not take that method",
    "Use one of the methods in `allowed_methods`.",
)
RESOURCE_NOT_FOUND = Problem(
    "resource-not-found",
    404,
    "There is no such record",
    "No record of this business has that id.",
)
RESOURCE_DELETED = Problem(
    "resource-deleted",
    410,
    "The record is deleted",
    "The record was deleted at `deleted_at`. Read it with `?deleted=include`; it can be restored within 30 days.",
)
VERSION_REQUIRED = Problem(
    "version-required",
    400,
    "The Version header is missing",
    "Say which version of the API you speak: send `Version` with one of `supported_versions`.",
)
VERSION_INVALID = Problem(
    "version-invalid",
    400,
    "The Version header is malformed",
    "`Version` is a date, YYYY-MM-DD. Send one of `supported_versions`.",
)
VERSION_UNSUPPORTED = Problem(
    "version-unsupported",
    400,
    "There is no such version",
    "`Version` must be one of `supported_versions` exactly; no nearest date is guessed.",
)
VERSION_RETIRED = Problem(
    "version-retired",
    400,
    "The version is served no more",
    "`Version` names a version that has been retired. Move to one of `supported_versions`.",
)
MALFORMED_REQUEST = Problem(
    "malformed-request",
    400,
    "The request is malformed",
    "The request could not be read. Check its framing, its URL and its body against the documentation.",
)
INVALID_PARAMETER = Problem(
    "invalid-parameter",
    400,
    "A parameter or header is invalid",
    "See `errors` for each parameter or header that needs attention.",
)
INVALID_ID = Problem(
    "invalid-id",
    400,
    "The id in the path is malformed",
    "An id is its prefix, an underscore and what follows, exactly as an answer gave it.",
)
INVALID_CURSOR = Problem(
    "invalid-cursor",
    400,
    "The cursor cannot be used",
    "Start again without a cursor. A cursor goes with the query that gave it, for 30 days.",
)
REQUEST_TIMEOUT = Problem(
    "request-timeout",
    408,
    "The request came too slowly",
    "The request was not complete in time. Send it again.",
    retryable=True,
    outcome="not-applied",
)
UPGRADE_REQUIRED = Problem(
    "upgrade-required",
    426,
    "This HTTP version is not served",
    "Use HTTP/1.1 or HTTP/2.",
)
NOT_SUPPORTED = Problem(
    "not-supported",
    501,
    "This is not supported here",
    "The API does not serve this method, or this deployment lacks the capability.",
)
HEADERS_TOO_LARGE = Problem(
    "headers-too-large",
    431,
    "The request headers are too large",
    "Send fewer or shorter headers: `limit_bytes` is for all of them together.",
)
PAYLOAD_TOO_LARGE = Problem(
    "payload-too-large",
    413,
    "The request body is too large",
    "Send a body of at most `limit_bytes` bytes.",
)
UNSUPPORTED_MEDIA_TYPE = Problem(
    "unsupported-media-type",
    415,
    "The request body has the wrong media type",
    "Send JSON in UTF-8, uncompressed, with a Content-Type of `supported`.",
)
NOT_ACCEPTABLE = Problem(
    "not-acceptable",
    406,
    "The Accept header excludes every answer",
    "Accept `application/json`, or send no Accept header.",
)
VALIDATION_FAILED = Problem(
    "validation-failed",
    422,
    "The request body is invalid",
    "See `errors` for each field that needs attention.",
)
BUSINESS_RULE_VIOLATED = Problem(
    "business-rule-violated",
    422,
    "A rule of the business forbids this",
    "The request breaks the rule in `rule`.",
)
DUPLICATE_RESOURCE = Problem(
    "duplicate-resource",
    409,
    "Another record has this value",
    "The value of `field` is taken. Update the record in `existing_id`, or send another value.",
)
AMBIGUOUS_MATCH = Problem(
    "ambiguous-match",
    409,
    "More than one record matches",
    "Several live records have that value. Upsert on another field, or update one of them by its id.",
)
RESOURCE_IN_USE = Problem(
    "resource-in-use",
    409,
    "The record is in use",
    "Live deals are still in it. Move or delete them first.",
)
CONFLICT = Problem(
    "conflict",
    409,
    "The record changed meanwhile",
    "Read the record again and repeat the change.",
    retryable=True,
    outcome="not-applied",
)
IDEMPOTENCY_IN_PROGRESS = Problem(
    "idempotency-in-progress",
    409,
    "The first request with this key is still running",
    "Wait for `Retry-After` seconds and send the same request with the same key again.",
    retryable=True,
    outcome="unknown",
    retry_after_s=1,
)
IDEMPOTENCY_OUTCOME_UNKNOWN = Problem(
    "idempotency-outcome-unknown",
    409,
    "Nobody knows what became of the first request with this key",
    "The internal service cannot tell whether it was carried out. Look for the record before you send it again.",
)
IDEMPOTENCY_KEY_REUSED = Problem(
    "idempotency-key-reused",
    422,
    "The Idempotency-Key was used for another request",
    "Use a new key for a new request; a retry must be the same request to the letter.",
)
IDEMPOTENCY_UNAVAILABLE = Problem(
    "idempotency-unavailable",
    503,
    "Idempotency-Key cannot be honoured right now",
    "Nothing was written. Retry later with the same key, or without one if a double is harmless.",
    retryable=True,
    outcome="not-applied",
    retry_after_s=1,
)
PRECONDITION_FAILED = Problem(
    "precondition-failed",
    412,
    "The record is not the one you know",
    "`If-Match` does not name the current revision: read the record, then repeat the change with `current_etag`.",
)
RATE_LIMITED = Problem(
    "rate-limited",
    429,
    "Too many requests",
    "Wait for `retry_after_seconds`, then go on.",
    retryable=True,
    outcome="not-applied",
)
INTERNAL_ERROR = Problem(
    "internal-error",
    500,
    "Something went wrong on our side",
    "It is not your request's fault. Retry later; if it stays, tell support the `trace_id`.",
    retryable=True,
    outcome="unknown",
)
UPSTREAM_INVALID = Problem(
    "upstream-invalid",
    502,
    "An internal service gave no usable answer",
    "It is not your request's fault. Retry later; if it stays, tell support the `trace_id`.",
    retryable=True,
    outcome="unknown",
)
UPSTREAM_UNAVAILABLE = Problem(
    "upstream-unavailable",
    503,
    "An internal service is unavailable",
    "Retry after `Retry-After` seconds.",
    retryable=True,
    outcome="not-applied",
    retry_after_s=1,
)
UPSTREAM_TIMEOUT = Problem(
    "upstream-timeout",
    504,
    "An internal service did not answer in time",
    "Retry later. With an `Idempotency-Key`, a create can be retried without making a double.",
    retryable=True,
    outcome="unknown",
)
OVERLOADED = Problem(
    "overloaded",
    503,
    "The API is overloaded",
    "Nothing was written. Retry after `Retry-After` seconds.",
    retryable=True,
    outcome="not-applied",
    retry_after_s=1,
)

PROBLEMS: tuple[Problem, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Problem))
