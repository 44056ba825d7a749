"""`python -m deploy.kubernetes.check`: every kustomization renders, is valid, and has none of the known faults.

Owns the programs that this takes (kubectl, kubernetes-validate); the faults themselves are `faults`. Where there is no
kubectl it says so, and nothing is checked.
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

from deploy.kubernetes.faults import Manifest, faults

FOLDER = Path(__file__).parent
KUSTOMIZATIONS = ("base", "overlays/local")
GUIDE = Path("docs/kubernetes.md")
"""It names the Secrets that are made by hand."""
VERSION = "1.32"
WITHIN_S = 60


def main() -> int:
    """Check all; a line a fault."""
    if shutil.which("kubectl") is None:
        print("*** SKIPPED: deploy/kubernetes is unchecked, there is no kubectl (Debian: kubernetes-client) ***")
        return 0
    with _copy() as folder:
        found = [f"{name}: {fault}" for name in KUSTOMIZATIONS for fault in _faults_of(folder, name)]
    print("\n".join(found) if found else f"{', '.join(KUSTOMIZATIONS)}: valid for Kubernetes {VERSION}")
    return 1 if found else 0


@contextmanager
def _copy() -> Iterator[Path]:
    """The manifests, with stand-ins for the key files that a checkout does not have."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kubernetes"
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("keys", "__pycache__"))
        keys = folder / "overlays" / "local" / "keys"
        keys.mkdir()
        for file in re.findall(r"keys/([a-z.]+)", (folder / "overlays/local/kustomization.yaml").read_text()):
            (keys / file).write_text("a key\n")
        yield folder


def _faults_of(folder: Path, name: str) -> list[str]:
    rendered = folder / f"{name.replace('/', '-')}.yaml"
    told = _run("kubectl", "kustomize", str(folder / name), "--output", str(rendered))
    if told:
        return [told]
    validate = Path(sys.executable).with_name("kubernetes-validate")
    told = _run(str(validate), "--strict", "--quiet", "-k", VERSION, str(rendered))
    if told:
        return [told]
    manifests: list[Manifest] = list(yaml.safe_load_all(rendered.read_text()))
    # An overlay that is complete makes its own Secrets; what others have to make, the guide tells them.
    by_hand = re.findall(r"kubectl create secret \w+ ([a-z-]+)", GUIDE.read_text()) if name == "base" else []
    return faults(manifests, frozenset(by_hand))


def _run(*command: str) -> str:
    """What a command says if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    return (done.stderr + done.stdout).strip() if done.returncode else ""


if __name__ == "__main__":
    raise SystemExit(main())
