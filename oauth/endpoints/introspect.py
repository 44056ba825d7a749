"""POST /introspect (RFC 7662): whether a confidential client's own token still counts, and what it says.

Of all else (another's, revoked, used, expired, unknown) there is one answer, and nothing in it.
"""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import INVALID_CLIENT, INVALID_REQUEST, TOKEN_TYPE
from contract.vocabulary import Json
from oauth.dependencies import Dependencies
from oauth.grants import TokenRequest
from oauth.protocol.errors import ErrorResponse
from oauth.store.grants import find_refresh
from oauth.store.tokens import is_live
from oauth.tokens.mint import verify_own

INACTIVE: Mapping[str, Json] = {"active": False}
_SHOWN = ("scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti", "business_id")


async def introspect(desk: Dependencies, call: TokenRequest) -> Mapping[str, Json] | ErrorResponse:
    """What there is to say of a token."""
    if call.client.is_public:
        return ErrorResponse(INVALID_CLIENT, "Only a client with a secret may ask.")
    text = call.form.get("token")
    if text is None:
        return ErrorResponse(INVALID_REQUEST, "token is missing.")
    claims = verify_own(text, desk.keys.published(call.now_s), desk.issuer, desk.audience, now_s=call.now_s)
    async with desk.database.read() as connection:
        if claims is None:
            return await _refresh(connection, text, call)
        if await is_live(connection, claims["jti"], call.client.id, now_s=call.now_s):
            return {"active": True, "token_type": TOKEN_TYPE, **{name: claims[name] for name in _SHOWN}}
    return INACTIVE


async def _refresh(connection: AsyncConnection, text: str, call: TokenRequest) -> Mapping[str, Json]:
    found = await find_refresh(connection, text)
    if found is None:
        return INACTIVE
    token, grant = found
    if token.client_id != call.client.id or token.used or call.now_s >= token.expires_at_s:
        return INACTIVE
    if not grant.is_active(call.now_s):
        return INACTIVE
    return {"active": True, "scope": " ".join(grant.scope), "client_id": token.client_id, "exp": token.expires_at_s}
