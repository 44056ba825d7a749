"""[pure] Receipts: made of an answered request, and shown to whoever may see them."""

import hashlib
from collections.abc import Mapping

from contract import headers
from contract.operations import BY_ID
from contract.roles import TOKENS_MANAGE
from contract.vocabulary import Json, Kind
from infra.stores.receipt import Receipt
from transcoder.operations.call import Answer, Call
from transcoder.presentation.to_public import instant_text

_MEMBERS = (
    "trace_id",
    "operation",
    "state",
    "status",
    "problem",
    "replayed",
    "record_id",
    "received_at",
    "duration_ms",
    "upstream_duration_ms",
)
ABSENT: Json = dict.fromkeys(_MEMBERS) | {"state": "absent"}
"""What is shown where nothing happened."""
_OF_ONE_RECORD = (Kind.CREATE, Kind.UPSERT)


def key_digest(idempotency_key: str) -> str:
    """What a caller's key is found by; the key itself is not kept."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()


def written_record(kind: Kind, answer: Answer) -> str | None:
    """The one record that was created or upserted, as a receipt holds it."""
    return None if answer.record is None or kind not in _OF_ONE_RECORD else str(answer.record)


def make_receipt(notes: Mapping[str, Json], subject: str, answer: Answer, now_ms: int) -> Receipt:
    """The receipt of a request that is answered now, by what was noted of it on its way."""
    duration_ms = round(notes["duration_ms"])
    return Receipt(
        trace_id=notes["trace_id"],
        subject=subject,
        operation=notes["operation"],
        received_at_ms=now_ms - duration_ms,
        status=answer.status,
        problem=notes.get("code"),
        replayed=headers.IDEMPOTENT_REPLAYED in answer.headers,
        record=written_record(BY_ID[notes["operation"]].kind, answer),
        duration_ms=duration_ms,
        upstream_duration_ms=notes["upstream_duration_ms"],
    )


def may_see(receipt: Receipt, call: Call) -> bool:
    """One's own; everybody's of the business with `tokens:manage`."""
    return call.may(TOKENS_MANAGE) or receipt.subject == call.token.subject


def present(receipt: Receipt, state: str, record_id: str | None) -> dict[str, Json]:
    """A receipt as its caller sees it."""
    return dict.fromkeys(_MEMBERS) | {
        "trace_id": receipt.trace_id,
        "operation": receipt.operation,
        "state": state,
        "status": receipt.status,
        "problem": receipt.problem,
        "replayed": receipt.replayed,
        "record_id": record_id,
        "received_at": instant_text(receipt.received_at_ms),
        "duration_ms": receipt.duration_ms,
        "upstream_duration_ms": receipt.upstream_duration_ms,
    }
