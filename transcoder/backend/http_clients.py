"""The HTTP clients that calls to internal services can go through: our own, and aiohttp's, which is the reference.

One suite holds both to the same promises (`tests/upstream/`). Imports the one that was chosen.
"""

from collections.abc import Mapping

from yarl import URL

from infra.httpclient.client import Client as PooledClient
from infra.httpclient.endpoints import Endpoint, TcpEndpoint, UnixEndpoint
from transcoder.backend import http_client
from transcoder.backend.credentials import CurrentCredentials
from transcoder.backend.http_client import HEADERS, MAX_ANSWER_BYTES, NAME_ON_A_SOCKET, UNIX, HttpClient, MakeClient


def own_client(base: str, shown: CurrentCredentials) -> HttpClient:
    """Our own."""
    place, host = _place(base, shown)
    return PooledClient(place, host, HEADERS, limit=http_client.POOL_SIZE, max_body_bytes=MAX_ANSWER_BYTES)


def _place(base: str, shown: CurrentCredentials) -> tuple[Endpoint, str]:
    if base.startswith(UNIX):
        return UnixEndpoint(base.removeprefix(UNIX)), NAME_ON_A_SOCKET
    url = URL(base)
    tls = shown.tls if url.scheme == "https" else None
    return TcpEndpoint(url.host or "", url.port or 0, tls), url.host_port_subcomponent or ""


def aiohttp_client(base: str, shown: CurrentCredentials) -> HttpClient:
    """The reference."""
    from transcoder.backend.aiohttp_client import client

    return client(base, shown)


CLIENTS: Mapping[str, MakeClient] = {"pooled": own_client, "aiohttp": aiohttp_client}
DEFAULT_CLIENT = "pooled"


def named_client(name: str) -> MakeClient:
    """The client of that name; ValueError if there is none."""
    if name not in CLIENTS:
        raise ValueError("no such client")
    return CLIENTS[name]
