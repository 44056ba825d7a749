"""The HTTP clients that calls to internal services can go through: our own, and aiohttp's, which is the reference.

One suite holds both to the same promises (`tests/upstream/`). Owns the bounds that they share.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from yarl import URL

from contract.bounds import IN_FLIGHT_A_TRANSCODER
from httpclient.client import Client as PooledClient
from httpclient.places import Place, TcpPlace, UnixPlace
from httpclient.reading import Reply
from transcoder.credentials import Shown

MAX_ANSWER_BYTES = 16 * 1024 * 1024
POOL_SIZE = 2 * IN_FLIGHT_A_TRANSCODER
"""All that a pair may have under way: whoever waits for a sick service takes no connection from anybody else."""
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "public-api-gateway"}
UNIX = "unix:"
NAME_ON_A_SOCKET = "internal"


class Client(Protocol):
    """Sends a request once at the most, and reads its answer whole."""

    async def ask(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """The answer, by `until_s` (loop time) or TimeoutError. Raises Unreachable, Dropped or Unreadable
        (`httpclient.errors`).
        """

    async def close(self) -> None:
        """Close the pool."""


MakeClient = Callable[[str, Shown], Client]
"""For `unix:/path`, `http://host:port` or `https://host:port`."""


def pooled(base: str, shown: Shown) -> Client:
    """Our own."""
    place, host = _place(base, shown)
    return PooledClient(place, host, HEADERS, limit=POOL_SIZE, max_body_bytes=MAX_ANSWER_BYTES)


def _place(base: str, shown: Shown) -> tuple[Place, str]:
    if base.startswith(UNIX):
        return UnixPlace(base.removeprefix(UNIX)), NAME_ON_A_SOCKET
    url = URL(base)
    tls = shown.tls if url.scheme == "https" else None
    return TcpPlace(url.host or "", url.port or 0, tls), url.host_port_subcomponent or ""


def of_aiohttp(base: str, shown: Shown) -> Client:
    """The reference, imported where it is the one that was chosen."""
    from transcoder.by_aiohttp import client

    return client(base, shown)


CLIENTS: Mapping[str, MakeClient] = {"pooled": pooled, "aiohttp": of_aiohttp}
DEFAULT_CLIENT = "pooled"


def named_client(name: str) -> MakeClient:
    """The client of that name; ValueError if there is none."""
    if name not in CLIENTS:
        raise ValueError("no such client")
    return CLIENTS[name]
