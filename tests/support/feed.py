"""A revocation feed to follow: the authorization server's own, in this process, over a database of its own."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from infra.process.shared_secret import SharedSecret
from infra.stores.revocations.events import EventKind
from oauth.endpoints.internal_api import build_internal_api
from oauth.store import revocations
from oauth.store.database import Database, database_url
from oauth.store.revocations import NewEntry
from oauth.store.schema import migrate


@dataclass(frozen=True)
class FeedProcess:
    """The log behind a feed."""

    database: Database

    async def tell(self, kind: EventKind, target: str, value: str | None = None, **more: Any) -> int:
        """Append one event; returns its number."""
        note = NewEntry(kind, target, "a test", value, **more)
        async with self.database.write() as connection:
            return await revocations.append(connection, [note], now_s=int(time.time()))


def feed_socket(folder: Path) -> Path:
    """Where the feed of that folder listens."""
    return folder / "oauth-in.sock"


@asynccontextmanager
async def serving_feed(
    folder: Path,
    log: Any = None,
    *,
    database: str = "oauth.db",
    url: str = "",
    secret: SharedSecret | None = None,
    port: int = 0,
    **options: Any,
) -> AsyncIterator[FeedProcess]:
    """The feed while the block lasts, at its socket or at a port; the log stays in the folder, or at a URL."""
    async with Database(database_url(url or f"sqlite:///{folder}/{database}")) as opened:
        await migrate(opened)
        runner = web.AppRunner(
            build_internal_api(opened, secret, log or structlog.get_logger(), **options), shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            path = str(feed_socket(folder))
            await (web.TCPSite(runner, "127.0.0.1", port) if port else web.UnixSite(runner, path)).start()
            yield FeedProcess(opened)
        finally:
            await runner.cleanup()
