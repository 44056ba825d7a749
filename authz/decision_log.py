"""What is told of a decision: a line in the log, never with a token, a count, and of a refusal, its receipt.

Every denial has its line. Of allows a share has one: which, goes by the trace id, so that every process takes the same.
"""

import time
import zlib
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from authz.check_request import ParsedCheck
from authz.decide import Admitted, Permitted, Refused, Throttled, Verdict
from authz.metrics import NO_RULE, DecisionMetrics
from contract.claims import Claims
from contract.operations import Operation, UnroutedOperation
from contract.problems import INTERNAL_ERROR, RATE_LIMITED, Problem
from contract.vocabulary import TraceId
from infra.process.traceparent import W3C_TRACE_ID, w3c_trace_id
from infra.stores.receipt import Receipt
from infra.stores.receipts import ReceiptQueue

Row = Operation | UnroutedOperation
_ALL = 2**32
_FAILED = {"decision": "deny", "rule": INTERNAL_ERROR.code}


class DecisionLog:
    """Tells of decisions; without an outbox nobody keeps receipts."""

    def __init__(
        self,
        log: FilteringBoundLogger,
        outbox: ReceiptQueue | None = None,
        tally: DecisionMetrics | None = None,
        *,
        allowed_share: float = 0.0,
        note: Callable[[ParsedCheck, Row, Verdict], None] | None = None,
    ) -> None:
        self._log = log
        self._tally = tally or DecisionMetrics(CollectorRegistry())
        self._outbox = outbox
        self._allowed_share = allowed_share
        self._note = note

    def log_decision(self, check: ParsedCheck, operation: Row, verdict: Verdict, began_ns: int, **more: Any) -> None:
        """Of a verdict, for a Check that came at `began_ns` (wall clock); `more` stands in the line as well."""
        if self._note is not None:
            self._note(check, operation, verdict)
        match verdict:
            case Admitted():
                self._allowed(check, operation, verdict.permitted, began_ns)
            case Throttled(caller=caller):
                policy = verdict.budget.policy.name
                self._tally.record_throttled(policy)
                more["policy"] = policy
                self._denied(
                    check, operation, caller, RATE_LIMITED, f"The policy {policy} has no room.", began_ns, more
                )
            case Refused(problem=problem, caller=caller, reason=reason):
                self._denied(check, operation, caller, problem, reason or problem.title + ".", began_ns, more)

    def _allowed(self, asked: ParsedCheck, row: Row, may: Permitted, began_ns: int) -> None:
        took_ns = max(0, time.time_ns() - began_ns)
        self._tally.record_decision(row.id, NO_RULE, took_ns / 1e9)
        if is_sampled(asked.trace_id, self._allowed_share):
            told = {
                "reason": may.reason,
                **_caller_fields(asked, row, may.caller),
                "duration_ms": round(took_ns / 1e6, 1),
            }
            self._log.info("allowed", decision="allow", **told)

    def _denied(
        self,
        asked: ParsedCheck,
        row: Row,
        caller: Claims | None,
        rule: Problem,
        reason: str,
        began_ns: int,
        more: dict[str, Any],
    ) -> None:
        took_ms = max(0, time.time_ns() - began_ns) / 1_000_000
        self._tally.record_decision(row.id, rule.code, took_ms / 1000)
        ended = {"status": rule.status, "duration_ms": round(took_ms, 1)}
        self._log.info(
            "denied",
            decision="deny",
            rule=rule.code,
            reason=reason,
            **_caller_fields(asked, row, caller),
            **ended,
            **more,
        )
        if caller is None or self._outbox is None:
            return
        receipt = Receipt(
            asked.trace_id,
            caller.subject,
            None if isinstance(row, UnroutedOperation) else row.id,
            began_ns // 1_000_000,
            status=rule.status,
            problem=rule.code,
            duration_ms=int(took_ms),
        )
        self._outbox.put(caller.business, receipt)

    def log_invalid_request(self, trace_id: TraceId, reason: str, traceparent: str) -> None:
        """Of what is no question of our edge's."""
        self._tally.record_failure()
        self._log.error("denied", **_FAILED, reason=reason, trace_id=trace_id, **_trace(traceparent))

    def log_exception(self, trace_id: TraceId, traceparent: str) -> None:
        """Of a bug of ours, inside its `except`."""
        self._tally.record_failure()
        self._log.exception("denied", **_FAILED, reason="An exception.", trace_id=trace_id, **_trace(traceparent))


def is_sampled(trace_id: TraceId, share: float) -> bool:
    """Whether a request is among the share (0 to 1) that is told of."""
    return zlib.crc32(trace_id.encode()) < share * _ALL


def _caller_fields(asked: ParsedCheck, row: Row, caller: Claims | None) -> dict[str, Any]:
    """By which a line can be searched: nothing of the token but whose it is."""
    who = {"operation": row.id, "trace_id": asked.trace_id, **_trace(asked.traceparent)}
    if caller is None:
        return who
    return who | {"business": caller.business, "subject": caller.subject, "role": caller.role.word}


def _trace(traceparent: str) -> dict[str, str]:
    return {W3C_TRACE_ID: w3c_trace_id(traceparent)} if traceparent else {}
