"""Scripts by redis-py, the client that others would use: what the suites ask of ours they ask of it, too.

A pool, a connection for each call. Knows no key and no script.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from infra.stores.connect import Client
from infra.stores.valkey import Call, StoreUnavailable, place, side_by_side
from infra.stores.valkey_cluster import Cluster

_CONNECTIONS = 32


def pooled(url: str, *, timeout_s: float) -> Client:
    """For what a VALKEY_URL names; of a cluster, as `pipelined`."""
    where = place(url)
    return Cluster(where, timeout_s=timeout_s) if where.seeds else Valkey(url, timeout_s=timeout_s)


class PooledScript:
    """A Lua script, sent as EVALSHA; a server that has forgotten it (NOSCRIPT) is taught it again."""

    def __init__(self, redis: Redis, text: str, timeout_s: float) -> None:
        self._run = redis.register_script(text)
        self._timeout_s = timeout_s

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """See `Script`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._run(keys=keys, args=args)
        except (RedisError, OSError) as error:
            # Away, refusing, too slow (TimeoutError is an OSError), loading, read-only, full or talking nonsense.
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error

    async def call_many(self, calls: Sequence[Call]) -> "Sequence[Any | StoreUnavailable]":
        """See `Script`."""
        return await side_by_side(self, calls)


class Valkey:
    """A client of the server at `url`; nothing is opened before the first call."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        options: dict[str, Any] = {
            **parse_url(url),
            # redis-py's retries are off: with them, 8.1 takes 4 to 5 s to report a refused connection.
            "retry": Retry(NoBackoff(), 0),
            # Each call has one deadline, above; a second timer per read would only cost.
            "socket_timeout": None,
            "socket_connect_timeout": timeout_s,
            # RESP2 and no name: a new connection costs no round trip before its first command.
            "protocol": 2,
            "driver_info": None,
        }
        # More callers than connections wait their turn, within their deadline.
        self._redis = Redis.from_pool(BlockingConnectionPool(max_connections=_CONNECTIONS, timeout=None, **options))

    def script(self, text: str) -> PooledScript:
        """A script to call."""
        return PooledScript(self._redis, text, self._timeout_s)

    def partition(self, key: str) -> str:
        """The whole."""
        return ""

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()
