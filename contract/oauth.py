"""The words of OAuth 2.0 as this server speaks it: its endpoints, its errors, its grants (RFC 6749, 7009, 7662, 8414).

Knows no token's claims (`claims`) and nothing of how a grant is kept.
"""

from dataclasses import dataclass

from contract.operations import HEALTH_PATH, JWKS_PATH
from contract.rate_plans import Policy


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of the auth host and the methods that it takes. The edge makes a route of each."""

    id: str
    path: str
    methods: tuple[str, ...]


READ_METHODS = ("GET", "HEAD")

AUTHORIZE = Endpoint("authorize", "/authorize", READ_METHODS)
TOKEN = Endpoint("token", "/token", ("POST",))
REVOKE = Endpoint("revoke", "/revoke", ("POST",))
INTROSPECT = Endpoint("introspect", "/introspect", ("POST",))
SERVER_METADATA = Endpoint("server-metadata", "/.well-known/oauth-authorization-server", READ_METHODS)
JWKS = Endpoint("jwks", JWKS_PATH, READ_METHODS)
HEALTH = Endpoint("health", HEALTH_PATH, READ_METHODS)

PAGE_METHODS = (*READ_METHODS, "POST")
LOGIN = Endpoint("login", "/login", PAGE_METHODS)
LOGIN_RETURN = Endpoint("login-return", "/login/callback", ("GET",))
"""Where an upstream provider sends people back to."""
LOGOUT = Endpoint("logout", "/logout", PAGE_METHODS)
CONSENT = Endpoint("consent", "/consent", PAGE_METHODS)
CONNECTED_APPS = Endpoint("connected-apps", "/connected-apps", PAGE_METHODS)
ACCESS_TOKENS = Endpoint("access-tokens", "/access-tokens", PAGE_METHODS)
APPS = Endpoint("apps", "/apps", PAGE_METHODS)
PAGE_ASSET = Endpoint("asset", "/assets/{file}", READ_METHODS)

FALLBACK = Endpoint("any-other", "/{path:.*}", READ_METHODS)
"""For browsers: whatever is no endpoint is answered with a page, and `/` with the way to the first one."""

PAGES: tuple[Endpoint, ...] = (
    LOGIN,
    LOGIN_RETURN,
    LOGOUT,
    CONSENT,
    CONNECTED_APPS,
    ACCESS_TOKENS,
    APPS,
    PAGE_ASSET,
)
"""What a person sees in a browser."""
AUTH_ENDPOINTS: tuple[Endpoint, ...] = (AUTHORIZE, TOKEN, REVOKE, INTROSPECT, SERVER_METADATA, JWKS, HEALTH, *PAGES)
"""What the auth host serves."""
CLIENT_ENDPOINTS: tuple[Endpoint, ...] = (TOKEN, REVOKE, INTROSPECT)
"""Where a client speaks for itself, in a form, and is answered in JSON."""
CORS_ENDPOINTS: tuple[Endpoint, ...] = (TOKEN, REVOKE, SERVER_METADATA, JWKS)
"""What an app without a server needs of a browser: scripts of the origins that are allowed may read the answers."""

RESOURCE_METADATA = Endpoint("resource-metadata", "/.well-known/oauth-protected-resource", READ_METHODS)
"""On the API's host (RFC 9728 §3)."""


@dataclass(frozen=True, slots=True)
class LockoutRule:
    """After `attempts` failures within `window_s`, nothing is listened to for `locked_s`."""

    attempts: int
    window_s: int
    locked_s: int


FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"

RESPONSE_TYPE = "code"
CHALLENGE_METHOD = "S256"
AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105
CLIENT_CREDENTIALS = "client_credentials"
GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS)
TOKEN_TYPE = "Bearer"  # noqa: S105  (RFC 6750 §4: the `token_type`)
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
NO_SECRET = "none"  # noqa: S105

BASIC_CHALLENGE = 'Basic realm="oauth", charset="UTF-8"'
"""The `WWW-Authenticate` of an `invalid_client` (RFC 6749 §5.2)."""


@dataclass(frozen=True, slots=True)
class OAuthError:
    """A way to be refused. `code` is for programs; `description` tells a developer what to look at."""

    code: str
    status: int
    description: str
    retry_after_s: int | None = None


INVALID_REQUEST = OAuthError("invalid_request", 400, "The request is not well-formed.")
INVALID_CLIENT = OAuthError(
    "invalid_client", 401, "The client is unknown, or did not authenticate as it is registered."
)
INVALID_GRANT = OAuthError(
    "invalid_grant", 400, "The code or refresh token is unknown, expired, used, revoked or not this client's."
)
UNAUTHORIZED_CLIENT = OAuthError("unauthorized_client", 400, "This client may not use that grant.")
UNSUPPORTED_GRANT_TYPE = OAuthError("unsupported_grant_type", 400, f"The grants are {', '.join(GRANT_TYPES)}.")
UNSUPPORTED_RESPONSE_TYPE = OAuthError("unsupported_response_type", 400, "The response_type is code.")
INVALID_SCOPE = OAuthError(
    "invalid_scope",
    400,
    "A scope is unknown, not one of the app's or more than was allowed, or scopes are not one space apart.",
)
INVALID_TARGET = OAuthError("invalid_target", 400, "The only resource that tokens are issued for is the API.")
ACCESS_DENIED = OAuthError("access_denied", 403, "The user did not allow it.")
SLOW_DOWN = OAuthError("temporarily_unavailable", 429, "Too many requests; come back later.")
UNAVAILABLE = OAuthError("temporarily_unavailable", 503, "Nothing was done; try again.", retry_after_s=1)
SERVER_ERROR = OAuthError("server_error", 500, "Something failed here, not with the request.")
WRONG_METHOD = OAuthError("invalid_request", 405, "This endpoint takes another method.")
TOO_LARGE = OAuthError("invalid_request", 413, "The request is too large.")

CODE_LIFETIME_S = 60
ACCESS_TOKEN_LIFETIME_S = 15 * 60
REFRESH_TOKEN_LIFETIME_S = 30 * 24 * 3600
"""Of one refresh token: each use gives a new one."""
GRANT_LIFETIME_S = 180 * 24 * 3600
"""Of all that comes of one consent."""
PENDING_REQUEST_LIFETIME_S = 10 * 60
"""From /authorize to the decision."""

SESSION_LIFETIME_S = 12 * 3600
"""Of a browser's login here."""
LOGIN_LIFETIME_S = 10 * 60
"""Of a way to an upstream provider and back."""

CLIENT_REQUESTS = Policy("client", 120, 60)
"""What one client may ask of the back channel,"""
ADDRESS_REQUESTS = Policy("address", 600, 60)
"""and one address of the back channel and of the pages."""
CLIENT_LOCK_OUT = LockoutRule(attempts=10, window_s=300, locked_s=300)
"""Wrong secrets for one client from one address,"""
ADDRESS_LOCK_OUT = LockoutRule(attempts=100, window_s=300, locked_s=300)
"""and from one address for any."""
LOGIN_LOCK_OUT = LockoutRule(attempts=10, window_s=300, locked_s=300)
"""Wrong passwords for one account from one address,"""
ACCOUNT_LOCK_OUT = LockoutRule(attempts=100, window_s=3600, locked_s=900)
"""for one account from anywhere,"""
LOGIN_ADDRESS_LOCK_OUT = LockoutRule(attempts=50, window_s=300, locked_s=300)
"""and from one address for any."""

NO_STORE: tuple[tuple[str, str], ...] = (("cache-control", "no-store"), ("pragma", "no-cache"))
"""On every answer that is made for one caller (RFC 6749 §5.1)."""
REDIRECT_STATUS = 303
"""RFC 9700 §4.12: never 307, which would send a form's fields on."""
