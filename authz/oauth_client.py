"""Asking the authorization server's internal listener: where it is, and what it has to be shown.

Must not know what is asked. By our own client: aiohttp's takes a quarter of the time that this process starts in, while
nobody is let in.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from infra.httpclient.client import Client
from infra.httpclient.endpoints import Endpoint, TcpEndpoint, UnixEndpoint
from infra.httpclient.errors import NoResponse
from infra.process.address import Address, UnixAddress
from infra.process.shared_secret import SharedSecret

_CONNECTIONS = 2
"""The feed's, which waits, and one for what is told."""
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_NAME_ON_A_SOCKET = "oauth"


class OAuthClient:
    """Requests to it, each sent once. Status and body are the answer; OSError tells that there is none."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def get(self, target: str, timeout_s: float) -> tuple[int, bytes]:
        """What it has to say."""
        return await self._request("GET", target, None, timeout_s)

    async def post(self, target: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        """What it says to that body."""
        return await self._request("POST", target, body, timeout_s)

    async def _request(self, method: str, target: str, body: bytes | None, within_s: float) -> tuple[int, bytes]:
        until_s = asyncio.get_running_loop().time() + within_s
        try:
            reply = await self._client.send(method, target, {}, body, until_s=until_s)
        except NoResponse as error:
            raise OSError(f"{type(error).__name__}: {error}") from error
        return reply.status, reply.body


@asynccontextmanager
async def open_oauth_client(address: Address, secret: SharedSecret | None) -> AsyncIterator[OAuthClient]:
    """It at that address, while the block lasts."""
    place, host = _endpoint(address)
    shown = {"Authorization": secret.authorization} if secret else {}
    client = Client(place, host, shown, limit=_CONNECTIONS, max_body_bytes=_MAX_ANSWER_BYTES)
    try:
        yield OAuthClient(client)
    finally:
        await client.close()


def _endpoint(address: Address) -> tuple[Endpoint, str]:
    if isinstance(address, UnixAddress):
        return UnixEndpoint(str(address.path)), _NAME_ON_A_SOCKET
    return TcpEndpoint(address.host, address.port), address.authority
