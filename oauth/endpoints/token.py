"""POST /token: the shared phases of all grants. Which grant, for whom, who they are now, redeem, issue, answer.

Owns the order and the transaction: what a grant returns is committed, refusals included.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.claims import TokenKind
from contract.oauth import (
    ACCESS_TOKEN_LIFETIME_S,
    INVALID_CLIENT,
    INVALID_GRANT,
    INVALID_REQUEST,
    INVALID_SCOPE,
    INVALID_TARGET,
    TOKEN_TYPE,
    UNAUTHORIZED_CLIENT,
    UNSUPPORTED_GRANT_TYPE,
)
from contract.vocabulary import Json
from oauth.dependencies import Dependencies
from oauth.grants import (
    GrantFlow,
    IssuePermit,
    Redemption,
    TokenRequest,
    authorization_code,
    client_credentials,
    refresh_token,
)
from oauth.protocol.authorization_request import is_for_api
from oauth.protocol.clients import Client
from oauth.protocol.errors import ErrorResponse
from oauth.store.audit import record
from oauth.store.clients import find_client
from oauth.store.grants import new_refresh
from oauth.store.tokens import end_grant
from oauth.tokens.issue import Bearer, issue, reason_not_to_issue

FLOWS: dict[str, GrantFlow[Any]] = {
    module.FLOW.grant_type: module.FLOW for module in (authorization_code, refresh_token, client_credentials)
}


async def token(desk: Dependencies, call: TokenRequest) -> Mapping[str, Json] | ErrorResponse:
    """The answer to a client that has authenticated."""
    flow = _flow(call, desk.audience)
    if isinstance(flow, ErrorResponse):
        return flow
    party = await flow.party(desk.database, call)
    if isinstance(party, ErrorResponse):
        return party
    # Asked outside the transaction: whoever knows the users may be another service.
    bearer = await _bearer(desk, call.client, party)
    async with desk.database.write() as connection:
        if bearer is None:
            return await _gone(connection, party, call)
        return await _redeemed(desk, connection, flow, call, party, bearer)


def _flow(call: TokenRequest, audience: str) -> GrantFlow[Any] | ErrorResponse:
    grant_type = call.form.get("grant_type")
    if grant_type is None:
        return ErrorResponse(INVALID_REQUEST, "grant_type is missing.")
    flow = FLOWS.get(grant_type)
    if flow is None:
        return ErrorResponse(UNSUPPORTED_GRANT_TYPE)
    if not call.client.may_use(grant_type):
        return ErrorResponse(UNAUTHORIZED_CLIENT)
    return flow if is_for_api(call.form, audience) else ErrorResponse(INVALID_TARGET)


async def _bearer(desk: Dependencies, client: Client, party: Redemption[Any]) -> Bearer | None:
    """Who the token would speak for, as they are now; None where they are nobody any more."""
    if party.grant_id is None:
        plan = await desk.login.plan(party.business)
        if plan is None or client.service_role is None:
            return None
        who = (client.id, party.business, party.user, client.service_role, plan)
        return Bearer(TokenKind.SERVICE, *who, permissions=None, rate_key=f"svc_{client.id}")
    member = await desk.login.membership(party.user, party.business)
    if member is None:
        return None
    who = (client.id, party.business, party.user, member.role, member.plan)
    grant_id = party.grant_id
    return Bearer(TokenKind.OAUTH, *who, permissions=member.permissions, rate_key=grant_id, grant_id=grant_id)


async def _gone(connection: AsyncConnection, party: Redemption[Any], call: TokenRequest) -> ErrorResponse:
    if party.grant_id is None:
        return ErrorResponse(UNAUTHORIZED_CLIENT, "The client's business is no more.")
    actor = f"client:{call.client.id}"
    await end_grant(connection, party.grant_id, reason="user-gone", actor=actor, now_s=call.now_s)
    return ErrorResponse(INVALID_GRANT)


async def _redeemed(
    desk: Dependencies,
    connection: AsyncConnection,
    flow: GrantFlow[Any],
    call: TokenRequest,
    party: Redemption[Any],
    bearer: Bearer,
) -> Mapping[str, Json] | ErrorResponse:
    client = await find_client(connection, call.client.id, hold=True)
    if client is None or client.disabled:
        return ErrorResponse(INVALID_CLIENT)
    why_not = await reason_not_to_issue(desk, connection, bearer, now_s=call.now_s)
    if why_not is not None:
        return why_not
    allowed = await flow.redeem(connection, call, party)
    if isinstance(allowed, ErrorResponse):
        return allowed
    # What the client may ask for can have become less since the consent.
    scope = tuple(name for name in allowed.scope if name in client.scope)
    if not scope:
        return ErrorResponse(INVALID_SCOPE)
    return await _issued(desk, connection, call, bearer, allowed, scope)


async def _issued(
    desk: Dependencies,
    connection: AsyncConnection,
    call: TokenRequest,
    bearer: Bearer,
    allowed: IssuePermit,
    scope: tuple[str, ...],
) -> Mapping[str, Json]:
    access = await issue(desk, connection, bearer, scope, now_s=call.now_s)
    answer = {
        "access_token": access.text,
        "token_type": TOKEN_TYPE,
        "expires_in": ACCESS_TOKEN_LIFETIME_S,
        "scope": " ".join(scope),
    }
    if allowed.grant is not None:
        answer["refresh_token"] = await new_refresh(connection, allowed.grant, allowed.parent, now_s=call.now_s)
    actor, target = f"client:{call.client.id}", allowed.grant.id if allowed.grant else call.client.id
    grant_type = call.form.get("grant_type")
    await record(
        connection, "token.issued", target, actor=actor, now_s=call.now_s, business=bearer.business, by=grant_type
    )
    return answer
