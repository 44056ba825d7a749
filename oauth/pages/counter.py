"""The counter of an office: what a business has of one kind is listed, made, replaced and ended there, by forms.

Owns the steps that the pages of tokens and of apps share, and the rule that a secret is in the answer that made it and
nowhere else: that answer is a page, and no redirect, since what it shows is kept by nobody.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from aiohttp import web

from contract.oauth import Endpoint
from oauth.administration import Asked, Refused
from oauth.answers import redirect
from oauth.desk import Desk
from oauth.pages.login import way_in
from oauth.pages.office import (
    FIELDS,
    OVERLAPS,
    WHOLE_FORM,
    Faults,
    Office,
    complaints,
    number_of,
    office_at,
    overlap_in,
)
from oauth.pages.printer import Printer
from oauth.pages.visitor import Visitor
from oauth.parameters import Parameters
from oauth.requests import read_query

New = TypeVar("New")
Made = TypeVar("Made")
Kept = TypeVar("Kept")


class Counter(ABC, Generic[New, Made, Kept]):
    """An endpoint. What is filled in by each kind: what a form wants, the four acts, and what is shown."""

    endpoint: ClassVar[Endpoint]
    template: ClassVar[str]
    prefix: ClassVar[str]

    def __init__(self, desk: Desk, printer: Printer) -> None:
        self.desk = desk
        self._printer = printer

    @abstractmethod
    def wanted(self, office: Office, form: Parameters) -> New | Faults:
        """What is to be made, or everything that is wrong with the form."""

    @abstractmethod
    async def create(self, asked: Asked, wanted: New) -> Made | Refused:
        """Make it."""

    @abstractmethod
    async def rotate(self, asked: Asked, number: int, overlap_s: int) -> Made | Refused:
        """Make another secret in the place of its own."""

    @abstractmethod
    async def end(self, asked: Asked, number: int) -> Kept | Refused:
        """End it."""

    @abstractmethod
    async def kept(self, asked: Asked) -> Sequence[Kept]:
        """All there are."""

    @abstractmethod
    def shown(self, office: Office, made: Made | None, form: Parameters | None) -> Mapping[str, Any]:
        """What the template wants besides, of what was made and of what was filled in."""

    @abstractmethod
    def told(self, office: Office, each: Kept) -> Mapping[str, object]:
        """One of them, as the page shows it."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Shows them, or does what a form asks."""
        found = await office_at(self.desk, request)
        if found is None:
            return redirect(way_in(self.endpoint.id))
        if isinstance(found, Visitor):
            return self._printer.page("not-an-admin.html", status=403, visitor=found, section=self.endpoint.id)
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

    async def _create(self, office: Office, form: Parameters) -> web.StreamResponse:
        wanted = self.wanted(office, form)
        if isinstance(wanted, Mapping):
            return await self._page(office, form=form, faults=wanted)
        made = await self.create(office.asked, wanted)
        if isinstance(made, Refused):
            return await self._page(office, form=form, faults=complaints(made))
        return await self._page(office, made=made)

    async def _rotate(self, office: Office, form: Parameters) -> web.StreamResponse:
        made = await self.rotate(office.asked, self._number(office, form), overlap_in(form))
        if isinstance(made, Refused):
            return await self._page(office, faults=complaints(made))
        return await self._page(office, made=made)

    async def _end(self, office: Office, form: Parameters) -> web.StreamResponse:
        ended = await self.end(office.asked, self._number(office, form))
        if isinstance(ended, Refused):
            return await self._page(office, faults=complaints(ended))
        return redirect(f"{self.endpoint.path}?business={office.business}&done=1")

    def _number(self, office: Office, form: Parameters) -> int:
        return number_of(self.desk, office, self.prefix, form)

    async def _page(
        self,
        office: Office,
        *,
        made: Made | None = None,
        form: Parameters | None = None,
        faults: Faults | None = None,
        done: bool = False,
    ) -> web.Response:
        found = await self.kept(office.asked)
        return self._printer.page(
            self.template,
            status=400 if faults else 200,
            office=office,
            visitor=office.visitor,
            section=self.endpoint.id,
            path=self.endpoint.path,
            all=[self.told(office, each) for each in found],
            name=(form.get("name") or "") if form else "",
            overlaps=OVERLAPS,
            form_open=form is not None or not found,
            fault=_summary(form, faults or {}),
            faults=faults or {},
            first_fault=next((field for field in FIELDS if field in (faults or {})), None),
            done=done,
            **self.shown(office, made, form),
        )


def _summary(form: Parameters | None, faults: Faults) -> str | None:
    """What stands above the form; without a form, all that is wrong."""
    if not faults:
        return None
    beside = [sentence for field, sentence in faults.items() if field != WHOLE_FORM]
    if form is None or not beside:
        return " ".join(faults.values())
    count = "One thing has" if len(beside) == 1 else f"{len(beside)} things have"
    return " ".join((f"Nothing was saved. {count} to be corrected.", faults.get(WHOLE_FORM, ""))).strip()
