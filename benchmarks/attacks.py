"""What somebody means harm with, as bytes: for a soak, where it is not the answer that counts but what is left behind.

Owns the requests; knows no figure. What each is answered with is the security tests' to see.
"""

import asyncio
import itertools
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import cast

from benchmarks.flood import block_of
from contract.size_and_time_limits import MAX_BODY_BYTES, MAX_HEADER_BYTES
from contract.versions import LATEST_VERSION

PATIENCE_S = 20.0
FLOOD = 60
"""Requests of one token at once."""
RESETS = 50
_AT_WORK, _WORK_S = 10, 0.02
"""So many of them at once, for so long."""
STREAMS = 90
"""Of one connection at once; the edge takes a hundred."""
_READ_BYTES = 65_536
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
_NO_WINDOW = b"\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0"
"""SETTINGS_INITIAL_WINDOW_SIZE of nothing (RFC 9113 §6.5.2)."""
_RESET_CANCEL = b"\0\0\0\x08"


class Attacker:
    """Opens connections of its own and leaves them in any state."""

    def __init__(self, port: int, secure: ssl.SSLContext, token: Callable[[], str]) -> None:
        self._port = port
        self._secure = secure
        self._token = token
        self._ways: Mapping[str, Callable[[], Awaitable[None]]] = {
            **{name: self._said(text) for name, text in self._messages().items()},
            "half a body, and gone": self._half,
            "an answer that is not read": self._unread,
            "a flood of one token": self._flood,
            "a handshake, and silence": self.silent,
            "streams that are reset at once": self.resets,
        }
        self._turns = itertools.cycle(self._ways)

    async def next_one(self) -> str:
        """The next way, in turn; its name."""
        name = next(self._turns)
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE_S):
                await self._ways[name]()
        return name

    def _messages(self) -> dict[str, Callable[[], bytes]]:
        deep, wide = "[" * 10_000, "x" * (2 * MAX_BODY_BYTES)
        return {
            "no token": lambda: self._request("GET", "/v1/contacts", token=""),
            "a token of somebody else's key": lambda: self._request("GET", "/v1/contacts", token=self._spoilt()),
            "no JSON": lambda: self._request("POST", "/v1/contacts", body='{"last_name": '),
            "too deep": lambda: self._request("POST", "/v1/contacts", body=deep),
            "too large a body": lambda: self._request("POST", "/v1/contacts", body=wide),
            "too large a head": lambda: self._request("GET", "/v1/contacts", **{"X-Wide": "x" * 2 * MAX_HEADER_BYTES}),
            "many fields": lambda: self._request("GET", "/v1/contacts", **{f"X-{n}": "1" for n in range(300)}),
            "a forged identity": lambda: self._request("GET", "/v1/contacts", **{"X-Gw-Business-Id": "biz_1"}),
            "an unknown path": lambda: self._request("GET", f"/v1/{random.random()}"),  # noqa: S311
            "a path with an escape": lambda: self._request("GET", "/v1/contacts/%2e%2e%2fadmin"),
            "another method": lambda: self._request("PUT", "/v1/contacts"),
            "CONNECT": lambda: self._request("CONNECT", "localhost:1"),
            "two lengths": lambda: self._request("POST", "/v1/contacts", **{"Transfer-Encoding": "chunked"}, body="{}"),
            "an id of nobody": lambda: self._request("GET", f"/v1/contacts/con_{'0' * 26}"),
            "a forged cursor": lambda: self._request("GET", f"/v1/contacts?cursor={'A' * 200}"),
            "no HTTP": lambda: b"\x16\x03\x01" * 100,
        }

    def _request(self, method: str, target: str, *, token: str | None = None, body: str = "", **fields: str) -> bytes:
        told = {"Host": f"localhost:{self._port}", "Version": LATEST_VERSION.date, **fields}
        told |= {"Authorization": f"Bearer {text}"} if (text := self._token() if token is None else token) else {}
        told |= {"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"{method} {target} HTTP/1.1\r\n{lines}\r\n{body}".encode()

    def _spoilt(self) -> str:
        token = self._token()
        return token[:-8] + token[-8:][::-1]

    def _said(self, make: Callable[[], bytes]) -> Callable[[], Awaitable[None]]:
        async def say() -> None:
            reader, writer = await self._connected()
            try:
                writer.write(make())
                await reader.read(_READ_BYTES)
            finally:
                writer.transport.abort()

        return say

    async def _connected(self, protocol: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        secure = self._secure
        if protocol:
            secure = ssl.create_default_context(cadata=b"".join(self._secure.get_ca_certs(binary_form=True)))
            secure.set_alpn_protocols([protocol])
        return await asyncio.open_connection("127.0.0.1", self._port, ssl=secure, server_hostname="localhost")

    async def _half(self) -> None:
        _, writer = await self._connected()
        writer.write(self._request("POST", "/v1/contacts", body=" " * 5_000)[:-4_000])
        await asyncio.sleep(1)
        writer.transport.abort()

    async def _unread(self) -> None:
        _, writer = await self._connected()
        writer.write(self._request("GET", "/v1/contacts?limit=200") * 3)
        await asyncio.sleep(2)
        writer.transport.abort()

    async def _flood(self) -> None:
        reader, writer = await self._connected()
        writer.write(self._request("GET", "/v1/me") * FLOOD)
        for _ in range(FLOOD):
            await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async def slow_body(self) -> None:
        """A body that comes byte by byte, until somebody has enough of it."""
        reader, writer = await self._connected()
        try:
            writer.write(self._request("POST", "/v1/contacts", body=" " * 5_000)[:-5_000])
            answer = asyncio.ensure_future(reader.read(1))
            while not answer.done():
                writer.write(b" ")
                await asyncio.wait((answer,), timeout=0.2)
        finally:
            writer.transport.abort()

    async def large_body(self) -> None:
        """A body twice as large as may be, a few times a second."""
        reader, writer = await self._connected()
        try:
            writer.write(self._request("POST", "/v1/contacts", body="x" * (2 * MAX_BODY_BYTES)))
            await reader.read(_READ_BYTES)
        finally:
            writer.transport.abort()
        await asyncio.sleep(1)

    async def large_head(self) -> None:
        """A head twice as large as may be, a few times a second."""
        reader, writer = await self._connected()
        try:
            writer.write(self._request("GET", "/v1/contacts", **{"X-Wide": "x" * 2 * MAX_HEADER_BYTES}))
            await reader.read(_READ_BYTES)
        finally:
            writer.transport.abort()
        await asyncio.sleep(0.2)

    async def half_a_head(self) -> None:
        """A head of which the end does not come."""
        reader, writer = await self._connected()
        try:
            writer.write(self._request("GET", "/v1/contacts", **{"X-Wide": "x" * (MAX_HEADER_BYTES // 2)})[:-2])
            await reader.read(_READ_BYTES)
        finally:
            writer.transport.abort()

    async def slow_reader(self) -> None:
        """Answers that nobody reads."""
        _, writer = await self._connected()
        try:
            cast("asyncio.Transport", writer.transport).pause_reading()
            writer.write(self._request("GET", "/v1/contacts?limit=200") * 20)
            await asyncio.sleep(PATIENCE_S)
        finally:
            writer.transport.abort()

    async def no_window(self) -> None:
        """Streams of HTTP/2 that let nothing of their answers through."""
        _, writer = await self._connected("h2")
        try:
            writer.write(_PREFACE + _NO_WINDOW)
            for number in range(STREAMS):
                target = f"/v1/{('contacts', 'tasks')[number % 2]}?limit=200"
                head = block_of(self._request("GET", target).rstrip())
                writer.write(_begun(number, head))
            await asyncio.sleep(PATIENCE_S)
        finally:
            writer.transport.abort()

    async def silent(self) -> None:
        """A handshake, and then nothing."""
        _, writer = await self._connected()
        await asyncio.sleep(5)
        writer.transport.abort()

    async def resets(self) -> None:
        """Streams that are reset as soon as they are there."""
        reader, writer = await self._connected("h2")
        head = block_of(self._request("GET", "/v1/me", token="").rstrip())
        writer.write(_PREFACE + b"".join(_begun(number, head) + _reset(number) for number in range(RESETS)))
        await reader.read(_READ_BYTES)
        writer.transport.abort()

    async def resets_at_work(self) -> None:
        """Streams of a good token that are reset when somebody works on them, the connection kept for more of them."""
        _, writer = await self._connected("h2")
        head = block_of(self._request("GET", "/v1/contacts?limit=200").rstrip())
        try:
            writer.write(_PREFACE)
            for first in range(0, RESETS, _AT_WORK):
                numbers = range(first, first + _AT_WORK)
                writer.write(b"".join(_begun(number, head) for number in numbers))
                await asyncio.sleep(_WORK_S)
                writer.write(b"".join(_reset(number) for number in numbers))
            await writer.drain()
        finally:
            writer.transport.abort()


def _begun(number: int, head: bytes) -> bytes:
    """HEADERS of a stream of HTTP/2, and nothing after them."""
    return len(head).to_bytes(3, "big") + b"\1\5" + (2 * number + 1).to_bytes(4, "big") + head


def _reset(number: int) -> bytes:
    return b"\0\0\4\3\0" + (2 * number + 1).to_bytes(4, "big") + _RESET_CANCEL
