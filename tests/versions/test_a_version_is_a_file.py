"""A copy of the project gets a third version, as one file, and another line retires the first: all of it follows."""

import shutil
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from tests.support.copies import a_copy
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack, running_stack

CHANGE = "v2027_03_01_rename_contact_origin_to_source.py"
THIRD, SECOND, FIRST = "2027-03-01", "2026-11-24", "2026-06-17"
NO_LIVES = "LIFECYCLES: Mapping[str, tuple[int, int]] = {}"
DEPRECATED_S = 1_790_000_000
SUNSET_S = int(time.time()) + 86_400


def _add(root: Path) -> None:
    versions = root / "contract" / "versions"
    shutil.copy(Path(__file__).parent / "added" / CHANGE, versions / CHANGE)
    rows = versions / "__init__.py"
    text = rows.read_text()
    assert NO_LIVES in text
    lives = {FIRST: (DEPRECATED_S, DEPRECATED_S + 1), SECOND: (DEPRECATED_S, SUNSET_S)}
    rows.write_text(text.replace(NO_LIVES, f"{NO_LIVES[:-2]}{lives}"))


@pytest.fixture(scope="module")
def dated() -> Iterator[Stack]:
    with a_copy(_add) as root, running_stack(root) as stack:
        yield stack


@pytest.fixture(scope="module")
def third(dated: Stack) -> Iterator[httpx.Client]:
    with dated.caller(version=THIRD) as client:
        yield client


@pytest.fixture(scope="module")
def second(dated: Stack) -> Iterator[httpx.Client]:
    with dated.caller(version=SECOND) as client:
        yield client


def test_each_version_has_its_own_names_for_bodies_fields_filters_and_pointers(
    dated: Stack, third: httpx.Client, second: httpx.Client
) -> None:
    made = second.post("/v1/contacts", json={"first_name": "Ada", "origin": "fair"}).json()["data"]
    assert made["origin"] == "fair"
    assert "source" not in made
    path = f"/v1/contacts/{made['id']}"
    assert third.get(path).json()["data"]["source"] == "fair"
    assert second.get(path, params={"fields": "origin"}).json()["data"] == {"id": made["id"], "origin": "fair"}
    here = {"field": "id", "operator": "eq", "value": made["id"]}
    for client, name in ((second, "origin"), (third, "source")):
        search = {"filters": [here, {"field": name, "operator": "eq", "value": "fair"}]}
        assert [row["id"] for row in client.post("/v1/contacts/search", json=search).json()["data"]] == [made["id"]]
        refused = client.patch(path, json={name: 5})
        problem = assert_problem(refused, "validation-failed", decided=True, api_url=dated.api_url)
        assert items(problem) == [(f"/{name}", "invalid-type")]


def test_a_deprecated_version_s_answers_say_until_when(second: httpx.Client, third: httpx.Client) -> None:
    answer = second.get("/v1/contacts?limit=1")
    assert answer.headers["Deprecation"] == f"@{DEPRECATED_S}"
    assert answer.headers["Sunset"] == formatdate(SUNSET_S, usegmt=True)
    assert 'rel="deprecation"' in answer.headers["Link"]
    assert "Deprecation" not in third.get("/v1/contacts?limit=1").headers


def test_a_retired_version_is_refused_with_those_that_are_left(dated: Stack) -> None:
    with dated.caller(version=FIRST) as client:
        answer = client.get("/v1/contacts")
    problem = assert_problem(answer, "version-retired", decided=True, api_url=dated.api_url)
    assert (problem["supported_versions"], problem["latest_version"]) == ([THIRD, SECOND], THIRD)


def test_the_list_of_versions_and_the_documents_have_it(dated: Stack, third: httpx.Client) -> None:
    rows = third.get("/v1/versions").json()["data"]
    states = [(row["version"], row["status"]) for row in rows]
    assert states == [(THIRD, "current"), (SECOND, "deprecated"), (FIRST, "retired")]
    document = third.get("/v1/openapi.json", params={"version": SECOND}).text
    assert '"origin"' in document
    assert '"origin"' not in third.get("/v1/openapi.json").text
