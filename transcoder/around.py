"""What stands around the transcoder's parts: nothing, unless traces are on. Knows no span; `traced` does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from contract.vocabulary import Json
from httpserver.connection import Answering
from stores.idempotency import Idempotency
from transcoder.upstream import Upstream

if TYPE_CHECKING:  # what is off costs no import
    from opentelemetry.trace import Tracer


@dataclass(frozen=True, slots=True)
class Around:
    """How each part is taken; by default as it is. `note` hears of each request what the log hears."""

    serving: Callable[[Answering], Answering] = lambda answering: answering
    note: Callable[[Mapping[str, Json]], None] | None = None
    upstream: Callable[[Upstream, str], Upstream] = lambda upstream, _: upstream
    store: Callable[[Idempotency], Idempotency] = lambda store: store


def around(tracer: "Tracer | None") -> Around:
    """With a tracer, spans around each."""
    if tracer is None:
        return Around()
    from transcoder.traced import TracedIdempotency, TracedUpstream, note, serving_requests

    return Around(
        partial(serving_requests, tracer), note, partial(TracedUpstream, tracer), partial(TracedIdempotency, tracer)
    )
