"""[pure] Every document, ready to be sent: made once, of the contract, templates, assets and a deployment's look."""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from contract.documents import (
    ASSET,
    CHANGELOG_PAGE,
    DOCS_PAGE,
    EXAMPLE_API_URL,
    EXAMPLE_AUTH_URL,
    GUIDE_PAGE,
    GUIDES,
    GUIDES_PAGE,
    OPENAPI,
    OPENAPI_DIALECTS,
    PROBLEM_PAGE,
    PROBLEMS_PAGE,
    VERSION_PAGE,
    openapi_file,
)
from contract.problem_docs import PROBLEM_DOCS, example_body
from contract.problems import PROBLEMS, Problem, type_uri
from contract.resources import RESOURCES
from contract.size_and_time_limits import JSON_MEDIA_TYPE, PROBLEM_MEDIA_TYPE
from contract.versions import VERSIONS
from contract.vocabulary import Json, reason_phrase
from infra.process.branding import Branding
from transcoder.presentation.to_public import instant_text

HTML_MEDIA_TYPE = "text/html"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
BRANDING_FILE = "look.css"


@dataclass(frozen=True, slots=True)
class Page:
    """A body, and the tag that changes with it. It is kept packed: all of them take a sixth, and few are asked for."""

    media_type: str
    packed: bytes
    etag: str

    @property
    def body(self) -> bytes:
        """As it is sent. The largest, an OpenAPI document, takes a few milliseconds; callers keep it for minutes."""
        return zlib.decompress(self.packed)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the pages are made of: texts by file name, as they are on disk."""

    templates: Mapping[str, str]
    assets: Mapping[str, bytes]
    openapi: Mapping[str, str]
    guides: Mapping[str, str]
    """Articles in HTML, by the guide's name."""
    look: Branding
    api_url: str
    auth_url: str


Catalog = Mapping[tuple[str, ...], tuple[Page, ...]]
"""By path and the values of its choices: one page, or the same in several media types, the default first."""


NOT_FOUND = ("",)
"""On the shelf, the page for an address where nothing is,"""
WRONG_CHOICE = ""
"""and beside a page's path, the one for a choice that it does not have."""
CatalogEntry = Iterator[tuple[tuple[str, ...], tuple[Page, ...]]]
PageRenderer = Callable[..., Page]
"""Makes a page of a template's name and the facts that it is filled with."""


def build_catalog(sources: Sources) -> Catalog:
    """All documents."""
    print_page = _printer(sources)
    return dict(
        (
            *_problems(sources, print_page),
            *_reference(print_page),
            *_guides(sources, print_page),
            *_lost(print_page),
            *_assets(sources),
            *_openapi(sources),
        ),
    )


def inline_html(text: str) -> Markup:
    """A sentence of the contract as HTML: its `code` and its **stress**."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", html))  # noqa: S704 (escaped above)


def _printer(sources: Sources) -> PageRenderer:
    environment = Environment(
        loader=DictLoader(dict(sources.templates)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = inline_html
    environment.filters["day"] = lambda at_s: instant_text(at_s * 1000)[:10]
    paths = {
        "docs": DOCS_PAGE.path,
        "guides": GUIDES_PAGE.path,
        "changelog": CHANGELOG_PAGE.path,
        "problems": PROBLEMS_PAGE.path,
    }

    def print_page(template: str, **facts: Any) -> Page:
        text = environment.get_template(template).render(name=sources.look.name, paths=paths, **facts)
        return _page(HTML_MEDIA_TYPE, text)

    return print_page


def _page(media_type: str, body: str | bytes) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    return Page(media_type, zlib.compress(raw), hashlib.sha256(raw).hexdigest()[:20])


def _json(value: Json) -> Page:
    return _page(JSON_MEDIA_TYPE, json.dumps(value, ensure_ascii=False))


def _problems(sources: Sources, print_page: PageRenderer) -> CatalogEntry:
    told = {row: _told(row, sources.api_url) for row in PROBLEMS}
    listed = [{name: value for name, value in facts.items() if name != "example"} for facts in told.values()]
    html = print_page("problems.html", problems=list(told.values()))
    yield (PROBLEMS_PAGE.path,), (html, _json({"data": listed}))
    for row, facts in told.items():
        html = print_page(
            "problem.html",
            problem=facts,
            media_type=PROBLEM_MEDIA_TYPE,
            reason=reason_phrase(row.status),
            example=json.dumps(facts["example"], ensure_ascii=False, indent=2),
        )
        yield (PROBLEM_PAGE.path.format(slug=row.code),), (html, _json(facts))


def _told(row: Problem, api_url: str) -> dict[str, Any]:
    explained = PROBLEM_DOCS[row]
    return {
        "type": type_uri(row, api_url),
        "code": row.code,
        "status": row.status,
        "title": row.title,
        "happened": explained.cause,
        "cure": explained.remedy,
        "retryable": row.retryable,
        **({} if row.outcome is None else {"outcome": row.outcome}),
        "example": example_body(row, api_url),
    }


def _reference(print_page: PageRenderer) -> CatalogEntry:
    order = {resource: place for place, resource in enumerate(RESOURCES)}
    versions = [
        {
            "row": row,
            "path": VERSION_PAGE.path.format(version=row.date),
            "changes": sorted(row.changes, key=lambda change: order[change.resource]),
            "newest": row is VERSIONS[0],
            "first": row is VERSIONS[-1],
        }
        for row in VERSIONS
    ]
    yield (CHANGELOG_PAGE.path,), (print_page("changelog.html", versions=versions),)
    for told in versions:
        yield (str(told["path"]),), (print_page("version.html", version=told),)
    for version in VERSIONS:
        html = print_page(
            "reference.html",
            version=version,
            versions=VERSIONS,
            document=f"{OPENAPI.path}?version={version.date}",
        )
        yield (DOCS_PAGE.path, version.date), (html,)


def _guides(sources: Sources, print_page: PageRenderer) -> CatalogEntry:
    yield (GUIDES_PAGE.path,), (print_page("guides.html", guides=GUIDES),)
    for guide in GUIDES:
        article = Markup(_hosts_put_in(sources, sources.guides[guide.name]))  # noqa: S704 (rendered by us, in git)
        yield (GUIDE_PAGE.path.format(name=guide.name),), (print_page("guide.html", guide=guide, article=article),)


def _lost(print_page: PageRenderer) -> CatalogEntry:
    ways = (("API reference", DOCS_PAGE.path), ("Guides", GUIDES_PAGE.path), ("Problems", PROBLEMS_PAGE.path))
    text = "The address may be misspelt, or the page may have moved. You can go on from here:"
    yield NOT_FOUND, (print_page("not-found.html", title="Page not found", text=text, ways=ways),)
    versions = [(version.date, f"{DOCS_PAGE.path}?version={version.date}") for version in VERSIONS]
    text = "The reference exists for these versions of the API:"
    html = print_page("not-found.html", title="There is no such version", text=text, ways=versions)
    yield (DOCS_PAGE.path, WRONG_CHOICE), (html,)


def _hosts_put_in(sources: Sources, text: str) -> str:
    return text.replace(EXAMPLE_API_URL, sources.api_url).replace(EXAMPLE_AUTH_URL, sources.auth_url)


def _assets(sources: Sources) -> CatalogEntry:
    for name, raw in {**sources.assets, BRANDING_FILE: sources.look.css.encode()}.items():
        yield (ASSET.path.format(file=name),), (_page(_TYPES[name[name.rindex(".") :]], raw),)


def _openapi(sources: Sources) -> CatalogEntry:
    for version in VERSIONS:
        for dialect in OPENAPI_DIALECTS:
            text = _hosts_put_in(sources, sources.openapi[openapi_file(version, dialect)])
            yield (OPENAPI.path, version.date, dialect), (_page(JSON_MEDIA_TYPE, text),)
