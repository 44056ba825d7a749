"""What stands around authz's parts: nothing, unless traces are on. Knows no span; `traced` does."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from authz.check_request import ParsedCheck
from authz.decide import Verdict
from authz.decision_log import Row
from authz.service import CheckHandler
from contract.headers import TRACEPARENT
from infra.stores.rate_limits import Buckets

if TYPE_CHECKING:  # what is off costs no import
    from opentelemetry.trace import Tracer


@dataclass(frozen=True, slots=True)
class TracingHooks:
    """How each part is taken; by default as it is. `note` hears of each decision, `field` is what tells the trace."""

    wrap_checks: Callable[[CheckHandler], CheckHandler] = lambda checks: checks
    trace_header: str = ""
    on_decision: Callable[[ParsedCheck, Row, Verdict], None] | None = None
    wrap_buckets: Callable[[Buckets], Buckets] = lambda buckets: buckets


def tracing_hooks(tracer: "Tracer | None") -> TracingHooks:
    """With a tracer, spans around each."""
    if tracer is None:
        return TracingHooks()
    from authz import tracing

    return TracingHooks(
        partial(tracing.traced_checks, tracer),
        TRACEPARENT.name,
        tracing.annotate_span,
        partial(tracing.TracedBuckets, tracer),
    )
