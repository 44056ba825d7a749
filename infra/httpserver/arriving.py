"""Bodies on their way: what has come and was not taken yet, and who waits for more.

Owns how much may wait to be taken before whoever sends is kept waiting. Where a body ends, its framing knows.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from infra.httpserver.chunks import Chunks
from infra.httpserver.messages import BodyLost

WAITING_BYTES = 128 * 1024
"""That may have come and not been taken; then nothing more is read from the connection."""


class Come:
    """A body that was there together with its head, as most are."""

    def __init__(self, content: bytes) -> None:
        self.length: int | None = len(content)
        self._content = content

    def rest(self) -> bytes | None:
        """See `Body`."""
        content, self._content = self._content, b""
        return content

    async def part(self) -> bytes:
        """See `Body`."""
        return self.rest() or b""


class Framing(Protocol):
    """Tells a body's content from what frames it and what follows it."""

    ended: bool
    rest: bytes

    def feed(self, data: bytes) -> bytes:
        """The content in it; Malformed: there is no telling where the body ends."""


class Counted:
    """A body of a length that was told."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """See `Framing`."""
        self._left -= len(data)
        if self._left > 0:
            return data
        self.ended = True
        if self._left:
            data, self.rest = data[: self._left], data[self._left :]
        return data


class Arriving:
    """A body of which more is to come. `want` is told when more may be read from the connection."""

    def __init__(self, length: int | None, want: Callable[[], None]) -> None:
        self.length = length
        self._framing: Framing = Chunks() if length is None else Counted(length)
        self._want = want
        self._parts: list[bytes] = []
        self._waiting_bytes = 0
        self._lost: str | None = None
        """Why its end will never be seen, as soon as that is known."""
        self._dropped = False
        self._begun = False
        self._more: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come."""
        return self._framing.ended

    @property
    def lost(self) -> bool:
        """Whether its end will never be seen."""
        return self._lost is not None

    def take(self, data: bytes) -> bytes:
        """The next bytes of the connection; returns those that are no part of it. Raises Malformed."""
        self._begun = True
        content = self._framing.feed(data)
        if content and not self._dropped:
            self._parts.append(content)
            self._waiting_bytes += len(content)
        if content or self._framing.ended:
            self._wake()
        return self._framing.rest

    @property
    def is_full(self) -> bool:
        """Whether enough waits to be taken."""
        return self._waiting_bytes > WAITING_BYTES

    def is_awaited(self) -> bool:
        """Whether nothing of it has come; true once."""
        begun, self._begun = self._begun, True
        return not begun

    def lose(self, why: str) -> None:
        """Nothing more will come."""
        self._lost = why
        self._wake()

    def drop(self) -> None:
        """Nobody takes it any more."""
        self._dropped = True
        self._take_all()

    def rest(self) -> bytes | None:
        """See `Body`."""
        return self._take_all() if self.ended else None

    async def part(self) -> bytes:
        """See `Body`."""
        while not self._parts and not self.ended:
            if self._lost is not None:
                raise BodyLost(self._lost)
            self._more = asyncio.get_running_loop().create_future()
            self._want()
            await self._more
        return self._take_all()

    def _take_all(self) -> bytes:
        parts, self._parts = self._parts, []
        self._waiting_bytes = 0
        self._want()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)
