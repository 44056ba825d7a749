"""The transcoder's composition root: everything is built here and handed down; importing does nothing."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from contract import headers
from contract.ids import CODECS
from contract.operations import HEALTH_PATH, READINESS_PATH
from contract.resources import RESOURCES
from httpserver.connection import Answering
from httpserver.messages import Request, Response
from process.logs import Say
from stores.clients import pipelined
from stores.idempotency import ValkeyIdempotency
from stores.receipts import Outbox, ValkeyReceipts
from transcoder.administration import ADMINISTERED, Administration
from transcoder.around import around
from transcoder.credentials import Credentials
from transcoder.documents import Documents, document_at, names_html, sources
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


@asynccontextmanager
async def built(
    settings: Settings, log: FilteringBoundLogger, say: Say, registry: CollectorRegistry, tracer: "Tracer | None" = None
) -> AsyncIterator[Answering]:
    """What answers requests, each of which it says; its connections are opened with it and closed with it."""
    traced = around(tracer)
    tally = Tally(registry)
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
    pipeline = Pipeline(desk, codec, once, outbox, log, tally, traced.note, say)
    documents = Documents(sources(settings.look, settings.api_url, settings.auth_url), log)
    try:
        async with outbox.delivering():
            yield traced.serving(_answering(pipeline, documents))
    finally:
        for opened in (upstream, keeper, claims, kept):
            await opened.close()


def _answering(pipeline: Pipeline, documents: Documents) -> Answering:
    # The edge has matched the path and named the operation in a header: there is nothing left to route but documents.
    def answer(request: Request) -> Awaitable[Response]:
        return pipeline.answer(request) if _OPERATION in request.headers else unrouted(request)

    async def unrouted(request: Request) -> Response:
        if request.path in _PROBES:
            return _ALIVE
        if document := document_at(request.path):
            return documents.answer(document, request)
        return documents.nothing_here(request) if names_html(request) else await pipeline.answer(request)

    return answer


_OPERATION = headers.OPERATION.name
_ALIVE = Response(200, {headers.CONTENT_TYPE.title: "application/json; charset=utf-8"}, b'{"status": "ok"}')
_PROBES = (HEALTH_PATH, READINESS_PATH)
