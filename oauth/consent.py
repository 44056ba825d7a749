"""What comes of a kept request once a person has logged in: a look at it, and their decision, once.

For whoever shows the pages: `pending` gives what there is to decide, or where to go at once; `decide` and `deny` give
the way back to the app. Owns grants' beginning; must not know how a page looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.oauth import ACCESS_DENIED
from contract.vocabulary import TenantId
from oauth.dependencies import Dependencies
from oauth.login import Identity, Membership
from oauth.protocol.authorization_request import AuthorizationRequest, error_redirect, redirect_with_answer
from oauth.protocol.clients import Client
from oauth.protocol.errors import REQUEST_ENDED, REQUEST_OF_ANOTHER, UNKNOWN_CLIENT, PageError
from oauth.protocol.scopes import ordered, permitted_scopes
from oauth.store.audit import record
from oauth.store.authorization_requests import bind, consume, peek
from oauth.store.clients import find_client
from oauth.store.grants import create_grant, new_code


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request that this person alone can decide."""

    handle: str
    asked: AuthorizationRequest
    client: Client

    def grantable_scopes(self, member: Membership) -> tuple[str, ...]:
        """Of the scopes asked for, those that the person's role in a business can give."""
        return permitted_scopes(member.role, member.permissions, self.asked.scope)


@dataclass(frozen=True, slots=True)
class RedirectNow:
    """There is nothing to decide: the app is told at once."""

    url: str


async def load_pending(desk: Dependencies, word: str, identity: Identity) -> PendingRequest | RedirectNow:
    """The request under `word`, from now on this person's alone. Raises PageError where it ended or is another's."""
    async with desk.database.write() as connection:
        asked = await bind(connection, word, identity.user_id, now_s=desk.clock())
        client = await find_client(connection, asked.client_id) if asked else None
        anothers = asked is None and await peek(connection, word, now_s=desk.clock()) is not None
    if asked is None:
        raise PageError(REQUEST_OF_ANOTHER if anothers else REQUEST_ENDED)
    if client is None or client.disabled:
        raise PageError(UNKNOWN_CLIENT)
    if asked.error is None:
        return PendingRequest(word, asked, client)
    await _spent(desk, word, identity)
    return RedirectNow(error_redirect(asked, desk.issuer, asked.error, asked.description))


async def decide(
    desk: Dependencies, request: PendingRequest, identity: Identity, business: TenantId, scopes: Sequence[str]
) -> str:
    """The person allows it: the way back, with a code. Raises PageError where it was decided already or has ended.

    Given is what was asked for, chosen, and in the role that the person has in that business now; where that is
    nothing, the app is told that it was denied.
    """
    member = await desk.login.membership(identity.user_id, business)
    chosen = ordered(set(scopes) & set(request.grantable_scopes(member))) if member else ()
    if member is None or not chosen:
        return await deny(desk, request, identity)
    asked, now_s = request.asked, desk.clock()
    async with desk.database.write() as connection:
        client = await find_client(connection, asked.client_id, hold=True)
        if client is None or client.disabled:
            raise PageError(UNKNOWN_CLIENT)
        if not await consume(connection, request.handle, identity.user_id, now_s=now_s):
            raise PageError(REQUEST_ENDED)
        who = (asked.client_id, identity.user_id, business)
        grant_id = await create_grant(connection, *who, chosen, now_s=now_s)
        code = await new_code(connection, grant_id, asked.client_id, asked.redirect_uri, asked.challenge, now_s=now_s)
        actor = f"user:{identity.user_id}"
        told = {"client": asked.client_id, "scope": list(chosen)}
        await record(connection, "grant.given", grant_id, actor=actor, now_s=now_s, business=business, **told)
    return redirect_with_answer(asked.redirect_uri, desk.issuer, asked.state, code=code)


async def deny(desk: Dependencies, request: PendingRequest, identity: Identity) -> str:
    """The person does not: the way back, with `access_denied`. Raises PageError as `decide` does."""
    await _spent(desk, request.handle, identity)
    return error_redirect(request.asked, desk.issuer, ACCESS_DENIED.code, ACCESS_DENIED.description)


async def _spent(desk: Dependencies, word: str, identity: Identity) -> None:
    async with desk.database.write() as connection:
        if not await consume(connection, word, identity.user_id, now_s=desk.clock()):
            raise PageError(REQUEST_ENDED)
