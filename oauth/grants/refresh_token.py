"""The refresh grant (RFC 6749 §6, RFC 9700 §4.14.2): each token once, and a second use ends the family.

A bad scope does not burn the token. An answer may have less scope than the grant; the next one may have all again.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import INVALID_GRANT, INVALID_REQUEST, INVALID_SCOPE, REFRESH_TOKEN
from oauth.grants import GrantFlow, IssuePermit, Redemption, TokenRequest
from oauth.protocol.errors import ErrorResponse
from oauth.protocol.scopes import parse_scope
from oauth.store.database import Database
from oauth.store.grants import Grant, RefreshToken, find_grant, find_refresh, spend_refresh
from oauth.store.tokens import end_grant


async def _party(database: Database, call: TokenRequest) -> Redemption[RefreshToken] | ErrorResponse:
    text = call.form.get("refresh_token")
    if text is None:
        return ErrorResponse(INVALID_REQUEST, "refresh_token is missing.")
    async with database.read() as connection:
        found = await find_refresh(connection, text)
    if found is None:
        return ErrorResponse(INVALID_GRANT)
    token, grant = found
    own = token.client_id == call.client.id and grant.is_active(call.now_s)
    return Redemption(grant.business, grant.user, grant.id, token) if own else ErrorResponse(INVALID_GRANT)


async def _redeem(
    connection: AsyncConnection, call: TokenRequest, party: Redemption[RefreshToken]
) -> IssuePermit | ErrorResponse:
    token = party.shown
    grant = await find_grant(connection, token.grant_id, hold=True)
    if grant is None or not grant.is_active(call.now_s) or call.now_s >= token.expires_at_s:
        return ErrorResponse(INVALID_GRANT)
    scope = _narrowed(call, grant)
    if scope is None:
        return ErrorResponse(INVALID_SCOPE)
    if not await spend_refresh(connection, token, now_s=call.now_s):
        actor = f"client:{call.client.id}"
        await end_grant(connection, grant.id, reason="refresh-reused", actor=actor, now_s=call.now_s)
        return ErrorResponse(INVALID_GRANT)
    return IssuePermit(scope, grant, token)


def _narrowed(call: TokenRequest, grant: Grant) -> tuple[str, ...] | None:
    """The scope of this answer: the grant's, or less of it where less is asked for."""
    text = call.form.get("scope")
    asked = grant.scope if text is None else parse_scope(text)
    return asked if asked is not None and set(asked) <= set(grant.scope) else None


FLOW = GrantFlow(REFRESH_TOKEN, _party, _redeem)
