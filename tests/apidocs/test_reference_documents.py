"""The documents as files: current, valid, and in the older dialect the same."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from apidocs.openapi import openapi_text
from contract.documents import EXAMPLE_API_URL, EXAMPLE_AUTH_URL, OPENAPI_DIALECTS, openapi_file
from tests.apidocs.documents import DATES, operations, the_document, version_of

ROOT = Path(__file__).parents[2]
RULES = Path(__file__).parent / "redocly.yaml"
LINTER = "@redocly/cli@2.77.0"
LINT_S = 300
EVERY = [(date, dialect) for date in DATES for dialect in OPENAPI_DIALECTS]
ONLY_IN_3_1 = ("examples", "const", "propertyNames", "exclusiveMinimum")

WRITTEN_OUT = ("ActivityDirection", "ActivityOutcome", "Address", "AddressInput", "AppServiceRole")
"""They are nullable wherever they stand, which the older dialect cannot say of a reference."""


@pytest.mark.parametrize(("date", "dialect"), EVERY)
def test_the_committed_document_is_current(date: str, dialect: str) -> None:
    version = version_of(date)
    assert (ROOT / "docs" / "reference" / openapi_file(version, dialect)).read_text() == openapi_text(version, dialect)


@pytest.mark.parametrize(("date", "dialect"), EVERY)
def test_a_document_is_valid(date: str, dialect: str) -> None:
    document = the_document(date, dialect)
    assert document["openapi"].startswith(dialect)
    assert document["info"]["version"] == date
    validate(document)


@pytest.mark.parametrize("date", DATES)
def test_the_older_dialect_tells_of_the_same_operations_and_schemas(date: str) -> None:
    today, older = (the_document(date, dialect) for dialect in OPENAPI_DIALECTS)
    assert list(operations(today)) == list(operations(older))
    for kind, components in today["components"].items():
        kept = [name for name in components if kind != "schemas" or name not in WRITTEN_OUT]
        assert kept == list(older["components"][kind]), kind


@pytest.mark.parametrize("date", DATES)
def test_the_older_dialect_says_nothing_that_it_has_no_words_for(date: str) -> None:
    def look(part: Any, *, names: bool = False) -> None:
        if isinstance(part, list):
            for each in part:
                look(each)
        if not isinstance(part, dict):
            return
        if not names:
            assert not isinstance(part.get("type"), list)
            assert part.get("type") != "null"
            assert not [word for word in ONLY_IN_3_1 if word in part]
            assert "$ref" not in part or len(part) == 1
        for name, each in part.items():
            if names or name not in ("example", "default"):
                look(each, names=not names and name == "properties")

    look(the_document(date, OPENAPI_DIALECTS[-1])["components"]["schemas"], names=True)


@pytest.mark.skipif(shutil.which("npx") is None, reason="npm is missing: the public linter was NOT asked")
def test_the_public_linter_has_nothing_to_say(tmp_path: Path) -> None:
    files = []
    for date, dialect in EVERY:
        version = version_of(date)
        # As it is served: the linter does not like examples for servers.
        served = openapi_text(version, dialect).replace(EXAMPLE_API_URL, "https://api.gateway.test")
        file = tmp_path / openapi_file(version, dialect)
        file.write_text(served.replace(EXAMPLE_AUTH_URL, "https://auth.gateway.test"))
        files.append(file.name)
    command = ["npx", "--yes", LINTER, "lint", "--config", str(RULES), *files]
    environment = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(
        ["env", *(f"{name}={value}" for name, value in environment.items()), *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LINT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
