"""Following the authorization server's revocation feed beside the answering of Checks.

Knows that both last as long; what is read there is for `infra.stores.revocations`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from structlog.typing import FilteringBoundLogger

from authz.oauth_client import open_oauth_client
from authz.settings import RevocationSettings
from authz.token_usage import TokenUsage
from infra.stores.revocations.follower import Feed, FeedFollower


@asynccontextmanager
async def follow_revocations(
    settings: RevocationSettings, log: FilteringBoundLogger, usage: TokenUsage | None = None
) -> AsyncIterator[FeedFollower]:
    """A follower that runs while the block lasts; what is known of `usage` is told to whoever has the feed."""
    async with open_oauth_client(settings.feed, settings.secret) as oauth:
        follower = FeedFollower(Feed(oauth.get), settings.file, log, max_age_s=settings.max_age_s)
        follower.restore()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(follower.run())
            try:
                async with usage.send_periodically(oauth) if usage else nullcontext():
                    yield follower
            finally:
                running.cancel()


async def wait_for_snapshot(follower: FeedFollower, stop: asyncio.Event) -> None:
    """Wait until there is something to lean on, or no need of it."""
    waits = [asyncio.ensure_future(follower.wait_until_known()), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
