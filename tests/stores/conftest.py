"""One Valkey and one cluster for all store suites; each test gets names of its own instead of an empty server."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from infra.stores.connect import Client, pipelined_client
from infra.stores.valkey import place
from tests.stores.cluster_process import cluster_at
from tests.stores.redis_py import pooled
from tests.stores.valkey_clients import CLIENTS, Connect
from tests.stores.valkey_process import valkey_at

TIMEOUT_S = 5.0


@pytest.fixture(scope="session")
async def valkey_url() -> AsyncIterator[str]:
    with TemporaryDirectory() as folder:
        async with valkey_at(Path(folder)) as (url, _):
            yield url


@pytest.fixture(scope="session")
async def cluster_url() -> AsyncIterator[str]:
    with TemporaryDirectory() as folder:
        async with cluster_at(Path(folder)) as nodes:
            yield nodes.url


@pytest.fixture
def places(valkey_url: str, cluster_url: str) -> dict[str, str]:
    """Where the stores of the suites are; those in memory are nowhere."""
    return {"valkey": valkey_url, "valkey, pipelined": valkey_url, "cluster": cluster_url}


@asynccontextmanager
async def opened(kind: str, url: str) -> AsyncIterator[tuple[Client, Redis | RedisCluster]]:
    """A client of ours, and one for the test's own looks."""
    client = (pooled if kind == "valkey" else pipelined_client)(url, timeout_s=TIMEOUT_S)
    where = place(url)
    redis: Redis | RedisCluster = RedisCluster.from_url(where.url) if where.seeds else Redis.from_url(url)
    try:
        async with redis:
            yield client, redis
    finally:
        await client.close()


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS.keys())
def connect(request: pytest.FixtureRequest) -> Connect:
    made: Connect = request.param
    return made


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)
