"""A stack whose parts are started anew while it serves."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.support.stack import Stack, running_stack
from tests.support.traffic import Traffic

REQUESTS = int(os.environ.get("RESTART_REQUESTS") or 60)
PATIENT = {"STORE_TIMEOUT_MS": "2000", "LIMITS_TIMEOUT_MS": "2000"}
"""A machine that runs tests is busy with other things; what is lost here is to be lost by a restart."""
RATE = float(os.environ.get("RESTART_RATE") or 25)


@pytest.fixture(scope="session")
def renewed() -> Iterator[Stack]:
    """A stack for this folder alone."""
    with running_stack(settings=PATIENT) as running:
        yield running


@pytest.fixture
async def traffic(renewed: Stack) -> AsyncIterator[Traffic]:
    """Its callers."""
    traffic = Traffic(renewed)
    yield traffic
    traffic.close()


async def restart(stack: Stack, part: str, **settings: str) -> None:
    """`make restart`: what is not said anew is at its default again."""
    await asyncio.to_thread(stack.local, "restart", part, **PATIENT, **settings)
