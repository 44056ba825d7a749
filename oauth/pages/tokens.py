"""The page of personal access tokens: a business's, made, replaced and revoked by its admins.

A token's text is in the answer that made it and nowhere else: that answer is a page, and no redirect, since what it
shows is kept by nobody.
"""

from aiohttp import web

from contract.oauth import ACCESS_TOKENS
from contract.resources.personal_access_token import PERSONAL_ACCESS_TOKEN
from oauth.administration import pats
from oauth.administration.pats import Made, NewPat
from oauth.answers import redirect
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
from oauth.scopes import KNOWN, allowed_to
from oauth.store.pats import Pat

LIVES = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "a year"}
_DAY_S = 24 * 3600
_PREFIX = PERSONAL_ACCESS_TOKEN.prefix
_NO_NAME = "Give the token a name of up to 100 characters."
_NO_SCOPE = "Tick at least one thing that the token may do."


class TokensPage:
    """The endpoint."""

    def __init__(self, desk: Desk, printer: Printer) -> None:
        self._desk = desk
        self._printer = printer

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Shows the tokens, or does what a form asks."""
        found = await office_at(self._desk, request)
        if found is None:
            return redirect(way_in(ACCESS_TOKENS.id))
        office, form = found
        if form is None:
            return await self._page(office, done="done" in request.query)
        match form.get("action"):
            case "create":
                return await self._create(office, form)
            case "rotate":
                return await self._rotate(office, form)
            case _:
                return await self._revoke(office, form)

    async def _create(self, office: Office, form: Parameters) -> web.StreamResponse:
        name, scope, days = name_in(form), scopes_in(form), form.get("days") or ""
        if name is None or not scope:
            return await self._page(office, form=form, fault=_NO_NAME if name is None else _NO_SCOPE)
        life_s = int(days if days in LIVES else "90") * _DAY_S
        made = await pats.create(
            self._desk, office.asked, NewPat(name, scope, expires_at_s=self._desk.clock() + life_s)
        )
        if isinstance(made, Made):
            return await self._page(office, made=made)
        return await self._page(office, form=form, fault=complaint(made))

    async def _rotate(self, office: Office, form: Parameters) -> web.StreamResponse:
        number = number_of(self._desk, office, _PREFIX, form)
        made = await pats.rotate(self._desk, office.asked, number, overlap_s=overlap_in(form))
        if isinstance(made, Made):
            return await self._page(office, made=made)
        return await self._page(office, fault=complaint(made))

    async def _revoke(self, office: Office, form: Parameters) -> web.StreamResponse:
        ended = await pats.revoke(self._desk, office.asked, number_of(self._desk, office, _PREFIX, form))
        if isinstance(ended, Pat):
            return redirect(f"{ACCESS_TOKENS.path}?business={office.business}&done")
        return await self._page(office, fault=complaint(ended))

    async def _page(
        self,
        office: Office,
        *,
        made: Made | None = None,
        form: Parameters | None = None,
        fault: str | None = None,
        done: bool = False,
    ) -> web.Response:
        found = await pats.list_all(self._desk, office.asked)
        held = allowed_to(office.member.role, office.member.permissions, KNOWN)
        return self._printer.page(
            "access-tokens.html",
            status=400 if fault else 200,
            office=office,
            visitor=office.visitor,
            section=ACCESS_TOKENS.id,
            path=ACCESS_TOKENS.path,
            tokens=[self._told(office, each) for each in found],
            made={"name": made.pat.name, "text": made.text} if made else None,
            boxes=boxes(scopes_in(form) if form else (), held),
            name=(form.get("name") or "") if form else "",
            lives=LIVES,
            overlaps=OVERLAPS,
            form_open=form is not None or not found,
            fault=fault,
            done=done,
        )

    def _told(self, office: Office, pat: Pat) -> dict[str, object]:
        """As the page shows it; the `jti` stays here."""
        now_s = self._desk.clock()
        status = pat.status(now_s)
        return {
            "id": self._desk.ids.seal(_PREFIX, office.member.business_id, pat.number),
            "name": pat.name,
            "status": status,
            "ends_at_s": pat.expires_at_s if pat.revoked_at_s is None else pat.revoked_at_s,
            "created_at_s": pat.created_at_s,
            "used_at_s": pat.last_used_at_s,
            "own": pat.user == office.visitor.session.user,
            "words": [WORDS[name] for name in pat.scope if name in WORDS],
            "is_live": status == "active",
            "is_replaced": pat.replaced_by is not None,
        }
