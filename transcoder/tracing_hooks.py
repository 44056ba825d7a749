"""What stands around the transcoder's parts: nothing, unless traces are on. Knows no span; `traced` does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from contract.vocabulary import Json
from infra.stores.idempotency import Idempotency
from transcoder.backend.upstream import Upstream
from transcoder.http.messages import RequestHandler

if TYPE_CHECKING:  # what is off costs no import
    from opentelemetry.trace import Tracer


@dataclass(frozen=True, slots=True)
class TracingHooks:
    """How each part is taken; by default as it is. `note` hears of each request what the log hears."""

    wrap_server: Callable[[RequestHandler], RequestHandler] = lambda handler: handler
    on_request: Callable[[Mapping[str, Json]], None] | None = None
    wrap_upstream: Callable[[Upstream, str], Upstream] = lambda upstream, _: upstream
    wrap_store: Callable[[Idempotency], Idempotency] = lambda store: store


def tracing_hooks(tracer: "Tracer | None") -> TracingHooks:
    """With a tracer, spans around each."""
    if tracer is None:
        return TracingHooks()
    from transcoder.tracing import TracedIdempotency, TracedUpstream, annotate_span, traced_server

    return TracingHooks(
        partial(traced_server, tracer),
        annotate_span,
        partial(TracedUpstream, tracer),
        partial(TracedIdempotency, tracer),
    )
