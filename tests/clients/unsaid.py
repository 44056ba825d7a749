"""What no schema can say of a body that is refused all the same: by code, where in the body, and why.

Whatever else is said of a body that keeps to its schema is a fault of the document, or of the API.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class Unsaid(NamedTuple):
    """A refusal that the document cannot foretell; `where` is a pattern of pointers."""

    code: str
    where: str
    why: str


_ANYWHERE = ".*"
_MONEY = "/(value|(value/)?(amount|currency))"
_VALUES = r"/filters/.*/value(/\d+)?"
UNSAID = (
    Unsaid("reference-not-found", _ANYWHERE, "whether there is such a record is the business's own affair"),
    Unsaid("duplicate-value", _ANYWHERE, "whether another record has that value, likewise"),
    Unsaid("duplicate-item", _ANYWHERE, "two that differ in case or in blanks around them are one"),
    Unsaid("unknown-member", "/custom_fields/[^/]*", "which custom fields there are, the business decides"),
    Unsaid("unknown-field", r"/filters/.*/field", "so it is of filters by them"),
    Unsaid("not-applicable", _ANYWHERE, "some members go with some states; said in words beside them"),
    Unsaid("required", _MONEY, "an amount and its currency go together"),
    Unsaid("not-nullable", _MONEY, "so they do"),
    Unsaid("currency-required", _ANYWHERE, "so they do in filters"),
    Unsaid("too-many-decimals", _ANYWHERE, "how many there may be goes with the currency"),
    Unsaid("required", "/(external_id|email|domain)", "an upsert needs the member that its `on` names"),
    Unsaid("not-nullable", "/(external_id|email|domain)", "so it does"),
    Unsaid("required", "/(service_role|redirect_uris)", "a service needs the one, a marketplace app the other"),
    Unsaid("not-permitted", r"/scopes/\d+", "what a token's user may do goes with their role"),
    Unsaid("too-many-items", "/tags", "how many a record has already, it alone knows"),
    Unsaid("invalid-operator", r"/filters/.*/operator", "which operators there are goes with the field"),
    Unsaid("invalid-type", _VALUES, "what a value may be goes with field and operator"),
    Unsaid("not-nullable", _VALUES, "so it does"),
    Unsaid("invalid-id", _VALUES, "so it does"),
    Unsaid("out-of-range", r"/filters/.*/(any|all|not)(/\d+)?", "how deep groups may nest is said in words"),
    Unsaid("out-of-range", "/(birth_date|occurred_at|completed_at|closed_at)", "what has happened lies in the past"),
    Unsaid("out-of-range", "/expires_at", "a token's end lies ahead, within a year from now; said in words"),
    Unsaid("out-of-range", "/due_(date|at)", "the years that are served are said in words"),
    Unsaid("unknown-value", "/(address/country|currency|value/currency)", "which codes there are, ISO decides"),
    Unsaid("read-only", "/type", "an upsert that meets a record cannot change what only a create says"),
    Unsaid("rule-violated", _ANYWHERE, "a rule of the business, named"),
)


def foretold(error: Mapping[str, Any]) -> bool:
    """Whether the document should have told of this."""
    pointer = error.get("pointer", "")
    return not any(row.code == error["code"] and re.fullmatch(row.where, pointer) for row in UNSAID)
