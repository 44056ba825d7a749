"""Our own pool: a connection that is handed over in the very moment in which the one who waited leaves is not lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.httpclient.connection import Connection
from infra.httpclient.endpoints import UnixEndpoint, connect_to
from infra.httpclient.pool import ConnectionPool
from tests.upstream.wire import Service

WITHIN_S = 5.0


@pytest.mark.parametrize("usable", [True, False], ids=["it is used next", "there is room for another"])
async def test_who_leaves_as_his_turn_comes_passes_it_on(socket: Path, service: Service, *, usable: bool) -> None:
    async def connect(lost: Callable[[Connection], None]) -> Connection:
        loop = asyncio.get_running_loop()
        return await connect_to(UnixEndpoint(str(socket)), lambda: Connection(loop, lost), timeout_s=WITHIN_S)

    pool = ConnectionPool(connect, limit=1, idle_s=WITHIN_S)
    connection = await pool.acquire()
    leaves = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    connection.usable = usable
    pool.release(connection)
    leaves.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaves
    async with asyncio.timeout(WITHIN_S):
        assert (await pool.acquire() is connection) is usable
    await pool.close()
