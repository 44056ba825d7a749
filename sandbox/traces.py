"""A span for each call that belongs to a trace, told where OTEL_EXPORTER_OTLP_ENDPOINT says; without it, nothing.

Owns its names. The SDK reads its settings from the environment by itself. It must not know what a call does.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TELL_EVERY_MS = 1000.0
TELL_WITHIN_S = 2.0


class Phase(Protocol):
    """A middleware."""

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer."""


def trace_of(request: web.Request) -> str | None:
    """The W3C id of the trace that a call belongs to."""
    parts = request.headers.get("traceparent", "").split("-")
    return parts[1] if len(parts) == 4 else None


def phases() -> tuple[Phase, ...]:
    """The one that makes spans, where they are wanted."""
    return (_tracing(),) if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") else ()


def _tracing() -> Phase:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    provider = TracerProvider(ParentBased(ALWAYS_OFF), Resource({"service.name": "sandbox"}))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(timeout=TELL_WITHIN_S), schedule_delay_millis=TELL_EVERY_MS)
    )
    tracer, context = provider.get_tracer("sandbox"), TraceContextTextMapPropagator()

    @web.middleware
    async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        route = resource.canonical if resource else ""
        name, parent = f"{request.method} {route}", context.extract(request.headers)
        with tracer.start_as_current_span(name, parent, SpanKind.SERVER) as span:
            response = await handler(request)
            span.set_attribute("http.request.method", request.method)
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", response.status)
            return response

    return traced
