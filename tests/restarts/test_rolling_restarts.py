"""Each part starts anew under load, and no request is lost: not a read, not a create, over neither protocol.

RESTART_REQUESTS and RESTART_RATE (a second) make it long: `make test-restarts`.
"""

import asyncio
import logging

import pytest

from tests.restarts.conftest import RATE, REQUESTS
from tests.support.stack import Stack
from tests.support.traffic import Traffic, stored_once

LOG = logging.getLogger(__name__)


@pytest.mark.parametrize("part", ["authz-1", "authz-2", "transcoder-1", "transcoder-2", "oauth", "envoy"])
async def test_nothing_is_lost_while_a_new_process_takes_over_from(part: str, renewed: Stack, traffic: Traffic) -> None:
    kind, before = part.partition("-")[0], renewed.pids(part.partition("-")[0])
    tally = await traffic.while_doing(
        lambda: asyncio.to_thread(renewed.local, "restart", part), rate=RATE, at_least=REQUESTS
    )
    LOG.info(
        "%s: %d lost of %d in %.1f s, a restart %.1f s",
        part,
        tally.lost.total(),
        tally.sent,
        tally.took_s,
        tally.done_s,
    )
    assert renewed.pids(kind) != before
    assert not tally.lost, tally.lost
    assert tally.created
    assert stored_once(renewed, tally.created)
