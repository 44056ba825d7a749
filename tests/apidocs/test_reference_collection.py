"""The collections: of the form that Postman reads (v2.1), and with bodies that the version's own schemas take."""

import json
import re
import uuid
from typing import Any

import pytest

from apidocs.operations import operation_id
from apidocs.postman import collection, collection_file
from contract.operations import OPERATIONS
from contract.versions import LATEST_VERSION
from contract.vocabulary import Kind
from tests.apidocs.documents import DATES, faults, operations, the_document, version_of
from tests.support.stack import ROOT

Json = dict[str, Any]
METHODS = {"GET", "POST", "PATCH", "DELETE"}


def the_collection(date: str) -> Json:
    return dict(json.loads(collection(version_of(date))))


def requests(date: str) -> list[Json]:
    return [item for folder in the_collection(date)["item"] for item in folder["item"]]


@pytest.mark.parametrize("date", DATES)
def test_the_committed_collection_is_current(date: str) -> None:
    version = version_of(date)
    assert (ROOT / "docs" / "reference" / collection_file(version)).read_text() == collection(version)


@pytest.mark.parametrize("date", DATES)
def test_it_has_the_form_that_postman_reads(date: str) -> None:
    whole = the_collection(date)
    assert whole["info"].keys() == {"name", "description", "schema"}
    assert whole["info"]["schema"].endswith("/collection/v2.1.0/collection.json")
    assert all(each.keys() == {"key", "value"} for each in whole["variable"])
    for item in requests(date):
        assert item.keys() <= {"name", "event", "request", "response"}
        request = item["request"]
        assert request["method"] in METHODS
        assert all(each.keys() <= {"key", "value", "disabled"} for each in request["header"])
        assert request.get("body", {"mode": "raw"})["mode"] == "raw"
        assert_url(request["url"])


def assert_url(url: Json) -> None:
    """The parts say what the whole says."""
    sent = "&".join(f"{each['key']}={each['value']}" for each in url.get("query", []) if not each.get("disabled"))
    assert url["raw"] == "/".join([*url["host"], *url["path"]]) + (f"?{sent}" if sent else "")
    assert [f":{each['key']}" for each in url.get("variable", [])] == [part for part in url["path"] if part[0] == ":"]


@pytest.mark.parametrize("date", DATES)
def test_every_variable_is_declared_and_used(date: str) -> None:
    whole = the_collection(date)
    used = set(re.findall(r"{{(\w+)}}", json.dumps([whole["item"], whole["auth"]])))
    assert {each["key"] for each in whole["variable"]} == used
    assert {row.resource.parameter for row in OPERATIONS if row.kind is Kind.GET} <= used


@pytest.mark.parametrize("date", DATES)
def test_a_body_is_one_that_the_version_takes(date: str) -> None:
    document = the_document(date)
    known = operations(document)
    values = {each["key"]: each["value"] for each in the_collection(date)["variable"]}
    by_call = {(item["request"]["method"], _template(item["request"]["url"])): item for item in requests(date)}
    bodies = 0
    for row in OPERATIONS:
        request = by_call[row.method, row.path]["request"]
        assert ("body" in request) is ("requestBody" in known[operation_id(row)]), row.id
        if "body" in request:
            bodies += 1
            text = re.sub(r"{{(\w+)}}", lambda found: values[found[1]], request["body"]["raw"])
            text = re.sub(r"{{\$guid}}", lambda _: str(uuid.UUID(int=7)), text)
            [schema, *_] = [each["schema"] for each in known[operation_id(row)]["requestBody"]["content"].values()]
            assert faults(document, schema, json.loads(text)) == [], row.id
    assert bodies > 50


def _template(url: Json) -> str:
    return "/" + "/".join(f"{{{part[1:]}}}" if part[0] == ":" else part for part in url["path"])


def test_a_key_is_another_one_in_every_request() -> None:
    keyed = [row.id for row in OPERATIONS if row.takes_idempotency_key]
    sent = [
        header["value"]
        for item in requests(LATEST_VERSION.date)
        for header in item["request"]["header"]
        if header["key"] == "Idempotency-Key" and not header.get("disabled")
    ]
    assert sent == ["{{$guid}}"] * len(keyed)


def test_nothing_is_switched_by_an_example() -> None:
    assert "is_default" not in json.dumps([item["request"].get("body") for item in requests(LATEST_VERSION.date)])
