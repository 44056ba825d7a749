"""`python -m deploy.images.sbom`: what the images are made of, as CycloneDX JSON; the same lock makes the same bytes.

Owns what is put beside the tool's list of our image's packages: their licences, the image that ours begins with, and
those that run beside it, by tag. What is in those, their makers tell. The tool has an environment of its own.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from apidocs.licences import IMAGE, LOCKS, licence, pinned
from deploy.kubernetes.check import known_images

SUPPLY = Path(sys.prefix) / "supply" / "bin"
DOCKERFILE = Path(__file__).resolve().with_name("Dockerfile")
OURS = "public-api-gateway"
WITHIN_S = 60
VALID = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
sys.exit(str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()) or "") or 0)
"""


def main() -> int:
    """Print it, once it is seen to be valid."""
    text = json.dumps(build_sbom(list_packages(), base_image(), side_images()), indent=1, sort_keys=True) + "\n"
    run("python", "-c", VALID, told=text)
    sys.stdout.write(text)
    return 0


def build_sbom(bom: Mapping[str, Any], base: str, beside: Iterable[str]) -> dict[str, Any]:
    """The tool's list with licences, without what is not in our image, and with the images."""
    absent = not_installed(base)
    packages = [with_licence(each) for each in bom["components"] if each["name"] not in absent]
    images = [image(base, "the base of our image"), *(image(name, "runs beside our image") for name in sorted(beside))]
    # Its graph goes by lines of the lock and has no edges: what is left out is unknown, what is empty is none.
    told = {key: value for key, value in bom.items() if key != "dependencies"}
    return told | {"components": packages + images}


def with_licence(component: Mapping[str, Any]) -> dict[str, Any]:
    """A package by its purl rather than by a line of the lock."""
    told = {"bom-ref": component["purl"], "licenses": [{"expression": licence(component["name"])}]}
    return {key: value for key, value in component.items() if key != "description"} | told


def image(name: str, why: str) -> dict[str, Any]:
    """An image by its tag."""
    repository, _, tag = name.rpartition(":")
    purl = f"pkg:docker/{repository}@{tag}"
    return {"type": "container", "bom-ref": purl, "purl": purl, "name": repository, "version": tag, "description": why}


def not_installed(base: str) -> set[str]:
    """The packages that are pinned for other Pythons than the base's."""
    python = {"python_full_version": re.sub(r"^python:([0-9.]+).*", r"\1", base), "implementation_name": "cpython"}
    return {pin.name for pin in pinned(IMAGE) if pin.marker and not pin.marker.evaluate(python)}


def base_image() -> str:
    """The image that ours begins with."""
    (name,) = set(re.findall(r"^FROM (\S+)", DOCKERFILE.read_text("utf-8"), re.MULTILINE))
    return str(name)


def side_images() -> list[str]:
    """The other images, of the compose file: Kubernetes runs no others."""
    return [name for name in known_images(site=False) if not name.startswith(f"{OURS}:")]


def list_packages() -> dict[str, Any]:
    """The packages of our image, by the tool."""
    project = ("--pyproject", str(LOCKS.parent / "pyproject.toml"))
    lock = str(LOCKS / f"{IMAGE}.txt")
    return dict(json.loads(run("cyclonedx-py", "requirements", "--output-reproducible", *project, lock)))


def run(program: str, *words: str, told: str = "") -> str:
    """What a program of the tool's environment prints; SystemExit with what it complains of."""
    if not (SUPPLY / program).exists():
        raise SystemExit("The tool that lists packages is not installed: `make sbom` does that.")
    command = (str(SUPPLY / program), *words)
    done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    if done.returncode:
        raise SystemExit((done.stderr + done.stdout).strip())
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
