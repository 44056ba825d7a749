"""[pure] Clients: what is registered of one, how it proves who it is, and which redirect URIs are its own.

Knows RFC 6749 §2.3, RFC 8252 and RFC 9700 §2.1; not where clients are kept.
"""

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote_plus, urlsplit

from contract.oauth import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, INVALID_CLIENT, INVALID_REQUEST, REFRESH_TOKEN
from contract.types import Uris
from contract.vocabulary import TenantId, UserId
from oauth.protocol.errors import ErrorResponse
from oauth.protocol.parameters import Parameters
from oauth.tokens.opaque import digest

_URIS = Uris()
_LOOPBACKS = ("127.0.0.1", "::1")
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?([/?][!-~]*)?")
"""All but the port."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\.[a-z0-9+.-]*|[a-z][a-z0-9+-]{2,}")
_NEVER = frozenset({"javascript", "data", "file", "vbscript", "blob", "about", "ftp", "ws", "wss", "http", "https"})
_PRINTABLE = re.compile(r"[!-~]+")


class ClientKind(StrEnum):
    """What a client is for, and with that which grants it may use."""

    MARKETPLACE = "marketplace"
    SERVICE = "service"


GRANTS_OF: dict[ClientKind, frozenset[str]] = {
    ClientKind.MARKETPLACE: frozenset({AUTHORIZATION_CODE, REFRESH_TOKEN}),
    ClientKind.SERVICE: frozenset({CLIENT_CREDENTIALS}),
}


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. `business`: whose records a service client works on; `owner`: who registered it.

    A public one has no secret, and a native one besides: its loopback port is not known before it listens.
    """

    id: str
    number: int
    name: str
    kind: ClientKind
    native: bool
    owner: TenantId
    business: TenantId | None
    service_user: UserId | None
    service_role: str | None
    redirect_uris: tuple[str, ...]
    scope: tuple[str, ...]
    secret_hash: str | None
    previous_secret_hash: str | None
    previous_secret_until_s: int
    disabled: bool

    @property
    def is_public(self) -> bool:
        """Whether it has no secret to keep."""
        return self.secret_hash is None

    def may_use(self, grant_type: str) -> bool:
        """Whether that grant is for its kind."""
        return grant_type in GRANTS_OF[self.kind]

    def owns_redirect(self, uri: str) -> bool:
        """Exactly as registered; of a native client's loopback address the port may be any (RFC 8252 §7.3)."""
        return any(uri == own or (self.native and _differs_in_port_alone(uri, own)) for own in self.redirect_uris)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who a request says it comes from, and the secret that is to prove it."""

    client_id: str
    secret: str | None


def read_credentials(authorization: list[str], form: Parameters) -> Credentials | ErrorResponse:
    """What a request on the back channel authenticates by: Basic, the body, or a client_id alone; never two at once."""
    in_body = form.get("client_id"), form.get("client_secret")
    if not authorization:
        client_id, secret = in_body
        return Credentials(client_id, secret) if client_id else ErrorResponse(INVALID_CLIENT)
    basic = _basic(authorization[0]) if len(authorization) == 1 else None
    if basic is None:
        return ErrorResponse(
            INVALID_CLIENT, "The Authorization header is not of the form that RFC 6749 section 2.3.1 gives it."
        )
    if in_body[1] is not None or in_body[0] not in (None, basic.client_id):
        return ErrorResponse(INVALID_REQUEST, "A client authenticates in one way, not in two (RFC 6749 section 2.3).")
    return basic


def _basic(header: str) -> Credentials | None:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(text.strip(), validate=True).decode("ascii").partition(":")
        # RFC 6749 §2.3.1: both were form-encoded before they were put together.
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError):
        return None
    return Credentials(client_id, secret or None) if colon and _PRINTABLE.fullmatch(client_id) else None


def verify_secret(client: Client, shown: Credentials, *, now_s: int) -> bool:
    """Whether it is who it says: by its secret, or the one before while that still counts; or public, by none."""
    if client.disabled or client.secret_hash is None or shown.secret is None:
        return not client.disabled and client.is_public and shown.secret is None
    hashed = digest(shown.secret)
    if hmac.compare_digest(hashed, client.secret_hash):
        return True
    before = client.previous_secret_hash
    return before is not None and now_s < client.previous_secret_until_s and hmac.compare_digest(hashed, before)


def redirect_uri_error(uri: str, *, is_public: bool) -> str | None:
    """Why a redirect URI cannot be registered, as the rest of a sentence about it; None for one that can.

    https for everybody; loopback http, and a scheme of one's own, for public clients only (RFC 8252 §7, §8.4).
    """
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URI"
    if len(uri) > _URIS.max_length or not _PRINTABLE.fullmatch(uri) or not parts.scheme or "\\" in uri:
        return f"must be an absolute URI of printable ASCII, of at most {_URIS.max_length} characters"
    if "#" in uri:
        return "must not have a fragment (RFC 6749 §3.1.2)"
    if parts.username is not None or parts.password is not None:
        return "must not name a user"
    if any(segment in (".", "..") for segment in parts.path.split("/")):
        return "must not have `.` or `..` in its path"
    if parts.scheme == "https":
        return None if host else "must name a host"
    if not is_public:
        return "must begin with https"
    if parts.scheme == "http":
        return None if host in _LOOPBACKS else "may begin with http only for 127.0.0.1 and [::1]"
    if parts.scheme in _NEVER or not _SCHEME.fullmatch(parts.scheme):
        return "has a scheme that an app cannot own"
    return None


def _differs_in_port_alone(uri: str, own: str) -> bool:
    one, other = _LOOPBACK.fullmatch(uri), _LOOPBACK.fullmatch(own)
    return one is not None and other is not None and one.groups() == other.groups()
