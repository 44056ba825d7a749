"""What stands on the pages, whoever the deployment is."""

import dataclasses

import pytest

from contract.explanations import EXPLANATIONS
from contract.problems import PROBLEMS
from process.look import Look
from transcoder.documents import sources
from transcoder.pages.shelf import Shelf, marked, shelf

LOOK = Look("Acme <API>", "#112233", "#ddeeff")


@pytest.fixture(scope="module")
def pages() -> Shelf:
    return shelf(sources(LOOK, "https://api.acme.test", "https://auth.acme.test"))


def test_every_problem_is_explained_and_nothing_else_is() -> None:
    assert list(EXPLANATIONS) == list(PROBLEMS)


def test_a_deployment_s_name_stands_on_every_page_and_is_no_markup(pages: Shelf) -> None:
    html = [page.body.decode() for forms in pages.values() for page in forms if page.media_type == "text/html"]
    assert len(html) > len(PROBLEMS)
    assert all("Acme &lt;API&gt;" in text and "<API>" not in text for text in html)


def test_a_tag_changes_with_what_it_stands_for(pages: Shelf) -> None:
    loud = dataclasses.replace(LOOK, name="Another")
    others = shelf(sources(loud, "https://api.acme.test", "https://auth.acme.test"))
    assert pages["/problems",][0].etag != others["/problems",][0].etag
    assert pages["/problems",][1].etag == others["/problems",][1].etag


def test_sentences_may_hold_code_and_stress_and_no_markup() -> None:
    assert marked("Send `a<b` **now** & here") == ("Send <code>a&lt;b</code> <strong>now</strong> &amp; here")
