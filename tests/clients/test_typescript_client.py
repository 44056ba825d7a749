"""A TypeScript client that openapi-typescript makes of the served document compiles strictly and runs."""

import json
import os
import shutil
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.spec.operations import CURRENT
from tests.support.stack import Stack

PROJECT = Path(__file__).parent / "typescript"
MAKING_S = 300
COMPILER = (
    "--strict",
    "--noEmit",
    "false",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--skipLibCheck",
    "client.ts",
)


@pytest.fixture(scope="module")
def folder(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its packages and the types of the served document, by the generator's default options."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm (Debian: npm)")
    folder = tmp_path_factory.mktemp("typescript") / "client"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("node_modules"))
    ran(folder, "npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts")
    served = httpx.get(
        f"{stack.api_url}/v1/openapi.json",
        params={"version": CURRENT},
        verify=ssl.create_default_context(cafile=stack.facts["CA_FILE"]),
        timeout=30,
    )
    assert served.status_code == 200
    (folder / "openapi.json").write_bytes(served.content)
    ran(folder, "node_modules/.bin/openapi-typescript", "openapi.json", "--output", "api.d.ts")
    return folder


def ran(folder: Path, *command: str, **environment: str) -> str:
    """What a command printed; a failed one fails the test with all that it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=MAKING_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_plain_create_compiles_strictly_and_an_upsert_leaves_what_it_does_not_name(
    folder: Path, stack: Stack
) -> None:
    ran(folder, "node_modules/.bin/tsc", *COMPILER)
    printed = ran(
        folder,
        "node",
        "client.js",
        stack.api_url,
        stack.token(),
        CURRENT,
        NODE_EXTRA_CA_CERTS=stack.facts["CA_FILE"],
    )
    assert json.loads(printed) == {
        "created": 201,
        "upserted": 200,
        "result": "updated",
        "found": [{"first_name": "Nova", "do_not_contact": True, "lifecycle_stage": "customer"}],
    }
