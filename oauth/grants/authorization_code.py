"""The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.5): a code, once, by the client that it was made for.

A wrong verifier spends the code; another client's attempt does not. A second use is a theft: the family dies with it.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import AUTHORIZATION_CODE, INVALID_GRANT, INVALID_REQUEST
from oauth.grants import GrantFlow, IssuePermit, Redemption, TokenRequest
from oauth.protocol.errors import ErrorResponse
from oauth.protocol.pkce import verify
from oauth.store.database import Database
from oauth.store.grants import AuthorizationCode, find_code, find_grant, spend_code
from oauth.store.tokens import end_grant


async def _party(database: Database, call: TokenRequest) -> Redemption[AuthorizationCode] | ErrorResponse:
    text = call.form.get("code")
    if text is None:
        return ErrorResponse(INVALID_REQUEST, "code is missing.")
    async with database.read() as connection:
        found = await find_code(connection, text)
    if found is None:
        return ErrorResponse(INVALID_GRANT)
    code, grant = found
    own = code.client_id == call.client.id
    return Redemption(grant.business, grant.user, grant.id, code) if own else ErrorResponse(INVALID_GRANT)


async def _redeem(
    connection: AsyncConnection, call: TokenRequest, party: Redemption[AuthorizationCode]
) -> IssuePermit | ErrorResponse:
    code = party.shown
    if not await spend_code(connection, code, now_s=call.now_s):
        actor = f"client:{call.client.id}"
        await end_grant(connection, code.grant_id, reason="code-replayed", actor=actor, now_s=call.now_s)
        return ErrorResponse(INVALID_GRANT)
    if call.now_s >= code.expires_at_s or call.form.get("redirect_uri") != code.redirect_uri:
        return ErrorResponse(INVALID_GRANT)
    if not verify(call.form.get("code_verifier"), code.challenge):
        return ErrorResponse(INVALID_GRANT, "The code_verifier is missing or not that of the code_challenge.")
    grant = await find_grant(connection, code.grant_id, hold=True)
    if grant is None or not grant.is_active(call.now_s):
        return ErrorResponse(INVALID_GRANT)
    return IssuePermit(grant.scope, grant)


FLOW = GrantFlow(AUTHORIZATION_CODE, _party, _redeem)
