"""The page on which a person decides: what an app asks for, for whom, and what becomes of their answer.

Owns how a request looks; what a decision does is for `oauth.consent`. Of the form only the request's word, the choice
of a business and the answer are read: no parameter of OAuth's comes from a browser here.
"""

from dataclasses import dataclass

from aiohttp import web

from contract.operations import SCOPES
from contract.resources.shape import BUSINESS_PREFIX
from oauth import consent
from oauth.consent import PendingRequest, RedirectNow
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_requests import read_query
from oauth.endpoints.forms import read_form
from oauth.endpoints.responses import see_other
from oauth.login import Membership
from oauth.pages.browser_session import BrowserSession, load_session
from oauth.pages.login import login_path
from oauth.pages.redirect_targets import destination_host
from oauth.pages.renderer import PageRenderer
from oauth.protocol.scopes import ordered

SCOPE_TEXTS = {scope.name: scope.description for scope in SCOPES}


@dataclass(frozen=True, slots=True)
class BusinessChoice:
    """A business that the app may be let into, and in words what the user's role does not give there."""

    id: str
    member: Membership
    offered: tuple[str, ...]
    left_out: tuple[str, ...] = ()


class ConsentPage:
    """The endpoint."""

    def __init__(self, desk: Dependencies, printer: PageRenderer) -> None:
        self._desk = desk
        self._printer = printer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Shows a request, or takes the decision."""
        visitor = await load_session(self._desk, request)
        if request.method == "POST":
            return await self._decided(request, visitor)
        word = read_query(request).get("request") or ""
        if visitor is None:
            return see_other(login_path(word))
        found = await consent.load_pending(self._desk, word, visitor.identity)
        return see_other(found.url) if isinstance(found, RedirectNow) else await self._page(found, visitor)

    async def _decided(self, request: web.Request, visitor: BrowserSession | None) -> web.StreamResponse:
        if visitor is None:
            # Logged out meanwhile: nothing is decided, and the request is still there after the login.
            return see_other(login_path((await read_form(request)).get("request") or ""))
        form = await visitor.form(request, self._desk.issuer)
        found = await consent.load_pending(self._desk, form.get("request") or "", visitor.identity)
        if isinstance(found, RedirectNow):
            return see_other(found.url)
        if form.get("decision") != "allow":
            return see_other(await consent.deny(self._desk, found, visitor.identity))
        chosen = self._chosen(found, visitor, form.get("business"))
        if chosen is None:
            return await self._page(found, visitor, fault="Choose the business that the app may work in.")
        asked = found.asked.scope
        return see_other(await consent.decide(self._desk, found, visitor.identity, chosen.member.business_id, asked))

    def _chosen(self, found: PendingRequest, visitor: BrowserSession, business: str | None) -> BusinessChoice | None:
        choices = self._choices(found, visitor)
        if len(choices) == 1:
            return choices[0]
        return next((each for each in choices if each.id == business), None)

    def _choices(self, found: PendingRequest, visitor: BrowserSession) -> tuple[BusinessChoice, ...]:
        """The businesses in which there is anything to allow, and what is left out of what any of them gives."""
        given = [(member, offered) for member in visitor.businesses if (offered := found.grantable_scopes(member))]
        somewhere = ordered(name for _, offered in given for name in offered)
        return tuple(
            BusinessChoice(
                self._desk.ids.seal_business(BUSINESS_PREFIX, member.business_id),
                member,
                offered,
                tuple(SCOPE_TEXTS[name] for name in somewhere if name not in offered),
            )
            for member, offered in given
        )

    async def _page(self, found: PendingRequest, visitor: BrowserSession, *, fault: str | None = None) -> web.Response:
        choices = self._choices(found, visitor)
        somewhere = {name for each in choices for name in each.offered}
        return self._printer.render(
            "consent.html",
            status=400 if fault else 200,
            redirect_uri=found.asked.redirect_uri,
            fault=fault,
            visitor=visitor,
            app=found.client.name,
            owner=await self._desk.login.business_name(found.client.owner),
            place=destination_host(found.asked.redirect_uri),
            choices=choices,
            wishes=[SCOPE_TEXTS[name] for name in found.asked.scope if name in somewhere],
            refused=[SCOPE_TEXTS[name] for name in found.asked.scope if name not in somewhere],
            request=found.handle,
        )
