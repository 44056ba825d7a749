"""What stands on the pages, whoever the deployment is."""

import dataclasses

import pytest

from contract.problem_docs import PROBLEM_DOCS
from contract.problems import PROBLEMS
from infra.process.branding import Branding
from transcoder.documents.catalog import Catalog, build_catalog, inline_html
from transcoder.documents.server import load_sources

LOOK = Branding("Acme <API>", "#112233", "#ddeeff")


@pytest.fixture(scope="module")
def pages() -> Catalog:
    return build_catalog(load_sources(LOOK, "https://api.acme.test", "https://auth.acme.test"))


def test_every_problem_is_explained_and_nothing_else_is() -> None:
    assert list(PROBLEM_DOCS) == list(PROBLEMS)


def test_a_deployment_s_name_stands_on_every_page_and_is_no_markup(pages: Catalog) -> None:
    html = [page.body.decode() for forms in pages.values() for page in forms if page.media_type == "text/html"]
    assert len(html) > len(PROBLEMS)
    assert all("Acme &lt;API&gt;" in text and "<API>" not in text for text in html)


def test_a_tag_changes_with_what_it_stands_for(pages: Catalog) -> None:
    loud = dataclasses.replace(LOOK, name="Another")
    others = build_catalog(load_sources(loud, "https://api.acme.test", "https://auth.acme.test"))
    assert pages["/problems",][0].etag != others["/problems",][0].etag
    assert pages["/problems",][1].etag == others["/problems",][1].etag


def test_sentences_may_hold_code_and_stress_and_no_markup() -> None:
    assert inline_html("Send `a<b` **now** & here") == ("Send <code>a&lt;b</code> <strong>now</strong> &amp; here")
