"""[pure] Headers in words: what a caller may send, and what answers tell. The names are the contract's."""

from collections.abc import Iterable

from apidocs.json_schema import Schema, described, extended, ref
from contract import headers
from contract.documents import EXAMPLE_API_URL
from contract.rate_plans import DEFAULT_PLAN
from contract.resources import CONTACT
from contract.size_and_time_limits import IDENTITY_CODING, MAX_IDEMPOTENCY_KEY
from contract.types import Etag, Id
from contract.versions import LATEST_VERSION, Version

API_VERSION = "ApiVersion"
_TAG = r'(?:W/)?(?:"[!#-~]*"|[!#-)+.-~-][!#-+.-~-]*)'
TAGS = rf"^(?:\*|{_TAG}(?:[ \t]*,[ \t]*{_TAG})*)$"
"""`*`, or entity tags, quoted or bare."""
_ETAG = f'"{Etag().example}"'
_BURST, _DAILY = DEFAULT_PLAN.policies
_COUNT: Schema = {"type": "integer", "minimum": 0}
_WORDS: Schema = {"type": "string"}


def _header(schema: Schema, about: str, example: object, *, required: bool = False) -> Schema:
    return {
        "description": about,
        "schema": described(schema, "", example=example),
        **({"required": True} if required else {}),
    }


RESPONSE_HEADERS: dict[str, Schema] = {
    headers.REQUEST_ID.name: _header(
        {"type": "string", "format": "uuid"},
        "The id of this request: `trace_id` in problems, and what support will ask for.",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        required=True,
    ),
    headers.VERSION.name: _header(
        {"type": "string", "format": "date"}, "The version that the answer speaks.", LATEST_VERSION.date
    ),
    headers.RATE_LIMIT: _header(_COUNT, f"Cost units of the burst policy in {_BURST.window_s} seconds.", _BURST.limit),
    headers.RATE_REMAINING: _header(_COUNT, "Cost units that the burst policy has room for now.", _BURST.limit - 1),
    headers.RATE_RESET: _header(
        _COUNT, "**Seconds from now** until the burst policy is full again; never an instant.", 1
    ),
    headers.DAILY_LIMIT: _header(_COUNT, f"Cost units of the daily policy in {_DAILY.window_s} seconds.", _DAILY.limit),
    headers.DAILY_REMAINING: _header(
        _COUNT, "Cost units that the daily policy has room for now; it refills continuously.", _DAILY.limit - 1
    ),
    headers.DAILY_RESET: _header(
        _COUNT, "**Seconds from now** until the daily policy is full again; never an instant.", 1
    ),
    headers.RATE_COST: _header(_COUNT, "What this request cost, in units. A 429 costs nothing.", 1),
    headers.RATE_POLICY: _header(
        _WORDS,
        "All policies (draft-ietf-httpapi-ratelimit-headers): `q` units in `w` seconds.",
        f'"{_BURST.name}";q={_BURST.limit};w={_BURST.window_s}, "{_DAILY.name}";q={_DAILY.limit};w={_DAILY.window_s}',
    ),
    headers.RATE_STATE: _header(
        _WORDS,
        "What is left of all policies: `r` units now, more after `t` seconds.",
        f'"{_BURST.name}";r={_BURST.limit - 1};t=1, "{_DAILY.name}";r={_DAILY.limit - 1};t=1',
    ),
    headers.ETAG: _header(_WORDS, "The record's `etag`, between quotes.", _ETAG),
    headers.LOCATION: _header(
        {"type": "string", "format": "uri"},
        "The URL of the new record.",
        f"{EXAMPLE_API_URL}{CONTACT.collection}/{Id(CONTACT.prefix).example}",
    ),
    headers.LINK: _header(
        _WORDS,
        'The next page as a link, `rel="next"`, while there is one.',
        f'<{EXAMPLE_API_URL}{CONTACT.collection}?cursor=AQ>; rel="next"',
    ),
    headers.IDEMPOTENT_REPLAYED: _header(
        {"type": "string", "enum": ["true"]},
        "The answer of the first request with this `Idempotency-Key`: nothing was written now.",
        "true",
    ),
    headers.RETRY_AFTER: _header(_COUNT, "Seconds to wait; after them a request does pass.", 1),
    headers.WWW_AUTHENTICATE: _header(_WORDS, "How to authenticate (RFC 6750 §3).", headers.CHALLENGE),
    headers.ALLOW: _header(_WORDS, "The methods that the path takes.", "GET, HEAD, POST, OPTIONS"),
    headers.ACCEPT_PATCH: _header(
        _WORDS, "The media types of a patch (RFC 5789 §3.1).", "application/json, application/merge-patch+json"
    ),
    headers.ACCEPT_ENCODING: _header(
        _WORDS, "The codings of a body that are taken: none (RFC 9110 §15.5.16).", IDENTITY_CODING
    ),
    headers.DEPRECATION: _header(_WORDS, "Since when the version is deprecated (RFC 9745).", "@1798761600"),
    headers.SUNSET: _header(_WORDS, "When the version ends (RFC 8594).", "Fri, 01 Jan 2027 00:00:00 GMT"),
}
"""Every header that a caller may want to read of an answer."""


def header_references(*names: str, version: Version | None = None) -> Schema:
    """References to headers of an answer; those of a deprecated version among them."""
    old = version is not None and version.deprecated_at_s is not None
    more = (headers.DEPRECATION, headers.SUNSET) if old else ()
    return {title(name): ref(title(name), "headers") for name in (*names, *more)}


def title(name: str) -> str:
    """A header's name as documents spell it."""
    spelled = "-".join(word.upper() if word in ("id", "www") else word.title() for word in name.split("-"))
    return spelled.replace("Ratelimit", "RateLimit").replace("Etag", "ETag")


def header_components() -> dict[str, Schema]:
    """The headers, by the names that documents spell."""
    return {title(name): header for name, header in RESPONSE_HEADERS.items()}


def idempotency_key() -> Schema:
    """An `Idempotency-Key`: printable ASCII; what a header loses at its ends is none of it."""
    key: Schema = {"type": "string", "maxLength": MAX_IDEMPOTENCY_KEY, "pattern": "^[!-~](?:[ -~]*[!-~])?$"}
    return described(key, "", example="import-2026-06-17-0042")


def request_headers(version: Version) -> dict[str, Schema]:
    """What a caller may send, as parameters."""
    tags: Schema = {"type": "string", "pattern": TAGS}
    rows: Iterable[tuple[headers.Header, Schema, str, bool]] = (
        (
            headers.VERSION,
            extended(ref(API_VERSION), {"default": version.date}),
            "The version of the API that you speak: a date, exactly.",
            True,
        ),
        (
            headers.IDEMPOTENCY_KEY,
            idempotency_key(),
            "Sent again with the same key, the same request is answered as the first time and carried out once. Kept "
            "for 24 hours.",
            False,
        ),
        (
            headers.IF_MATCH,
            described(tags, "", example=_ETAG),
            "Carry the change out only on this revision: the record's `etag`, an `ETag` header of it, or `*`.",
            False,
        ),
        (
            headers.IF_NONE_MATCH,
            described(tags, "", example=_ETAG),
            "Answer 304 without a body when the record is still at this revision.",
            False,
        ),
    )
    return {
        row.title.replace("-", ""): {
            "name": row.title,
            "in": "header",
            "description": about,
            **({"required": True} if required else {}),
            "schema": schema,
        }
        for row, schema, about, required in rows
    }
