"""The front that people see: every page's route, and how they find from one to the other."""

from aiohttp import web

from contract.documents import DOCS_PAGE
from contract.oauth import (
    ACCESS_TOKENS,
    ANY_OTHER,
    APPS,
    CONNECTED_APPS,
    CONSENT,
    LOGIN,
    LOGIN_RETURN,
    LOGOUT,
    PAGE_ASSET,
    Endpoint,
)
from oauth.answers import redirect
from oauth.desk import Desk
from oauth.errors import PageFault
from oauth.front_channel import Answer, guarded
from oauth.pages.apps import AppsPage
from oauth.pages.connections import ConnectionsPage
from oauth.pages.consent import ConsentPage
from oauth.pages.login import LoginPages, destination, way_in
from oauth.pages.printer import Printer
from oauth.pages.tokens import TokensPage
from oauth.pages.visitor import visitor_of


class Pages:
    """A `Front` of pages that need no script."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        self._desk = desk
        self._printer = printer

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """See `Front`."""
        for endpoint, answer in self._answers():
            router.add_route("*", endpoint.path, guarded(self._desk, self, endpoint, answer))

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
            (ANY_OTHER, self._any_other),  # the last one: routes are tried in this order
        )

    async def _any_other(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return redirect(CONNECTED_APPS.path)
        return self._printer.page("not-found.html", status=404, reference=f"{self._desk.audience}{DOCS_PAGE.path}")

    async def arrive(self, request: web.Request, word: str) -> web.StreamResponse:
        """See `Front`."""
        visitor = await visitor_of(self._desk, request)
        return redirect(destination(word) if visitor else way_in(word))

    def fault(self, fault: PageFault) -> web.StreamResponse:
        """See `Front`."""
        return self._printer.fault(fault)
