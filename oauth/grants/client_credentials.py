"""The client credentials grant (RFC 6749 §4.4): a service client for its own business, by its service user.

No refresh token: the secret is at hand. `sub` is the service user's and never the client's id, so that no client can
pose as a person (RFC 9700 §4.15).
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import CLIENT_CREDENTIALS, INVALID_SCOPE, UNAUTHORIZED_CLIENT
from oauth.grants import GrantFlow, IssuePermit, Redemption, TokenRequest
from oauth.protocol.errors import ErrorResponse
from oauth.protocol.scopes import parse_scope
from oauth.store.database import Database


async def _party(_: Database, call: TokenRequest) -> Redemption[None] | ErrorResponse:
    client = call.client
    if client.is_public or client.business is None or client.service_user is None:
        return ErrorResponse(UNAUTHORIZED_CLIENT)
    return Redemption(client.business, client.service_user, None, None)


async def _redeem(_: AsyncConnection, call: TokenRequest, __: Redemption[None]) -> IssuePermit | ErrorResponse:
    text = call.form.get("scope")
    asked = call.client.scope if text is None else parse_scope(text)
    if asked is None or not set(asked) <= set(call.client.scope):
        return ErrorResponse(INVALID_SCOPE)
    return IssuePermit(asked)


FLOW = GrantFlow(CLIENT_CREDENTIALS, _party, _redeem)
