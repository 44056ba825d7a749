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
from oauth.administration import Asked, Busy, Deleted, Invalid, NotThere, Refused, RuleBroken, Stale
from oauth.desk import Desk
from oauth.errors import PageError, PageFault
from oauth.login import Membership
from oauth.pages.visitor import Visitor, visitor_of
from oauth.parameters import Parameters
from oauth.requests import read_query
from oauth.scopes import ordered

_NOT_THERE = PageFault("This is not there", "It may have ended meanwhile. Go back and load the page again.", 404)
_LATER = PageFault("Not now", "Nothing was done. Try again in a moment.", 503)
_MAX_NAME = 100
_SCOPE_BOX = "scope "
"""Boxes have a name each: a parameter is never sent twice."""
OVERLAPS = ((0, "at once"), (3600, "in an hour"), (24 * 3600, "in a day"))


@dataclass(frozen=True, slots=True)
class Office:
    """Where an admin works just now."""

    visitor: Visitor
    member: Membership
    business: str
    others: tuple[tuple[str, str], ...]
    """Their other businesses, by id and name."""

    @property
    def asked(self) -> Asked:
        """On whose behalf something is done."""
        return Asked(self.member.business_id, UserId(self.visitor.session.user))


async def office_at(desk: Desk, request: web.Request) -> tuple[Office, Parameters | None] | Visitor | None:
    """Whose page it is, and the form where one was sent; the visitor alone where they are no admin of any business.

    None for somebody who is not logged in. Raises PageError.
    """
    visitor = await visitor_of(desk, request)
    if visitor is None or not visitor.administers:
        return visitor
    form = await visitor.form(request, desk.issuer) if request.method == "POST" else None
    business = (form or read_query(request)).get("business")
    return _office(desk, visitor, business), form


def _office(desk: Desk, visitor: Visitor, business: str | None) -> Office:
    places = {desk.ids.seal_business(BUSINESS_PREFIX, each.business_id): each for each in visitor.administers}
    chosen = business or next(iter(places))
    if chosen not in places:
        raise PageError(_NOT_THERE)
    others = tuple((key, each.business_name) for key, each in places.items() if key != chosen)
    return Office(visitor, places[chosen], chosen, others)


Faults = Mapping[str, str]
"""What is wrong with a form: sentences by the name of the field that they stand beside."""
WHOLE_FORM = ""
"""The name for what is no single field's fault."""
FIELDS = ("name", "kind", "redirect_uris", "service_role", "scopes")
"""Fields that can be at fault, in the order of the forms."""


def by_field(told: Iterable[tuple[str, str]]) -> Faults:
    """Sentences by field, each once; those about a member that no form has are about the whole form."""
    sentences: dict[str, dict[str, None]] = {}
    for member, sentence in told:
        sentences.setdefault(member if member in FIELDS else WHOLE_FORM, {})[sentence] = None
    return {field: " ".join(each) for field, each in sentences.items()}


def complaints(refused: Refused) -> Faults:
    """What a person is told of what they filled in. Raises PageError where a form will not mend it."""
    match refused:
        case Invalid(faults):
            return by_field((fault.member, fault.detail) for fault in faults)
        case RuleBroken(_, detail):
            return {WHOLE_FORM: detail}
        case Busy():
            raise PageError(_LATER)
        case NotThere() | Deleted() | Stale():
            raise PageError(_NOT_THERE)


def number_of(desk: Desk, office: Office, prefix: str, form: Parameters) -> int:
    """Which record the form is about. Raises PageError."""
    number = desk.ids.open(prefix, office.member.business_id, form.get("id") or "")
    if not isinstance(number, int):
        raise PageError(_NOT_THERE)
    return number


def name_in(form: Parameters) -> str | None:
    """What something is to be called; None for what is no name."""
    name = (form.get("name") or "").strip()
    return name if 0 < len(name) <= _MAX_NAME and name.isprintable() else None


def scopes_in(form: Parameters) -> tuple[str, ...]:
    """The scopes that were ticked."""
    return ordered(name.removeprefix(_SCOPE_BOX) for name in form.values if name.startswith(_SCOPE_BOX))


def boxes(ticked: tuple[str, ...] = (), only: tuple[str, ...] | None = None) -> list[dict[str, object]]:
    """A box for each scope."""
    return [
        {"name": f"{_SCOPE_BOX}{scope.name}", "words": scope.words, "ticked": scope.name in ticked}
        for scope in SCOPES
        if only is None or scope.name in only
    ]


def overlap_in(form: Parameters) -> int:
    """For how many seconds the one before goes on."""
    text = form.get("overlap") or "0"
    return next((seconds for seconds, _ in OVERLAPS if re.fullmatch(str(seconds), text)), 0)
