"""The page of personal access tokens: a business's, made, replaced and revoked by its admins."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.oauth import ACCESS_TOKENS
from contract.resources.personal_access_token import PERSONAL_ACCESS_TOKEN
from oauth.administration import Asked, Refused, pats
from oauth.administration.pats import Made, NewPat
from oauth.pages.consent import WORDS
from oauth.pages.counter import Counter
from oauth.pages.office import Faults, Office, boxes, name_in, scopes_in
from oauth.parameters import Parameters
from oauth.scopes import KNOWN, allowed_to
from oauth.store.pats import Pat

LIVES = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "a year"}
_USUAL_LIFE = "90"
_DAY_S = 24 * 3600
_NO_NAME = "Give the token a name of up to 100 characters."
_NO_SCOPE = "Tick at least one thing that the token may do."


class TokensPage(Counter[NewPat, Made, Pat]):
    """See `Counter`."""

    endpoint, template, prefix = ACCESS_TOKENS, "access-tokens.html", PERSONAL_ACCESS_TOKEN.prefix

    def wanted(self, office: Office, form: Parameters) -> NewPat | Faults:
        """See `Counter`."""
        name, scope = name_in(form), scopes_in(form)
        if name is None or not scope:
            return {**({"name": _NO_NAME} if name is None else {}), **({} if scope else {"scopes": _NO_SCOPE})}
        life_s = int(_days(form)) * _DAY_S
        return NewPat(name, scope, expires_at_s=self.desk.clock() + life_s)

    async def create(self, asked: Asked, wanted: NewPat) -> Made | Refused:
        """See `Counter`."""
        return await pats.create(self.desk, asked, wanted)

    async def rotate(self, asked: Asked, number: int, overlap_s: int) -> Made | Refused:
        """See `Counter`."""
        return await pats.rotate(self.desk, asked, number, overlap_s=overlap_s)

    async def end(self, asked: Asked, number: int) -> Pat | Refused:
        """See `Counter`."""
        return await pats.revoke(self.desk, asked, number)

    async def kept(self, asked: Asked) -> Sequence[Pat]:
        """See `Counter`."""
        return await pats.list_all(self.desk, asked)

    def shown(self, office: Office, made: Made | None, form: Parameters | None) -> Mapping[str, Any]:
        """See `Counter`."""
        held = allowed_to(office.member.role, office.member.permissions, KNOWN)
        return {
            "made": {"name": made.pat.name, "text": made.text} if made else None,
            "boxes": boxes(scopes_in(form) if form else (), held),
            "lives": LIVES,
            "days": _days(form),
        }

    def told(self, office: Office, each: Pat) -> Mapping[str, object]:
        """See `Counter`; the `jti` stays here."""
        status = each.status(self.desk.clock())
        return {
            "id": self.desk.ids.seal(self.prefix, office.member.business_id, each.number),
            "name": each.name,
            "status": status,
            "ends_at_s": each.expires_at_s if each.revoked_at_s is None else each.revoked_at_s,
            "created_at_s": each.created_at_s,
            "used_at_s": each.last_used_at_s,
            "own": each.user == office.visitor.session.user,
            "words": [WORDS[name] for name in each.scope if name in WORDS],
            "is_live": status == "active",
            "is_replaced": each.replaced_by is not None,
        }


def _days(form: Parameters | None) -> str:
    chosen = (form.get("days") if form else None) or ""
    return chosen if chosen in LIVES else _USUAL_LIFE
