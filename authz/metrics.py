"""What authz counts: decisions by operation and rule, how long they took, and how it stands with what it leans on.

Knows names and labels of metrics; a label is a word of the contract's tables, never what a caller sent.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from math import inf

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from authz.limiter import Limiter
from contract.problems import INTERNAL_ERROR
from contract.rate_plans import DEFAULT_PLAN
from infra.process.metrics import observe_counter, observe_gauge
from infra.stores.receipts import ReceiptQueue
from infra.stores.revocations.follower import FeedFollower

_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.05)
"""A charge has 8 ms: what lies above has waited for the process itself."""
NO_RULE = ""
_NO_OPERATION = ""


class DecisionMetrics(Collector):
    """Counts decisions, in plain numbers; they become samples when somebody asks for them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._decisions: Counter[tuple[str, str]] = Counter()
        # Every plan has the same policies; a count that appears has not grown.
        self._throttled = Counter({policy.name: 0 for policy in DEFAULT_PLAN.policies})
        self._took = [0] * (len(_BUCKETS_S) + 1)
        self._took_s = 0.0
        registry.register(self)

    def record_decision(self, operation: str, rule: str, took_s: float) -> None:
        """A decision that took so long; without a rule it let through."""
        self._decisions[operation, rule] += 1
        self._took[bisect_left(_BUCKETS_S, took_s)] += 1
        self._took_s += took_s

    def record_failure(self) -> None:
        """There was no decision: the question was none of our edge's, or the fault is ours."""
        self._decisions[_NO_OPERATION, INTERNAL_ERROR.code] += 1

    def record_throttled(self, policy: str) -> None:
        """A call that this policy had no room for."""
        self._throttled[policy] += 1

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        decisions = CounterMetricFamily(
            "authz_decisions", "Decisions; `rule` is the problem of a denial.", labels=("operation", "decision", "rule")
        )
        for (operation, rule), count in self._decisions.items():
            decisions.add_metric((operation, "deny" if rule else "allow", rule), count)
        throttled = CounterMetricFamily("authz_throttled", "Calls that a policy had no room for.", labels=("policy",))
        for policy, count in self._throttled.items():
            throttled.add_metric((policy,), count)
        took = HistogramMetricFamily("authz_decision_duration_seconds", "How long a decision took.")
        ends = map(floatToGoString, (*_BUCKETS_S, inf))
        took.add_metric((), list(zip(ends, accumulate(self._took), strict=True)), self._took_s)
        return iter((decisions, throttled, took))


def register_state(registry: CollectorRegistry, limiter: Limiter, outbox: ReceiptQueue, follower: FeedFollower) -> None:
    """Show what these keep anyway."""
    observe_gauge(
        registry,
        "authz_limits_local",
        "1 while the process counts by itself, since Valkey is away (the breaker is open).",
        lambda: limiter.counts_locally,
    )
    observe_counter(
        registry,
        "authz_limits_local_charges",
        "Charges that this process counted by itself.",
        lambda: limiter.charged_alone,
    )
    observe_counter(
        registry, "authz_receipts_dropped", "Receipts that never reached the store.", lambda: outbox.dropped
    )
    observe_gauge(
        registry,
        "authz_revocation_feed_age_seconds",
        "How long ago what is revoked was known to be all; at rest up to 5.",
        lambda: follower.age_s,
    )
    observe_gauge(
        registry,
        "authz_revocation_entries",
        "What is revoked, suspended or on another plan.",
        lambda: len(follower.held),
    )
