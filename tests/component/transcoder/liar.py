"""An internal service that answers with whatever bytes a test puts into it, and remembers what it was asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

Tell = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def said(body: bytes, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> Tell:
    """These bytes under these headers; `length` is what is claimed of them."""

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = len(body) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return tell


def raw(text: bytes) -> Tell:
    """These bytes and no head."""

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return tell


async def hangs(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Nothing more, until the other side gives up."""
    await reader.read()


async def ends(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The connection ends in order."""
    writer.close()


async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The connection breaks."""
    writer.transport.abort()


def then(*steps: Tell) -> Tell:
    """One after another."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in steps:
            await step(reader, writer)

    return tell


@dataclass
class Liar:
    """What it says to the next requests (the last for ever), and what it heard: request lines and their headers."""

    tells: list[Tell] = field(default_factory=lambda: [resets])
    heard: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connections: set[asyncio.StreamWriter] = field(default_factory=set)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: each request is read whole before anything is said to it."""
        self.connections.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while not writer.is_closing():
                line, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
                headers = {name.lower(): text for name, text in (text.split(": ", 1) for text in fields)}
                await reader.readexactly(int(headers.get("content-length", "0")))
                self.heard.append((line.removesuffix(" HTTP/1.1"), headers))
                tell = self.tells.pop(0) if len(self.tells) > 1 else self.tells[0]
                await tell(reader, writer)
        self.connections.discard(writer)


@contextlib.asynccontextmanager
async def lying_at(socket: Path) -> AsyncIterator[Liar]:
    """A liar on that socket."""
    liar = Liar()
    server = await asyncio.start_unix_server(liar.converse, socket)
    try:
        yield liar
    finally:
        server.close()
        for writer in list(liar.connections):
            writer.transport.abort()
        await server.wait_closed()
