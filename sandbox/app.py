"""The application: every part built here and handed down. It must not know the environment."""

import asyncio
from collections.abc import AsyncIterator, Callable

import sqlalchemy as sa
from aiohttp import web

from sandbox import traces
from sandbox.database import Database
from sandbox.directory import Directory
from sandbox.faults import Faults
from sandbox.handlers import DATABASE, now_ms
from sandbox.idempotency import CallsInFlight
from sandbox.logs import LOG
from sandbox.pipeline import FAULTS, PHASES, RUNNING
from sandbox.postgresql import PostgreSql
from sandbox.purge import purge
from sandbox.routes import add_routes
from sandbox.seed import prepare
from sandbox.sqlite import Sqlite

BODY_MAX_BYTES = 8 * 1024 * 1024
PURGE_EVERY_S = 60.0


def build(url: sa.URL, directory: Directory) -> web.Application:
    """The sandbox over that database, seeded from that directory when it starts."""
    app = web.Application(middlewares=(*traces.phases(), *PHASES), client_max_size=BODY_MAX_BYTES)
    app[RUNNING], app[FAULTS] = CallsInFlight(), Faults()
    app.cleanup_ctx.append(_database(url, directory))
    add_routes(app.router)
    return app


def open_database(url: sa.URL) -> Database:
    """The database at that address; nothing is connected before it is used."""
    return Sqlite(url) if url.get_backend_name() == "sqlite" else PostgreSql(url)


def _database(url: sa.URL, directory: Directory) -> Callable[[web.Application], AsyncIterator[None]]:
    async def opened(app: web.Application) -> AsyncIterator[None]:
        app[DATABASE] = open_database(url)
        await prepare(app[DATABASE], directory)
        purging = asyncio.create_task(_purge_for_ever(app[DATABASE]))
        yield
        purging.cancel()
        await asyncio.gather(purging, return_exceptions=True)
        await app[DATABASE].close()

    return opened


async def _purge_for_ever(database: Database) -> None:
    while True:
        try:
            await purge(database, due_at_ms=now_ms(), now_ms=now_ms())
        except Exception:  # the next round may do better, and nobody waits for this one
            LOG.exception("purge")
        await asyncio.sleep(PURGE_EVERY_S)
