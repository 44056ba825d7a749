"""Documents for anybody: problem pages, the interactive reference, the changelog, the OpenAPI documents.

Owns where their sources lie and how a request chooses among them; what stands on them is `pages`' affair. Knows no
token and no version of a caller.

The OpenAPI documents and the guides are committed files: `docs/reference/` holds one by each name in
`contract.documents.OPENAPI_FILES`, `openapi-<version>.json` (3.1) and `openapi-<version>-3.0.json`, and one of each
guide in `GUIDES`. In them the two
origins `contract.documents.EXAMPLE_API_URL` (https://api.example.com) and `EXAMPLE_AUTH_URL` (https://auth.example.com)
stand for the deployment's own and are replaced, as text, when the service starts; nothing else in them is touched.
"""

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from structlog.typing import FilteringBoundLogger

from contract import headers
from contract.documents import (
    DOCUMENT_ALLOW,
    DOCUMENT_ANSWER,
    DOCUMENT_METHODS,
    DOCUMENTS,
    GUIDES,
    OPENAPI_FILES,
    START_PAGE,
    Document,
)
from contract.problems import (
    INTERNAL_ERROR,
    INVALID_PARAMETER,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    ROUTE_NOT_FOUND,
    ItemError,
    render,
)
from contract.size_and_time_limits import JSON_MEDIA_TYPE, MAX_ERRORS, PROBLEM_MEDIA_TYPE
from infra.process.branding import Branding
from transcoder.documents.catalog import HTML_MEDIA_TYPE, NOT_FOUND, WRONG_CHOICE, Catalog, Page, Sources, build_catalog
from transcoder.http import media_types, request_reader
from transcoder.http.messages import Request, Response
from transcoder.http.parameters import pairs_of, unknown_parameter
from transcoder.presentation.errors import ApiError

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_STATIC = _HERE / "static"
_RENDERED = _HERE.parents[1] / "docs" / "reference"
_VIEWER = "flask_swagger_ui"
"""The package that brings the viewer's files; its own code is never imported."""
_VIEWER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")

_TAG = re.compile(r'(?:W/)?"([^"]*)"')

_FORMS = [(re.compile(re.sub(r"\{[a-z]+\}", "[^/]+", row.path)), row) for row in DOCUMENTS]


def load_sources(look: Branding, api_url: str, auth_url: str) -> Sources:
    """Everything that the documents are made of, read from disk. Raises OSError when a file is missing."""
    viewer = importlib.util.find_spec(_VIEWER)
    if viewer is None or viewer.submodule_search_locations is None:
        raise FileNotFoundError(_VIEWER)
    dist = Path(viewer.submodule_search_locations[0]) / "dist"
    return Sources(
        templates={path.name: path.read_text("utf-8") for path in _TEMPLATES.iterdir()},
        assets={
            path.name: path.read_bytes() for path in (*_STATIC.iterdir(), *(dist / name for name in _VIEWER_FILES))
        },
        openapi={name: (_RENDERED / name).read_text("utf-8") for name in OPENAPI_FILES},
        guides={row.name: (_RENDERED / row.file).read_text("utf-8") for row in GUIDES},
        look=look,
        api_url=api_url,
        auth_url=auth_url,
    )


def document_for_path(path: str) -> Document | None:
    """The document, or family of them, that stands at a path; `Documents` says which names a family lacks."""
    return next((row for form, row in _FORMS if form.fullmatch(path)), None)


class Documents:
    """Answers requests for documents."""

    def __init__(self, sources: Sources, log: FilteringBoundLogger) -> None:
        self._shelf: Catalog = build_catalog(sources)
        self._api_url = sources.api_url
        self._log = log

    def answer(self, row: Document, request: Request) -> Response:
        """It, or the problem why not; whatever the method. Browsers get the problem as a page where there is one."""
        try:
            return self._found(row, request)
        except ApiError as error:
            page = self._page_for(row, error) if prefers_html(request) else None
            return self._refused(request, error) if page is None else _as_page(page, error)
        except Exception:
            self._log.exception("unhandled", trace_id=request_reader.trace_id(request), document=row.id)
            return self._refused(request, ApiError(INTERNAL_ERROR, outcome="not-applied"))

    def nothing_here(self, request: Request) -> Response:
        """What a browser gets where no document is: the way to the first page, or a page with links."""
        error = ApiError(ROUTE_NOT_FOUND)
        if not prefers_html(request):
            return self._refused(request, error)
        if request.path == "/":
            return Response(303, {headers.LOCATION: START_PAGE.path, **dict(headers.PRIVATE_RESPONSE_HEADERS)})
        return _as_page(self._shelf[NOT_FOUND][0], error)

    def _page_for(self, row: Document, error: ApiError) -> Page | None:
        key = {ROUTE_NOT_FOUND: NOT_FOUND, INVALID_PARAMETER: (row.path, WRONG_CHOICE)}.get(error.problem)
        pages = self._shelf.get(key) if key else None
        return pages[0] if pages else None

    def _found(self, row: Document, request: Request) -> Response:
        if request.method not in DOCUMENT_METHODS:
            told = {headers.ALLOW: ", ".join(DOCUMENT_ALLOW)}
            raise ApiError(METHOD_NOT_ALLOWED, allowed_methods=list(DOCUMENT_ALLOW), headers=told)
        pages = self._shelf.get((unquote(request.path), *select(row, pairs_of(request.query))))
        if pages is None:
            raise ApiError(ROUTE_NOT_FOUND)
        page = _preferred(pages, request.headers.get(headers.ACCEPT.name, ""))
        sent = {**dict(DOCUMENT_ANSWER), headers.ETAG: f'"{page.etag}"'}
        if len(pages) > 1:
            sent[headers.VARY] = headers.ACCEPT.title
        # Compressed on the way, a tag comes back as a weak one: equal is equal (RFC 9110 §13.1.2).
        if _knows(request.headers.get(headers.IF_NONE_MATCH.name, ""), page):
            return Response(304, sent)
        return Response(200, {**sent, headers.CONTENT_TYPE.title: _content_type(page)}, page.body)

    def _refused(self, request: Request, error: ApiError) -> Response:
        body = render(
            error.problem,
            api_url=self._api_url,
            trace_id=request_reader.trace_id(request),
            detail=error.detail,
            with_instance=False,
            errors=error.errors,
            outcome=error.outcome,
            **error.members,
        )
        sent = {
            **dict(headers.PRIVATE_RESPONSE_HEADERS),
            **error.headers,
            headers.CONTENT_TYPE.title: PROBLEM_MEDIA_TYPE,
        }
        return Response(error.problem.status, sent, body)


def accepts_html(request: Request) -> bool:
    """Whether it reads something and names HTML among what it accepts, as browsers do."""
    accept = request.headers.get(headers.ACCEPT.name, "")
    return request.method in DOCUMENT_METHODS and HTML_MEDIA_TYPE in accept.lower()


def prefers_html(request: Request) -> bool:
    """Whether it names HTML, and likes no form of a problem better."""
    accept = request.headers.get(headers.ACCEPT.name, "")
    return (
        accepts_html(request)
        and media_types.preferred(accept, (HTML_MEDIA_TYPE, PROBLEM_MEDIA_TYPE, JSON_MEDIA_TYPE)) == HTML_MEDIA_TYPE
    )


def _as_page(page: Page, error: ApiError) -> Response:
    sent = {
        **dict(DOCUMENT_ANSWER),
        **dict(headers.PRIVATE_RESPONSE_HEADERS),
        headers.CONTENT_TYPE.title: _content_type(page),
    }
    return Response(error.problem.status, sent, page.body)


def select(row: Document, query: list[tuple[str, str]]) -> tuple[str, ...]:
    """What a query chooses, each choice in the row's order; where there is nothing to choose, a query says nothing."""
    if not row.choices:
        return ()
    choices = {choice.name: choice for choice in row.choices}
    errors: list[ItemError] = []
    given: dict[str, str] = {}
    for name, value in query:
        if len(errors) >= MAX_ERRORS:
            break  # anybody may ask: what comes back is not to be many times what was sent
        if name not in choices:
            errors.append(unknown_parameter(name, list(choices)))
        elif name in given:
            errors.append(ItemError("repeated-parameter", "This parameter may be sent only once.", parameter=name))
        elif value not in choices[name].values:
            allowed = choices[name].values
            errors.append(ItemError("unknown-value", "There is no such choice.", parameter=name, allowed=allowed))
        given[name] = value
    if errors:
        raise ApiError(INVALID_PARAMETER, errors=errors)
    return tuple(given.get(choice.name, choice.values[0]) for choice in row.choices)


def _preferred(pages: tuple[Page, ...], accept: str) -> Page:
    if len(pages) == 1:
        return pages[0]
    by_type: Mapping[str, Page] = {page.media_type: page for page in pages}
    wanted = media_types.preferred(accept, tuple(by_type))
    if wanted is None:
        raise ApiError(NOT_ACCEPTABLE, "This document is not to be had in that form.", supported=list(by_type))
    return by_type[wanted]


def _knows(if_none_match: str, page: Page) -> bool:
    return if_none_match == "*" or page.etag in _TAG.findall(if_none_match)


def _content_type(page: Page) -> str:
    return f"{page.media_type}; charset=utf-8" if page.media_type.startswith("text/") else page.media_type
