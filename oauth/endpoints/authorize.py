"""GET /authorize: reads a request, keeps it, and hands over to whoever shows pages. Redirects nobody.

Even a trusted client's mistake is told only after the user has logged in: this address must not be a way to send people
elsewhere (RFC 9700 §4.11.2).
"""

from aiohttp import web

from contract.oauth import AUTHORIZE
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_endpoint import Answer, browser_endpoint
from oauth.endpoints.browser_front import BrowserFront
from oauth.endpoints.browser_requests import query_of
from oauth.protocol.authorization_request import AuthorizationRequest, evaluate_request
from oauth.protocol.errors import BAD_REDIRECT, UNKNOWN_CLIENT, PageError, PageProblem
from oauth.protocol.parameters import Parameters
from oauth.store.authorization_requests import save
from oauth.store.clients import find_client


def authorize_endpoint(desk: Dependencies, front: BrowserFront) -> Answer:
    """The endpoint as the web framework calls it."""

    async def authorize(request: web.Request) -> web.StreamResponse:
        return await front.show_request(request, await _kept(desk, request))

    return browser_endpoint(desk, front, AUTHORIZE, authorize)


async def _kept(desk: Dependencies, request: web.Request) -> str:
    asked = await _asked(desk, query_of(request))
    if isinstance(asked, PageProblem):
        raise PageError(asked)
    async with desk.database.write() as connection:
        return await save(connection, asked, now_s=desk.clock())


async def _asked(desk: Dependencies, parameters: Parameters) -> AuthorizationRequest | PageProblem:
    async with desk.database.read() as connection:
        client = await find_client(connection, parameters.get("client_id"))
    if client is None or client.disabled:
        return UNKNOWN_CLIENT
    doubtful = parameters.fault.names if parameters.fault else frozenset()
    return BAD_REDIRECT if "redirect_uri" in doubtful else evaluate_request(parameters, client, desk.audience)
