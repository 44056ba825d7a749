"""A service behind a server, which says what it is told and remembers what it was asked; and a caller of bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from socket import AF_INET, socket

from infra.process.address import Address, TcpAddress, UnixAddress
from transcoder.http.messages import Request, Response
from transcoder.http.server import serve

WITHIN_S = 10.0
READ = Response(200, {"X-Mark": "one"}, b"answered")


@dataclass
class Service:
    """`answer` may be set; whole bodies are read before it."""

    address: Address
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Request] = field(default_factory=list)
    bodies: list[bytes | None] = field(default_factory=list)
    answer: Callable[[Request], Awaitable[Response]] | None = None

    async def answering(self, request: Request) -> Response:
        """What the server calls."""
        self.asked.append(request)
        if self.answer is not None:
            return await self.answer(request)
        self.bodies.append(await whole(request))
        return READ

    @asynccontextmanager
    async def line(self) -> AsyncIterator["Line"]:
        """A connection."""
        line = Line(*await _connected(self.address))
        async with asyncio.timeout(WITHIN_S):
            yield line
        line.close()


@dataclass
class Line:
    """What a caller holds."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def say_bytewise(self, data: bytes, size: int) -> None:
        """In pieces, each of which is sent before the next."""
        for at in range(0, len(data), size):
            self.writer.write(data[at : at + size])
            await self.writer.drain()
            await asyncio.sleep(0)

    async def hear(self, *, body: bool = True) -> tuple[int, dict[str, str], bytes]:
        """The next answer: its status, its fields in lower case, its body."""
        first, *fields = (await self.reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
        told = {name.lower(): value for name, value in (each.split(": ", 1) for each in fields)}
        size = int(told.get("content-length", "0")) if body else 0
        return int(first.split()[1]), told, await self.reader.readexactly(size)

    async def end(self) -> bytes:
        """All until it is closed."""
        with suppress(ConnectionResetError):
            return await self.reader.read()
        return b""

    def close(self) -> None:
        self.writer.transport.abort()


async def whole(request: Request) -> bytes | None:
    """A request's body."""
    body = request.body
    if body is None:
        return None
    rest = body.rest()
    if rest is not None:
        return rest
    parts = []
    while part := await body.part():
        parts.append(part)
    return b"".join(parts)


def free_port() -> TcpAddress:
    with socket(AF_INET) as bound:
        bound.bind(("127.0.0.1", 0))
        return TcpAddress("127.0.0.1", bound.getsockname()[1])


async def _connected(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(OSError):
                if isinstance(address, UnixAddress):
                    return await asyncio.open_unix_connection(address.path)
                return await asyncio.open_connection(address.host, address.port)
            await asyncio.sleep(0.005)


@asynccontextmanager
async def served(address: Address, *, linger_s: float = 0) -> AsyncIterator[Service]:
    """A service behind the server; its event is set at the end."""
    service = Service(address)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(service.answering, address, service.stop, linger_s=linger_s))
        try:
            (await _connected(address))[1].close()
            yield service
        finally:
            service.stop.set()
