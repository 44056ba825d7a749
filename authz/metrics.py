"""What authz counts: decisions by operation and rule, how long they took, and how it stands with what it leans on.

Knows names and labels of metrics; a label is a word of the contract's tables, never what a caller sent.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram

from authz.limiter import Limiter
from contract.limits import DEFAULT_PLAN
from contract.problems import INTERNAL_ERROR
from process.metrics import watch_count, watch_level
from stores.receipts import Outbox
from stores.revocations.follower import Follower

_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.05)
"""A charge has 8 ms: what lies above has waited for the process itself."""
NO_RULE = ""
_NO_OPERATION = ""


class Tally:
    """Counts decisions. Labels are looked up once: what is asked again and again costs a dict's look-up."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._decisions = Counter(
            "authz_decisions",
            "Decisions; `rule` is the problem of a denial.",
            ("operation", "decision", "rule"),
            registry=registry,
        )
        self._throttled = Counter(
            "authz_throttled", "Calls that a policy had no room for.", ("policy",), registry=registry
        )
        for policy in DEFAULT_PLAN.policies:  # every plan has the same; a count that appears has not grown
            self._throttled.labels(policy.name)
        self._took = Histogram(
            "authz_decision_duration_seconds", "How long a decision took.", buckets=_BUCKETS_S, registry=registry
        )
        self._known: dict[tuple[str, str], Counter] = {}

    def decided(self, operation: str, rule: str, took_s: float) -> None:
        """A decision that took so long; without a rule it let through."""
        counter = self._known.get((operation, rule))
        if counter is None:
            decision = "deny" if rule else "allow"
            counter = self._known[operation, rule] = self._decisions.labels(operation, decision, rule)
        counter.inc()
        self._took.observe(took_s)

    def failed(self) -> None:
        """There was no decision: the question was none of our edge's, or the fault is ours."""
        self._decisions.labels(_NO_OPERATION, "deny", INTERNAL_ERROR.code).inc()

    def throttled(self, policy: str) -> None:
        """A call that this policy had no room for."""
        self._throttled.labels(policy).inc()


def watch(registry: CollectorRegistry, limiter: Limiter, outbox: Outbox, follower: Follower) -> None:
    """Show what these keep anyway."""
    watch_level(
        registry,
        "authz_limits_local",
        "1 while the process counts by itself, since Valkey is away (the breaker is open).",
        lambda: limiter.alone,
    )
    watch_count(
        registry,
        "authz_limits_local_charges",
        "Charges that this process counted by itself.",
        lambda: limiter.charged_alone,
    )
    watch_count(registry, "authz_receipts_dropped", "Receipts that never reached the store.", lambda: outbox.dropped)
    watch_level(
        registry,
        "authz_revocation_feed_age_seconds",
        "How long ago what is revoked was known to be all; at rest up to 5.",
        lambda: follower.age_s,
    )
    watch_level(
        registry,
        "authz_revocation_entries",
        "What is revoked, suspended or on another plan.",
        lambda: len(follower.held),
    )
