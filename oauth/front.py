"""The front channel's seam: who shows pages to a person, and the plainest that could.

`authorize` hands a request over by `arrive`, and whatever cannot be answered to a client is shown by `fault`. Owns no
decision: what a person decides goes to `consent`.
"""

import html
from typing import Protocol

from aiohttp import web

from contract.oauth import NO_STORE
from oauth.errors import PageFault
from oauth.login import Login

PAGE_HEADERS = {
    **dict(NO_STORE),
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


class Front(Protocol):
    """Whoever shows pages."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes of the pages."""

    async def arrive(self, request: web.Request, word: str) -> web.StreamResponse:
        """Go on with the request that is kept under `word`: let the person log in, unless they are, and decide."""

    def fault(self, fault: PageFault) -> web.StreamResponse:
        """The page that says so."""


class PlainFront:
    """Hands over to the login; its only page is the one that something is wrong."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See `Front`: there are none."""

    async def arrive(self, request: web.Request, word: str) -> web.StreamResponse:
        """See `Front`."""
        return await self._login.begin(request, word)

    def fault(self, fault: PageFault) -> web.StreamResponse:
        """See `Front`."""
        title, detail = html.escape(fault.title), html.escape(fault.detail)
        text = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f'<main><h1>{title}</h1><p role="alert">{detail}</p></main></html>'
        )
        return web.Response(status=fault.status, text=text, content_type="text/html", headers=PAGE_HEADERS)
