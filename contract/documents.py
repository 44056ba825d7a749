"""A row per document: what anybody may read without a token, a `Version` or a decision. Documents are no operations.

The edge makes a route of each row and the transcoder serves it. Knows paths, not what the pages look like.
"""

from dataclasses import dataclass

from contract.resources.shape import API_ROOT
from contract.versions import VERSIONS, Version


@dataclass(frozen=True, slots=True)
class Choice:
    """A query parameter and all that it may say; the first is the default."""

    name: str
    values: tuple[str, ...]


OPENAPI_DIALECTS = ("3.1", "3.0")
BY_VERSION = Choice("version", tuple(version.date for version in VERSIONS))
BY_DIALECT = Choice("openapi", OPENAPI_DIALECTS)


@dataclass(frozen=True, slots=True)
class Document:
    """A page, a file, or a family of them: `path` may end in one parameter."""

    id: str
    path: str
    summary: str
    choices: tuple[Choice, ...] = ()


PROBLEMS_PAGE = Document("problems", "/problems", "every problem type, as a page or as JSON")
PROBLEM_PAGE = Document("problem", "/problems/{slug}", "what one problem type means and how to right it")
DOCS_PAGE = Document("docs", "/docs", "the interactive reference", (BY_VERSION,))
CHANGELOG_PAGE = Document("changelog", "/docs/changelog", "what changed with each version")
VERSION_PAGE = Document("version", "/docs/changelog/{version}", "what changed with one version")
GUIDES_PAGE = Document("guides", "/docs/guides", "the guides that there are")
GUIDE_PAGE = Document("guide", "/docs/guides/{name}", "how to do one thing, step by step")
ASSET = Document("asset", "/docs/assets/{file}", "what the pages are made of")
OPENAPI = Document("openapi", f"{API_ROOT}/openapi.json", "the OpenAPI document", (BY_VERSION, BY_DIALECT))

DOCUMENTS: tuple[Document, ...] = (
    PROBLEMS_PAGE,
    PROBLEM_PAGE,
    DOCS_PAGE,
    CHANGELOG_PAGE,
    VERSION_PAGE,
    GUIDES_PAGE,
    GUIDE_PAGE,
    ASSET,
    OPENAPI,
)
START_PAGE = DOCS_PAGE
"""Where a browser is sent that asks for `/`."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide, by the name of its file in `docs/guides/`; `title` is its first heading."""

    name: str
    title: str
    about: str

    @property
    def file(self) -> str:
        """The name of its committed HTML, in `docs/reference/`."""
        return f"guide-{self.name}.html"


GUIDES: tuple[Guide, ...] = (
    Guide("first-call", "The first call", "Create, read, change and delete a record, with curl and in Python."),
    Guide("sync", "Sync two million contacts", "Send a file of any size, and follow what changes."),
    Guide("idempotency", "Create without doubles", "Send a create again without making a second record."),
    Guide("problems", "Handle every problem", "A client that retries, mends and stops as each problem asks."),
    Guide("versions", "Versions, and how to move to a newer one", "What a version keeps stable, and how to upgrade."),
    Guide("apps", "An app that acts for its users", "OAuth 2.1 from registration to refresh."),
    Guide("service-tokens", "Tokens for a service", "Get tokens with a client id and a secret."),
)
"""In the order in which they are listed."""

DOCUMENT_METHODS = ("GET", "HEAD")
DOCUMENT_ALLOW = (*DOCUMENT_METHODS, "OPTIONS")

EXAMPLE_API_URL = "https://api.example.com"
EXAMPLE_AUTH_URL = "https://auth.example.com"
"""In committed documents these two origins stand for a deployment's own: whoever serves a document puts those in their
place. Real URLs, so that the files are valid as they are (RFC 2606 §3 keeps the names free)."""


def openapi_file(version: Version, dialect: str = OPENAPI_DIALECTS[0]) -> str:
    """The name of a version's committed OpenAPI document, in `docs/reference/`."""
    return (
        f"openapi-{version.date}.json" if dialect == OPENAPI_DIALECTS[0] else f"openapi-{version.date}-{dialect}.json"
    )


OPENAPI_FILES: tuple[str, ...] = tuple(
    openapi_file(version, dialect) for version in VERSIONS for dialect in OPENAPI_DIALECTS
)

DOCUMENT_ANSWER: tuple[tuple[str, str], ...] = (
    ("cache-control", "public, max-age=300"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)
"""On every document. Its pages run no script and use no style that is not a file of this host, and reach no other."""
