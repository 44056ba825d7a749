"""[pure] Canonical tokens: what the edge's signature check does not look at.

Envoy verifies signature, issuer, expiry; it does not look at `typ`, `crit`, `iat` or the types of claims, takes a
token without a `kid` for one of any key, and compares audiences without their scheme and trailing slash.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.claims import ALGORITHMS, TOKEN_TYPE, Claims, TokenError, parse_claims
from contract.size_and_time_limits import CLOCK_SKEW_S
from contract.vocabulary import Json


@dataclass(frozen=True, slots=True)
class NonCanonicalToken:
    """A verified JWT that is no access token of ours; `member` of its header or claims is why, for the log.

    `fault` is what the caller is told.
    """

    member: str
    fault: TokenError = TokenError.MALFORMED


def read_token(header: Mapping[str, Json], payload: Mapping[str, Json], *, audience: str) -> Claims | NonCanonicalToken:
    """The caller behind a token that the edge verified, at any time; `audience` is the API's public URL."""
    # RFC 9068 §4 also knows `application/at+jwt`; ours are spelled one way only, and by an exact match no ID token or
    # other JWT of the same issuer is ever taken for one.
    if header.get("typ") != TOKEN_TYPE:
        return NonCanonicalToken("typ")
    if header.get("alg") not in ALGORITHMS:
        return NonCanonicalToken("alg")
    # Every key of ours has a name: a withdrawn one is refused by it.
    if not isinstance(header.get("kid"), str) or not header["kid"]:
        return NonCanonicalToken("kid")
    # RFC 7515 §4.1.11: who does not understand a critical extension must refuse, and we understand none.
    if "crit" in header:
        return NonCanonicalToken("crit")
    # RFC 7519 §4.1.3 has it compared as it stands; a list of several audiences is none that we give.
    if payload.get("aud") != audience:
        return NonCanonicalToken("aud")
    claims = parse_claims(payload)
    return NonCanonicalToken(claims) if isinstance(claims, str) else claims


def is_from_the_future(caller: Claims, now_s: int) -> bool:
    """What ends a subject's tokens goes by `iat`: one from the future would outlive it."""
    return caller.issued_at_s > now_s + CLOCK_SKEW_S


FROM_THE_FUTURE = NonCanonicalToken("iat", TokenError.NOT_YET_VALID)
