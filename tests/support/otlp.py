"""A collector: takes spans over OTLP/gRPC as any would, and keeps them."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

KINDS = {1: "internal", 2: "server", 3: "client"}


@dataclass(frozen=True)
class Span:
    """What was told of one; `parent` is empty for the first of a trace."""

    service: str
    name: str
    kind: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    failed: bool
    sent: Sent = field(repr=False, compare=False)


class Collector(TraceServiceServicer):
    """Keeps all spans; while `hangs` is set it takes calls and answers none."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Span] = []
        self.answers = threading.Event()
        self.answers.set()

    def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:  # noqa: N802
        self.answers.wait()
        for resource in request.resource_spans:
            service = _attributes(resource.resource.attributes)["service.name"]
            self.spans += [_span(service, span) for scope in resource.scope_spans for span in scope.spans]
        return ExportTraceServiceResponse()

    def of(self, request_id: str) -> list[Span]:
        """All spans of the trace that a request began, by the id that its answer has."""
        traces = {span.trace for span in self.spans if span.attributes.get("gateway.request_id") == request_id}
        return [span for span in self.spans if span.trace in traces]


def _span(service: str, sent: Sent) -> Span:
    return Span(
        service,
        sent.name,
        KINDS[sent.kind],
        sent.trace_id.hex(),
        sent.span_id.hex(),
        sent.parent_span_id.hex(),
        _attributes(sent.attributes),
        sent.status.code == 2,
        sent,
    )


def _attributes(given: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in given}


def _value(value: AnyValue) -> Any:
    return getattr(value, value.WhichOneof("value") or "string_value")


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of its own."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    add_TraceServiceServicer_to_server(collector, server)
    collector.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        collector.answers.set()
        server.stop(None).wait()
