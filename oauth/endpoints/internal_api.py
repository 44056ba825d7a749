"""The internal listener: what our own services ask the authorization server: the revocation feed, administration.

The edge has no route to it. Who may ask: whoever can open its UNIX socket, or shows the shared secret where it listens
on a network.
"""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from structlog.typing import FilteringBoundLogger

from contract.operations import HEALTH_PATH
from contract.size_and_time_limits import JSON_MEDIA_TYPE
from infra.process.shared_secret import SharedSecret
from infra.stores.revocations.events import AFTER, FEED_PATH, WAIT, EventPage, encode_page, parse_position
from oauth.administration import internal_api as administration
from oauth.dependencies import Dependencies
from oauth.jobs.log_watch import LogWatch
from oauth.store import revocations
from oauth.store.database import Database, DatabaseUnavailable

MAX_WAIT_S = 30.0


def build_internal_api(
    database: Database,
    secret: SharedSecret | None,
    log: FilteringBoundLogger,
    *,
    desk: Dependencies | None = None,
    events_a_page: int = revocations.PAGE,
) -> web.Application:
    """The application. Without a `secret` whoever reaches it is one of us; without a `desk` it is the feed alone."""
    watch = LogWatch(database, log)

    async def read(after: str) -> EventPage:
        async with database.read() as connection:
            return await revocations.page(connection, after, limit=events_a_page)

    async def feed(request: web.Request) -> web.Response:
        try:
            after, wait_s = request.query.get(AFTER, ""), _wait_s(request.query.get(WAIT, "0"))
            number, _ = parse_position(after)
            page = await read(after)
            if wait_s > 0 and page.at_head and not page.events:
                await watch.wait_for_growth(number, wait_s)
                page = await read(after)
        except ValueError as fault:
            return web.Response(status=400, text=f"{fault}\n")
        except DatabaseUnavailable as error:
            log.error("feed refused", cause=str(error))
            return web.Response(status=503, text="The revocation log cannot be read.\n")
        return web.Response(body=encode_page(page), content_type=JSON_MEDIA_TYPE)

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def watching(_: web.Application) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(watch.run())
            yield
            looking.cancel()

    async def release(_: web.Application) -> None:
        await watch.release()

    app = web.Application(middlewares=[_shown(secret)] if secret else [])
    app.router.add_get(FEED_PATH, feed)
    app.router.add_get(HEALTH_PATH, health)
    if desk is not None:
        administration.add_routes(app.router, desk)
    app.cleanup_ctx.append(watching)
    app.on_shutdown.append(release)
    return app


def _wait_s(text: str) -> float:
    wait_s = float(text)
    if not 0 <= wait_s <= MAX_WAIT_S:
        raise ValueError(f"{WAIT} is from 0 to {MAX_WAIT_S:.0f}")
    return wait_s


def _shown(secret: SharedSecret) -> Middleware:
    @web.middleware
    async def shown(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not secret.accepts(request.headers.get("Authorization", "")):
            return web.Response(status=401, text="The shared secret is asked for.\n")
        return await handler(request)

    return shown
