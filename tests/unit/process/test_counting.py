"""Plain numbers are shown as prometheus-client shows its own."""

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest

from infra.process.metrics import LabelledCounter, LabelledHistogram

BOUNDS_S = (0.01, 0.25, 1.0)
TOOK_S = (0.0, 0.01, 0.010001, 0.2, 0.25, 7.0)
WORDS = [("get", "2xx"), ("list", "2xx"), ("get", "2xx"), ("get", "5xx")]


def both() -> tuple[CollectorRegistry, CollectorRegistry]:
    disable_created_metrics()  # type: ignore[no-untyped-call]
    return CollectorRegistry(), CollectorRegistry()


def test_counts() -> None:
    ours, theirs = both()
    counts = LabelledCounter(ours, "requests", "Answered.", "operation", "status")
    reference = Counter("requests", "Answered.", ("operation", "status"), registry=theirs)
    counts.begin("create", "2xx")
    reference.labels("create", "2xx")
    for words in WORDS:
        counts.add(*words)
        reference.labels(*words).inc()
    assert generate_latest(ours) == generate_latest(theirs)


def test_times_by_words() -> None:
    ours, theirs = both()
    times = LabelledHistogram(ours, "took", "How long.", "operation", bounds_s=BOUNDS_S)
    reference = Histogram("took", "How long.", ("operation",), buckets=BOUNDS_S, registry=theirs)
    for took_s, (operation, _) in zip(TOOK_S, WORDS * 2, strict=False):
        times.add(took_s, operation)
        reference.labels(operation).observe(took_s)
    assert generate_latest(ours) == generate_latest(theirs)


def test_times_without_words_are_there_before_the_first() -> None:
    ours, theirs = both()
    times = LabelledHistogram(ours, "took", "How long.", bounds_s=BOUNDS_S)
    reference = Histogram("took", "How long.", buckets=BOUNDS_S, registry=theirs)
    assert generate_latest(ours) == generate_latest(theirs)
    for took_s in TOOK_S:
        times.add(took_s)
        reference.observe(took_s)
    assert generate_latest(ours) == generate_latest(theirs)
