"""An admin at work: in which of their businesses, by which form, and how a refusal reads to them.

What the pages of tokens and of apps share. What may be done is `administration`'s; that they may at all is seen here,
at each request.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from contract.operations import SCOPES
from contract.resources.shape import BUSINESS_PREFIX
from contract.vocabulary import UserId
from oauth.administration import AdminContext, Deleted, InvalidFields, NotFound, Rejection, RuleBroken, Stale, TryAgain
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_requests import read_query
from oauth.login import Membership
from oauth.pages.browser_session import BrowserSession, load_session
from oauth.protocol.errors import PageError, PageProblem
from oauth.protocol.parameters import Parameters
from oauth.protocol.scopes import ordered

_NOT_THERE = PageProblem("This is not there", "It may have ended meanwhile. Go back and load the page again.", 404)
_LATER = PageProblem("Not now", "Nothing was done. Try again in a moment.", 503)
_MAX_NAME = 100
_SCOPE_BOX = "scope "
"""Boxes have a name each: a parameter is never sent twice."""
OVERLAPS = ((0, "at once"), (3600, "in an hour"), (24 * 3600, "in a day"))


@dataclass(frozen=True, slots=True)
class AdminSession:
    """Where an admin works just now."""

    session: BrowserSession
    member: Membership
    business: str
    others: tuple[tuple[str, str], ...]
    """Their other businesses, by id and name."""

    @property
    def admin_context(self) -> AdminContext:
        """On whose behalf something is done."""
        return AdminContext(self.member.business_id, UserId(self.session.session.user))


async def admin_session(
    desk: Dependencies, request: web.Request
) -> tuple[AdminSession, Parameters | None] | BrowserSession | None:
    """Whose page it is, and the form where one was sent; the visitor alone where they are no admin of any business.

    None for somebody who is not logged in. Raises PageError.
    """
    visitor = await load_session(desk, request)
    if visitor is None or not visitor.administered_businesses:
        return visitor
    form = await visitor.form(request, desk.issuer) if request.method == "POST" else None
    business = (form or read_query(request)).get("business")
    return _office(desk, visitor, business), form


def _office(desk: Dependencies, visitor: BrowserSession, business: str | None) -> AdminSession:
    places = {
        desk.ids.seal_business(BUSINESS_PREFIX, each.business_id): each for each in visitor.administered_businesses
    }
    chosen = business or next(iter(places))
    if chosen not in places:
        raise PageError(_NOT_THERE)
    others = tuple((key, each.business_name) for key, each in places.items() if key != chosen)
    return AdminSession(visitor, places[chosen], chosen, others)


FormErrors = Mapping[str, str]
"""What is wrong with a form: sentences by the name of the field that they stand beside."""
WHOLE_FORM = ""
"""The name for what is no single field's fault."""
FIELDS = ("name", "kind", "redirect_uris", "service_role", "scopes")
"""Fields that can be at fault, in the order of the forms."""


def errors_by_field(told: Iterable[tuple[str, str]]) -> FormErrors:
    """Sentences by field, each once; those about a member that no form has are about the whole form."""
    sentences: dict[str, dict[str, None]] = {}
    for member, sentence in told:
        sentences.setdefault(member if member in FIELDS else WHOLE_FORM, {})[sentence] = None
    return {field: " ".join(each) for field, each in sentences.items()}


def error_texts(refused: Rejection) -> FormErrors:
    """What a person is told of what they filled in. Raises PageError where a form will not mend it."""
    match refused:
        case InvalidFields(faults):
            return errors_by_field((fault.member, fault.detail) for fault in faults)
        case RuleBroken(_, detail):
            return {WHOLE_FORM: detail}
        case TryAgain():
            raise PageError(_LATER)
        case NotFound() | Deleted() | Stale():
            raise PageError(_NOT_THERE)


def read_number(desk: Dependencies, office: AdminSession, prefix: str, form: Parameters) -> int:
    """Which record the form is about. Raises PageError."""
    number = desk.ids.open(prefix, office.member.business_id, form.get("id") or "")
    if not isinstance(number, int):
        raise PageError(_NOT_THERE)
    return number


def read_name(form: Parameters) -> str | None:
    """What something is to be called; None for what is no name."""
    name = (form.get("name") or "").strip()
    return name if 0 < len(name) <= _MAX_NAME and name.isprintable() else None


def read_scopes(form: Parameters) -> tuple[str, ...]:
    """The scopes that were ticked."""
    return ordered(name.removeprefix(_SCOPE_BOX) for name in form.values if name.startswith(_SCOPE_BOX))


def scope_checkboxes(ticked: tuple[str, ...] = (), only: tuple[str, ...] | None = None) -> list[dict[str, object]]:
    """A box for each scope."""
    return [
        {"name": f"{_SCOPE_BOX}{scope.name}", "words": scope.description, "ticked": scope.name in ticked}
        for scope in SCOPES
        if only is None or scope.name in only
    ]


def read_overlap(form: Parameters) -> int:
    """For how many seconds the one before goes on."""
    text = form.get("overlap") or "0"
    return next((seconds for seconds, _ in OVERLAPS if re.fullmatch(str(seconds), text)), 0)
