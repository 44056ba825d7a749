"""A follower, and the authorization server's own feed for it, that may come and go."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger

from authz.oauth_client import open_oauth_client
from infra.process.address import UnixAddress
from infra.stores.revocations.follower import Feed, FeedFollower
from tests.support import waiting
from tests.support.feed import feed_socket

WITHIN_S = 10.0
"""Of what would otherwise take for ever."""
MAX_AGE_S = 3600.0


@dataclass
class Clock:
    """Both clocks of a follower, moved by hand beside the real one."""

    ahead_s: float = 0.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead_s

    def wall(self) -> float:
        return 1_800_000_000.0 + self.ahead_s


@dataclass(frozen=True)
class Place:
    """A folder with a feed's socket and a follower's file."""

    folder: Path
    clock: Clock
    logged: CapturingLogger = field(default_factory=CapturingLogger)

    @property
    def file(self) -> Path:
        return self.folder / "held.json"

    @property
    def log(self) -> Any:
        return structlog.wrap_logger(self.logged, processors=[], wrapper_class=structlog.make_filtering_bound_logger(0))

    def said(self) -> list[str]:
        """The names of what was logged, in order."""
        return [call.kwargs["event"] for call in self.logged.calls]

    @asynccontextmanager
    async def following(self, *, max_age_s: float = MAX_AGE_S) -> AsyncIterator[FeedFollower]:
        """A follower that runs, begun from what its file holds."""
        async with open_oauth_client(UnixAddress(feed_socket(self.folder)), None) as oauth:
            follower = FeedFollower(
                Feed(oauth.get),
                self.file,
                self.log,
                max_age_s=max_age_s,
                clock=self.clock.monotonic,
                wall_clock=self.clock.wall,
            )
            follower.restore()
            running = asyncio.create_task(follower.run())
            try:
                yield follower
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def place() -> Iterator[Place]:
    with TemporaryDirectory() as folder:
        yield Place(Path(folder), Clock())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    await waiting.until(condition, "what the feed tells")
