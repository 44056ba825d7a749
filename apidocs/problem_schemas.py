"""[pure] A problem as a schema, with the members that go with one code or another."""

from apidocs.json_schema import Schema, array, described, nullable, ref, response_object
from apidocs.type_schemas import response_schema
from contract.types import Date, DateTime
from contract.versions import LATEST_VERSION

_WORDS: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_DAY = described(response_schema(Date()), "", example=LATEST_VERSION.date)

MORE_MEMBERS: dict[str, tuple[Schema, str]] = {
    "reason": (_WORDS, "Why, in a kebab-case word: of a token, a cursor or a malformed body."),
    "line": (_COUNT, "Where in a malformed body."),
    "column": (_COUNT, "Where in that line."),
    "required_scopes": (array(_WORDS), "The scopes that the operation needs."),
    "granted_scopes": (array(_WORDS), "The scopes that the token has."),
    "required_permission": (_WORDS, "The permission that the user lacks."),
    "role": (_WORDS, "The user's role."),
    "allowed_methods": (array(_WORDS), "The methods that the path takes."),
    "supported_versions": (array(_DAY), "The versions that are served, newest first."),
    "latest_version": (_DAY, "The newest version."),
    "deleted_at": (response_schema(DateTime()), "When the record was deleted."),
    "merged_into": (nullable(_WORDS), "Null for now."),
    "limit_bytes": (_COUNT, "The largest size that is taken."),
    "supported": (array(_WORDS), "The media types that are served."),
    "rule": (_WORDS, "The rule of the business that was broken."),
    "field": (_WORDS, "The member whose value is taken."),
    "existing_id": (_WORDS, "The record that has the value, if you may read it."),
    "current_etag": (_WORDS, "The record's `etag` now."),
    "policy": (_WORDS, "The limit that was reached."),
    "retry_after_seconds": (_COUNT, "After that many seconds a request does pass."),
}
"""What problems say beyond RFC 9457."""


def problem_schemas() -> dict[str, Schema]:
    """A problem, and an item of one."""
    place = {
        "pointer": described(_WORDS, "Where in the body (RFC 6901), in your version's names.", example="/email"),
        "parameter": described(_WORDS, "Which parameter of the path or query."),
        "header": described(_WORDS, "Which header."),
    }
    item = response_object(
        {
            **place,
            "code": described(_WORDS, "Switch on this; kebab-case.", example="invalid-email"),
            "detail": described(_WORDS, "A sentence for people."),
            "allowed": described(array(_WORDS), "The values that are allowed."),
            "did_you_mean": described(_WORDS, "What was probably meant."),
            "example": {"description": "A valid value."},
        },
        required=("code", "detail"),
    )
    problem = response_object(
        {
            "type": described({"type": "string", "format": "uri"}, "A page that explains the problem and its cure."),
            "title": described(_WORDS, "The problem in a few words; the same for every problem of this `code`."),
            "status": described({"type": "integer", "minimum": 400, "maximum": 599}, "The HTTP status."),
            "detail": described(_WORDS, "What happened here and what to do, for people."),
            "instance": described(_WORDS, "The receipt of the request; there when its token was accepted."),
            "code": described(_WORDS, "Switch on this; kebab-case. New codes may come.", example="validation-failed"),
            "trace_id": described(_WORDS, "The request's id, as in `X-Request-Id`."),
            "retryable": described({"type": "boolean"}, "Whether the same request may pass later."),
            "outcome": described(
                {"type": "string", "enum": ["not-applied", "unknown"]},
                "Whether the write did not happen, or nobody knows; told of every retryable problem.",
            ),
            "errors": described(array(ref("ProblemItem")), "What needs attention, all at once."),
            **{name: described(schema, about) for name, (schema, about) in MORE_MEMBERS.items()},
        },
        required=("type", "title", "status", "detail", "code", "trace_id", "retryable"),
    )
    about = "RFC 9457. Which of the later members there are goes by the `code`; more may come."
    return {"Problem": described(problem, about), "ProblemItem": described(item, "One thing that needs attention.")}
