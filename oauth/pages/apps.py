"""The page of a business's own apps: registered, given another secret, deleted by its admins.

A secret is in the answer that made it and nowhere else, as a token's text on the page of tokens.
"""

from aiohttp import web

from contract.oauth import APPS
from contract.resources.app import APP
from contract.roles import ROLES
from oauth.administration import apps
from oauth.administration.apps import NewApp, Registered
from oauth.answers import redirect
from oauth.clients import ClientKind
from oauth.desk import Desk
from oauth.pages.consent import WORDS
from oauth.pages.login import way_in
from oauth.pages.office import (
    OVERLAPS,
    Office,
    boxes,
    complaint,
    name_in,
    number_of,
    office_at,
    overlap_in,
    scopes_in,
)
from oauth.pages.printer import Printer
from oauth.parameters import Parameters
from oauth.store.apps import App

_KINDS = {"web": ClientKind.MARKETPLACE, "native": ClientKind.MARKETPLACE, "service": ClientKind.SERVICE}
_MAX_REDIRECTS = 10
_NO_NAME = "Give the app a name of up to 100 characters."
_NO_KIND = "Choose what kind of app it is."
_NO_SCOPE = "Tick at least one thing that the app may ask for."
_TOO_MANY = "An app has at most 10 addresses."
_PREFIX = APP.prefix


class AppsPage:
    """The endpoint."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        self._desk = desk
        self._printer = printer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Shows the apps, or does what a form asks."""
        found = await office_at(self._desk, request)
        if found is None:
            return redirect(way_in(APPS.id))
        office, form = found
        if form is None:
            return await self._page(office, done="done" in request.query)
        match form.get("action"):
            case "create":
                return await self._create(office, form)
            case "rotate":
                return await self._rotate(office, form)
            case _:
                return await self._delete(office, form)

    async def _create(self, office: Office, form: Parameters) -> web.StreamResponse:
        wanted = _wanted(form)
        if isinstance(wanted, str):
            return await self._page(office, form=form, fault=wanted)
        made = await apps.create(self._desk, office.asked, wanted)
        if isinstance(made, Registered):
            return await self._page(office, made=made)
        return await self._page(office, form=form, fault=complaint(made))

    async def _rotate(self, office: Office, form: Parameters) -> web.StreamResponse:
        number = number_of(self._desk, office, _PREFIX, form)
        made = await apps.rotate_secret(self._desk, office.asked, number, overlap_s=overlap_in(form))
        if isinstance(made, Registered):
            return await self._page(office, made=made)
        return await self._page(office, fault=complaint(made))

    async def _delete(self, office: Office, form: Parameters) -> web.StreamResponse:
        ended = await apps.delete(self._desk, office.asked, number_of(self._desk, office, _PREFIX, form))
        if isinstance(ended, App):
            return redirect(f"{APPS.path}?business={office.business}&done")
        return await self._page(office, fault=complaint(ended))

    async def _page(
        self,
        office: Office,
        *,
        made: Registered | None = None,
        form: Parameters | None = None,
        fault: str | None = None,
        done: bool = False,
    ) -> web.Response:
        found = await apps.list_all(self._desk, office.asked)
        filled = form.values if form else {}
        return self._printer.page(
            "apps.html",
            status=400 if fault else 200,
            office=office,
            visitor=office.visitor,
            section=APPS.id,
            path=APPS.path,
            apps=[self._told(office, each) for each in found],
            made={"app": made.app.client, "secret": made.secret} if made else None,
            boxes=boxes(scopes_in(form) if form else ()),
            filled={name: filled.get(name, "") for name in ("name", "kind", "redirect_uris", "service_role")},
            roles=list(ROLES),
            overlaps=OVERLAPS,
            form_open=form is not None or not found,
            fault=fault,
            done=done,
        )

    def _told(self, office: Office, app: App) -> dict[str, object]:
        client = app.client
        return {
            "id": self._desk.ids.seal(_PREFIX, office.member.business_id, client.number),
            "client": client,
            "is_service": client.kind is ClientKind.SERVICE,
            "created_at_s": app.created_at_s,
            "words": [WORDS[name] for name in client.scope if name in WORDS],
        }


def _wanted(form: Parameters) -> NewApp | str:
    """What is to be registered, or what is missing."""
    name, scope, kind = name_in(form), scopes_in(form), form.get("kind") or ""
    uris = tuple((form.get("redirect_uris") or "").split())
    if name is None:
        return _NO_NAME
    if kind not in _KINDS:
        return _NO_KIND
    if not scope:
        return _NO_SCOPE
    if len(uris) > _MAX_REDIRECTS:
        return _TOO_MANY
    role = form.get("service_role") if kind == "service" else None
    return NewApp(name, _KINDS[kind], scope, kind == "native", uris, role if role in ROLES else None)
