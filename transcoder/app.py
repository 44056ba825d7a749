"""The transcoder's composition root: everything is built here and handed down; importing does nothing."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from contract.ids import CODECS
from contract.operations import HEALTH_PATH, READINESS_PATH
from contract.resources import RESOURCES
from stores.clients import pipelined
from stores.idempotency import ValkeyIdempotency
from stores.receipts import Outbox, ValkeyReceipts
from transcoder.administration import ADMINISTERED, Administration
from transcoder.around import around
from transcoder.credentials import Credentials
from transcoder.documents import Documents, sources
from transcoder.handlers.shared import Desk
from transcoder.idempotency import Once
from transcoder.metrics import Tally, watch
from transcoder.pipeline import Pipeline
from transcoder.settings import Settings
from transcoder.shelves import Shelves
from transcoder.to_public import Presenters
from transcoder.upstream import http_upstream

if TYPE_CHECKING:  # what is off costs no import
    from opentelemetry.trace import Tracer


def build(
    settings: Settings, log: FilteringBoundLogger, registry: CollectorRegistry, tracer: "Tracer | None" = None
) -> web.Application:
    """The application; its connections are opened with it and closed with it."""
    traced = around(tracer)
    app = web.Application(client_max_size=0, middlewares=traced.middlewares)
    tally = Tally(registry)

    async def connections(app: web.Application) -> AsyncIterator[None]:
        upstream = http_upstream(settings.internal_url, settings.credentials.opened(log), tally, settings.client)
        # A connection each: a batch of receipts takes longer than a claim, which would wait behind it.
        claims, kept = (pipelined(settings.valkey_url, timeout_s=settings.store_timeout_s) for _ in range(2))
        store = traced.store(ValkeyIdempotency(claims))
        receipts = ValkeyReceipts(kept)
        outbox = Outbox(receipts, log)
        watch(registry, outbox)
        keeper = http_upstream(settings.oauth.url, Credentials().opened(log), tally, settings.client)
        main = settings.connect(traced.upstream(upstream, "internal"))
        own = traced.upstream(keeper, "oauth")
        administration = Administration(own, settings.oauth.secret, main.capabilities.ids)
        records = Shelves(main, dict.fromkeys(ADMINISTERED, administration))
        codec = CODECS[records.capabilities.ids](settings.id_key)
        desk = Desk(
            records=records,
            requests=store,
            receipts=receipts,
            presenters=Presenters(RESOURCES, codec),
            cursor_keys=settings.cursor_keys,
            api_url=settings.api_url,
        )
        once = Once(store, records.capabilities, settings.cursor_keys, log, tally)
        app[PIPELINE] = Pipeline(desk, codec, once, outbox, log, tally, traced.note)
        async with outbox.delivering():
            yield
        await upstream.close()
        await keeper.close()
        await claims.close()
        await kept.close()

    app.cleanup_ctx.append(connections)
    app.router.add_get(HEALTH_PATH, _healthy)
    app.router.add_get(READINESS_PATH, _healthy)
    Documents(sources(settings.look, settings.api_url, settings.auth_url), log).add_routes(app.router)
    # The edge has matched the path and named the operation in a header: there is nothing left to route.
    app.router.add_route("*", r"/{path:[\s\S]*}", _answer)
    return app


PIPELINE = web.AppKey("PIPELINE", Pipeline)


async def _answer(request: web.Request) -> web.Response:
    return await request.app[PIPELINE].answer(request)


async def _healthy(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
