"""The page of connected apps: what a person has allowed, and how they take it back.

Everything that came of a consent ends with it, and the edge hears of it as of any revocation.
"""

from aiohttp import web

from contract.oauth import CONNECTED_APPS
from contract.resources.shape import BUSINESS_PREFIX
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_requests import read_query
from oauth.endpoints.responses import see_other
from oauth.pages.browser_session import BrowserSession, load_session
from oauth.pages.consent import SCOPE_TEXTS
from oauth.pages.login import login_path
from oauth.pages.renderer import PageRenderer
from oauth.store.connections import ConnectedApp, connections_of, withdraw


class ConnectionsPage:
    """The endpoint."""

    def __init__(self, desk: Dependencies, printer: PageRenderer) -> None:
        self._desk = desk
        self._printer = printer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Shows the apps, or takes one's consent back."""
        visitor = await load_session(self._desk, request)
        if visitor is None:
            return see_other(login_path(CONNECTED_APPS.id))
        if request.method == "POST":
            return await self._withdraw(request, visitor)
        async with self._desk.database.read() as connection:
            found = await connections_of(connection, visitor.session.user, now_s=self._desk.clock())
        return self._printer.render(
            "connected-apps.html",
            visitor=visitor,
            section=CONNECTED_APPS.id,
            connections=[await self._told(each) for each in found],
            done=read_query(request).get("done") is not None,
        )

    async def _withdraw(self, request: web.Request, visitor: BrowserSession) -> web.StreamResponse:
        form = await visitor.form(request, self._desk.issuer)
        business = self._desk.ids.open_business(BUSINESS_PREFIX, form.get("business") or "")
        if isinstance(business, int):
            async with self._desk.database.write() as connection:
                user, app = visitor.session.user, form.get("app") or ""
                await withdraw(connection, user, app, business, now_s=self._desk.clock())
        return see_other(f"{CONNECTED_APPS.path}?done=1")

    async def _told(self, each: ConnectedApp) -> dict[str, object]:
        login = self._desk.login
        return {
            "app": each.client_id,
            "name": each.name,
            "owner": await login.business_name(each.owner),
            "business": self._desk.ids.seal_business(BUSINESS_PREFIX, each.business),
            "business_name": await login.business_name(each.business),
            "words": [SCOPE_TEXTS[name] for name in each.scope],
            "since_s": each.since_s,
        }
