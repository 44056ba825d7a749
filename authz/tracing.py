"""Spans around a Check and its charge. Imported only where traces are on.

The trace comes as metadata of the gRPC call, which the edge alone can write: never out of the CheckRequest.
"""

import asyncio
from collections.abc import Sequence
from itertools import compress

from opentelemetry.trace import Tracer, get_current_span

from authz.check_request import METHOD, SERVICE, ParsedCheck
from authz.decide import Admitted, Refused, Throttled, Verdict
from authz.decision_log import Row
from authz.service import CheckHandler, SendResponse, SerializedCheck
from contract import spans
from contract.headers import TRACEPARENT
from contract.problems import RATE_LIMITED
from infra.process.spans import mark_failed, server_span, store_span
from infra.process.traceparent import is_recorded
from infra.stores.rate_limits import Buckets, ChargeRequest, ChargeResult
from infra.stores.valkey import StoreUnavailable

_CALL = {"rpc.system.name": "grpc", "rpc.method": f"{SERVICE}/{METHOD}", "rpc.response.status_code": "OK"}
"""A Check is always answered, also with a denial: whatever comes of it, the call itself is good."""


def traced_checks(tracer: Tracer, inner: CheckHandler) -> CheckHandler:
    """With a span for each Check whose trace is recorded: those are answered each by itself, the others together."""

    async def in_span(number: int, check: SerializedCheck, give: SendResponse) -> None:
        with server_span(tracer, METHOD, {TRACEPARENT.name: check.traceparent}) as span:
            span.set_attributes(_CALL)
            await inner((check,), lambda _, answer: give(number, answer))

    async def answered(came: Sequence[SerializedCheck], give: SendResponse) -> None:
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


def annotate_span(asked: ParsedCheck, row: Row, verdict: Verdict) -> None:
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

    async def charge(self, asks: Sequence[ChargeRequest]) -> Sequence[ChargeResult | StoreUnavailable]:
        """See `Buckets`."""
        if not get_current_span().is_recording():
            return await self._inner.charge(asks)
        with store_span(self._tracer, "limits.charge") as span:
            made = await self._inner.charge(asks)
            for charge in made:
                if isinstance(charge, StoreUnavailable):
                    mark_failed(span, type(charge).__name__)
            return made

    def partition(self, business: str) -> str:
        """See `Buckets`."""
        return self._inner.partition(business)
