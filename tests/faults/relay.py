"""Stands where a part listens, on its UNIX socket, and passes on what is said; until it is told to do otherwise.

Owns the socket while the block lasts, and gives it back. Knows neither HTTP nor RESP: a lie is about the bytes that the
part says. Whoever is connected already stays with the part itself: callers are to be made to connect anew.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_READ_BYTES = 65_536


@dataclass(frozen=True)
class Lie:
    """What becomes of each piece that the part says: it comes later, another one comes in its place, or only a
    beginning of it; and then perhaps nothing more, or the end of the connection.
    """

    after_s: float = 0.0
    instead: bytes | None = None
    at_most: int | None = None
    hangs: bool = False
    closes: bool = False
    drops: bool = False
    """Nothing comes, and the connection is torn down."""
    deaf: bool = False
    """The part never hears what was asked; `instead` is the answer."""


class Relay:
    """Passes bytes on; remembers what was asked."""

    def __init__(self, part: Path) -> None:
        self.lie: Lie | None = None
        self.asked: list[bytes] = []
        """What callers said, piece by piece, since somebody last cleared it."""
        self._part = part
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            inner, outward = await asyncio.open_unix_connection(self._part)
        except OSError:  # the part has its place back
            writer.transport.abort()
            return
        mine = {writer, outward}
        self._writers |= mine
        try:
            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(self._asks(reader, outward, writer))
                await self._answers(inner, writer)
                asking.cancel()
        except* (OSError, EOFError):
            pass
        finally:
            for each in mine:
                each.transport.abort()
            self._writers -= mine

    async def _asks(
        self, reader: asyncio.StreamReader, part: asyncio.StreamWriter, writer: asyncio.StreamWriter
    ) -> None:
        while said := await reader.read(_READ_BYTES):
            self.asked.append(said)
            if self.lie and self.lie.deaf:
                writer.write(self.lie.instead or b"")
                continue
            part.write(said)
            await part.drain()
        part.close()

    async def _answers(self, part: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await part.read(_READ_BYTES):
            # What was asked before the part was deaf is answered as ever.
            lie = self.lie if self.lie and not self.lie.deaf else Lie()
            await asyncio.sleep(lie.after_s)
            if lie.drops:
                return
            writer.write((said if lie.instead is None else lie.instead)[: lie.at_most])
            await writer.drain()
            if lie.hangs:
                while await part.read(_READ_BYTES):
                    pass
            if lie.closes or lie.hangs:
                writer.close()
                await writer.wait_closed()
                return

    @contextmanager
    def lying(self, lie: Lie) -> Iterator[None]:
        """For a while; whoever would then still wait for an answer finds the connection torn down."""
        self.lie = lie
        try:
            yield
        finally:
            self.lie = None
            if lie.hangs or lie.after_s:
                self.drop_all()

    def drop_all(self) -> None:
        """Tear down all connections, so that a lie reaches who is in the middle of something."""
        for writer in set(self._writers):
            writer.transport.abort()


@asynccontextmanager
async def in_place_of(socket: Path) -> AsyncIterator[Relay]:
    """A relay at the part's path; the part itself goes on listening beside it."""
    aside = socket.with_name(f"aside-{socket.name}")
    socket.rename(aside)
    relay = Relay(aside)
    server = await asyncio.start_unix_server(relay.serve, socket)
    try:
        yield relay
    finally:
        server.close()
        relay.drop_all()
        with suppress(FileNotFoundError):
            aside.rename(socket)


@asynccontextmanager
async def refused(socket: Path) -> AsyncIterator[None]:
    """Nobody accepts there, though the part lives."""
    aside = socket.with_name(f"aside-{socket.name}")
    socket.rename(aside)
    server = await asyncio.start_unix_server(lambda *_: None, socket)
    server.close()
    try:
        yield
    finally:
        aside.rename(socket)
