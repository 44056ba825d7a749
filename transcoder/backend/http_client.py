"""The HTTP client that calls to internal services go through, and its bounds.

It is our own (`infra/httpclient`), not aiohttp's: with aiohttp's, tuned, a get through the whole gateway costs 1.22
times the CPU time, a list of 25 1.13 times (`docs/decisions/0067`). aiohttp's also hands bytes that nobody asked for to
the next caller of a connection, who may be another business.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from contract.size_and_time_limits import MAX_IN_FLIGHT_PER_TRANSCODER
from infra.httpclient.client import Client as PooledClient
from infra.httpclient.endpoints import Endpoint, TcpEndpoint, UnixEndpoint
from infra.httpclient.response_parser import Reply
from infra.process.address import Address, TcpAddress, UnixAddress
from transcoder.backend.credentials import CurrentCredentials

MAX_ANSWER_BYTES = 16 * 1024 * 1024
POOL_SIZE = 2 * MAX_IN_FLIGHT_PER_TRANSCODER
"""All that a pair may have under way: whoever waits for a sick service takes no connection from anybody else."""
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "public-api-gateway"}
UNIX = "unix:"
NAME_ON_A_SOCKET = "internal"


class HttpClient(Protocol):
    """Sends a request once at the most, and reads its answer whole."""

    async def send(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """The answer, by `until_s` (loop time) or TimeoutError. Raises those of `infra.httpclient.errors`: Unreachable,
        ConnectionDropped or InvalidResponse.
        """

    async def close(self) -> None:
        """Close the pool."""


MakeClient = Callable[[str, CurrentCredentials], HttpClient]
"""For `unix:/path`, `http://host:port` or `https://host:port`."""


def pooled_client(base: str, shown: CurrentCredentials) -> HttpClient:
    """Return a client with a pool of connections to `base`; see `MakeClient`."""
    endpoint, host = _endpoint(base, shown)
    return PooledClient(endpoint, host, HEADERS, limit=POOL_SIZE, max_body_bytes=MAX_ANSWER_BYTES)


def _endpoint(base: str, shown: CurrentCredentials) -> tuple[Endpoint, str]:
    """Where to connect, and the Host that is named there: with its port where that is not the scheme's."""
    match address_of(base):
        case UnixAddress(path):
            return UnixEndpoint(str(path)), NAME_ON_A_SOCKET
        case TcpAddress(host, port) as address:
            scheme = urlsplit(base).scheme
            named = address.authority.removesuffix(f":{_PORTS[scheme]}")
            return TcpEndpoint(host, port, shown.tls if scheme == "https" else None), named


def internal_url(text: str) -> str:
    """Check the form of an internal service's address; ValueError says what is wrong."""
    if text.startswith("unix:/"):
        return text
    url = urlsplit(text)
    if url.scheme not in _PORTS or not url.hostname or url.port == 0:
        raise ValueError("neither a UNIX socket nor an http URL")
    return text


def address_of(base: str) -> Address:
    """Where a checked address of an internal service leads."""
    if base.startswith(UNIX):
        return UnixAddress(Path(base.removeprefix(UNIX)))
    url = urlsplit(base)
    return TcpAddress(url.hostname or "", url.port or _PORTS[url.scheme])


_PORTS = {"http": 80, "https": 443}
