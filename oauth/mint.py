"""Making an access token: an order in, a signed JWT out (RFC 9068). Pure: time and random words are handed in.

Knows what a token says, not who may have one.
"""

from dataclasses import dataclass

import jwt

from contract.bounds import TOKEN_LIFE_MAX_S
from contract.claims import TOKEN_TYPE, TokenKind, read_claims
from contract.ids import Codec
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.vocabulary import Json, TenantId, UserId
from oauth.jwks import SigningKey

PAT_CLIENT = "pat"


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a personal access token; `subject` is an internal number, or a `usr_…` id to be used as it is.

    `jti` and `rate_key` are fresh words; the caller keeps the second through a token's rotations.
    """

    tenant: TenantId
    subject: UserId | str
    role: str
    scopes: tuple[str, ...]
    plan: str
    ttl_s: int
    jti: str
    rate_key: str


@dataclass(frozen=True, slots=True)
class Mint:
    """Whose tokens these are: the issuer (the auth host), the audience (the API), and the two keys."""

    issuer: str
    audience: str
    ids: Codec
    key: SigningKey

    def claims(self, order: Order, *, now_s: int) -> dict[str, Json]:
        """What the token says. ValueError names the first claim that no verifier would accept.

        Or says that it would live for longer than its revocation is remembered.
        """
        if order.ttl_s > TOKEN_LIFE_MAX_S:
            raise ValueError(f"a token lives for {TOKEN_LIFE_MAX_S} s at most")
        claims: dict[str, Json] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": self._subject(order),
            "business_id": self.ids.seal_business(BUSINESS_PREFIX, order.tenant),
            "role": order.role,
            "scope": " ".join(order.scopes),
            "plan": order.plan,
            "client_id": PAT_CLIENT,
            "token_kind": TokenKind.PAT.value,
            "rate_key": order.rate_key,
            "jti": order.jti,
            "iat": now_s,
            "exp": now_s + order.ttl_s,
        }
        wrong = read_claims(claims)
        if isinstance(wrong, str):
            raise ValueError(f"{claims[wrong]!r} cannot be a token's {wrong}")
        return claims

    def sign(self, claims: dict[str, Json]) -> str:
        """The token in compact form."""
        header = {"typ": TOKEN_TYPE, "kid": self.key.id}
        return jwt.encode(claims, self.key.private, algorithm=self.key.algorithm, headers=header)

    def _subject(self, order: Order) -> str:
        if isinstance(order.subject, str):
            return order.subject
        return self.ids.seal(USER_PREFIX, order.tenant, order.subject)
