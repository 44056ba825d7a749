"""An internal service that says exactly the bytes that it is told, and how one asks it through a client."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from tests.component.transcoder.liar import Liar, Tell, raw
from transcoder.backend.upstream import Reply, Upstream
from transcoder.presentation.errors import ApiError

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
WITHIN_S = 8.0


@dataclass
class Service(Liar):
    """Knows how many connections were made to it."""

    opened: int = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        await super().converse(reader, writer)

    def says(self, *answers: bytes | Tell) -> None:
        """Each to one request, the last to all that follow."""
        self.tells = [raw(answer) if isinstance(answer, bytes) else answer for answer in answers]

    @property
    def asked(self) -> list[str]:
        """The lines of the requests so far."""
        return [line for line, _ in self.heard]


async def ask(
    upstream: Upstream,
    method: str = "GET",
    path: str = "/thing",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    *,
    writes: bool | None = None,
    within_s: float = WITHIN_S,
) -> Reply:
    """One call; whatever is no GET or HEAD writes."""
    return await upstream.send(
        method,
        path,
        headers or {},
        body,
        deadline_s=asyncio.get_running_loop().time() + within_s,
        deadline_header="X-Deadline-Ms",
        writes=method not in ("GET", "HEAD") if writes is None else writes,
    )


async def trouble(upstream: Upstream, method: str = "GET", **more: object) -> tuple[str, str | None]:
    """The problem's code and outcome that a call ends with."""
    try:
        reply = await ask(upstream, method, **more)  # type: ignore[arg-type]
    except ApiError as error:
        return error.problem.code, error.outcome or error.problem.outcome
    raise AssertionError(f"answered: {reply}")
