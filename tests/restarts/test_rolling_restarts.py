"""Each part starts anew under load, and no request is lost: not a read, not a create, over neither protocol.

RESTART_REQUESTS and RESTART_RATE (a second) make it long: `make test-restarts`.
"""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.restarts.conftest import RATE, REQUESTS, restart
from tests.support.stack import Stack
from tests.support.traffic import Traffic, stored_once

LOG = logging.getLogger(__name__)


PARTS = ("authz-1", "authz-2", "transcoder-1", "transcoder-2", "oauth", "envoy")


@pytest.mark.parametrize("part", PARTS)
async def test_nothing_is_lost_while_a_new_process_takes_over_from(part: str, renewed: Stack, traffic: Traffic) -> None:
    kind, before = part.partition("-")[0], renewed.pids(part.partition("-")[0])
    tally = await traffic.while_doing(lambda: restart(renewed, part), rate=RATE, at_least=REQUESTS)
    LOG.info(
        "%s: %d lost of %d (%d undecided) in %.1f s, a restart %.1f s",
        part,
        tally.lost.total(),
        tally.sent,
        tally.undecided,
        tally.took_s,
        tally.done_s,
    )
    assert renewed.pids(kind) != before
    assert not tally.lost, tally.lost
    assert tally.created
    assert stored_once(renewed, tally.created)


@pytest.fixture
async def service(renewed: Stack) -> AsyncIterator[dict[str, str]]:
    """What a service shows for its tokens."""
    with renewed.client(renewed.token()) as client:
        body = {"name": "Warehouse", "kind": "service", "scopes": ["contacts:read"], "service_role": "member"}
        made = client.post("/v1/apps", json=body)
        assert made.status_code == 201, made.text
        app = made.json()["data"]
        words = f"{app['client_id']}:{app['client_secret']}"
        yield {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}
        client.delete(f"/v1/apps/{app['id']}")


async def test_no_token_is_refused_while_the_authorization_server_starts_anew(
    renewed: Stack, traffic: Traffic, service: dict[str, str]
) -> None:
    url, form = f"{renewed.facts['AUTH_URL']}/token", {"grant_type": "client_credentials"}
    restarting = asyncio.create_task(restart(renewed, "oauth"))
    statuses = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=traffic.tls)) as session:
        while not restarting.done():
            async with session.post(url, data=form, headers=service) as answer:
                statuses.append(answer.status)
            # Less than a client may ask: two a second, sixty ahead.
            await asyncio.sleep(0.1)
    await restarting
    LOG.info("%d tokens while oauth started anew", len(statuses))
    assert len(statuses) > 5
    assert set(statuses) == {200}
