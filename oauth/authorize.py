"""GET /authorize: reads a request, keeps it, and hands over to whoever shows pages. Redirects nobody.

Even a trusted client's mistake is told only after the user has logged in: this address must not be a way to send people
elsewhere (RFC 9700 §4.11.2).
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from contract.headers import ALLOW
from contract.oauth import ADDRESS_REQUESTS, AUTHORIZE
from oauth.authorization import Asked, judge
from oauth.back_channel import client_address
from oauth.desk import Desk
from oauth.errors import BAD_REDIRECT, UNKNOWN_CLIENT, PageError, PageFault
from oauth.front import Front
from oauth.login import LoginLost
from oauth.parameters import Parameters, Unreadable, read_parameters
from oauth.store.clients import find_client
from oauth.store.database import DatabaseLost
from oauth.store.requests import keep

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_GARBLED = PageFault("This link is broken", "What it asks for cannot be read. Go back to the app and start again.")
_TOO_MANY = PageFault("Too many requests", "Wait a minute, then go back to the app and start again.", 429)
_WRONG_METHOD = PageFault("This is not how to ask", "Go back to the app and start again.", 405)
_LOST = PageFault("Not now", "Nothing was done. Try again in a moment.", 503)
_BROKEN = PageFault("Something failed here", "It is not your fault. Try again in a moment.", 500)


def authorizing(desk: Desk, front: Front) -> Answer:
    """The endpoint as the web framework calls it."""

    async def authorize(request: web.Request) -> web.StreamResponse:
        return await front.arrive(request, await _kept(desk, request))

    return guarded(desk, front, authorize)


def guarded(desk: Desk, front: Front, answer: Answer) -> Answer:
    """A page that fails as pages do: what goes wrong is shown, and its cause logged without what was sent."""

    async def guard(request: web.Request) -> web.StreamResponse:
        try:
            return await answer(request)
        except PageError as error:
            shown = front.fault(error.fault)
            if error.fault.status == 405:
                shown.headers[ALLOW] = ", ".join(AUTHORIZE.methods)
            return shown
        except (DatabaseLost, LoginLost) as error:
            desk.log.error("lost", path=request.path, cause=str(error))
            return front.fault(_LOST)
        except web.HTTPException:
            raise
        except Exception:
            desk.log.exception("unhandled", path=request.path)
            return front.fault(_BROKEN)

    return guard


async def _kept(desk: Desk, request: web.Request) -> str:
    if request.method not in AUTHORIZE.methods:
        raise PageError(_WRONG_METHOD)
    if desk.throttle.wait_s(ADDRESS_REQUESTS, client_address(request)):
        raise PageError(_TOO_MANY)
    # Not `request.query_string`: that was quoted anew.
    parameters = read_parameters(request.raw_path.partition("?")[2].encode())
    if isinstance(parameters, Unreadable):
        raise PageError(_GARBLED)
    asked = await _asked(desk, parameters)
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
