"""Spans on their way to a collector: they arrive, and nobody waits for one that is away or hangs."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry

from infra.process.settings import SettingsError, SettingsReader
from infra.process.spans import MAX_QUEUED, SpanExport, client_span, propagation_headers, server_span
from infra.process.tracing import collector_url, tracing
from tests.repository.sources import ROOT
from tests.support.otlp import Collector, Span, collecting
from tests.support.waiting import until

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
RECORDED = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
NOT_RECORDED = {"traceparent": f"00-{TRACE}-{CALLER}-00"}
NOBODY = "http://127.0.0.1:9"
"""The port of `discard`, which nothing listens at."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@contextmanager
def telling(url: str) -> Iterator[SpanExport]:
    told = SpanExport("thing", url)
    try:
        yield told
    finally:
        told.close()


def named(collector: Collector, name: str) -> Span:
    [span] = [span for span in collector.spans if span.name == name]
    return span


def test_a_request_and_what_it_asks_are_parts_of_the_caller_s_trace(collector: Collector) -> None:
    with (
        telling(collector.url) as told,
        server_span(told.tracer, "contacts.get", RECORDED),
        client_span(told.tracer, "store"),
    ):
        sent = propagation_headers()
    served, asked = named(collector, "contacts.get"), named(collector, "store")
    assert (served.service, served.kind, served.trace, served.parent) == ("thing", "server", TRACE, CALLER)
    assert (asked.kind, asked.trace, asked.parent) == ("client", TRACE, served.id)
    assert sent == {"traceparent": f"00-{TRACE}-{asked.id}-01"}


@pytest.mark.parametrize("headers", [NOT_RECORDED, {}, {"traceparent": "00-nonsense"}])
def test_what_the_edge_does_not_record_nobody_records(collector: Collector, headers: dict[str, str]) -> None:
    with telling(collector.url) as told, server_span(told.tracer, "contacts.get", headers):
        pass
    assert collector.spans == []


def test_a_trace_that_is_not_recorded_goes_on_under_its_id(collector: Collector) -> None:
    with telling(collector.url) as told, server_span(told.tracer, "contacts.get", NOT_RECORDED):
        assert propagation_headers()["traceparent"].startswith(f"00-{TRACE}-")
        assert propagation_headers()["traceparent"].endswith("-00")


def test_an_exception_leaves_no_word_of_its_own_in_a_span(collector: Collector) -> None:
    with (
        telling(collector.url) as told,
        pytest.raises(ValueError, match="secret"),
        server_span(told.tracer, "contacts.get", RECORDED),
    ):
        raise ValueError("secret")
    assert b"secret" not in named(collector, "contacts.get").sent.SerializeToString()


def end_spans(told: SpanExport, count: int) -> None:
    for _ in range(count):
        with server_span(told.tracer, "contacts.get", RECORDED):
            pass


def test_without_a_collector_every_span_is_dropped_and_counted() -> None:
    with telling(NOBODY) as told:
        end_spans(told, 100)
    assert told.dropped == 100


def test_a_collector_that_hangs_holds_up_nothing_and_what_it_misses_is_counted(collector: Collector) -> None:
    collector.answers.clear()
    with telling(collector.url) as told:
        end_spans(told, 3 * MAX_QUEUED)
        assert told.dropped >= MAX_QUEUED  # the queue is full, and nobody has waited
    assert told.dropped == 3 * MAX_QUEUED


async def test_a_collector_that_is_back_is_told_again(collector: Collector) -> None:
    collector.answers.clear()
    with telling(collector.url) as told:
        end_spans(told, 1)
        await until(lambda: told.dropped == 1, "the call to be given up", within_s=20)
        collector.answers.set()
        collector.spans.clear()
        with server_span(told.tracer, "contacts.list", RECORDED):
            pass
        await until(lambda: any(span.name == "contacts.list" for span in collector.spans), "the span", within_s=20)
    assert told.dropped == 1


def test_a_process_ends_although_its_collector_hangs(collector: Collector) -> None:
    collector.answers.clear()
    code = (
        "import sys; from infra.process.spans import SpanExport, server_span; told = SpanExport('thing', sys.argv[1])\n"
        f"with server_span(told.tracer, 'contacts.get', {RECORDED}): pass\n"
        "told.close(); print(told.dropped)"
    )
    command = [sys.executable, "-c", code, collector.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.endswith("1\n")


def test_without_the_setting_there_is_no_tracer() -> None:
    with tracing("thing", None, CollectorRegistry()) as tracer:
        assert tracer is None


def test_without_the_setting_nothing_of_it_is_imported() -> None:
    ours = "opentelemetry", "infra.process.spans"
    rooms = "authz.app, transcoder.app, oauth.app, sandbox.app"
    code = f"import sys, {rooms}; print([name for name in sys.modules if name.startswith({ours})])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "text", ["collector:4317", "https://collector:4317", "http://collector", "http://c:1/v1/traces"]
)
def test_what_is_no_address_of_a_collector_is_told_at_the_start(text: str) -> None:
    reader = SettingsReader({"OTEL_EXPORTER_OTLP_ENDPOINT": text})
    collector_url(reader)
    with pytest.raises(SettingsError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT=.*expected http://host:port"):
        reader.finish()
