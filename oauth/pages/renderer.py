"""Pages out of templates, with the headers that keep them safe, in a deployment's own look.

Owns HTML and its headers; must not know where facts come from.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contract.headers import ETAG
from contract.oauth import ACCESS_TOKENS, APPS, CONNECTED_APPS, CONSENT, LOGIN, LOGOUT, NO_STORE, PAGE_ASSET
from infra.process.branding import Branding, Logo
from oauth.pages.redirect_targets import csp_form_action
from oauth.protocol.errors import PageError, PageProblem

_HERE = Path(__file__).parent
_LOOK_FILE = "look.css"
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {}"
)
_HEADERS = {
    **dict(NO_STORE),
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}
_PATHS = {
    "login": LOGIN.path,
    "logout": LOGOUT.path,
    "consent": CONSENT.path,
    "connected_apps": CONNECTED_APPS.path,
    "access_tokens": ACCESS_TOKENS.path,
    "apps": APPS.path,
}


def _day(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%-d %B %Y}"


def _iso(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


_NO_ASSET = PageProblem("There is nothing here", "The address is wrong, or what was here is gone.", 404)


@dataclass(frozen=True, slots=True)
class _Asset:
    media_type: str
    raw: bytes


_TYPES = {"css": "text/css", "svg": "image/svg+xml", "png": "image/png"}


class PageRenderer:
    """Makes pages and serves what they are made of."""

    def __init__(self, look: Branding, logo: Logo | None = None) -> None:
        self._assets = _assets(look, logo)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(day=_day, iso=_iso)
        self._templates.globals.update(
            brand=look.name, logo=_asset_path(_logo_file(logo)) if logo else None, asset=_asset_path, paths=_PATHS
        )

    def render(
        self, template: str, *, status: int = 200, redirect_uri: str | None = None, **facts: Any
    ) -> web.Response:
        """A page. A form on it may be answered by a redirect to `redirect_uri`, and to nowhere else outside."""
        text = self._templates.get_template(template).render(**facts)
        targets = " ".join(("'self'", *([csp_form_action(redirect_uri)] if redirect_uri else [])))
        headers = {**_HEADERS, "content-security-policy": _POLICY.format(targets)}
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)

    def error_page(self, fault: PageProblem) -> web.Response:
        """The page that says so."""
        return self.render("fault.html", status=fault.status, fault=fault)

    async def asset(self, request: web.Request) -> web.Response:
        """What pages are made of; its name changes with it, so that it may be kept."""
        found = self._assets.get(request.match_info["file"])
        if found is None:
            raise PageError(_NO_ASSET)
        tag = f'"{hashlib.sha256(found.raw).hexdigest()[:20]}"'
        headers = {"cache-control": "public, max-age=300", ETAG: tag, "content-security-policy": "default-src 'none'"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=found.raw, content_type=found.media_type, charset="utf-8", headers=headers)


def _logo_file(logo: Logo) -> str:
    return f"logo.{logo.kind}"


def _asset_path(file: str) -> str:
    return PAGE_ASSET.path.format(file=file)


def _assets(look: Branding, logo: Logo | None) -> Mapping[str, _Asset]:
    files = {path.name: path.read_bytes() for path in (_HERE / "static").iterdir()}
    files[_LOOK_FILE] = look.css.encode()
    if logo is not None:
        files[_logo_file(logo)] = logo.raw
    return {name: _Asset(_TYPES[name.rpartition(".")[2]], raw) for name, raw in files.items()}
