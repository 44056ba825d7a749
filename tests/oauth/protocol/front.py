"""The front that people see, but for one thing: whoever arrives is told by which word their request is kept."""

from aiohttp import web

from infra.process.branding import Branding
from oauth.dependencies import Dependencies
from oauth.pages.renderer import PageRenderer
from oauth.pages.routes import Pages


class WordFront(Pages):
    """A test decides what a person would, by that word."""

    def __init__(self, desk: Dependencies) -> None:
        super().__init__(desk, PageRenderer(Branding("Brand & Co", "#1a56b0", "#8ab4f8")))
        self._login = desk.login

    async def show_request(self, request: web.Request, word: str) -> web.StreamResponse:
        return await self._login.begin(request, word)
