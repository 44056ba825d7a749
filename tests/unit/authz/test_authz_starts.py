"""Where no authz is left nobody is let in, until one has started: it brings what serving takes, and no more."""

import subprocess
import sys

from tests.support.stack import ROOT

DEAR = ("aiohttp", "cryptography", "grpc", "opentelemetry", "redis", "sqlalchemy", "yarl")
"""Each takes a tenth of a start or more."""


def test_it_is_ready_to_serve_without_the_dear_ones() -> None:
    code = f"import sys, authz.__main__, infra.process.metrics_server; print([n for n in {DEAR} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
