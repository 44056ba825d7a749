"""What a transcoder brings along is what it was told to use: of two clients, one."""

import subprocess
import sys

import pytest

from tests.support.stack import ROOT

LOADED = 'print([n for n in ("transcoder.backend.aiohttp_client", "grpc", "sqlalchemy") if n in sys.modules])'
CHOSEN = {
    "nothing": ("", []),
    "aiohttp's client": ("named_client('aiohttp')('unix:/s', None)", ["transcoder.backend.aiohttp_client"]),
}


@pytest.mark.parametrize(("choice", "loaded"), CHOSEN.values(), ids=CHOSEN.keys())
def test_it_is_ready_to_serve_with_what_was_chosen_by(choice: str, loaded: list[str]) -> None:
    code = f"""
import sys, transcoder.__main__, infra.process.metrics_server
from transcoder.backend.http_clients import DEFAULT_CLIENT, named_client
from transcoder.backend.loader import DEFAULT_DIALECT, load_dialect
named_client(DEFAULT_CLIENT), load_dialect(DEFAULT_DIALECT)
try:
    {choice or "pass"}
except Exception:  # what it is made for is missing
    pass
{LOADED}
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)
