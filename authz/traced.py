"""Spans around a Check and its charge. Imported only where traces are on.

The trace comes as metadata of the gRPC call, which the edge alone can write: never out of the CheckRequest.
"""

import asyncio
from collections.abc import Sequence
from itertools import compress

from opentelemetry.trace import Tracer, get_current_span

from authz.decide import Admitted, Refused, Throttled, Verdict
from authz.question import METHOD, SERVICE, Question
from authz.service import Checks, Give, Sent
from authz.telling import Row
from contract import spans
from contract.headers import TRACEPARENT
from contract.problems import RATE_LIMITED
from process.spans import asking_store, failed, serving
from process.traceparent import is_recorded
from stores.buckets import Ask, Buckets, Charge
from stores.valkey import StoreLost

_CALL = {"rpc.system.name": "grpc", "rpc.method": f"{SERVICE}/{METHOD}", "rpc.response.status_code": "OK"}
"""A Check is always answered, also with a denial: whatever comes of it, the call itself is good."""


def checks(tracer: Tracer, inner: Checks) -> Checks:
    """With a span for each Check whose trace is recorded: those are answered each by itself, the others together."""

    async def in_span(number: int, check: Sent, give: Give) -> None:
        with serving(tracer, METHOD, {TRACEPARENT.name: check.traceparent}) as span:
            span.set_attributes(_CALL)
            await inner((check,), lambda _, answer: give(number, answer))

    async def answered(came: Sequence[Sent], give: Give) -> None:
        recorded = [is_recorded(check.traceparent) for check in came]
        if not any(recorded):
            await inner(came, give)
            return
        others = [number for number, is_one in enumerate(recorded) if not is_one]
        async with asyncio.TaskGroup() as tasks:
            for number in compress(range(len(came)), recorded):
                tasks.create_task(in_span(number, came[number], give))
            if others:
                await inner([came[number] for number in others], lambda at, answer: give(others[at], answer))

    return answered


def note(asked: Question, row: Row, verdict: Verdict) -> None:
    """What was asked and decided, in the words that the log has for it."""
    if not is_recorded(asked.traceparent):
        return
    span = get_current_span()
    span.update_name(row.id)
    span.set_attribute(spans.OPERATION, row.id)
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

    async def charge(self, asks: Sequence[Ask]) -> Sequence[Charge | StoreLost]:
        """See `Buckets`."""
        if not get_current_span().is_recording():
            return await self._inner.charge(asks)
        with asking_store(self._tracer, "limits.charge") as span:
            made = await self._inner.charge(asks)
            for charge in made:
                if isinstance(charge, StoreLost):
                    failed(span, type(charge).__name__)
            return made

    def part(self, business: str) -> str:
        """See `Buckets`."""
        return self._inner.part(business)
