"""The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.5): a code, once, by the client that it was made for.

A wrong verifier spends the code; another client's attempt does not. A second use is a theft: the family dies with it.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import AUTHORIZATION_CODE, INVALID_GRANT, INVALID_REQUEST
from oauth.errors import Refusal
from oauth.grants import Allowed, Call, Flow, Party
from oauth.pkce import proves
from oauth.store.database import Database
from oauth.store.grants import Code, find_code, find_grant, spend_code
from oauth.store.tokens import end_grant


async def _party(database: Database, call: Call) -> Party[Code] | Refusal:
    text = call.form.get("code")
    if text is None:
        return Refusal(INVALID_REQUEST, "code is missing.")
    async with database.reading() as connection:
        found = await find_code(connection, text)
    if found is None:
        return Refusal(INVALID_GRANT)
    code, grant = found
    own = code.client_id == call.client.id
    return Party(grant.business, grant.user, grant.id, code) if own else Refusal(INVALID_GRANT)


async def _redeem(connection: AsyncConnection, call: Call, party: Party[Code]) -> Allowed | Refusal:
    code = party.shown
    if not await spend_code(connection, code, now_s=call.now_s):
        actor = f"client:{call.client.id}"
        await end_grant(connection, code.grant_id, reason="code-replayed", actor=actor, now_s=call.now_s)
        return Refusal(INVALID_GRANT)
    if call.now_s >= code.expires_at_s or call.form.get("redirect_uri") != code.redirect_uri:
        return Refusal(INVALID_GRANT)
    if not proves(call.form.get("code_verifier"), code.challenge):
        return Refusal(INVALID_GRANT, "The code_verifier is missing or not that of the code_challenge.")
    grant = await find_grant(connection, code.grant_id, hold=True)
    if grant is None or not grant.holds(call.now_s):
        return Refusal(INVALID_GRANT)
    return Allowed(grant.scope, grant)


FLOW = Flow(AUTHORIZATION_CODE, _party, _redeem)
