"""Spans around a request, its calls inwards and its waits for the store. Imported only where traces are on.

Knows what a span may hold: words of our tables, statuses and the business. The path of a call inwards holds ids, so
that it is named by who is called.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from opentelemetry.trace import Span, Tracer, get_current_span

from contract import spans
from contract.headers import OPERATION, REQUEST_ID
from contract.operations import BY_ID
from contract.vocabulary import Json, TenantId
from infra.process.spans import client_span, mark_failed, propagation_headers, server_span, store_span
from infra.stores.idempotency import Claim, Idempotency, KeyUse, PastUse
from transcoder.backend.upstream import Reply, Upstream
from transcoder.documents.server import document_for_path
from transcoder.http.messages import Request, RequestHandler, Response
from transcoder.operations.idempotency import outcome_of
from transcoder.presentation.errors import ApiError

_OUR_FAULT = 500


def traced_server(tracer: Tracer, handler: RequestHandler) -> RequestHandler:
    """A span for each request that the edge has begun a trace for."""

    async def answer(request: Request) -> Response:
        operation = request.headers.get(OPERATION.name, "")
        with server_span(
            tracer, operation or f"{request.method} {_route(request, operation)}", request.headers
        ) as span:
            if not span.is_recording():
                return await handler(request)
            _say_what_is_asked(span, request, operation)
            response = await handler(request)
            span.set_attribute(spans.STATUS, response.status)
            if response.status >= _OUR_FAULT:
                mark_failed(span, str(response.status))
            return response

    return answer


def _say_what_is_asked(span: Span, request: Request, operation: str) -> None:
    span.set_attribute(spans.METHOD, request.method)
    span.set_attribute(spans.REQUEST_ID, request.headers.get(REQUEST_ID.name, ""))
    if operation:
        span.set_attribute(spans.OPERATION, operation)
    span.set_attribute("http.route", _route(request, operation))


def _route(request: Request, operation: str) -> str:
    """The path as a table has it: an operation's, or a document's."""
    if operation in BY_ID:
        return BY_ID[operation].path
    document = document_for_path(request.path)
    return document.path if document else ""


def annotate_span(notes: Mapping[str, Json]) -> None:
    """What the request's line in the log says, in its span too: whose it was, and by which problem it was refused."""
    span = get_current_span()
    for attribute, member in ((spans.BUSINESS, "business"), (spans.PROBLEM, "code")):
        if member in notes:
            span.set_attribute(attribute, notes[member])


class TracedUpstream:
    """An `Upstream` whose calls are spans, by which the service that is called joins the trace."""

    def __init__(self, tracer: Tracer, inner: Upstream, called: str) -> None:
        self._tracer = tracer
        self._inner = inner
        self._called = called

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        deadline_s: float,
        deadline_header: str,
        writes: bool,
    ) -> Reply:
        """See `Upstream.send`."""
        with client_span(self._tracer, f"{self._called} {method}") as span:
            span.set_attribute(spans.METHOD, method)
            try:
                reply = await self._inner.send(
                    method,
                    path,
                    {**headers, **propagation_headers()},
                    body,
                    deadline_s=deadline_s,
                    deadline_header=deadline_header,
                    writes=writes,
                )
            except ApiError as error:
                mark_failed(span, error.problem.code)
                raise
            span.set_attribute(spans.STATUS, reply.status)
            if reply.status >= _OUR_FAULT:
                mark_failed(span, str(reply.status))
            return reply


class TracedIdempotency:
    """An `Idempotency` whose steps are spans."""

    def __init__(self, tracer: Tracer, inner: Idempotency) -> None:
        self._tracer = tracer
        self._inner = inner

    async def claim(self, tenant: TenantId, name: str, fingerprint: str, owner: str, use: KeyUse) -> Claim:
        """See `Idempotency`."""
        with _step(self._tracer, "claim") as span:
            claim = await self._inner.claim(tenant, name, fingerprint, owner, use)
            span.set_attribute(spans.IDEMPOTENCY, outcome_of(claim))
            return claim

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes, note: bytes) -> None:
        """See `Idempotency`."""
        with _step(self._tracer, "finish"):
            await self._inner.finish(tenant, name, owner, answer, note)

    async def uses(self, tenant: TenantId, key: str) -> list[PastUse]:
        """See `Idempotency`."""
        with _step(self._tracer, "uses"):
            return await self._inner.uses(tenant, key)

    async def release(self, tenant: TenantId, name: str, owner: str) -> None:
        """See `Idempotency`."""
        with _step(self._tracer, "release"):
            await self._inner.release(tenant, name, owner)


def _step(tracer: Tracer, step: str) -> AbstractContextManager[Span]:
    return store_span(tracer, f"idempotency.{step}")
