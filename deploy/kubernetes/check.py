"""`python -m deploy.kubernetes.check`: every kustomization renders, is valid, and has none of the known faults.

Owns the programs that this takes (kubectl, kubernetes-validate) and what of ours the faults are told; the faults
themselves are `faults` and `operating`. Where there is no kubectl it says so, and nothing is checked.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from contract.operations import HEALTH_PATH, READINESS_PATH
from deploy.kubernetes.manifest_checks import find_problems
from deploy.kubernetes.manifests import Manifest, Manifests

FOLDER = Path(__file__).parent
COMPLETE = "overlays/local"
"""It makes its own Secrets; those of the others are made by hand."""
SITE = "overlays/site"
"""The example of the guide: production under a site's own names, and with monitoring."""
PRODUCTION = "overlays/production"
TRACED = "overlays/traced"
"""Production with traces."""
KUSTOMIZATIONS = ("base", COMPLETE, PRODUCTION, SITE, TRACED)
GUIDE = Path("docs/kubernetes.md")
"""It names the Secrets that are made by hand, and holds the example."""
COMPOSE = Path("docker-compose.yml")
"""Every image is run there, too, and so known to be one."""
OUR_IMAGE = "public-api-gateway"
OTHERS_KINDS = re.compile(r"monitoring\.coreos\.com/")
"""API groups that come with an operator: the schemas of Kubernetes do not know them."""
_WITH_TRACES = "resources: [../production]\ncomponents: [../../components/tracing]\nnamespace: gateway\n"
VERSION = "1.32"
WITHIN_S = 60


def main() -> int:
    """Check all; a line a fault."""
    if shutil.which("kubectl") is None:
        print("*** SKIPPED: deploy/kubernetes is unchecked, there is no kubectl (Debian: kubernetes-client) ***")
        return 0
    with copied() as folder:
        found = [f"{name}: {fault}" for name in KUSTOMIZATIONS for fault in _faults_of(folder, name)]
    print("\n".join(found) if found else f"{', '.join(KUSTOMIZATIONS)}: valid for Kubernetes {VERSION}")
    return 1 if found else 0


@contextmanager
def copied() -> Iterator[Path]:
    """The manifests, with stand-ins for the key files that a checkout does not have, and the guide's example."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kubernetes"
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("keys", "__pycache__"))
        keys = folder / COMPLETE / "keys"
        keys.mkdir()
        for file in re.findall(r"keys/([a-z.]+)", (folder / COMPLETE / "kustomization.yaml").read_text()):
            (keys / file).write_text("a key\n")
        for made, text in ((SITE, the_guides_example(GUIDE.read_text())), (TRACED, _WITH_TRACES)):
            (folder / made).mkdir()
            (folder / made / "kustomization.yaml").write_text(text)
        yield folder


def the_guides_example(guide: str) -> str:
    """The kustomization on top of production that the guide shows."""
    (found,) = re.findall(r"^```yaml\n(resources: \[\.\./production\]\n.*?)^```", guide, re.MULTILINE | re.DOTALL)
    return str(found)


def render(folder: Path, name: str) -> tuple[Path, str]:
    """The rendered file of a kustomization, and what kubectl says if there is none."""
    rendered = folder / f"{name.replace('/', '-')}.yaml"
    return rendered, _run("kubectl", "kustomize", str(folder / name), "--output", str(rendered))


def _faults_of(folder: Path, name: str) -> list[str]:
    rendered, told = render(folder, name)
    if told:
        return [told]
    manifests: list[Manifest] = list(yaml.safe_load_all(rendered.read_text()))
    known = [one for one in manifests if not OTHERS_KINDS.match(one["apiVersion"])]
    rendered.write_text(yaml.safe_dump_all(known))
    validate = Path(sys.executable).with_name("kubernetes-validate")
    told = _run(str(validate), "--strict", "--quiet", "-k", VERSION, str(rendered))
    if told:
        return [told]
    by_hand = re.findall(r"kubectl create secret \w+ ([a-z-]+)", GUIDE.read_text()) if name != COMPLETE else []
    paths = frozenset((HEALTH_PATH, READINESS_PATH))
    return find_problems(Manifests(manifests, frozenset(by_hand), paths, known_images(site=name == SITE)))


def known_images(*, site: bool) -> frozenset[str]:
    """What the compose file runs; a site has ours from a registry of its own."""
    found = frozenset(re.findall(r"^ +image: (?:\$\{[A-Z_]+:-)?([^\s}]+)", COMPOSE.read_text(), re.MULTILINE))
    if not site:
        return found
    named = re.findall(r"newName: (\S+), newTag: \"(\S+)\"", the_guides_example(GUIDE.read_text()))
    return frozenset(image for image in found if not image.startswith(f"{OUR_IMAGE}:")) | set(map(":".join, named))


def _run(*command: str) -> str:
    """What a command says if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    return (done.stderr + done.stdout).strip() if done.returncode else ""


if __name__ == "__main__":
    raise SystemExit(main())
