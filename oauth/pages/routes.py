"""The front that people see: every page's route, and how they find from one to the other."""

from aiohttp import web

from contract.documents import DOCS_PAGE
from contract.oauth import (
    ACCESS_TOKENS,
    APPS,
    CONNECTED_APPS,
    CONSENT,
    FALLBACK,
    LOGIN,
    LOGIN_RETURN,
    LOGOUT,
    PAGE_ASSET,
    Endpoint,
)
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_endpoint import Answer, browser_endpoint
from oauth.endpoints.responses import see_other
from oauth.pages.apps import AppsPage
from oauth.pages.browser_session import load_session
from oauth.pages.connections import ConnectionsPage
from oauth.pages.consent import ConsentPage
from oauth.pages.login import LoginPages, destination, login_path
from oauth.pages.renderer import PageRenderer
from oauth.pages.tokens import TokensPage
from oauth.protocol.errors import PageProblem


class Pages:
    """A `BrowserFront` of pages that need no script."""

    def __init__(self, desk: Dependencies, printer: PageRenderer) -> None:
        self._desk = desk
        self._printer = printer

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See `BrowserFront`."""
        for endpoint, answer in self._answers():
            router.add_route("*", endpoint.path, browser_endpoint(self._desk, self, endpoint, answer))

    def _answers(self) -> tuple[tuple[Endpoint, Answer], ...]:
        desk, printer = self._desk, self._printer
        logins = LoginPages(desk, printer)
        return (
            (LOGIN, logins.login),
            (LOGIN_RETURN, logins.come_back),
            (LOGOUT, logins.logout),
            (CONSENT, ConsentPage(desk, printer).answer),
            (CONNECTED_APPS, ConnectionsPage(desk, printer).answer),
            (ACCESS_TOKENS, TokensPage(desk, printer).answer),
            (APPS, AppsPage(desk, printer).answer),
            (PAGE_ASSET, printer.asset),
            (FALLBACK, self._any_other),  # the last one: routes are tried in this order
        )

    async def _any_other(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return see_other(CONNECTED_APPS.path)
        return self._printer.render("not-found.html", status=404, reference=f"{self._desk.audience}{DOCS_PAGE.path}")

    async def show_request(self, request: web.Request, word: str) -> web.StreamResponse:
        """See `BrowserFront`."""
        visitor = await load_session(self._desk, request)
        return see_other(destination(word) if visitor else login_path(word))

    def show_error(self, fault: PageProblem) -> web.StreamResponse:
        """See `BrowserFront`."""
        return self._printer.error_page(fault)
