"""Issuing: claims are made, signed and remembered by `jti` in the transaction that allowed it.

Owns what a token of each kind says besides its scope; must not decide who may have one.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.claims import TokenKind
from contract.oauth import ACCESS_TOKEN_LIFETIME_S, INVALID_GRANT, UNAVAILABLE
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.vocabulary import TenantId, UserId
from oauth.dependencies import Dependencies
from oauth.keys.key_ring import Purpose
from oauth.protocol.errors import ErrorResponse
from oauth.store.revocations import issue_bars
from oauth.store.tokens import IssuedRecord, remember
from oauth.tokens.mint import JTI_PREFIXES, TokenSpec
from oauth.tokens.opaque import new_id


@dataclass(frozen=True, slots=True)
class Bearer:
    """For whom a token speaks, by which client, under which grant; what the user is in the business now."""

    kind: TokenKind
    client_id: str
    business: TenantId
    user: UserId
    role: str
    plan: str
    permissions: str | None
    rate_key: str
    grant_id: str | None = None
    name: str | None = None
    created_by: UserId | None = None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as it is shown, this once, and the number under which it is remembered."""

    text: str
    number: int
    expires_at_s: int


async def reason_not_to_issue(
    desk: Dependencies, connection: AsyncConnection, bearer: Bearer, *, now_s: int
) -> ErrorResponse | None:
    """Why nothing may be issued now: it would be born dead.

    The business is suspended, the user's tokens were revoked this very second, or the key that would sign is revoked
    and this process has not heard of another.
    """
    found = await issue_bars(
        connection,
        business=desk.ids.seal_business(BUSINESS_PREFIX, bearer.business),
        subject=desk.ids.seal(USER_PREFIX, bearer.business, bearer.user),
        kid=desk.keys.signing(_purpose(bearer), now_s).id,
    )
    if found.suspended:
        return ErrorResponse(INVALID_GRANT, "The business is suspended.")
    return ErrorResponse(UNAVAILABLE) if found.key_ended or now_s < found.not_before_s else None


async def issue(
    desk: Dependencies,
    connection: AsyncConnection,
    bearer: Bearer,
    scope: tuple[str, ...],
    *,
    now_s: int,
    life_s: int = ACCESS_TOKEN_LIFETIME_S,
) -> IssuedToken:
    """A new access token. ValueError where a claim could not be one, which is nobody's mistake but ours."""
    mint = desk.mint_for(_purpose(bearer))
    jti = new_id(JTI_PREFIXES[bearer.kind])
    order = TokenSpec(
        tenant=bearer.business,
        subject=bearer.user,
        role=bearer.role,
        scopes=scope,
        plan=bearer.plan,
        ttl_s=life_s,
        jti=jti,
        rate_key=bearer.rate_key,
        kind=bearer.kind,
        client=bearer.client_id,
        permissions=bearer.permissions,
    )
    text = mint.sign(mint.claims(order, now_s=now_s))
    issued = IssuedRecord(
        jti=jti,
        kind=bearer.kind,
        grant_id=bearer.grant_id,
        client_id=bearer.client_id,
        business=bearer.business,
        user=bearer.user,
        scope=scope,
        role=bearer.role,
        kid=mint.key.id,
        rate_key=bearer.rate_key,
        created_at_s=now_s,
        expires_at_s=now_s + life_s,
        permissions=bearer.permissions,
        name=bearer.name,
        created_by=bearer.created_by,
    )
    return IssuedToken(text, await remember(connection, issued), now_s + life_s)


def _purpose(bearer: Bearer) -> Purpose:
    return Purpose.PAT if bearer.kind is TokenKind.PAT else Purpose.ACCESS
