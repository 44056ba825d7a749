"""GET /authorize: reads a request, keeps it, and hands over to whoever shows pages. Redirects nobody.

Even a trusted client's mistake is told only after the user has logged in: this address must not be a way to send people
elsewhere (RFC 9700 §4.11.2).
"""

from aiohttp import web

from contract.oauth import AUTHORIZE
from oauth.authorization import Asked, judge
from oauth.desk import Desk
from oauth.errors import BAD_REDIRECT, UNKNOWN_CLIENT, PageError, PageFault
from oauth.front import Front
from oauth.front_channel import Answer, guarded
from oauth.parameters import Parameters
from oauth.requests import query_of
from oauth.store.clients import find_client
from oauth.store.requests import keep


def authorizing(desk: Desk, front: Front) -> Answer:
    """The endpoint as the web framework calls it."""

    async def authorize(request: web.Request) -> web.StreamResponse:
        return await front.arrive(request, await _kept(desk, request))

    return guarded(desk, front, AUTHORIZE, authorize)


async def _kept(desk: Desk, request: web.Request) -> str:
    asked = await _asked(desk, query_of(request))
    if isinstance(asked, PageFault):
        raise PageError(asked)
    async with desk.database.writing() as connection:
        return await keep(connection, asked, now_s=desk.clock())


async def _asked(desk: Desk, parameters: Parameters) -> Asked | PageFault:
    async with desk.database.reading() as connection:
        client = await find_client(connection, parameters.get("client_id"))
    if client is None or client.disabled:
        return UNKNOWN_CLIENT
    doubtful = parameters.fault.names if parameters.fault else frozenset()
    return BAD_REDIRECT if "redirect_uri" in doubtful else judge(parameters, client, desk.audience)
