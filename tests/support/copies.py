"""A copy of the project with something added, and what is written from the contract written anew there."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.stack import ROOT

ROOMS = (
    *("contract", "infra", "authz", "transcoder", "oauth", "envoy_config", "apidocs", "deploy/local"),
    *("sandbox", "envoy", "requirements", "docs/guides"),
)
RENDER_S = 60


@contextmanager
def a_copy(add: Callable[[Path], None]) -> Iterator[Path]:
    """The copy's root; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="copy-") as folder:
        root = Path(folder)
        for room in ROOMS:
            shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
        add(root)
        subprocess.run([sys.executable, "-m", "apidocs"], cwd=root, check=True, timeout=RENDER_S)
        yield root
