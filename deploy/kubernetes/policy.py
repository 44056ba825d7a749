"""`python -m deploy.kubernetes.policy`: what a scanner of others' making (Checkov) says of the production manifests.

Owns the scanner, in an environment of its own (its hundred packages are none of ours), and the reasons for the few of
its rules that do not hold here. Where there is no kubectl, or no scanner, it says so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.kubernetes.check import SITE, copied, render

SCANNER = Path(sys.prefix) / "policy" / "bin" / "checkov"
WITHIN_S = 120
NOT_APPLICABLE = {
    "CKV_K8S_15": "pull policy Always: tags are fixed, and a registry that is away must not keep a pod from starting",
    "CKV_K8S_43": "digests: a site pins its own copies of the images, in its own overlay",
}
"""Rules that do not hold, each with its reason."""


def main() -> int:
    """Scan; what was found is printed."""
    if shutil.which("kubectl") is None or not SCANNER.exists():
        print("*** SKIPPED: no policy scan, there is no kubectl (Debian: kubernetes-client) or no scanner ***")
        return 0
    with copied() as folder:
        rendered, told = render(folder, SITE)
        found = told or scan(rendered)
    print(found or f"{SITE}: nothing against the scanner's policies")
    return 1 if found else 0


def scan(rendered: Path) -> str:
    """What the scanner has against a file of manifests; empty if nothing."""
    options = ("--framework", "kubernetes", "--skip-download", "--compact", "--quiet")
    skipped = ("--skip-check", ",".join(NOT_APPLICABLE))
    done = subprocess.run(
        [SCANNER, "--file", rendered, *options, *skipped],
        # Nothing of the caller's: a key in the environment would make it speak to a service.
        env={"PATH": os.environ["PATH"], "HOME": str(rendered.parent)},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    return (done.stdout + done.stderr).strip() if done.returncode else ""


if __name__ == "__main__":
    raise SystemExit(main())
