"""What a request chooses: by its query where a document has choices, by `Accept` where it has several forms."""

import pytest

from contract.documents import DOCS_PAGE, OPENAPI, PROBLEMS_PAGE
from contract.size_and_time_limits import MAX_ERRORS
from contract.versions import VERSIONS
from transcoder.documents.server import select
from transcoder.http.media_types import preferred
from transcoder.presentation.errors import ApiError

NEWEST, OLDEST = VERSIONS[0].date, VERSIONS[-1].date
FORMS = ("text/html", "application/json")


def test_without_a_query_the_newest_version_is_chosen() -> None:
    assert select(DOCS_PAGE, []) == (NEWEST,)
    assert select(OPENAPI, []) == (NEWEST, "3.1")


def test_choices_are_told_apart_by_name_whatever_their_order() -> None:
    assert select(OPENAPI, [("openapi", "3.0"), ("version", OLDEST)]) == (OLDEST, "3.0")


def test_where_there_is_nothing_to_choose_a_query_says_nothing() -> None:
    assert select(PROBLEMS_PAGE, [("version", "whatever")]) == ()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ([("version", "2026-01-01")], "unknown-value"),
        ([("openapi", "2.0")], "unknown-value"),
        ([("format", "yaml")], "unknown-parameter"),
        ([("version", NEWEST), ("version", NEWEST)], "repeated-parameter"),
    ],
)
def test_a_choice_that_there_is_not_is_refused_without_being_echoed(query: list[tuple[str, str]], code: str) -> None:
    with pytest.raises(ApiError) as refused:
        select(OPENAPI, query)
    [item] = refused.value.errors or ()
    assert (item.code, item.parameter) == (code, query[0][0])
    assert query[0][1] not in item.detail


def test_what_a_name_was_probably_meant_to_be_is_told() -> None:
    with pytest.raises(ApiError) as refused:
        select(OPENAPI, [("versoin", NEWEST)])
    [item] = refused.value.errors or ()
    assert item.did_you_mean == "version"


@pytest.mark.parametrize("name", ["a", "version"])
def test_however_many_choices_are_wrong_fifty_are_told(name: str) -> None:
    with pytest.raises(ApiError) as refused:
        select(OPENAPI, [(name, "whatever")] * 30_000)
    assert len(refused.value.errors or ()) == MAX_ERRORS


def test_however_long_a_name_is_little_of_it_comes_back() -> None:
    with pytest.raises(ApiError) as refused:
        select(OPENAPI, [("a" * 50_000, "whatever")])
    [item] = refused.value.errors or ()
    assert item.parameter is not None
    assert 1 <= len(item.parameter) <= 100


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("application/json;q=0.5, text/*", "text/html"),
        ("text/html;q=0, */*", "application/json"),
        ("image/png", None),
        ("text/html;q=0", None),
    ],
)
def test_accept_chooses_the_form_that_it_likes_best(accept: str, form: str | None) -> None:
    assert preferred(accept, FORMS) == form
