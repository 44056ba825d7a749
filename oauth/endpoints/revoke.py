"""POST /revoke (RFC 7009): a client gives a token back. What is not its own stays as it is, and that is not told."""

from contract.oauth import INVALID_REQUEST
from oauth.dependencies import Dependencies
from oauth.grants import TokenRequest
from oauth.protocol.errors import ErrorResponse
from oauth.store.grants import find_refresh
from oauth.store.tokens import end_grant, end_token
from oauth.tokens.mint import verify_own


async def revoke(desk: Dependencies, call: TokenRequest) -> ErrorResponse | None:
    """A refresh token takes its whole family along; an access token goes alone. The hint is not needed (§2.2)."""
    text = call.form.get("token")
    if text is None:
        return ErrorResponse(INVALID_REQUEST, "token is missing.")
    keys = desk.keys.published(call.now_s)
    claims = verify_own(text, keys, desk.issuer, desk.audience, now_s=call.now_s)
    actor = f"client:{call.client.id}"
    async with desk.database.write() as connection:
        if claims is not None:
            await end_token(connection, claims["jti"], call.client.id, actor=actor, now_s=call.now_s)
            return None
        found = await find_refresh(connection, text)
        if found is not None and found[0].client_id == call.client.id:
            await end_grant(connection, found[1].id, reason="client-revoked", actor=actor, now_s=call.now_s)
    return None
