"""A stack whose parts are started anew while it serves, and what has to be known of it meanwhile."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from tests.support.stack import Stack, running_stack
from tests.support.traffic import Traffic

REQUESTS = int(os.environ.get("RESTART_REQUESTS") or 60)
PATIENT = {"STORE_TIMEOUT_MS": "2000", "LIMITS_TIMEOUT_MS": "2000"}
"""A machine that runs tests is busy with other things; what is lost here is to be lost by a restart."""
WITHIN_S = 20.0
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


@pytest.fixture
def service(renewed: Stack) -> Iterator[dict[str, str]]:
    """What a service shows for its tokens."""
    with renewed.client(renewed.token()) as client:
        body = {"name": "Warehouse", "kind": "service", "scopes": ["contacts:read"], "service_role": "member"}
        made = client.post("/v1/apps", json=body)
        assert made.status_code == 201, made.text
        app = made.json()["data"]
        words = f"{app['client_id']}:{app['client_secret']}"
        yield {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}
        client.delete(f"/v1/apps/{app['id']}")


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await condition():  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"waited {WITHIN_S} s for {what}") from None


async def listens(place: str | int) -> bool:
    """Whether a socket, or a port of this machine, lets somebody in."""
    try:
        if isinstance(place, int):
            _, writer = await asyncio.open_connection("127.0.0.1", place)
        else:
            _, writer = await asyncio.open_unix_connection(place)
    except OSError:
        return False
    writer.close()
    return True
