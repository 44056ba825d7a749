"""Documents as anybody gets them through the TLS listener: without a token, without a version."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from contract.documents import DOCUMENTS, EXAMPLE_API_URL, EXAMPLE_AUTH_URL, GUIDES, OPENAPI_DIALECTS
from contract.problems import PROBLEMS, Problem
from contract.versions import VERSIONS, Version
from tests.support.stack import Stack

JSON = {"Accept": "application/json"}
PAGES = (
    *("/problems", "/problems/rate-limited", "/docs", "/docs/changelog", "/docs/changelog/2026-11-24"),
    *("/docs/guides", *(f"/docs/guides/{row.name}" for row in GUIDES)),
)
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ONE_OF_EACH = (*PAGES, "/docs/assets/pages.css", "/v1/openapi.json")
NONSENSE = "n0nsense"


@pytest.fixture(scope="module")
def anybody(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client(version=None, patient=True) as client:
        yield client


def test_there_is_a_case_for_each_document() -> None:
    patterns = [re.compile(re.sub(r"{[^}]+}", "[^/]+", row.path)) for row in DOCUMENTS]
    assert all(any(pattern.fullmatch(path) for path in ONE_OF_EACH) for pattern in patterns)


@pytest.mark.parametrize("path", ONE_OF_EACH)
def test_a_document_is_for_anybody_to_keep_and_for_nobody_to_frame(anybody: httpx.Client, path: str) -> None:
    answer = anybody.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not [name for name in answer.headers if name.startswith(("x-ratelimit", "ratelimit", "x-gw-"))]
    assert "server" not in answer.headers


@pytest.mark.parametrize("authorization", ["Bearer nonsense", "Bearer a, Bearer b", "Basic eDp5", ""], ids=repr)
@pytest.mark.parametrize("path", ONE_OF_EACH)
def test_a_token_is_ignored_and_so_is_what_is_none(anybody: httpx.Client, path: str, authorization: str) -> None:
    assert anybody.get(path, headers={"Authorization": authorization}).status_code == 200
    assert anybody.post(path, json={}, headers={"Authorization": authorization}).status_code == 405


@pytest.mark.parametrize("path", ONE_OF_EACH)
def test_what_is_known_is_not_sent_again_even_if_it_came_compressed(anybody: httpx.Client, path: str) -> None:
    tag = anybody.get(path, headers={"Accept-Encoding": "gzip"}).headers["etag"]
    answer = anybody.get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert anybody.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize("path", ONE_OF_EACH)
def test_a_document_is_read_and_nothing_else(anybody: httpx.Client, path: str) -> None:
    head = anybody.head(path)
    assert (head.status_code, head.content) == (200, b"")
    options = anybody.options(path)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    refused = anybody.post(path, json={})
    assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"
    assert refused.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_the_type_of_a_problem_is_a_page_about_it(anybody: httpx.Client, stack: Stack, problem: Problem) -> None:
    type_uri = f"{stack.api_url}/problems/{problem.code}"
    page = anybody.get(type_uri)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"].lower().startswith("accept")
    assert problem.code in page.text
    told = anybody.get(type_uri, headers=JSON)
    assert told.headers["content-type"] == "application/json"
    facts = told.json()
    assert (facts["type"], facts["code"], facts["status"]) == (type_uri, problem.code, problem.status)
    assert facts["happened"].endswith(".")
    assert facts["cure"].endswith((".", "*"))
    example = facts["example"]
    assert (example["type"], example["code"], example["status"]) == (type_uri, problem.code, problem.status)
    assert example["retryable"] is problem.retryable


def test_all_problems_are_listed(anybody: httpx.Client) -> None:
    listed = anybody.get("/problems", headers=JSON).json()["data"]
    assert [row["code"] for row in listed] == [problem.code for problem in PROBLEMS]
    page = anybody.get("/problems").text
    assert all(f'href="/problems/{problem.code}"' in page for problem in PROBLEMS)


@pytest.mark.parametrize(
    "path",
    [
        f"/problems/{NONSENSE}",
        f"/docs/assets/{NONSENSE}.js",
        f"/problems/%3Cb%3E{NONSENSE}",
        f"/docs/{NONSENSE}",
        f"/docs/changelog/{NONSENSE}",
    ],
)
def test_what_is_not_there_is_not_echoed(anybody: httpx.Client, path: str) -> None:
    answer = anybody.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "route-not-found")
    assert "instance" not in answer.json()
    assert NONSENSE not in answer.text


NOWHERE = ("/nonesuch", f"/problems/{NONSENSE}", f"/docs/{NONSENSE}", f"/docs/guides/{NONSENSE}")


@pytest.mark.parametrize("path", NOWHERE)
def test_a_browser_gets_a_page_with_three_links_where_nothing_is(anybody: httpx.Client, path: str) -> None:
    answer = anybody.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Page not found</h1>" in answer.text
    assert re.findall(r'<li><a href="([^"]+)">', answer.text)[-3:] == ["/docs", "/docs/guides", "/problems"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    assert NONSENSE not in answer.text


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json, text/html;q=0.5"])
@pytest.mark.parametrize("path", NOWHERE)
def test_a_program_gets_the_problem_where_nothing_is(anybody: httpx.Client, path: str, accept: str) -> None:
    answer = anybody.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "route-not-found"


def test_a_browser_finds_the_reference_from_the_root_and_a_program_the_problem(anybody: httpx.Client) -> None:
    shown = anybody.get("/", headers=BROWSER)
    assert (shown.status_code, shown.headers["location"]) == (303, "/docs")
    assert anybody.get("/").json()["code"] == "route-not-found"


def test_a_browser_that_asks_for_a_version_that_there_is_not_is_shown_those_that_there_are(
    anybody: httpx.Client,
) -> None:
    answer = anybody.get("/docs", params={"version": "2020-01-01"}, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "<h1>There is no such version</h1>" in answer.text
    assert all(f'href="/docs?version={version.date}"' in answer.text for version in VERSIONS)


def test_guides_name_the_hosts_of_this_deployment(anybody: httpx.Client, stack: Stack) -> None:
    text = anybody.get("/docs/guides/sync").text
    assert f"export API_URL={stack.api_url}\nexport AUTH_URL={stack.facts['AUTH_URL']}\n" in text
    assert EXAMPLE_API_URL not in text


def test_the_reference_the_problems_and_the_document_lead_to_the_guides(anybody: httpx.Client, stack: Stack) -> None:
    assert 'href="/docs/guides/first-call"' in anybody.get("/docs").text
    assert 'href="/docs/guides/problems"' in anybody.get("/problems").text
    assert 'href="/docs/guides/problems"' in anybody.get("/problems/rate-limited").text
    document = anybody.get("/v1/openapi.json").json()
    assert document["externalDocs"]["url"] == f"{stack.api_url}/docs/guides"
    told = document["paths"]["/v1/contacts/batch/upsert"]["post"]["description"]
    assert f"[the guide]({stack.api_url}/docs/guides/sync)" in told


def test_a_form_that_there_is_not_is_refused(anybody: httpx.Client) -> None:
    answer = anybody.get("/problems", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.json()["supported"]) == (406, ["text/html", "application/json"])


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.date)
@pytest.mark.parametrize("dialect", OPENAPI_DIALECTS)
def test_openapi_is_to_be_had_for_each_version_and_names_this_deployment(
    anybody: httpx.Client, stack: Stack, version: Version, dialect: str
) -> None:
    answer = anybody.get("/v1/openapi.json", params={"version": version.date, "openapi": dialect})
    assert answer.headers["content-type"] == "application/json"
    document = json.loads(answer.text)
    assert document["openapi"].startswith(dialect)
    assert document["info"]["version"] == version.date
    assert [server["url"] for server in document["servers"]] == [stack.api_url]
    assert stack.facts["AUTH_URL"] in answer.text
    assert not {EXAMPLE_API_URL, EXAMPLE_AUTH_URL} & set(re.findall(r"https://[a-z.]+", answer.text))


def test_a_version_that_there_is_not_is_told_with_those_that_there_are(anybody: httpx.Client) -> None:
    for path in ("/v1/openapi.json", "/docs"):
        answer = anybody.get(path, params={"version": "2020-01-01"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-parameter")
        [item] = answer.json()["errors"]
        assert (item["parameter"], item["allowed"]) == ("version", [version.date for version in VERSIONS])


def test_the_changelog_tells_every_change_of_every_version(anybody: httpx.Client) -> None:
    page = anybody.get("/docs/changelog").text
    told = re.sub(r"</?code>", "`", page)
    for version in VERSIONS:
        assert f'id="v{version.date}"' in page
        assert f'href="/docs?version={version.date}"' in page
        assert all(change.description in told for change in version.changes)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.date)
def test_each_version_has_a_page_of_its_changes_and_no_others(anybody: httpx.Client, version: Version) -> None:
    told = re.sub(r"</?code>", "`", anybody.get(f"/docs/changelog/{version.date}").text)
    for each in VERSIONS:
        for change in each.changes:
            assert (change.description in told) is (each is version)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_made_of_files_of_this_host_that_are_there(anybody: httpx.Client, path: str) -> None:
    page = anybody.get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", page)
    made_of = set(re.findall(r'<(?:script|link)\b[^>]*\b(?:src|href)="([^"]+)"', page))
    led_to = set(re.findall(r'<a\b[^>]*\bhref="(/[^"#]*)', page))
    assert made_of
    assert all(each.startswith("/docs/assets/") for each in made_of)
    for each in made_of | led_to:
        assert anybody.get(each.replace("&amp;", "&")).status_code == 200, each
