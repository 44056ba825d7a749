"""What the transcoder counts: requests by operation, what became of keyed ones, and the calls that it makes inwards.

Knows names and labels of metrics; a label is an operation, a class of statuses or a word of this file, never what a
caller sent.
"""

from prometheus_client import CollectorRegistry

from contract.problems import UPSTREAM_INVALID, UPSTREAM_TIMEOUT, UPSTREAM_UNAVAILABLE
from contract.resources import RESOURCES
from infra.process.metrics import LabelledCounter, LabelledHistogram, observe_counter, observe_gauge
from infra.stores.receipts import ReceiptQueue

_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""The promise is kept or not at 0.25; 10 s is when a request ends."""
NO_OPERATION = ""
CLAIMS = ("first", "again", "replay", "in-flight", "other-request", "lost")
CANCELLED = "cancelled"
CALLS = (
    "2xx",
    "3xx",
    "4xx",
    "5xx",
    CANCELLED,
    *(row.code for row in (UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT, UPSTREAM_INVALID)),
)


class TranscoderMetrics:
    """Counts, in a registry of its own unless one is given."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = CollectorRegistry() if registry is None else registry
        self._requests = LabelledCounter(
            registry, "transcoder_requests", "Answered requests.", "operation", "status_class"
        )
        self._took = LabelledHistogram(
            registry,
            "transcoder_request_duration_seconds",
            "How long an answer took.",
            "operation",
            bounds_s=_BUCKETS_S,
        )
        self.in_flight = 0
        observe_gauge(registry, "transcoder_requests_in_flight", "Requests not yet answered.", lambda: self.in_flight)
        self._claims = LabelledCounter(
            registry, "transcoder_idempotency", "Claims of idempotency keys by outcome.", "outcome"
        )
        self._calls = LabelledCounter(
            registry,
            "transcoder_upstream_calls",
            "Calls of internal services: their status class, or why there was no answer.",
            "outcome",
        )
        self._nulls = LabelledCounter(
            registry,
            "transcoder_invalid_values",
            "Values of internal services that the contract excludes and that were shown as null.",
            "resource",
            "member",
        )
        self._left_out = LabelledCounter(
            registry,
            "transcoder_records_left_out",
            "Records that pages were told without, since they could not be read or the contract excludes them.",
            "resource",
        )
        for resource in RESOURCES:
            self._left_out.begin(resource.name)
            for row in resource.fields:
                self._nulls.begin(resource.name, row.name)
        for counts, outcomes in ((self._claims, CLAIMS), (self._calls, CALLS)):
            for outcome in outcomes:
                counts.begin(outcome)
        self._waited = LabelledHistogram(
            registry,
            "transcoder_upstream_duration_seconds",
            "How long a call of an internal service took.",
            bounds_s=_BUCKETS_S,
        )

    def record_request(self, operation: str, status: int, took_s: float) -> None:
        """A request of that operation; of none, if the edge named none that we know."""
        self._requests.add(operation, status_class(status))
        self._took.add(took_s, operation)

    def record_claim(self, outcome: str) -> None:
        """An idempotency key was claimed, with one of the outcomes of `CLAIMS`."""
        self._claims.add(outcome)

    def record_nulled_value(self, resource: str, member: str) -> None:
        """A value that the contract excludes was shown as null."""
        self._nulls.add(resource, member)

    def record_omitted(self, resource: str, count: int) -> None:
        """A page was told without so many records."""
        self._left_out.add(resource, count=count)

    def record_call(self, outcome: str, took_s: float) -> None:
        """A call inwards has ended, with one of the outcomes of `CALLS`."""
        self._calls.add(outcome)
        self._waited.add(took_s)


_STATUS_CLASSES = tuple(f"{hundreds}xx" for hundreds in range(10))


def status_class(status: int) -> str:
    """`2xx` of 201."""
    return _STATUS_CLASSES[status // 100]


def register_state(registry: CollectorRegistry, outbox: ReceiptQueue) -> None:
    """Show what it keeps anyway."""
    observe_counter(
        registry, "transcoder_receipts_dropped", "Receipts that never reached the store.", lambda: outbox.dropped
    )
