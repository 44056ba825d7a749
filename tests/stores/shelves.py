"""A store whose time can be moved on, in memory or in Valkey: for suites that all stores of one kind pass."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from infra.stores.valkey import Scripts
from tests.stores.conftest import opened

KINDS = ("memory", "valkey", "valkey, pipelined", "cluster")
S = TypeVar("S")


class Shelf(Generic[S]):
    """The store, and its time."""

    store: S

    async def pass_time(self, seconds: float) -> None:
        raise NotImplementedError


class _InMemory(Shelf[S]):
    def __init__(self, make: Callable[[Callable[[], int]], S]) -> None:
        self._now_ms = 1_800_000_000_000
        self.store = make(lambda: self._now_ms)

    async def pass_time(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)


class _InValkey(Shelf[S]):
    """The server's clock cannot be moved: that a life and a lease end earlier is the same as that it is later."""

    def __init__(self, store: S, redis: Redis | RedisCluster, keys: str, lease: str | None) -> None:
        self.store = store
        self._redis = redis
        self._keys = keys
        self._lease = lease

    async def pass_time(self, seconds: float) -> None:
        ms = round(seconds * 1000)
        async for key in self._redis.scan_iter(self._keys):
            if self._lease is not None:
                await self._redis.hincrby(key, self._lease, -ms)
            await self._redis.pexpire(key, max(0, await self._redis.pttl(key) - ms))


@asynccontextmanager
async def shelf_of(
    kind: str,
    places: Mapping[str, str],
    in_memory: Callable[[Callable[[], int]], S],
    in_valkey: Callable[[Scripts], S],
    *,
    keys: str,
    lease: str | None = None,
) -> AsyncIterator[Shelf[S]]:
    """One of `KINDS`. `keys`: what the store calls its keys in Valkey; `lease`: their field that says until when."""
    if kind == "memory":
        yield _InMemory(in_memory)
        return
    async with opened(kind, places[kind]) as (valkey, redis):
        yield _InValkey(in_valkey(valkey), redis, keys, lease)
