"""Calls of internal services by aiohttp's client, tuned: the reference that our own is held to."""

import asyncio
import ssl
from collections.abc import Callable, Mapping

import aiohttp
from yarl import URL

from infra.httpclient.client import CONNECT_TIMEOUT_S
from infra.httpclient.errors import ConnectionDropped, InvalidResponse, Unreachable
from infra.httpclient.response_parser import Reply
from transcoder.backend import http_client
from transcoder.backend.credentials import CurrentCredentials
from transcoder.backend.http_client import HEADERS, MAX_ANSWER_BYTES, NAME_ON_A_SOCKET, UNIX, HttpClient

_CHUNK_BYTES = 256 * 1024


class AiohttpClient:
    """The reference: aiohttp's."""

    def __init__(self, session: aiohttp.ClientSession, base: URL, tls: Callable[[], ssl.SSLContext]) -> None:
        self._session = session
        self._tls = tls
        self._base = base

    async def send(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """See `Client.ask`."""
        async with asyncio.timeout_at(until_s):
            return await self._ask(method, target, fields, body)

    async def _ask(self, method: str, target: str, fields: Mapping[str, str], body: bytes | None) -> Reply:
        url = URL(f"{self._base}{target}", encoded=True)
        try:
            async with self._session.request(
                method, url, headers={**HEADERS, **fields}, data=body, allow_redirects=False, ssl=self._tls()
            ) as reply:
                return Reply(reply.status, await _whole_body(reply))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(repr(error)) from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise ConnectionDropped(repr(error)) from None
        except aiohttp.ClientError as error:
            raise InvalidResponse(repr(error)) from None

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()


async def _whole_body(reply: aiohttp.ClientResponse) -> bytes:
    if reply.content_length is not None and reply.content_length <= MAX_ANSWER_BYTES:
        return await reply.read()
    parts: list[bytes] = []
    size = 0
    async for part in reply.content.iter_chunked(_CHUNK_BYTES):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            reply.close()
            raise aiohttp.ClientPayloadError(f"the answer is over {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def client(base: str, shown: CurrentCredentials) -> HttpClient:
    """The reference."""
    # The deadline is the caller's; aiohttp's own total timeout costs a timer more for each call.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S)
    connector: aiohttp.BaseConnector
    if base.startswith(UNIX):
        connector = aiohttp.UnixConnector(path=base.removeprefix(UNIX), limit=http_client.POOL_SIZE)
        url = URL(f"http://{NAME_ON_A_SOCKET}")
    else:
        connector, url = aiohttp.TCPConnector(limit=http_client.POOL_SIZE), URL(base)
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
    )
    # Left to itself aiohttp sends a PUT or DELETE again when a kept connection breaks, though the first may have been
    # carried out: the caller would be told of the second. There is no public switch.
    session._retry_connection = False
    return AiohttpClient(session, url.origin(), shown.tls)
