"""The front channel's seam: who shows pages to a person.

`authorize` hands a request over by `show_request`. Whatever cannot be answered to a client is shown by `show_error`.
Owns no decision: what a person decides goes to `consent`.
"""

from typing import Protocol

from aiohttp import web

from oauth.protocol.errors import PageProblem


class BrowserFront(Protocol):
    """Whoever shows pages."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes of the pages."""

    async def show_request(self, request: web.Request, word: str) -> web.StreamResponse:
        """Go on with the request that is kept under `word`: let the person log in, unless they are, and decide."""

    def show_error(self, fault: PageProblem) -> web.StreamResponse:
        """The page that says so."""
