"""The client credentials grant (RFC 6749 §4.4): a service client for its own business, by its service user.

No refresh token: the secret is at hand. `sub` is the service user's and never the client's id, so that no client can
pose as a person (RFC 9700 §4.15).
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import CLIENT_CREDENTIALS, INVALID_SCOPE, UNAUTHORIZED_CLIENT
from oauth.errors import Refusal
from oauth.grants import Allowed, Call, Flow, Party
from oauth.scopes import read_scope
from oauth.store.database import Database


async def _party(_: Database, call: Call) -> Party[None] | Refusal:
    client = call.client
    if client.is_public or client.business is None or client.service_user is None:
        return Refusal(UNAUTHORIZED_CLIENT)
    return Party(client.business, client.service_user, None, None)


async def _redeem(_: AsyncConnection, call: Call, __: Party[None]) -> Allowed | Refusal:
    text = call.form.get("scope")
    asked = call.client.scope if text is None else read_scope(text)
    if asked is None or not set(asked) <= set(call.client.scope):
        return Refusal(INVALID_SCOPE)
    return Allowed(asked)


FLOW = Flow(CLIENT_CREDENTIALS, _party, _redeem)
