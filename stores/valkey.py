"""The way to Valkey that all stores share: scripts, each call within a deadline, and one error when it is lost.

Knows no key and no script.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

DEFAULT_PORT = 6379
_CONNECTIONS = 32
_CLUSTER = "cluster"


class StoreLost(Exception):
    """The store gave no usable answer; whether it did what was asked is not known."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: `url` leads to its first node, with the credentials for all; `seeds` are of a cluster."""

    url: str
    seeds: tuple[tuple[str, int], ...] = ()


def valkey_url(text: str) -> str:
    """A URL of a Valkey or Redis server: `unix:///path/x.sock`, `redis://host:port`, `rediss://user:word@host:port`.

    With a CA of one's own: `?ssl_ca_certs=/path/ca.pem`. Of a cluster: `redis://a:6379,b:6379?cluster=true`, one node
    or more that know the others. ValueError says what is wrong, in words that hold no password.
    """
    place(text)
    return text


def place(text: str) -> Place:
    """The place that a `valkey_url` names."""
    try:
        parts = urlsplit(text)
        options = parse_qsl(parts.query, keep_blank_values=True)
        is_cluster = any(option == (_CLUSTER, "true") for option in options)
        credentials, at, hosts = parts.netloc.rpartition("@")
        query = urlencode([option for option in options if option[0] != _CLUSTER], safe="/")
        urls = [
            urlunsplit((parts.scheme, f"{credentials}{at}{host}", parts.path, query, ""))
            for host in (hosts.split(",") if is_cluster else [hosts])
        ]
        nodes = [parse_url(url) for url in urls]
    except ValueError:
        raise ValueError("names no server") from None
    if not all(node.get("host") or (node.get("path") and not is_cluster) for node in nodes):
        raise ValueError("names no server")
    if not is_cluster:
        return Place(text)
    return Place(urls[0], tuple((node["host"], node.get("port", DEFAULT_PORT)) for node in nodes))


@dataclass(slots=True, eq=False)
class Call:
    """What a script is called with. Who does it again and again keeps it: `packed` is how it goes over the wire."""

    keys: Sequence[str]
    args: Sequence[str | bytes | int]
    packed: bytes = b""


class Script(Protocol):
    """A Lua script that the server runs, whichever client takes it there."""

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """Its answer, bulk strings as bytes; StoreLost when there is none within the deadline."""
        ...

    async def each(self, calls: Sequence[Call]) -> "Sequence[Any | StoreLost]":
        """The answers to several calls, in their order; each may be lost by itself."""
        ...


async def side_by_side(script: Script, calls: Sequence[Call]) -> "Sequence[Any | StoreLost]":
    """`each`, by calls that know nothing of one another."""

    async def outcome(call: Call) -> Any:
        try:
            return await script(call.keys, call.args)
        except StoreLost as lost:
            return lost

    answers: list[Any] = await asyncio.gather(*map(outcome, calls))
    return answers


class Scripts(Protocol):
    """A client that scripts can be called through."""

    def script(self, text: str) -> Script:
        """A script to call."""
        ...

    def part(self, key: str) -> str:
        """The part of the store that holds a key: parts are lost one by one. A store that is one server is one part."""
        ...


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
            raise StoreLost(f"{type(error).__name__}: {error}") from error

    async def each(self, calls: Sequence[Call]) -> "Sequence[Any | StoreLost]":
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

    def part(self, key: str) -> str:
        """The whole."""
        return ""

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()
