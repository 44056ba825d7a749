"""The counter of an office: what a business has of one kind is listed, made, replaced and ended there, by forms.

Owns the steps that the pages of tokens and of apps share, and the rule that a secret is in the answer that made it and
nowhere else: that answer is a page, and no redirect, since what it shows is kept by nobody.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from aiohttp import web

from contract.oauth import Endpoint
from oauth.administration import AdminContext, Rejection
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_requests import read_query
from oauth.endpoints.responses import see_other
from oauth.pages.admin_session import (
    FIELDS,
    OVERLAPS,
    WHOLE_FORM,
    AdminSession,
    FormErrors,
    admin_session,
    error_texts,
    read_number,
    read_overlap,
)
from oauth.pages.browser_session import BrowserSession
from oauth.pages.login import login_path
from oauth.pages.renderer import PageRenderer
from oauth.protocol.parameters import Parameters

New = TypeVar("New")
Made = TypeVar("Made")
Kept = TypeVar("Kept")


class CredentialPage(ABC, Generic[New, Made, Kept]):
    """An endpoint. What is filled in by each kind: what a form wants, the four acts, and what is shown."""

    endpoint: ClassVar[Endpoint]
    template: ClassVar[str]
    prefix: ClassVar[str]

    def __init__(self, desk: Dependencies, printer: PageRenderer) -> None:
        self.desk = desk
        self._printer = printer

    @abstractmethod
    def parse_form(self, office: AdminSession, form: Parameters) -> New | FormErrors:
        """What is to be made, or everything that is wrong with the form."""

    @abstractmethod
    async def create(self, asked: AdminContext, wanted: New) -> Made | Rejection:
        """Make it."""

    @abstractmethod
    async def rotate(self, asked: AdminContext, number: int, overlap_s: int) -> Made | Rejection:
        """Make another secret in the place of its own."""

    @abstractmethod
    async def end(self, asked: AdminContext, number: int) -> Kept | Rejection:
        """End it."""

    @abstractmethod
    async def list_records(self, asked: AdminContext) -> Sequence[Kept]:
        """All there are."""

    @abstractmethod
    def template_values(self, office: AdminSession, made: Made | None, form: Parameters | None) -> Mapping[str, Any]:
        """What the template wants besides, of what was made and of what was filled in."""

    @abstractmethod
    def to_row(self, office: AdminSession, each: Kept) -> Mapping[str, object]:
        """One of them, as the page shows it."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Shows them, or does what a form asks."""
        found = await admin_session(self.desk, request)
        if found is None:
            return see_other(login_path(self.endpoint.id))
        if isinstance(found, BrowserSession):
            return self._printer.render("not-an-admin.html", status=403, visitor=found, section=self.endpoint.id)
        office, form = found
        if form is None:
            return await self._page(office, done=read_query(request).get("done") is not None)
        match form.get("action"):
            case "create":
                return await self._create(office, form)
            case "rotate":
                return await self._rotate(office, form)
            case _:
                return await self._end(office, form)

    async def _create(self, office: AdminSession, form: Parameters) -> web.StreamResponse:
        wanted = self.parse_form(office, form)
        if isinstance(wanted, Mapping):
            return await self._page(office, form=form, faults=wanted)
        made = await self.create(office.admin_context, wanted)
        if isinstance(made, Rejection):
            return await self._page(office, form=form, faults=error_texts(made))
        return await self._page(office, made=made)

    async def _rotate(self, office: AdminSession, form: Parameters) -> web.StreamResponse:
        made = await self.rotate(office.admin_context, self._number(office, form), read_overlap(form))
        if isinstance(made, Rejection):
            return await self._page(office, faults=error_texts(made))
        return await self._page(office, made=made)

    async def _end(self, office: AdminSession, form: Parameters) -> web.StreamResponse:
        ended = await self.end(office.admin_context, self._number(office, form))
        if isinstance(ended, Rejection):
            return await self._page(office, faults=error_texts(ended))
        return see_other(f"{self.endpoint.path}?business={office.business}&done=1")

    def _number(self, office: AdminSession, form: Parameters) -> int:
        return read_number(self.desk, office, self.prefix, form)

    async def _page(
        self,
        office: AdminSession,
        *,
        made: Made | None = None,
        form: Parameters | None = None,
        faults: FormErrors | None = None,
        done: bool = False,
    ) -> web.Response:
        found = await self.list_records(office.admin_context)
        return self._printer.render(
            self.template,
            status=400 if faults else 200,
            office=office,
            visitor=office.session,
            section=self.endpoint.id,
            path=self.endpoint.path,
            all=[self.to_row(office, each) for each in found],
            name=(form.get("name") or "") if form else "",
            overlaps=OVERLAPS,
            form_open=form is not None or not found,
            fault=_summary(form, faults or {}),
            faults=faults or {},
            first_fault=next((field for field in FIELDS if field in (faults or {})), None),
            done=done,
            **self.template_values(office, made, form),
        )


def _summary(form: Parameters | None, faults: FormErrors) -> str | None:
    """What stands above the form; without a form, all that is wrong."""
    if not faults:
        return None
    beside = [sentence for field, sentence in faults.items() if field != WHOLE_FORM]
    if form is None or not beside:
        return " ".join(faults.values())
    count = "One thing has" if len(beside) == 1 else f"{len(beside)} things have"
    return " ".join((f"Nothing was saved. {count} to be corrected.", faults.get(WHOLE_FORM, ""))).strip()
