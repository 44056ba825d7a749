"""The bill of materials: every package of the image with hashes and licence, and every image by its tag."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from deploy.images.sbom import DOCKERFILE, SUPPLY, base_image, build_sbom, main, side_images
from tests.deploy.manifests import ROOT

LISTED = {
    "bomFormat": "CycloneDX",
    "dependencies": [{"ref": "requirements-L1"}],
    "components": [
        {"name": "aiohttp", "purl": "pkg:pypi/aiohttp@3.14.5", "bom-ref": "requirements-L5", "description": "line 5"},
        {"name": "async-timeout", "purl": "pkg:pypi/async-timeout@5.0.1", "bom-ref": "requirements-L231"},
    ],
}
"""As the tool lists them."""


def components(base: str) -> list[dict[str, Any]]:
    return list(build_sbom(LISTED, base, ["valkey/valkey:8"])["components"])


def test_a_package_has_its_licence_and_is_called_by_its_purl() -> None:
    package, *_ = components("python:3.13-slim")
    assert package == {
        "name": "aiohttp",
        "purl": "pkg:pypi/aiohttp@3.14.5",
        "bom-ref": "pkg:pypi/aiohttp@3.14.5",
        "licenses": [{"expression": "Apache-2.0 AND MIT"}],
    }


def test_what_is_pinned_for_another_python_is_not_in_the_image() -> None:
    names = {base: [each["name"] for each in components(base)] for base in ("python:3.13-slim", "python:3.11.2-slim")}
    assert names == {
        "python:3.13-slim": ["aiohttp", "python", "valkey/valkey"],
        "python:3.11.2-slim": ["aiohttp", "async-timeout", "python", "valkey/valkey"],
    }


def test_an_image_is_named_by_its_tag() -> None:
    *_, valkey = components("python:3.13-slim")
    assert (valkey["type"], valkey["purl"], valkey["version"]) == ("container", "pkg:docker/valkey/valkey@8", "8")


def test_the_images_are_those_that_are_run() -> None:
    assert base_image() == "python:3.13-slim"
    assert {"envoyproxy/envoy:v1.40.0", "valkey/valkey:8", "postgres:17"} <= set(side_images())
    assert not [name for name in side_images() if "public-api-gateway" in name]


def test_the_image_is_labelled_with_its_base() -> None:
    labels = re.findall(r'org.opencontainers.image.base.name="([^"]+)"', DOCKERFILE.read_text())
    assert labels == [base_image()]


@pytest.mark.skipif(not SUPPLY.exists(), reason="the tool has an environment of its own: `make sbom` once")
def test_the_same_lock_makes_the_same_valid_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "deploy.images.sbom"]
    apart = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert main() == 0  # it is valid, or this ends the process
    printed = capsys.readouterr().out
    assert printed == apart.stdout
    lock = (ROOT / "requirements" / "services.txt").read_text()
    told = json.loads(printed)
    assert not {"serialNumber", "timestamp"} & {*told, *told["metadata"]}
    assert set(re.findall(r"sha256:(\w+)", lock)) - set(re.findall(r"\b[0-9a-f]{64}\b", printed)) == absent(lock)


def absent(lock: str) -> set[str]:
    """The hashes of what is pinned for Pythons older than the image's."""
    block = re.search(r"^async-timeout(?:.*\n)(?: .*\n)+", lock, re.M)
    assert block
    return set(re.findall(r"sha256:(\w+)", block[0]))
