"""Both clients of a Valkey, alike: opened and closed, and how long it takes until one says that it is lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from infra.stores.valkey import Script, Scripts, StoreUnavailable
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.redis_py import Valkey

TIMEOUT_S = 0.05
AMPLE_S = 5.0
AT_ONCE_S = 1.0
"""Less than redis-py takes with its retries (4 to 5 s), and more than a busy machine adds."""
ANSWER = "return ARGV[1]"


class Client(Scripts, Protocol):
    """A client of a server, whichever it is."""

    async def close(self) -> None: ...


Connect = Callable[[str, float], Client]
CLIENTS: dict[str, Connect] = {
    "pooled": lambda url, timeout_s: Valkey(url, timeout_s=timeout_s),
    "pipelined": lambda url, timeout_s: PipelinedClient(url, timeout_s=timeout_s),
}


@asynccontextmanager
async def connected(connect: Connect, url: str, timeout_s: float) -> AsyncIterator[Client]:
    client = connect(url, timeout_s)
    try:
        yield client
    finally:
        await client.close()


async def lost_after_s(call: Callable[[], Awaitable[object]]) -> float:
    began_s = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await call()
    return time.monotonic() - began_s


async def answering(script: Script) -> None:
    async with asyncio.timeout(AMPLE_S):
        while True:
            try:
                await script([], ["x"])
            except StoreUnavailable:
                continue
            return
