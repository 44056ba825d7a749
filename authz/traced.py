"""Spans around a Check and its charge. Imported only where traces are on.

The trace comes as metadata of the gRPC call, which the edge alone can write: never out of the CheckRequest.
"""

from opentelemetry.trace import Tracer, get_current_span

from authz.decide import Admitted, Refused, Throttled, Verdict
from authz.question import METHOD, SERVICE, Question
from authz.service import Check, Context, OnCheck
from contract import spans
from contract.headers import TRACEPARENT
from contract.limits import Plan
from contract.problems import RATE_LIMITED
from process.spans import asking_store, serving
from stores.buckets import Buckets, Charge

_CALL = {"rpc.system.name": "grpc", "rpc.method": f"{SERVICE}/{METHOD}", "rpc.response.status_code": "OK"}
"""A Check is always answered, also with a denial: whatever comes of it, the call itself is good."""


def answering(tracer: Tracer, check: Check) -> OnCheck:
    """As `service.answering`, with a span for each Check of a request that the edge has begun a trace for."""

    async def on_check(message: bytes, context: Context) -> bytes:
        sent = dict(context.invocation_metadata() or ())
        came = {TRACEPARENT.name: str(sent.get(TRACEPARENT.name, ""))}
        with serving(tracer, METHOD, came) as span:
            span.set_attributes(_CALL)
            return await check(message)

    return on_check


def note(asked: Question, verdict: Verdict) -> None:
    """What was asked and decided, in the words that the log has for it."""
    span = get_current_span()
    if not span.is_recording():
        return
    span.update_name(asked.row.id)
    span.set_attribute(spans.OPERATION, asked.row.id)
    span.set_attribute(spans.REQUEST_ID, asked.trace_id)
    span.set_attribute(spans.DECISION, "allow" if isinstance(verdict, Admitted) else "deny")
    if verdict.caller is not None:
        span.set_attribute(spans.BUSINESS, verdict.caller.business)
    match verdict:
        case Refused(problem=problem):
            span.set_attribute(spans.PROBLEM, problem.code)
        case Throttled():
            span.set_attribute(spans.PROBLEM, RATE_LIMITED.code)


class TracedBuckets:
    """`Buckets` whose charges are spans."""

    def __init__(self, tracer: Tracer, inner: Buckets) -> None:
        self._tracer = tracer
        self._inner = inner

    async def charge(self, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
        """See `Buckets`."""
        with asking_store(self._tracer, "limits.charge"):
            return await self._inner.charge(rate_key, business=business, plan=plan, cost=cost)

    def part(self, business: str) -> str:
        """See `Buckets`."""
        return self._inner.part(business)
