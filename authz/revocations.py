"""Following the authorization server's revocation feed beside the answering of Checks.

Knows where the feed is; what is read there is for `stores.revocations`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import aiohttp
from structlog.typing import FilteringBoundLogger

from authz.settings import RevocationSettings
from authz.uses import Usage
from process.address import Address, UnixAddress
from stores.revocations.follower import Feed, Follower


@asynccontextmanager
async def following(
    settings: RevocationSettings, log: FilteringBoundLogger, usage: Usage | None = None
) -> AsyncIterator[Follower]:
    """A follower that runs while the block lasts; what is known of `usage` is told to whoever has the feed."""
    connector, url = _way_to(settings.feed)
    shown = {"Authorization": settings.secret.shown} if settings.secret else {}
    async with aiohttp.ClientSession(connector=connector, headers=shown) as session:
        follower = Follower(Feed(session, url), settings.file, log, max_age_s=settings.max_age_s)
        follower.restore()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(follower.run())
            try:
                async with usage.delivering(session, url) if usage else nullcontext():
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


def _way_to(address: Address) -> tuple[aiohttp.BaseConnector, str]:
    if isinstance(address, UnixAddress):
        return aiohttp.UnixConnector(str(address.path)), "http://oauth"
    host = f"[{address.host}]" if ":" in address.host else address.host
    return aiohttp.TCPConnector(), f"http://{host}:{address.port}"
