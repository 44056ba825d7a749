"""The phases that /authorize and all pages share: the method, the throttle, and how a failure is shown.

What goes wrong is a page, and its cause is logged without what was sent. Owns no page.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from contract.headers import ALLOW
from contract.oauth import ADDRESS_REQUESTS, Endpoint
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_front import BrowserFront
from oauth.endpoints.client_endpoint import client_address
from oauth.login import DirectoryUnavailable
from oauth.protocol.errors import PageError, PageProblem
from oauth.store.database import DatabaseUnavailable

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TOO_MANY = PageProblem("Too many requests", "Wait a minute, then go back and start again.", 429)
_WRONG_METHOD = PageProblem("This is not how to ask", "Go back and start again.", 405)
_LOST = PageProblem("Not now", "Nothing was done. Try again in a moment.", 503)
_BROKEN = PageProblem("Something failed here", "It is not your fault. Try again in a moment.", 500)


def browser_endpoint(desk: Dependencies, front: BrowserFront, endpoint: Endpoint, answer: Answer) -> Answer:
    """An endpoint as the web framework calls it, whatever the method."""

    async def guard(request: web.Request) -> web.StreamResponse:
        try:
            _admit(desk, endpoint, request)
            return await answer(request)
        except PageError as error:
            shown = front.show_error(error.fault)
            if error.fault.status == 405:
                shown.headers[ALLOW] = ", ".join(endpoint.methods)
            return shown
        except (DatabaseUnavailable, DirectoryUnavailable) as error:
            desk.log.error("lost", cause=str(error))
            return front.show_error(_LOST)
        except web.HTTPException:
            raise
        except Exception:
            desk.log.exception("unhandled")
            return front.show_error(_BROKEN)

    return guard


def _admit(desk: Dependencies, endpoint: Endpoint, request: web.Request) -> None:
    if request.method not in endpoint.methods:
        raise PageError(_WRONG_METHOD)
    if desk.throttle.wait_s(ADDRESS_REQUESTS, client_address(request)):
        raise PageError(_TOO_MANY)
