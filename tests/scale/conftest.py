"""A stack over a business full of contacts. SCALE_CONTACTS says how many; `make test-scale` takes a million."""

import logging
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.scale.crowd import Crowd
from tests.support.stack import ROOT, running_stack

CONTACTS = int(os.environ.get("SCALE_CONTACTS") or 20_000)
DIRECTORY_FILE = ROOT / "sandbox" / "directory.json"
LOG = logging.getLogger(__name__)


def database(folder: Path) -> Path:
    """Where the stack of that run folder has its contacts."""
    return folder / "store" / "sandbox.db"


def _fill(folder: Path) -> None:
    database(folder).parent.mkdir(mode=0o700)
    settings = {
        "PATH": os.environ["PATH"],
        "LISTEN": f"unix:{folder}/unused.sock",
        "DATABASE_URL": f"sqlite+aiosqlite:///{database(folder)}",
        "DIRECTORY_FILE": str(DIRECTORY_FILE),
    }
    begun_s = time.monotonic()
    for words in (("sandbox", "prepare"), ("sandbox.generate", "--business", "1", "--contacts", str(CONTACTS))):
        subprocess.run((sys.executable, "-m", *words), cwd=ROOT, env=settings, check=True, capture_output=True)
    size_mb = sum(file.stat().st_size for file in database(folder).parent.iterdir()) / 1e6
    LOG.info("%d contacts made in %.1f s: %.0f MB", CONTACTS, time.monotonic() - begun_s, size_mb)


@pytest.fixture(scope="session")
def crowd() -> Iterator[Crowd]:
    """The business, and which of its contacts there were at first."""
    with running_stack(furnish=_fill) as stack:
        assert stack.folder
        with closing(sqlite3.connect(database(stack.folder))) as contacts:
            found = contacts.execute("SELECT id, lifecycle_code FROM contacts WHERE business_id = 1 AND is_deleted = 0")
            rows = found.fetchall()
        assert len(rows) >= CONTACTS
        yield Crowd.of(stack, rows)
