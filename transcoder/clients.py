"""The HTTP clients that calls to internal services can go through: our own, and aiohttp's, which is the reference.

One suite holds both to the same promises (`tests/upstream/`). Owns the bounds that they share.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import aiohttp
from yarl import URL

from contract.bounds import IN_FLIGHT_A_TRANSCODER
from httpclient.client import CONNECT_TIMEOUT_S
from httpclient.client import Client as PooledClient
from httpclient.errors import Dropped, Unreachable, Unreadable
from httpclient.places import Place, TcpPlace, UnixPlace
from httpclient.reading import Reply
from transcoder.credentials import Shown

MAX_ANSWER_BYTES = 16 * 1024 * 1024
POOL_SIZE = 2 * IN_FLIGHT_A_TRANSCODER
"""All that a pair may have under way: whoever waits for a sick service takes no connection from anybody else."""
_CHUNK_BYTES = 256 * 1024
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "public-api-gateway"}
_UNIX = "unix:"
_NAME_ON_A_SOCKET = "internal"


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
    return PooledClient(place, host, _HEADERS, limit=POOL_SIZE, max_body_bytes=MAX_ANSWER_BYTES)


def _place(base: str, shown: Shown) -> tuple[Place, str]:
    if base.startswith(_UNIX):
        return UnixPlace(base.removeprefix(_UNIX)), _NAME_ON_A_SOCKET
    url = URL(base)
    tls = shown.tls if url.scheme == "https" else None
    return TcpPlace(url.host or "", url.port or 0, tls), url.host_port_subcomponent or ""


class AiohttpClient:
    """The reference: aiohttp's."""

    def __init__(self, session: aiohttp.ClientSession, base: URL) -> None:
        self._session = session
        self._base = base

    async def ask(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """See `Client.ask`."""
        async with asyncio.timeout_at(until_s):
            return await self._ask(method, target, fields, body)

    async def _ask(self, method: str, target: str, fields: Mapping[str, str], body: bytes | None) -> Reply:
        url = URL(f"{self._base}{target}", encoded=True)
        try:
            async with self._session.request(method, url, headers=fields, data=body, allow_redirects=False) as reply:
                return Reply(reply.status, await _whole_body(reply))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(repr(error)) from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise Dropped(repr(error)) from None
        except aiohttp.ClientError as error:
            raise Unreadable(repr(error)) from None

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()


async def _whole_body(reply: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in reply.content.iter_chunked(_CHUNK_BYTES):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            reply.close()
            raise aiohttp.ClientPayloadError(f"the answer is over {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def of_aiohttp(base: str, shown: Shown) -> Client:
    """The reference."""
    # The deadline is the caller's; aiohttp's own total timeout costs a timer more for each call.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S)
    connector: aiohttp.BaseConnector
    if base.startswith(_UNIX):
        connector = aiohttp.UnixConnector(path=base.removeprefix(_UNIX), limit=POOL_SIZE)
        url = URL(f"http://{_NAME_ON_A_SOCKET}")
    else:
        connector, url = aiohttp.TCPConnector(limit=POOL_SIZE, ssl=shown.tls), URL(base)
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers=_HEADERS,
    )
    # Left to itself aiohttp sends a PUT or DELETE again when a kept connection breaks, though the first may have been
    # carried out: the caller would be told of the second. There is no public switch.
    session._retry_connection = False
    return AiohttpClient(session, url.origin())


CLIENTS: Mapping[str, MakeClient] = {"pooled": pooled, "aiohttp": of_aiohttp}
DEFAULT_CLIENT = "pooled"


def named_client(name: str) -> MakeClient:
    """The client of that name; ValueError if there is none."""
    if name not in CLIENTS:
        raise ValueError("no such client")
    return CLIENTS[name]
