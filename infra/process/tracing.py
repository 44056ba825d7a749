"""Traces of a process (OpenTelemetry): told to the collector that a setting names. Without one, not even imported.

Owns the setting, and how long telling may take; `spans` has the words. Knows no service and no operation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from structlog.typing import Processor

from infra.process.metrics import observe_counter
from infra.process.settings import SettingsReader

if TYPE_CHECKING:  # what is off costs no import
    from opentelemetry.trace import Tracer

_SETTING = "OTEL_EXPORTER_OTLP_ENDPOINT"
_EXPECTED = "http://host:port, where a collector takes OTLP over gRPC; without it nothing is traced"


def collector_url(reader: SettingsReader) -> str | None:
    """Where spans are told; None: nowhere."""
    return reader.optional(_SETTING, _plain_url, _EXPECTED)


def _plain_url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme != "http" or not url.hostname or not url.port or url.path.strip("/") or url.query:
        raise ValueError("not http://host:port")
    return f"http://{url.netloc}"


def log_processors(collector: str | None) -> tuple[Processor, ...]:
    """What `make_logger` is to add to each line: the trace that it belongs to."""
    if collector is None:
        return ()
    from infra.process.spans import with_trace_id

    return (with_trace_id,)


@contextmanager
def tracing(service: str, collector: str | None, registry: CollectorRegistry) -> "Iterator[Tracer | None]":
    """What makes spans while the block lasts; None without a collector. Those that never got there are counted."""
    name, about = f"{service}_spans_dropped", "Spans that never reached the collector."
    if collector is None:
        observe_counter(registry, name, about, lambda: 0)
        yield None
        return
    from infra.process.spans import SpanExport

    telling = SpanExport(service, collector)
    observe_counter(registry, name, about, lambda: telling.dropped)
    try:
        yield telling.tracer
    finally:
        telling.close()
