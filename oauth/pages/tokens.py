"""The page of personal access tokens: a business's, made, replaced and revoked by its admins."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.oauth import ACCESS_TOKENS
from contract.resources.personal_access_token import PERSONAL_ACCESS_TOKEN
from oauth.administration import AdminContext, Rejection, pats
from oauth.administration.pats import CreatedPat, PatRequest
from oauth.pages.admin_session import AdminSession, FormErrors, read_name, read_scopes, scope_checkboxes
from oauth.pages.consent import SCOPE_TEXTS
from oauth.pages.credential_page import CredentialPage
from oauth.protocol.parameters import Parameters
from oauth.protocol.scopes import KNOWN_SCOPES, permitted_scopes
from oauth.store.pats import Pat

LIFETIMES = {"30": "30 days", "90": "90 days", "180": "180 days", "365": "a year"}
_USUAL_LIFE = "90"
_DAY_S = 24 * 3600
_NO_NAME = "Give the token a name of up to 100 characters."
_NO_SCOPE = "Tick at least one thing that the token may do."


class TokensPage(CredentialPage[PatRequest, CreatedPat, Pat]):
    """See `Counter`."""

    endpoint, template, prefix = ACCESS_TOKENS, "access-tokens.html", PERSONAL_ACCESS_TOKEN.prefix

    def parse_form(self, office: AdminSession, form: Parameters) -> PatRequest | FormErrors:
        """See `Counter`."""
        name, scope = read_name(form), read_scopes(form)
        if name is None or not scope:
            return {**({"name": _NO_NAME} if name is None else {}), **({} if scope else {"scopes": _NO_SCOPE})}
        life_s = int(_days(form)) * _DAY_S
        return PatRequest(name, scope, expires_at_s=self.desk.clock() + life_s)

    async def create(self, asked: AdminContext, wanted: PatRequest) -> CreatedPat | Rejection:
        """See `Counter`."""
        return await pats.create(self.desk, asked, wanted)

    async def rotate(self, asked: AdminContext, number: int, overlap_s: int) -> CreatedPat | Rejection:
        """See `Counter`."""
        return await pats.rotate(self.desk, asked, number, overlap_s=overlap_s)

    async def end(self, asked: AdminContext, number: int) -> Pat | Rejection:
        """See `Counter`."""
        return await pats.revoke(self.desk, asked, number)

    async def list_records(self, asked: AdminContext) -> Sequence[Pat]:
        """See `Counter`."""
        return await pats.list_all(self.desk, asked)

    def template_values(
        self, office: AdminSession, made: CreatedPat | None, form: Parameters | None
    ) -> Mapping[str, Any]:
        """See `Counter`."""
        held = permitted_scopes(office.member.role, office.member.permissions, KNOWN_SCOPES)
        return {
            "made": {"name": made.pat.name, "text": made.text} if made else None,
            "boxes": scope_checkboxes(read_scopes(form) if form else (), held),
            "lives": LIFETIMES,
            "days": _days(form),
        }

    def to_row(self, office: AdminSession, each: Pat) -> Mapping[str, object]:
        """See `Counter`; the `jti` stays here."""
        status = each.status(self.desk.clock())
        return {
            "id": self.desk.ids.seal(self.prefix, office.member.business_id, each.number),
            "name": each.name,
            "status": status,
            "ends_at_s": each.expires_at_s if each.revoked_at_s is None else each.revoked_at_s,
            "created_at_s": each.created_at_s,
            "used_at_s": each.last_used_at_s,
            "own": each.user == office.session.session.user,
            "words": [SCOPE_TEXTS[name] for name in each.scope if name in SCOPE_TEXTS],
            "is_live": status == "active",
            "is_replaced": each.replaced_by is not None,
        }


def _days(form: Parameters | None) -> str:
    chosen = (form.get("days") if form else None) or ""
    return chosen if chosen in LIFETIMES else _USUAL_LIFE
