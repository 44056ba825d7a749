"""The application: every part built here and handed down. It must not know the environment."""

from collections.abc import AsyncIterator, Callable
from functools import partial

import sqlalchemy as sa
from aiohttp import web

from sandbox.database import Database
from sandbox.dedupe import Running
from sandbox.directory import Directory
from sandbox.faults import Faults
from sandbox.handlers import DATABASE, HANDLERS, clear_fault, healthz, outcome, profile, set_fault
from sandbox.pipeline import BUSINESSES_PATH, FAULTS, PHASES, RUNNING
from sandbox.postgresql import PostgreSql
from sandbox.seed import prepare
from sandbox.sqlite import Sqlite
from sandbox.tables import TABLES

BODY_MAX_BYTES = 8 * 1024 * 1024
BASE = BUSINESSES_PATH + "{business_id:[0-9]{1,18}}"


def build(url: sa.URL, directory: Directory) -> web.Application:
    """The sandbox over that database, seeded from that directory when it starts."""
    app = web.Application(middlewares=PHASES, client_max_size=BODY_MAX_BYTES)
    app[RUNNING], app[FAULTS] = Running(), Faults()
    app.cleanup_ctx.append(_database(url, directory))
    for table in TABLES.values():
        for verb, (method, path, handler) in HANDLERS.items():
            if verb in table.resource.verbs:
                app.router.add_route(method, f"{BASE}/{table.resource.path}{path}", partial(handler, table=table))
    app.router.add_get(f"{BASE}/profile", profile)
    app.router.add_get(f"{BASE}/dedupe/{{key}}", outcome)
    app.router.add_put("/faults", set_fault)
    app.router.add_delete("/faults", clear_fault)
    app.router.add_get("/healthz", healthz)
    return app


def open_database(url: sa.URL) -> Database:
    """The database at that address; nothing is connected before it is used."""
    return Sqlite(url) if url.get_backend_name() == "sqlite" else PostgreSql(url)


def _database(url: sa.URL, directory: Directory) -> Callable[[web.Application], AsyncIterator[None]]:
    async def opened(app: web.Application) -> AsyncIterator[None]:
        app[DATABASE] = open_database(url)
        await prepare(app[DATABASE], directory)
        yield
        await app[DATABASE].close()

    return opened
