"""The claims of an access token: which there are, what form each has (RFC 9068 §2.2), and reading them once verified.

Signature, issuer, audience and expiry have been checked before these are read; everything else is checked here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from contract.rate_plans import PLANS, Plan
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.roles import ROLES, Role
from contract.vocabulary import Json

TOKEN_TYPE = "at+jwt"  # noqa: S105  RFC 9068 §2.1: the header's `typ`
ALGORITHMS = ("ES256", "RS256")
RS256_HEADER = "eyJhbGciOiJSUzI1NiIs"
"""How the JOSE header of each RS256 token begins: `{"alg":"RS256",` in base64url, since members stand sorted."""


class TokenKind(StrEnum):
    """How a token came about."""

    PAT = "pat"
    SERVICE = "service"
    OAUTH = "oauth"


class TokenError(StrEnum):
    """The `reason` of an `invalid-token`."""

    MALFORMED = "malformed"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_ISSUER = "wrong-issuer"
    WRONG_AUDIENCE = "wrong-audience"
    UNKNOWN_KEY = "unknown-key"
    BAD_SIGNATURE = "bad-signature"
    REVOKED = "revoked"

    @property
    def detail(self) -> str:
        """The sentence of it, whoever answers."""
        return _DETAILS[self]


_WHOLE = "Send the whole token, as it was issued, or get a new one."
_DETAILS: dict[TokenError, str] = {
    TokenError.MALFORMED: f"This access token is malformed. {_WHOLE}",
    TokenError.EXPIRED: "This access token has expired. Get a new one and send the request again.",
    TokenError.NOT_YET_VALID: "This access token is not valid yet. Wait until it is, or get a new one.",
    TokenError.WRONG_ISSUER: "This access token is from another issuer. Get one from this API's authorization server.",
    TokenError.WRONG_AUDIENCE: "This access token is not meant for this API. Get one that is.",
    TokenError.UNKNOWN_KEY: "This access token is signed with a key that is not known here. Get a new one.",
    # Envoy has one word for this and for one without an end.
    TokenError.BAD_SIGNATURE: f"This access token could not be verified. {_WHOLE}",
    TokenError.REVOKED: "This access token was revoked and will not be accepted again. Get a new one.",
}


@dataclass(frozen=True, slots=True)
class Claims:
    """A caller, as its token tells: public ids, words, and the family (`rate_key`) that shares one budget."""

    subject: str
    business: str
    role: Role
    permissions: frozenset[str] | None
    scopes: frozenset[str]
    plan: Plan
    client: str
    kind: TokenKind
    rate_key: str
    jti: str
    issued_at_s: int
    expires_at_s: int

    def __hash__(self) -> int:
        # Callers are looked up for every request, and no two tokens have the same id: the rest is for `==`.
        return hash(self.jti)


_OPAQUE = r"_[0-9a-hjkmnp-tv-z]{26}(?:[0-9a-hjkmnp-tv-z]{26})?"  # of an integer, or of a UUID
_WORDS = r"|[!#-\[\]-~]+(?: [!#-\[\]-~]+)*"  # RFC 6749 §3.3: scope tokens, one space between them
_KEY = r"[A-Za-z0-9._:-]{1,128}"

TEXT_CLAIMS: dict[str, re.Pattern[str]] = {
    "sub": re.compile(USER_PREFIX + _OPAQUE),
    "business_id": re.compile(BUSINESS_PREFIX + _OPAQUE),
    "role": re.compile("|".join(ROLES)),
    "scope": re.compile(_WORDS),
    "plan": re.compile("|".join(PLANS)),
    "client_id": re.compile(r"[!-~]{1,255}"),
    "token_kind": re.compile("|".join(TokenKind)),
    "rate_key": re.compile(_KEY),
    "jti": re.compile(_KEY),
}
"""Every one is required, a string, and wholly of its form."""
OPTIONAL_TEXT_CLAIMS: dict[str, re.Pattern[str]] = {"permissions": re.compile(_WORDS)}
TIME_CLAIMS = ("iat", "exp")
MAX_CLAIM = 4096
_MAX_TIME_S = 2**40
_LISTS = 256
"""Lists of words of which tokens share one set: it takes as much memory as all else of a caller, and many callers have
the same."""


def _wrong_text(claims: Mapping[str, Json], name: str, form: re.Pattern[str]) -> bool:
    value = claims.get(name)
    return not isinstance(value, str) or len(value) > MAX_CLAIM or form.fullmatch(value) is None


def _wrong_time(value: Json) -> bool:
    return isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MAX_TIME_S


@lru_cache(maxsize=_LISTS)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def parse_claims(claims: Mapping[str, Json]) -> Claims | str:
    """The caller behind verified claims, or the name of the first claim that is missing or not of its form."""
    for name, form in TEXT_CLAIMS.items():
        if _wrong_text(claims, name, form):
            return name
    for name, form in OPTIONAL_TEXT_CLAIMS.items():
        if name in claims and _wrong_text(claims, name, form):
            return name
    for name in TIME_CLAIMS:
        if _wrong_time(claims.get(name)):
            return name
    permissions = claims.get("permissions")
    return Claims(
        subject=claims["sub"],
        business=claims["business_id"],
        role=ROLES[claims["role"]],
        permissions=None if permissions is None else _words(permissions),
        scopes=_words(claims["scope"]),
        plan=PLANS[claims["plan"]],
        client=claims["client_id"],
        kind=TokenKind(claims["token_kind"]),
        rate_key=claims["rate_key"],
        jti=claims["jti"],
        issued_at_s=int(claims["iat"]),
        expires_at_s=int(claims["exp"]),
    )
