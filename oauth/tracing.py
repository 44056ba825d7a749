"""A span for each request to the authorization server, with nothing that was sent; imported only if traces are on."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from opentelemetry.trace import Tracer

from contract import spans
from contract.headers import REQUEST_ID
from infra.process.spans import mark_failed, server_span
from oauth.endpoints.request_log import endpoint_name

_OUR_FAULT = 500


def trace_requests(tracer: Tracer, name: str | None = None) -> Middleware:
    """Spans named by endpoint, or all by one name, of requests that the edge has begun a trace for."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        operation = name or endpoint_name(request)
        with server_span(tracer, operation, request.headers) as span:
            span.set_attribute(spans.METHOD, request.method)
            span.set_attribute(spans.OPERATION, operation)
            if REQUEST_ID.name in request.headers:
                span.set_attribute(spans.REQUEST_ID, request.headers[REQUEST_ID.name])
            response = await handler(request)
            span.set_attribute(spans.STATUS, response.status)
            if response.status >= _OUR_FAULT:
                mark_failed(span, str(response.status))
            return response

    return answer
