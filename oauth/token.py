"""POST /token: the shared phases of all grants. Which grant, for whom, who they are now, redeem, issue, answer.

Owns the order and the transaction: what a grant returns is committed, refusals included.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.claims import TokenKind
from contract.oauth import (
    ACCESS_LIFE_S,
    INVALID_CLIENT,
    INVALID_GRANT,
    INVALID_REQUEST,
    INVALID_SCOPE,
    INVALID_TARGET,
    TOKEN_WORD,
    UNAUTHORIZED_CLIENT,
    UNSUPPORTED_GRANT_TYPE,
)
from contract.vocabulary import Json
from oauth.authorization import is_target
from oauth.clients import Client
from oauth.desk import Desk
from oauth.errors import Refusal
from oauth.grants import Allowed, Call, Flow, Party, authorization_code, client_credentials, refresh_token
from oauth.issue import Bearer, held_back, issue
from oauth.store.audit import note
from oauth.store.clients import find_client
from oauth.store.grants import new_refresh
from oauth.store.tokens import end_grant

FLOWS: dict[str, Flow[Any]] = {
    module.FLOW.grant_type: module.FLOW for module in (authorization_code, refresh_token, client_credentials)
}


async def token(desk: Desk, call: Call) -> Mapping[str, Json] | Refusal:
    """The answer to a client that has authenticated."""
    flow = _flow(call, desk.audience)
    if isinstance(flow, Refusal):
        return flow
    party = await flow.party(desk.database, call)
    if isinstance(party, Refusal):
        return party
    # Asked outside the transaction: whoever knows the users may be another service.
    bearer = await _bearer(desk, call.client, party)
    async with desk.database.writing() as connection:
        if bearer is None:
            return await _gone(connection, party, call)
        return await _redeemed(desk, connection, flow, call, party, bearer)


def _flow(call: Call, audience: str) -> Flow[Any] | Refusal:
    grant_type = call.form.get("grant_type")
    if grant_type is None:
        return Refusal(INVALID_REQUEST, "grant_type is missing.")
    flow = FLOWS.get(grant_type)
    if flow is None:
        return Refusal(UNSUPPORTED_GRANT_TYPE)
    if not call.client.may_use(grant_type):
        return Refusal(UNAUTHORIZED_CLIENT)
    return flow if is_target(call.form, audience) else Refusal(INVALID_TARGET)


async def _bearer(desk: Desk, client: Client, party: Party[Any]) -> Bearer | None:
    """Who the token would speak for, as they are now; None where they are nobody any more."""
    if party.grant_id is None:
        plan = await desk.login.plan(party.business)
        if plan is None or client.service_role is None:
            return None
        who = (client.id, party.business, party.user, client.service_role, plan)
        return Bearer(TokenKind.SERVICE, *who, permissions=None, rate_key=f"svc_{client.id}")
    member = await desk.login.current(party.user, party.business)
    if member is None:
        return None
    who = (client.id, party.business, party.user, member.role, member.plan)
    grant_id = party.grant_id
    return Bearer(TokenKind.OAUTH, *who, permissions=member.permissions, rate_key=grant_id, grant_id=grant_id)


async def _gone(connection: AsyncConnection, party: Party[Any], call: Call) -> Refusal:
    if party.grant_id is None:
        return Refusal(UNAUTHORIZED_CLIENT, "The client's business is no more.")
    actor = f"client:{call.client.id}"
    await end_grant(connection, party.grant_id, reason="user-gone", actor=actor, now_s=call.now_s)
    return Refusal(INVALID_GRANT)


async def _redeemed(
    desk: Desk, connection: AsyncConnection, flow: Flow[Any], call: Call, party: Party[Any], bearer: Bearer
) -> Mapping[str, Json] | Refusal:
    client = await find_client(connection, call.client.id, hold=True)
    if client is None or client.disabled:
        return Refusal(INVALID_CLIENT)
    why_not = await held_back(desk, connection, bearer, now_s=call.now_s)
    if why_not is not None:
        return why_not
    allowed = await flow.redeem(connection, call, party)
    if isinstance(allowed, Refusal):
        return allowed
    # What the client may ask for can have become less since the consent.
    scope = tuple(name for name in allowed.scope if name in client.scope)
    if not scope:
        return Refusal(INVALID_SCOPE)
    return await _issued(desk, connection, call, bearer, allowed, scope)


async def _issued(
    desk: Desk, connection: AsyncConnection, call: Call, bearer: Bearer, allowed: Allowed, scope: tuple[str, ...]
) -> Mapping[str, Json]:
    access = await issue(desk, connection, bearer, scope, now_s=call.now_s)
    answer = {
        "access_token": access.text,
        "token_type": TOKEN_WORD,
        "expires_in": ACCESS_LIFE_S,
        "scope": " ".join(scope),
    }
    if allowed.grant is not None:
        answer["refresh_token"] = await new_refresh(connection, allowed.grant, allowed.parent, now_s=call.now_s)
    actor, target = f"client:{call.client.id}", allowed.grant.id if allowed.grant else call.client.id
    grant_type = call.form.get("grant_type")
    await note(
        connection, "token.issued", target, actor=actor, now_s=call.now_s, business=bearer.business, by=grant_type
    )
    return answer
