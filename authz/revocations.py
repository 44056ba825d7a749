"""Following the authorization server's revocation feed beside the answering of Checks.

Knows that both last as long; what is read there is for `stores.revocations`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from structlog.typing import FilteringBoundLogger

from authz.inward import inward
from authz.settings import RevocationSettings
from authz.uses import Usage
from stores.revocations.follower import Feed, Follower


@asynccontextmanager
async def following(
    settings: RevocationSettings, log: FilteringBoundLogger, usage: Usage | None = None
) -> AsyncIterator[Follower]:
    """A follower that runs while the block lasts; what is known of `usage` is told to whoever has the feed."""
    async with inward(settings.feed, settings.secret) as oauth:
        follower = Follower(Feed(oauth.get), settings.file, log, max_age_s=settings.max_age_s)
        follower.restore()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(follower.run())
            try:
                async with usage.delivering(oauth) if usage else nullcontext():
                    yield follower
            finally:
                running.cancel()


async def known_or_stopped(follower: Follower, stop: asyncio.Event) -> None:
    """Wait until there is something to lean on, or no need of it."""
    waits = [asyncio.ensure_future(follower.known()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
