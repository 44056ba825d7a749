"""The way to Valkey that all stores share: scripts, each call within a deadline, and one error when it is lost.

Knows no key, no script and no client.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

DEFAULT_PORT = 6379
_CLUSTER = "cluster"
_SCHEMES = ("unix", "redis", "rediss")


class StoreUnavailable(Exception):
    """The store gave no usable answer; whether it did what was asked is not known."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: `url` leads to its first node, with the credentials for all; `seeds` are of a cluster."""

    url: str
    seeds: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """One server: the `path` of its socket, or host and port; what it is to be told first."""

    path: str
    host: str
    port: int
    secure: bool
    ca_file: Path | None
    username: str
    password: str
    database: int


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
        nodes = [server(url) for url in urls]
    except ValueError:
        raise ValueError("names no server") from None
    if not all(node.host or (node.path and not is_cluster) for node in nodes):
        raise ValueError("names no server")
    if not is_cluster:
        return Place(text)
    return Place(urls[0], tuple((node.host, node.port) for node in nodes))


def server(url: str) -> Server:
    """The one server that a URL leads to; ValueError if it is none."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError("no scheme of ours")
    options = dict(parse_qsl(parts.query))
    is_path = parts.scheme == "unix"
    number = options.get("db", "" if is_path else parts.path.strip("/")) or "0"
    ca = options.get("ssl_ca_certs")
    return Server(
        path=unquote(parts.path) if is_path else "",
        host="" if is_path else unquote(parts.hostname or ""),
        port=parts.port or DEFAULT_PORT,
        secure=parts.scheme == "rediss",
        ca_file=None if ca is None else Path(ca),
        username=unquote(parts.username or "") or "default",
        password=unquote(parts.password or ""),
        database=int(number),
    )


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

    async def call_many(self, calls: Sequence[Call]) -> "Sequence[Any | StoreUnavailable]":
        """The answers to several calls, in their order; each may be lost by itself."""
        ...


async def side_by_side(script: Script, calls: Sequence[Call]) -> "Sequence[Any | StoreUnavailable]":
    """`each`, by calls that know nothing of one another."""

    async def outcome(call: Call) -> Any:
        try:
            return await script(call.keys, call.args)
        except StoreUnavailable as lost:
            return lost

    answers: list[Any] = await asyncio.gather(*map(outcome, calls))
    return answers


class Scripts(Protocol):
    """A client that scripts can be called through."""

    def script(self, text: str) -> Script:
        """A script to call."""
        ...

    def partition(self, key: str) -> str:
        """The part of the store that holds a key: parts are lost one by one. A store that is one server is one part."""
        ...
