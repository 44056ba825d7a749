"""What is asked and what is answered, as values: no web framework in the pipeline, nor in its tests."""

from collections.abc import Awaitable, Callable, Mapping, Set
from typing import Protocol

import msgspec


class BodyLost(Exception):
    """The body will not come whole; the text says why, for a log."""


class Body(Protocol):
    """What follows a request's head. There is at least a byte of it, unless it came without its length."""

    @property
    def length(self) -> int | None:
        """As the head tells it, in bytes; None: it does not."""

    def rest(self) -> bytes | None:
        """All that was not taken yet, if it has come to its end; else None: it has to be waited for."""

    async def part(self) -> bytes:
        """What has come, at least a byte; nothing at the end. Raises BodyLost."""


class Request(msgspec.Struct, frozen=True):
    """One request. Names of `headers` are in lower case, lines of one name joined; `repeated` came in several."""

    method: str
    path: str
    """As it was sent, escapes and all."""
    query: str
    """Likewise; what follows the question mark."""
    headers: Mapping[str, str]
    repeated: Set[str] = frozenset()
    body: Body | None = None


class Response(msgspec.Struct, frozen=True):
    """An answer in whole. `body` None: there is none; its length is told as nought, unless the status has no body."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None = None


RequestHandler = Callable[[Request], Awaitable[Response]]
"""Answers every request, whatever its path."""
