"""Spans, where a collector is named: how they begin, and how they are told without anyone waiting for it.

Imported only then. Spans hold words of our tables, numbers and neutral ids; never a path, a query, a header or the text
of an exception. Knows no service.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    format_trace_id,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import EventDict, WrappedLogger

from infra.process.traceparent import W3C_TRACE_ID

MAX_QUEUED = 4_096
"""Spans that wait to be told, some 2 KB each; those that come then are dropped."""
EXPORT_EVERY_S = 1.0
EXPORT_TIMEOUT_S = 3.0
CLOSE_WITHIN_S = 2.0
"""What a process may spend on its last spans, once it has answered its last request."""
_BATCH = 512
_W3C = TraceContextTextMapPropagator()
_ERROR = "error.type"


class SpanExport:
    """A process's spans on their way: a bounded queue, and a thread of its own that nobody waits for."""

    def __init__(self, service: str, collector: str) -> None:
        self._exporter = _Counting(OTLPSpanExporter(collector, insecure=True, timeout=EXPORT_TIMEOUT_S))
        self._queue = _Bounded(self._exporter)
        resource = Resource({"service.name": service, "process.pid": os.getpid()})
        # Only the edge begins a trace, and says whether it is recorded: what comes without one is nobody's.
        self._provider = TracerProvider(ParentBased(ALWAYS_OFF), resource, shutdown_on_exit=False)
        self._provider.add_span_processor(self._queue)
        self.tracer: Tracer = self._provider.get_tracer("gateway")

    @property
    def dropped(self) -> int:
        """Spans that were not told: there was no room for them, or no collector."""
        return self._queue.refused + self._exporter.lost

    def close(self) -> None:
        """Tell what waits, within `CLOSE_WITHIN_S`; a call that hangs is cut off."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(CLOSE_WITHIN_S)
        if last.is_alive():
            self._exporter.shutdown()
            last.join(CLOSE_WITHIN_S)


class _Counting(SpanExporter):
    """Counts what left the queue, and what of it never arrived. Runs in the queue's thread alone."""

    def __init__(self, inner: OTLPSpanExporter) -> None:
        self._inner = inner
        self._closed = False
        self.taken = 0
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `SpanExporter`."""
        self.taken += len(spans)
        result = self._inner.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.lost += len(spans)
        return result

    def shutdown(self) -> None:
        """Cut off what is under way."""
        if not self._closed:
            self._closed = True
            self._inner.shutdown()


class _Bounded(BatchSpanProcessor):
    """Takes spans while there is room, and counts those that it does not take."""

    def __init__(self, exporter: _Counting) -> None:
        super().__init__(exporter, MAX_QUEUED, EXPORT_EVERY_S * 1000, _BATCH)
        self._exporter = exporter
        self._given = 0
        self.refused = 0

    def on_end(self, span: ReadableSpan) -> None:
        """See `SpanProcessor`."""
        if self._given - self._exporter.taken >= MAX_QUEUED:
            self.refused += 1
            return
        self._given += 1
        super().on_end(span)


def server_span(tracer: Tracer, name: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
    """The span of a request that came with these headers, as a part of the trace that they name; without one, none."""
    parent = _W3C.extract(headers, Context())
    if not get_current_span(parent).get_span_context().is_valid:
        return nullcontext(INVALID_SPAN)
    return tracer.start_as_current_span(
        name, parent, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
    )


def client_span(tracer: Tracer, name: str) -> AbstractContextManager[Span]:
    """The span of a question to somebody else, as a part of what is under way here."""
    return tracer.start_as_current_span(
        name, kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
    )


@contextmanager
def store_span(tracer: Tracer, name: str) -> Iterator[Span]:
    """The span of a wait for Valkey, which speaks Redis' protocol; whatever ends it badly is of its kind."""
    with client_span(tracer, name) as span:
        span.set_attribute("db.system.name", "redis")
        try:
            yield span
        except Exception as error:
            mark_failed(span, type(error).__name__)
            raise


def propagation_headers() -> dict[str, str]:
    """The headers by which whoever is asked joins the trace."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


def mark_failed(span: Span, why: str) -> None:
    """It came to nothing; `why` is a word of a table."""
    span.set_attribute(_ERROR, why)
    span.set_status(StatusCode.ERROR)


def with_trace_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A processor of logs: the trace that the line belongs to, as W3C spells it."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        event[W3C_TRACE_ID] = format_trace_id(context.trace_id)
    return event
