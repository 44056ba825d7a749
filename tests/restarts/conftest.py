"""A stack whose parts are started anew while it serves."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.stack import Stack, running_stack
from tests.support.traffic import Traffic

REQUESTS = int(os.environ.get("RESTART_REQUESTS") or 150)
RATE = float(os.environ.get("RESTART_RATE") or 60)


@pytest.fixture(scope="session")
def renewed() -> Iterator[Stack]:
    """A stack for this folder alone."""
    with running_stack() as running:
        yield running


@pytest.fixture
async def traffic(renewed: Stack) -> AsyncIterator[Traffic]:
    """Its callers."""
    traffic = Traffic(renewed)
    yield traffic
    traffic.close()
