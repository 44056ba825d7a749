"""What every problem means: what happened, how to right it, and an example as the API would send it.

A row beside each row of `problems`; pages and documents are made of both. Knows no page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from contract import problems
from contract.claims import TokenError
from contract.operations import BY_ID, allowed_methods
from contract.problems import ItemError, Problem, problem_members
from contract.rate_plans import DEFAULT_PLAN
from contract.size_and_time_limits import JSON_MEDIA_TYPE, MAX_BODY_BYTES, MAX_HEADER_BYTES
from contract.types import Id
from contract.versions import LATEST_VERSION, VERSIONS
from contract.vocabulary import Json

EXAMPLE_TRACE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@dataclass(frozen=True, slots=True)
class ProblemDoc:
    """`cause` and `cure` are for people; `members` and `errors` make an example of the problem.

    `receipt`: such a request was accepted before it was refused, so that there is a receipt of it (`instance`).
    """

    cause: str
    remedy: str
    members: Mapping[str, Json] = field(default_factory=dict)
    errors: tuple[ItemError, ...] | None = None
    detail: str | None = None
    receipt: bool = True


class ClientAction(StrEnum):
    """What a client does about a problem, before anybody has read it."""

    RETRY = "retry"
    AUTHENTICATE = "re-authenticate"
    FIX = "fix"
    STOP = "stop"


_FOR_PEOPLE = (
    problems.INSUFFICIENT_SCOPE,
    problems.INSUFFICIENT_PERMISSION,
    problems.BUSINESS_SUSPENDED,
    problems.NOT_SUPPORTED,
    problems.IDEMPOTENCY_OUTCOME_UNKNOWN,
)
"""No other request of the same program would do better: somebody has to grant, decide or look."""


def client_action(problem: Problem) -> ClientAction:
    """What a client does about it."""
    if problem.retryable:
        return ClientAction.RETRY
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return ClientAction.AUTHENTICATE
    return ClientAction.STOP if problem in _FOR_PEOPLE else ClientAction.FIX


def example_body(problem: Problem, api_url: str) -> dict[str, Any]:
    """A body of this problem, by the one renderer."""
    told = PROBLEM_DOCS[problem]
    return problem_members(
        problem,
        api_url=api_url,
        trace_id=EXAMPLE_TRACE_ID,
        detail=told.detail,
        with_instance=told.receipt,
        errors=told.errors,
        **told.members,
    )


_CONTACT = Id("con").example
_WHEN = "2026-11-24T09:30:00.000Z"
_CREATE = BY_ID["contacts.create"]
_SERVED: dict[str, Json] = {
    "supported_versions": [version.date for version in VERSIONS],
    "latest_version": LATEST_VERSION.date,
}
_OURS = (
    "A read can be sent again at once. So can a write with an `Idempotency-Key`: the same request with the same key is "
    "carried out once. Of any other write, first see whether it happened. If it goes on, tell support the `trace_id`."
)
_PAUSE = "Send the same request again after `Retry-After` seconds, and wait longer each time it fails."

PROBLEM_DOCS: Mapping[Problem, ProblemDoc] = {
    problems.AUTHENTICATION_REQUIRED: ProblemDoc(
        "The request has no `Authorization` header, or one of another scheme than `Bearer`.",
        "Send your access token with every call: `Authorization: Bearer <token>`. A token in the query is never read.",
        receipt=False,
    ),
    problems.INVALID_TOKEN: ProblemDoc(
        "The request has a token, but not one that opens this API. `reason` says why.",
        "When `reason` is `expired`, get a new token and repeat the request. When it is `revoked`, the token was taken "
        "back: an app refreshes, and has its user connect again where that is refused; of a personal access token an "
        "admin of the business makes another. Otherwise check that the whole token was sent, and that it was issued "
        "for this API and not for another environment.",
        {"reason": TokenError.EXPIRED.value},
        receipt=False,
        detail=TokenError.EXPIRED.detail,
    ),
    problems.INSUFFICIENT_SCOPE: ProblemDoc(
        "The token is good, but it was not granted the scope that this operation needs.",
        "Get a token with the scopes in `required_scopes`. A scope cannot be added to a token that is already out.",
        {"required_scopes": ["contacts:write"], "granted_scopes": ["contacts:read"]},
    ),
    problems.INSUFFICIENT_PERMISSION: ProblemDoc(
        "The token has the scope, but the user it stands for may not do this: a token never allows more than its user.",
        "Have an admin of the business give the user the permission in `required_permission`, or use a token of a user "
        "who has it.",
        {"required_permission": "contacts:write_all", "role": "member"},
    ),
    problems.BUSINESS_SUSPENDED: ProblemDoc(
        "The business that the token belongs to is suspended. Nothing of it can be read or written.",
        "Stop calling for this business until an admin has had it resumed. Its records are kept.",
    ),
    problems.ROUTE_NOT_FOUND: ProblemDoc(
        "No operation and no document has this path.",
        "Compare the path with the reference. Paths begin with `/v1`, are lower-case and have no trailing slash.",
    ),
    problems.METHOD_NOT_ALLOWED: ProblemDoc(
        "The path exists, but not for this method.",
        "Use one of `allowed_methods`; the `Allow` header says the same. Updates are `PATCH`, never `PUT`.",
        {"allowed_methods": list(allowed_methods(_CREATE.path))},
    ),
    problems.RESOURCE_NOT_FOUND: ProblemDoc(
        "No record of the token's business has this id: there never was one, it was purged, or it is another's.",
        "Check that id and token belong to the same business. Drop the id from your side if it has been purged.",
    ),
    problems.RESOURCE_DELETED: ProblemDoc(
        "The record was deleted at `deleted_at`. It can no longer be changed.",
        "Read it with `?deleted=include`. To go on with it, restore it with `POST …/restore` within 30 days.",
        {"deleted_at": _WHEN, "merged_into": None},
    ),
    problems.VERSION_REQUIRED: ProblemDoc(
        "The request does not say which version of the API it speaks. There is no default, so that nothing changes "
        "under a client that says nothing.",
        f"Send a `Version` header with every call, such as `Version: {LATEST_VERSION.date}`.",
        _SERVED,
    ),
    problems.VERSION_INVALID: ProblemDoc(
        "The `Version` header is not a date.",
        f"Send a date of `supported_versions` and nothing else, such as `Version: {LATEST_VERSION.date}`.",
        _SERVED,
    ),
    problems.VERSION_UNSUPPORTED: ProblemDoc(
        "`Version` is a date, but no version of the API has it.",
        "Send one of `supported_versions` exactly; the nearest date is never guessed.",
        _SERVED,
    ),
    problems.VERSION_RETIRED: ProblemDoc(
        "This version has been served until its announced end and is served no more.",
        "Read in the changelog what has changed since, adapt, and send one of `supported_versions`.",
        _SERVED,
    ),
    problems.MALFORMED_REQUEST: ProblemDoc(
        "The request could not be read: its framing, its URL, or a body that is not JSON as RFC 8259 has it. `reason`, "
        "`line` and `column` say where a body went wrong.",
        "Have a JSON library write the body. Names may stand only once in an object, and text must be UTF-8.",
        {"reason": "duplicate-member", "line": 3, "column": 5},
        detail="A member name stands twice in one object (line 3, column 5).",
    ),
    problems.INVALID_PARAMETER: ProblemDoc(
        "A parameter is unknown, or it or a header is repeated or has a value that it cannot have. No parameter "
        "is ever ignored.",
        "Right each of `errors`: `parameter` or `header` names it, `did_you_mean` what was probably meant.",
        errors=(
            ItemError(
                "unknown-parameter",
                "This operation takes no such parameter.",
                parameter="limt",
                did_you_mean="limit",
            ),
        ),
    ),
    problems.INVALID_ID: ProblemDoc(
        "The id in the path has the form of no id of this resource.",
        "Send ids exactly as an answer gave them, with their prefix: contacts have others than companies.",
        errors=(
            ItemError("invalid-id", "Not an id: con_ and 26 characters.", parameter="contact_id", example=_CONTACT),
        ),
    ),
    problems.INVALID_CURSOR: ProblemDoc(
        "The cursor is not one of ours, is older than 30 days, or was given for another query.",
        "Begin again without a cursor. While paging, change nothing but the cursor.",
        {"reason": "expired"},
    ),
    problems.REQUEST_TIMEOUT: ProblemDoc(
        "The request did not arrive whole in time. It was not carried out.",
        "Send it again. If it happens often, send smaller bodies or look at the connection.",
        receipt=False,
    ),
    problems.UPGRADE_REQUIRED: ProblemDoc(
        "The request came by HTTP/1.0 or older.",
        "Use a client that speaks HTTP/1.1 or HTTP/2.",
        receipt=False,
    ),
    problems.NOT_SUPPORTED: ProblemDoc(
        "The method is unknown, or it is something that the API knows but this deployment cannot do.",
        "Do not repeat it here. The reference says which operations do without it.",
    ),
    problems.HEADERS_TOO_LARGE: ProblemDoc(
        "The request headers together are larger than `limit_bytes`.",
        "Send fewer or shorter headers. Large ones are often cookies that were never meant for the API.",
        {"limit_bytes": MAX_HEADER_BYTES},
        receipt=False,
    ),
    problems.PAYLOAD_TOO_LARGE: ProblemDoc(
        "The body is larger than `limit_bytes`.",
        "Send less at a time: split a batch into several.",
        {"limit_bytes": MAX_BODY_BYTES},
    ),
    problems.UNSUPPORTED_MEDIA_TYPE: ProblemDoc(
        "The body is said to be something else than JSON, or it is compressed.",
        f"Send `Content-Type: {JSON_MEDIA_TYPE}` and no `Content-Encoding`.",
        {"supported": [JSON_MEDIA_TYPE]},
    ),
    problems.NOT_ACCEPTABLE: ProblemDoc(
        "The `Accept` header excludes JSON, and there is nothing else.",
        f"Send `Accept: {JSON_MEDIA_TYPE}`, or none.",
        {"supported": [JSON_MEDIA_TYPE]},
    ),
    problems.VALIDATION_FAILED: ProblemDoc(
        "The body was read, but some of it cannot be accepted. Nothing was written.",
        "Right each of `errors`: `pointer` (RFC 6901) leads to the value, `detail` says what is expected. All faults "
        "are told at once. Switch on `code`, not on the text.",
        errors=(ItemError("invalid-email", "Not an e-mail address.", pointer="/email", example="ada@example.com"),),
        detail="1 field needs attention.",
    ),
    problems.BUSINESS_RULE_VIOLATED: ProblemDoc(
        "Every value is well-formed, but together they break a rule of the business, named in `rule`.",
        "Change the request so that it keeps the rule; repeating it as it is will not help.",
        {"rule": "contact-needs-identity"},
    ),
    problems.DUPLICATE_RESOURCE: ProblemDoc(
        "Another live record has the value of `field`, which may exist only once. `existing_id` is that record, if you "
        "may read it.",
        "Update the existing record instead, or upsert: it does either, in one call.",
        {"field": "email", "existing_id": _CONTACT},
        errors=(ItemError("duplicate-value", "Another live record has this value.", pointer="/email"),),
    ),
    problems.AMBIGUOUS_MATCH: ProblemDoc(
        "An upsert found several live records with that value, and does not guess which is meant.",
        "Upsert on a field whose values exist only once, such as `external_id`, or update one record by its id.",
    ),
    problems.RESOURCE_IN_USE: ProblemDoc(
        "Live records still depend on this one.",
        "Move or delete those first, then repeat the request.",
    ),
    problems.CONFLICT: ProblemDoc(
        "Somebody else changed the record while the request was carried out. Nothing was written.",
        "Read the record, decide whether your change still makes sense, and send it again.",
    ),
    problems.IDEMPOTENCY_IN_PROGRESS: ProblemDoc(
        "A request with this `Idempotency-Key` is still being carried out.",
        "Wait for `Retry-After` seconds, then send the same request with the same key: "
        "its answer is then that of the first.",
    ),
    problems.IDEMPOTENCY_OUTCOME_UNKNOWN: ProblemDoc(
        "The first request with this key was lost on its way, and nobody can say whether it was carried out.",
        "Look for the record, for instance by its e-mail or `external_id`. Only if it is not there, send the request "
        "again, with a new key.",
    ),
    problems.IDEMPOTENCY_KEY_REUSED: ProblemDoc(
        "The key was used before, for a request with another path, version or body.",
        "Use a new key for each new request. For a retry, send the first request again, unchanged.",
    ),
    problems.IDEMPOTENCY_UNAVAILABLE: ProblemDoc(
        "Keys cannot be remembered right now, so that a retry could make a double. Nothing was written.",
        _PAUSE,
    ),
    problems.PRECONDITION_FAILED: ProblemDoc(
        "`If-Match` names a revision that is not the current one: somebody changed the record since you read it.",
        "Read the record, put your change to it, and send it with `current_etag` in `If-Match`.",
        {"current_etag": "r7-k4cu2xm"},
    ),
    problems.RATE_LIMITED: ProblemDoc(
        "The token, together with all others of its family, has spent what its plan allows. `policy` says which limit. "
        "The refused call costs nothing.",
        "Wait for `retry_after_seconds`, then send it again: it will pass. To stay below, watch "
        "`X-RateLimit-Remaining` and use batches. **`X-RateLimit-Reset` is in seconds from now, never a date.**",
        {"policy": DEFAULT_PLAN.burst.name, "retry_after_seconds": 2},
    ),
    problems.INTERNAL_ERROR: ProblemDoc("Something failed on our side that should not have. We are told of it.", _OURS),
    problems.UPSTREAM_INVALID: ProblemDoc(
        "A service behind the API answered with something that cannot be used. We are told of it.", _OURS
    ),
    problems.UPSTREAM_UNAVAILABLE: ProblemDoc(
        "A service behind the API is not there right now. Nothing was written unless `outcome` says `unknown`.", _PAUSE
    ),
    problems.UPSTREAM_TIMEOUT: ProblemDoc(
        "A service behind the API did not answer in time. What was asked may still have been carried out.", _OURS
    ),
    problems.OVERLOADED: ProblemDoc("There is more to do than can be done right now. Nothing was written.", _PAUSE),
}
