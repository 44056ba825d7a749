"""The transcoder's composition root: everything is built here and handed down; importing does nothing."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from contract import headers
from contract.ids import CODECS
from contract.operations import HEALTH_PATH, READINESS_PATH
from contract.problems import UPSTREAM_UNAVAILABLE, render
from contract.resources import RESOURCES
from contract.size_and_time_limits import PROBLEM_MEDIA_TYPE
from infra.process.logs import LogLine
from infra.stores.connect import pipelined_client
from infra.stores.idempotency import ValkeyIdempotency
from infra.stores.receipts import ReceiptQueue, ValkeyReceipts
from transcoder.backend.credentials import Credentials
from transcoder.backend.router import BackendRouter
from transcoder.backend.upstream import connect_once, http_upstream
from transcoder.documents.server import Documents, accepts_html, document_for_path, load_sources
from transcoder.http.messages import Request, RequestHandler, Response
from transcoder.http.request_reader import trace_id
from transcoder.metrics import TranscoderMetrics, register_state
from transcoder.oauth_backend import ADMINISTERED, OAuthBackend
from transcoder.operations.context import HandlerContext
from transcoder.operations.idempotency import IdempotentRunner
from transcoder.pipeline import Pipeline
from transcoder.presentation.invalid_record_log import InvalidRecordLog
from transcoder.presentation.to_public import Presenters
from transcoder.readiness import Readiness
from transcoder.settings import Settings
from transcoder.tracing_hooks import tracing_hooks
from transcoder.validation.declarations import check_declarations

if TYPE_CHECKING:  # what is off costs no import
    from opentelemetry.trace import Tracer


@asynccontextmanager
async def build(
    settings: Settings,
    log: FilteringBoundLogger,
    say: LogLine,
    registry: CollectorRegistry,
    tracer: "Tracer | None" = None,
) -> AsyncIterator[RequestHandler]:
    """What answers requests, each of which it says; its connections are opened with it and closed with it.

    Raises DeclarationError when a resource cannot be served as it is declared.
    """
    check_declarations(RESOURCES)
    traced = tracing_hooks(tracer)
    tally = TranscoderMetrics(registry)
    shown = settings.credentials.open(log)
    upstream = http_upstream(settings.internal_url, shown, tally)
    readiness = Readiness(partial(connect_once, settings.internal_url, shown), log)
    # A connection each: a batch of receipts takes longer than a claim, which would wait behind it.
    claims, kept = (pipelined_client(settings.valkey_url, timeout_s=settings.store_timeout_s) for _ in range(2))
    store = traced.wrap_store(ValkeyIdempotency(claims))
    receipts = ValkeyReceipts(kept)
    outbox = ReceiptQueue(receipts, log)
    register_state(registry, outbox)
    keeper = http_upstream(settings.oauth.url, Credentials().open(log), tally)
    main = settings.connect(traced.wrap_upstream(upstream, "internal"))
    own = traced.wrap_upstream(keeper, "oauth")
    administration = OAuthBackend(own, settings.oauth.secret, main.capabilities.ids)
    records = BackendRouter(main, dict.fromkeys(ADMINISTERED, administration))
    codec = CODECS[records.capabilities.ids](settings.id_key)
    faults = InvalidRecordLog(log, tally)
    desk = HandlerContext(
        records=records,
        requests=store,
        receipts=receipts,
        presenters=Presenters(RESOURCES, codec, settings.invalid_values, faults.note_nulled),
        cursor_keys=settings.cursor_keys,
        api_url=settings.api_url,
        faults=faults,
    )
    once = IdempotentRunner(store, records.capabilities_for, settings.cursor_keys, log, tally)
    pipeline = Pipeline(desk, codec, once, outbox, log, tally, traced.on_request, say)
    documents = Documents(load_sources(settings.branding, settings.api_url, settings.auth_url), log)
    try:
        async with outbox.deliver_in_background(), readiness.connect_in_background():
            yield traced.wrap_server(_handler(pipeline, documents, readiness, settings.api_url))
    finally:
        for opened in (upstream, keeper, claims, kept):
            await opened.close()


def _handler(pipeline: Pipeline, documents: Documents, readiness: Readiness, api_url: str) -> RequestHandler:
    # The edge has matched the path and named the operation in a header: there is nothing left to route but documents.
    def answer(request: Request) -> Awaitable[Response]:
        return pipeline.answer(request) if _OPERATION in request.headers else unrouted(request)

    async def unrouted(request: Request) -> Response:
        if request.path == HEALTH_PATH or (request.path == READINESS_PATH and readiness.is_ready):
            return _ALIVE
        if request.path == READINESS_PATH:
            return _not_ready(request, api_url)
        if document := document_for_path(request.path):
            return documents.answer(document, request)
        return documents.nothing_here(request) if accepts_html(request) else await pipeline.answer(request)

    return answer


def _not_ready(request: Request, api_url: str) -> Response:
    problem, members = UPSTREAM_UNAVAILABLE, {"detail": _NOT_READY, "with_instance": False}
    body = render(problem, api_url=api_url, trace_id=trace_id(request), **members)
    told = {headers.CONTENT_TYPE.title: PROBLEM_MEDIA_TYPE, headers.RETRY_AFTER: str(problem.retry_after_s)}
    return Response(problem.status, told, body)


_OPERATION = headers.OPERATION.name
_ALIVE = Response(200, {headers.CONTENT_TYPE.title: "application/json; charset=utf-8"}, b'{"status": "ok"}')
_NOT_READY = "The gateway is starting: it has not yet reached the service behind it."
