"""What a transcoder brings along is what it needs."""

import subprocess
import sys

from tests.support.stack import ROOT


def test_it_is_ready_to_serve_without_what_is_off() -> None:
    code = """
import sys, transcoder.__main__, infra.process.metrics_server
from transcoder.backend.loader import DEFAULT_DIALECT, load_dialect
load_dialect(DEFAULT_DIALECT)
print([name for name in ('grpc', 'opentelemetry', 'sqlalchemy') if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
