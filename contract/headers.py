"""Wire names and who may write them. The edge strips from callers every request header that is not theirs.

Names are lower-case, as HTTP/2 sends them; `X-…` in documents is the same header (RFC 9110 §5.1).
"""

from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit


class Writer(Enum):
    """Who may set a request header that reaches us."""

    CALLER = "caller"
    EDGE = "edge"
    AUTHZ = "authz"


@dataclass(frozen=True, slots=True)
class Header:
    """A request header. All but CALLER's are removed from what a caller sends. `about` is for readers of documents."""

    name: str
    writer: Writer
    about: str

    @property
    def title(self) -> str:
        """The name as documents and problems spell it."""
        return self.name.title()


AUTHORIZATION = Header("authorization", Writer.CALLER, "`Bearer` and the token. Two of them are refused.")
VERSION = Header("version", Writer.CALLER, "The version of the API that the caller speaks, a date.")
IDEMPOTENCY_KEY = Header("idempotency-key", Writer.CALLER, "The caller's name for a write that is to happen once.")
IF_MATCH = Header("if-match", Writer.CALLER, "The revision that a write is meant for.")
IF_NONE_MATCH = Header("if-none-match", Writer.CALLER, "The revision that the caller of a read has already.")
CONTENT_TYPE = Header("content-type", Writer.CALLER, "The form of the body: JSON, or a merge patch.")
CONTENT_ENCODING = Header("content-encoding", Writer.CALLER, "Refused: bodies are sent as they are.")
ACCEPT = Header(
    "accept", Writer.CALLER, "The forms of an answer that the caller takes; problems are sent whatever it says."
)

REQUEST_ID = Header("x-request-id", Writer.EDGE, "The request's id: `trace_id` in problems and in every log.")
CLIENT_REQUEST_ID = Header("x-gw-client-request-id", Writer.EDGE, "The caller's own `X-Request-Id`, for logs only.")
OPERATION = Header("x-gw-operation", Writer.EDGE, "The id of the operation that the edge routed to.")
TRACEPARENT = Header("traceparent", Writer.EDGE, "The trace that the request belongs to (W3C), where traces are on.")
OVERSIZED = Header(
    "x-gw-oversized",
    Writer.EDGE,
    "Between two parts of the edge: the headers together are too large. Such a request goes no further.",
)
CLIENT_ADDRESS = Header(
    "x-gw-client-address", Writer.EDGE, "Where a request to the auth host comes from, for its limits."
)

BUSINESS = Header("x-gw-business-id", Writer.AUTHZ, "The business whose token it is.")
SUBJECT = Header("x-gw-subject", Writer.AUTHZ, "The user that the token stands for.")
PERMISSIONS = Header(
    "x-gw-permissions",
    Writer.AUTHZ,
    "What the user may do: words, space-separated, sorted; not cut by the token's scopes.",
)
ROLE = Header("x-gw-role", Writer.AUTHZ, "The user's role.")
CLIENT = Header("x-gw-client-id", Writer.AUTHZ, "The app that the token was issued to.")
SCOPES = Header("x-gw-scopes", Writer.AUTHZ, "The token's scopes: words, space-separated, sorted.")
PLAN = Header("x-gw-plan", Writer.AUTHZ, "The plan that the call was counted by.")
TOKEN_KIND = Header("x-gw-token-kind", Writer.AUTHZ, "How the token came about.")
EXPIRES_AT = Header("x-gw-expires-at", Writer.AUTHZ, "When the token ends, epoch seconds.")

HEADERS: tuple[Header, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Header))
NOT_FOR_CALLERS: tuple[Header, ...] = tuple(header for header in HEADERS if header.writer is not Writer.CALLER)
IDENTITY: tuple[Header, ...] = tuple(header for header in HEADERS if header.writer is Writer.AUTHZ)
"""What authz tells the transcoder about an admitted caller."""

WITH_TRACE = ("tracestate", "baggage")
"""What W3C's `traceparent` may bring along; a caller's own trace ends at the edge, and nobody here writes these."""

INTERNAL_PREFIXES = ("x-gw-", "x-envoy-")
"""Whatever begins so is ours, rows or not."""

# Response headers that authz alone writes, on every answer after the decision.
RATE_LIMIT = "x-ratelimit-limit"
RATE_REMAINING = "x-ratelimit-remaining"
RATE_RESET = "x-ratelimit-reset"
DAILY_LIMIT = "x-ratelimit-daily-limit"
DAILY_REMAINING = "x-ratelimit-daily-remaining"
DAILY_RESET = "x-ratelimit-daily-reset"
RATE_COST = "x-ratelimit-cost"
RATE_POLICY = "ratelimit-policy"
RATE_STATE = "ratelimit"
RATE_HEADERS: tuple[str, ...] = (
    RATE_LIMIT,
    RATE_REMAINING,
    RATE_RESET,
    DAILY_LIMIT,
    DAILY_REMAINING,
    DAILY_RESET,
    RATE_COST,
    RATE_POLICY,
    RATE_STATE,
)

VARY = "vary"
ETAG = "etag"
LOCATION = "location"
LINK = "link"
DEPRECATION = "deprecation"
SUNSET = "sunset"
ALLOW = "allow"
RETRY_AFTER = "retry-after"
ACCEPT_PATCH = "accept-patch"
ACCEPT_ENCODING = "accept-encoding"
WWW_AUTHENTICATE = "www-authenticate"
IDEMPOTENT_REPLAYED = "idempotent-replayed"

CORS_REQUEST_HEADERS: tuple[Header, ...] = (
    AUTHORIZATION,
    CONTENT_TYPE,
    VERSION,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
)
"""What a script on an allowed origin may send beside what browsers let everybody send (Fetch: CORS)."""

CORS_EXPOSED_HEADERS: tuple[str, ...] = (
    *RATE_HEADERS,
    REQUEST_ID.name,
    VERSION.name,
    ETAG,
    LOCATION,
    LINK,
    ALLOW,
    ACCEPT_PATCH,
    ACCEPT_ENCODING,
    RETRY_AFTER,
    WWW_AUTHENTICATE,
    IDEMPOTENT_REPLAYED,
    DEPRECATION,
    SUNSET,
)
"""What a script on an allowed origin may read of an answer."""

CHALLENGE = 'Bearer realm="api"'
"""The `WWW-Authenticate` of a 401 without a token (RFC 6750 §3)."""
CHALLENGE_INVALID_TOKEN = (
    f'{CHALLENGE}, error="invalid_token", error_description="The access token is malformed, expired or revoked"'
)


def challenge_insufficient_scope(scope: str) -> str:
    """The `WWW-Authenticate` of a 403 for a scope (RFC 6750 §3.1)."""
    return f'Bearer error="insufficient_scope", scope="{scope}"'


HSTS = ("strict-transport-security", "max-age=31536000; includeSubDomains")
COMMON_RESPONSE_HEADERS: tuple[tuple[str, str], ...] = (("x-content-type-options", "nosniff"), HSTS)
"""On every answer, whoever wrote it; see `common_response_headers`."""
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def common_response_headers(api_url: str) -> tuple[tuple[str, str], ...]:
    """What stands on every answer of that deployment.

    Never HSTS for a name of the developer's own machine: a browser would insist on https for every port of it.
    """
    is_local = urlsplit(api_url).hostname in _THIS_MACHINE
    return tuple(row for row in COMMON_RESPONSE_HEADERS if not (is_local and row is HSTS))


PRIVATE_RESPONSE_HEADERS: tuple[tuple[str, str], ...] = (
    ("cache-control", "no-store"),
    (VARY, "Authorization, Version, Accept-Encoding"),
)
"""On every answer under `/v1`."""
