"""The listener that Prometheus reads a process's registry from. Imported when there is one.

Not aiohttp's: authz would import 170 ms of it before its first Check, for a path that is read once a minute.
"""

import asyncio
from contextlib import closing, suppress

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from infra.process.address import Address
from infra.process.listener import Listener, accept_pending, socket_mark

PATH = "/metrics"
HEAD_BYTES = 16 * 1024
ASKS_WITHIN_S = 10.0
"""How long a caller may take to ask, and then to read."""


async def serve_metrics(registry: CollectorRegistry, address: Address, ended: asyncio.Event) -> None:
    """Answer `GET /metrics` at the address until it has ended; each answer ends its connection (RFC 9112 §9.6)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(ASKS_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(head, registry))
                await writer.drain()

    def protocol() -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=HEAD_BYTES), answer)

    with closing(Listener(protocol, address)):
        mark = socket_mark(address)
        await ended.wait()
        await accept_pending(address, mark)


def _response(head: bytes, registry: CollectorRegistry) -> bytes:
    method, target, *_ = [*head.split(b" ", 2), b"", b""]
    if target.partition(b"?")[0] != PATH.encode():
        return _written("404 Not Found", b"")
    if method not in (b"GET", b"HEAD"):
        return _written("405 Method Not Allowed", b"", "Allow: GET, HEAD\r\n")
    body = generate_latest(registry)
    written = _written("200 OK", body, f"Content-Type: {CONTENT_TYPE_LATEST}\r\n")
    return written[: -len(body)] if method == b"HEAD" else written


def _written(status: str, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
