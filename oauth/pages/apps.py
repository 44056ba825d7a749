"""The page of a business's own apps: registered, given another secret, deleted by its admins."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.oauth import APPS
from contract.resources.app import APP
from contract.roles import ROLES
from contract.types import Uris
from oauth.administration import AdminContext, FieldError, Rejection, apps
from oauth.administration.apps import AppRequest, Registered
from oauth.pages.admin_session import (
    AdminSession,
    FormErrors,
    errors_by_field,
    read_name,
    read_scopes,
    scope_checkboxes,
)
from oauth.pages.consent import SCOPE_TEXTS
from oauth.pages.credential_page import CredentialPage
from oauth.protocol.clients import ClientKind, redirect_uri_error
from oauth.protocol.parameters import Parameters
from oauth.store.apps import StoredApp

_KINDS = {"web": ClientKind.MARKETPLACE, "native": ClientKind.MARKETPLACE, "service": ClientKind.SERVICE}
_MOST_URIS = Uris().max_items
_NO_NAME = "Give the app a name of up to 100 characters."
_NO_KIND = "Choose what kind of app it is."
_NO_SCOPE = "Tick at least one thing that the app may ask for."
_TOO_MANY = f"An app has at most {_MOST_URIS} redirect URIs."
_SHOWN = 100
"""Characters of an address that are repeated."""


class AppsPage(CredentialPage[AppRequest, Registered, StoredApp]):
    """See `Counter`."""

    endpoint, template, prefix = APPS, "apps.html", APP.prefix

    def parse_form(self, office: AdminSession, form: Parameters) -> AppRequest | FormErrors:
        """See `Counter`."""
        name, scope, kind = read_name(form), read_scopes(form), form.get("kind") or ""
        uris = tuple((form.get("redirect_uris") or "").split())
        role = form.get("service_role") if kind == "service" else None
        # Until a kind is chosen, addresses are held to what the most lenient one allows.
        is_public = kind not in ("web", "service")
        role = role if role in ROLES else None
        new = AppRequest(name or "", _KINDS.get(kind, ClientKind.MARKETPLACE), scope, is_public, uris, role)
        missing = {
            "name": _NO_NAME if name is None else "",
            "kind": _NO_KIND if kind not in _KINDS else "",
            "redirect_uris": _TOO_MANY if len(uris) > _MOST_URIS else "",
            "scopes": _NO_SCOPE if not scope else "",
        }
        refused = [
            fault for fault in apps.field_errors(office.admin_context, new) if kind in _KINDS or fault.index is not None
        ]
        told = errors_by_field((fault.member, _sentence(fault, new)) for fault in refused)
        return {**told, **{field: words for field, words in missing.items() if words}} or new

    async def create(self, asked: AdminContext, wanted: AppRequest) -> Registered | Rejection:
        """See `Counter`."""
        return await apps.create(self.desk, asked, wanted)

    async def rotate(self, asked: AdminContext, number: int, overlap_s: int) -> Registered | Rejection:
        """See `Counter`."""
        return await apps.rotate_secret(self.desk, asked, number, overlap_s=overlap_s)

    async def end(self, asked: AdminContext, number: int) -> StoredApp | Rejection:
        """See `Counter`."""
        return await apps.delete(self.desk, asked, number)

    async def list_records(self, asked: AdminContext) -> Sequence[StoredApp]:
        """See `Counter`."""
        return await apps.list_all(self.desk, asked)

    def template_values(
        self, office: AdminSession, made: Registered | None, form: Parameters | None
    ) -> Mapping[str, Any]:
        """See `Counter`."""
        filled = form.values if form else {}
        return {
            "made": {"app": made.app.client, "secret": made.secret} if made else None,
            "boxes": scope_checkboxes(read_scopes(form) if form else ()),
            "filled": {name: filled.get(name, "") for name in ("kind", "redirect_uris", "service_role")},
            "roles": list(ROLES),
        }

    def to_row(self, office: AdminSession, each: StoredApp) -> Mapping[str, object]:
        """See `Counter`."""
        client = each.client
        return {
            "id": self.desk.ids.seal(self.prefix, office.member.business_id, client.number),
            "client": client,
            "is_service": client.kind is ClientKind.SERVICE,
            "created_at_s": each.created_at_s,
            "words": [SCOPE_TEXTS[name] for name in client.scope if name in SCOPE_TEXTS],
        }


def _sentence(fault: FieldError, new: AppRequest) -> str:
    """A fault in words that name what was filled in."""
    if fault.index is None:
        return fault.detail
    if fault.member == "scopes":
        return f"The role {new.service_role} does not allow this: {SCOPE_TEXTS[new.scope[fault.index]]}."
    uri = (new.redirect_uris or ())[fault.index]
    shown = uri if len(uri) <= _SHOWN else f"{uri[:_SHOWN]}…"
    return f"The address {shown} {redirect_uri_error(uri, is_public=new.is_public)}."
