"""[pure] Making an access token: an order in, a signed JWT out (RFC 9068); and reading one of our own again.

Knows what a token says, not who may have one. Time and random words are handed in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from contract.claims import TOKEN_TYPE, Claims, TokenKind, parse_claims
from contract.ids import Codec
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.size_and_time_limits import CLOCK_SKEW_S, MAX_TOKEN_LIFETIME_S
from contract.vocabulary import Json, TenantId, UserId
from oauth.keys.jwks import SigningKey

PAT_CLIENT = "pat"
JTI_PREFIXES = {TokenKind.OAUTH: "at", TokenKind.SERVICE: "st", TokenKind.PAT: "pat"}
JTI = re.compile(rf"(?:{'|'.join(JTI_PREFIXES.values())})_[0-9a-f]{{32}}")
"""Of every token that was ever minted here."""


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """What is wanted of a token; `subject` is an internal number, or a `usr_…` id to be used as it is.

    `jti` is a fresh word, `rate_key` that of the family that shares one budget: a PAT through its rotations, a grant
    through its refreshes, a service client.
    """

    tenant: TenantId
    subject: UserId | str
    role: str
    scopes: tuple[str, ...]
    plan: str
    ttl_s: int
    jti: str
    rate_key: str
    kind: TokenKind = TokenKind.PAT
    client: str = PAT_CLIENT
    permissions: str | None = None


@dataclass(frozen=True, slots=True)
class Mint:
    """Whose tokens these are: the issuer (the auth host), the audience (the API), and the two keys."""

    issuer: str
    audience: str
    ids: Codec
    key: SigningKey

    def claims(self, order: TokenSpec, *, now_s: int) -> dict[str, Json]:
        """What the token says. ValueError names the first claim that no verifier would accept.

        Or says that it would live for longer than its revocation is remembered.
        """
        if order.ttl_s > MAX_TOKEN_LIFETIME_S:
            raise ValueError(f"a token lives for {MAX_TOKEN_LIFETIME_S} s at most")
        claims: dict[str, Json] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": self._subject(order),
            "business_id": self.ids.seal_business(BUSINESS_PREFIX, order.tenant),
            "role": order.role,
            "scope": " ".join(order.scopes),
            "plan": order.plan,
            "client_id": order.client,
            "token_kind": order.kind.value,
            "rate_key": order.rate_key,
            "jti": order.jti,
            "iat": now_s,
            "exp": now_s + order.ttl_s,
        }
        if order.permissions is not None:
            claims["permissions"] = order.permissions
        wrong = parse_claims(claims)
        if isinstance(wrong, str):
            raise ValueError(f"{claims[wrong]!r} cannot be a token's {wrong}")
        return claims

    def sign(self, claims: dict[str, Json]) -> str:
        """The token in compact form."""
        header = {"typ": TOKEN_TYPE, "kid": self.key.id}
        return jwt.encode(claims, self.key.private, algorithm=self.key.algorithm, headers=header)

    def _subject(self, order: TokenSpec) -> str:
        if isinstance(order.subject, str):
            return order.subject
        return self.ids.seal(USER_PREFIX, order.tenant, order.subject)


def verify_own(
    token: str, keys: Mapping[str, SigningKey], issuer: str, audience: str, *, now_s: int
) -> dict[str, Json] | None:
    """The claims of an access token of ours that has not expired, by the published `keys`; None for anything else."""
    try:
        header = jwt.get_unverified_header(token)
        key = keys.get(str(header.get("kid")))
        if key is None or header.get("typ") != TOKEN_TYPE:
            return None
        claims = jwt.decode(
            token,
            key.private.public_key(),
            algorithms=[key.algorithm],
            issuer=issuer,
            audience=audience,
            options={
                "require": ["exp", "iat", "jti"],
                "strict_aud": True,
                # Instants are compared with the time that was handed in.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.InvalidTokenError:
        return None
    return dict(claims) if isinstance(parse_claims(claims), Claims) and _is_now(claims, now_s) else None


def _is_now(claims: Mapping[str, Json], now_s: int) -> bool:
    # Another of our processes may have a clock that is ahead.
    return bool(claims["iat"] <= now_s + CLOCK_SKEW_S and now_s < claims["exp"])
