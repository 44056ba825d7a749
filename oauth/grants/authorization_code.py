"""The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.5): a code, once, by the client that it was made for.

A wrong verifier spends the code; another client's attempt does not. A second use is a theft: the family dies with it.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import AUTHORIZATION_CODE, INVALID_GRANT, INVALID_REQUEST
from oauth.errors import Refusal
from oauth.grants import Allowed, Call, Flow, Party
from oauth.pkce import proves
from oauth.store.grants import Code, find_code, find_grant, spend_code
from oauth.store.tokens import end_grant


async def _party(connection: AsyncConnection, call: Call) -> Party | Refusal:
    code = await _own_code(connection, call)
    if isinstance(code, Refusal):
        return code
    grant = await find_grant(connection, code.grant_id)
    return Refusal(INVALID_GRANT) if grant is None else Party(grant.business, grant.user, grant.id)


async def _redeem(connection: AsyncConnection, call: Call) -> Allowed | Refusal:
    code = await _own_code(connection, call)
    if isinstance(code, Refusal):
        return code
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


async def _own_code(connection: AsyncConnection, call: Call) -> Code | Refusal:
    text = call.form.get("code")
    if text is None:
        return Refusal(INVALID_REQUEST, "code is missing.")
    code = await find_code(connection, text)
    return code if code is not None and code.client_id == call.client.id else Refusal(INVALID_GRANT)


FLOW = Flow(AUTHORIZATION_CODE, _party, _redeem)
