"""What stands around authz's parts: nothing, unless traces are on. Knows no span; `traced` does."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from authz.decide import Verdict
from authz.question import ParsedCheck
from authz.service import CheckHandler
from authz.telling import Row
from contract.headers import TRACEPARENT
from stores.buckets import Buckets

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
    from authz import traced

    return TracingHooks(
        partial(traced.traced_checks, tracer),
        TRACEPARENT.name,
        traced.annotate_span,
        partial(traced.TracedBuckets, tracer),
    )
