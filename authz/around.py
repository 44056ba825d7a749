"""What stands around authz's parts: nothing, unless traces are on. Knows no span; `traced` does."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from authz.decide import Verdict
from authz.question import Question
from authz.service import Checks
from authz.telling import Row
from contract.headers import TRACEPARENT
from stores.buckets import Buckets

if TYPE_CHECKING:  # what is off costs no import
    from opentelemetry.trace import Tracer


@dataclass(frozen=True, slots=True)
class Around:
    """How each part is taken; by default as it is. `note` hears of each decision, `field` is what tells the trace."""

    checks: Callable[[Checks], Checks] = lambda checks: checks
    field: str = ""
    note: Callable[[Question, Row, Verdict], None] | None = None
    buckets: Callable[[Buckets], Buckets] = lambda buckets: buckets


def around(tracer: "Tracer | None") -> Around:
    """With a tracer, spans around each."""
    if tracer is None:
        return Around()
    from authz import traced

    return Around(partial(traced.checks, tracer), TRACEPARENT.name, traced.note, partial(traced.TracedBuckets, tracer))
