"""The committed collections, sent whole and in their order: by us, and by Postman's own runner."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.collection import ASKED_AGAIN, Json, Outcome, Runner, outcome_of, requests
from tests.spec.operations import OPERATIONS, VERSIONS
from tests.support.stack import ROOT, Stack

NEWMAN = "newman@6.2.2"
PATIENCE_S = 300
TENANT = 2
REFUSED = {("Lose a deal", "business-rule-violated")}
"""It was won one call before; reopening it comes next."""


def the_collection(version: str) -> Json:
    return dict(json.loads((ROOT / "docs" / "reference" / f"postman-{version}.json").read_text()))


def assert_only_what_is_named_was_refused(outcomes: list[Outcome]) -> None:
    assert len(outcomes) == len(OPERATIONS)
    assert {(each.name, each.code) for each in outcomes if each.status >= 300} == REFUSED


def tidy_up(stack: Stack, *pipelines: str) -> None:
    """A business may have so many pipelines; all else may stay."""
    with stack.caller(tenant=TENANT) as api:
        for pipeline in pipelines:
            for deal in api.get("/v1/deals", params={"pipeline_id": pipeline}).json()["data"]:
                assert api.delete(f"/v1/deals/{deal['id']}").status_code == 204
            assert api.delete(f"/v1/pipelines/{pipeline}").status_code == 204


@pytest.mark.parametrize("version", VERSIONS)
def test_every_request_of_a_collection_does_what_it_says(stack: Stack, version: str) -> None:
    with stack.caller(tenant=TENANT, version=None) as client:
        runner = Runner(the_collection(version), client, base_url=stack.api_url)
        outcomes = runner.run()
    tidy_up(stack, runner.variables["pipeline_id"])
    assert_only_what_is_named_was_refused(outcomes)


@pytest.mark.skipif(shutil.which("npx") is None, reason="npm is missing: Postman's own runner was NOT asked")
def test_the_public_runner_runs_a_collection_to_its_end(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "collection.json"
    file.write_text(json.dumps(the_collection(VERSIONS[0])))
    for _ in range(ASKED_AGAIN):
        outcomes, failures = by_newman(stack, file)
        if not any(each.retryable for each in outcomes):
            break
    assert failures == []
    assert_only_what_is_named_was_refused(outcomes)


def by_newman(stack: Stack, file: Path) -> tuple[list[Outcome], list[str]]:
    """What became of each request, and what the runner has to complain of."""
    told = file.with_name("told.json")
    told.unlink(missing_ok=True)
    command = [
        *("npx", "--yes", NEWMAN, "run", str(file), "--ssl-extra-ca-certs", stack.facts["CA_FILE"]),
        *("--env-var", f"base_url={stack.api_url}", "--env-var", f"token={stack.token(tenant=TENANT)}"),
        *("--delay-request", "120", "--reporters", "json", "--reporter-json-export", str(told)),
    ]
    done = subprocess.run(
        command, cwd=file.parent, env=os.environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert told.exists(), done.stdout + done.stderr
    run = json.loads(told.read_text())["run"]
    made = [_body(each) for each in run["executions"] if each["item"]["name"] == "Create a pipeline"]
    tidy_up(stack, *(body["data"]["id"] for body in made if "data" in body))
    failures = [f"{each['source'].get('name')}: {each['error']['message']}" for each in run["failures"]]
    outcomes = [outcome_of(each["item"], each["response"]["code"], _body(each)) for each in run["executions"]]
    return outcomes, failures


def _body(execution: Json) -> Json:
    raw = bytes(execution["response"]["stream"]["data"])
    return dict(json.loads(raw)) if raw else {}


def test_a_collection_has_a_request_for_every_operation() -> None:
    for version in VERSIONS:
        sent = sorted(
            (each["request"]["method"], "/" + "/".join(each["request"]["url"]["path"]))
            for each in requests(the_collection(version)["item"])
        )
        wanted = sorted(
            (row.method, "/".join(f":{part[1:-1]}" if part[:1] == "{" else part for part in row.path.split("/")))
            for row in OPERATIONS
        )
        assert sent == wanted
