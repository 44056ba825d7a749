"""Did it happen? What became of the requests that were sent under an Idempotency-Key."""

import asyncio

from contract.failures import IDEMPOTENCY_LOST
from contract.operations import BY_ID
from contract.roles import TOKENS_MANAGE
from contract.vocabulary import BATCHES, Json
from stores.idempotency import State, Used
from stores.valkey import StoreLost
from transcoder.call import Answer, Call
from transcoder.errors import ApiError
from transcoder.handlers.shared import Desk
from transcoder.receipts import Receipt, key_digest, unpack
from transcoder.records import Absent, Done, Running, Values
from transcoder.to_public import encode, instant_text

_ONE_PAGE: Json = {"cursor": {"next": None, "has_more": False}}
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
_ABSENT: Json = dict.fromkeys(_MEMBERS) | {"state": "absent"}


async def run(desk: Desk, call: Call, _: Values) -> Answer:
    """200 with an entry for each operation that the key was used on, newest first; one `absent` entry for none."""
    try:
        uses = await desk.requests.uses(call.actor.tenant, key_digest(str(call.parameters.idempotency_key)))
    except StoreLost as lost:
        raise ApiError(IDEMPOTENCY_LOST.answer, cause=str(lost)) from None
    mine = [(used, receipt) for used in uses if _may_see(call, receipt := unpack(used.note))]
    entries = await asyncio.gather(*(_entry(desk, call, used, receipt) for used, receipt in mine))
    known = [entry for entry in entries if entry is not None]
    known.sort(key=lambda entry: str(entry["received_at"]), reverse=True)
    return Answer(call.operation.success, encode({"data": known or [_ABSENT], "meta": _ONE_PAGE}))


def _may_see(call: Call, receipt: Receipt) -> bool:
    """One's own; everybody's of the business with `tokens:manage`."""
    manages = TOKENS_MANAGE.name in call.token.scopes.split() and TOKENS_MANAGE.name in call.actor.permissions.split()
    return manages or receipt.user == str(call.actor.user)


async def _entry(desk: Desk, call: Call, used: Used, receipt: Receipt) -> dict[str, Json] | None:
    """The entry of a use; None when it turns out that nothing was written. An unknown outcome is settled by asking."""
    record, done = None if receipt.record is None else int(receipt.record), used.state is State.DONE
    # Of a batch, only its retry can tell: it holds the items, each of which has a key of its own inside.
    operation = BY_ID[receipt.operation]
    asks = operation.kind not in BATCHES and desk.records.capabilities_for(operation.of).dedupe
    if used.state is State.LAPSED and asks:
        match await desk.records.outcome(used.name, call.actor):
            case Done(number):
                record, done = number, True
            case Absent():
                return None
            case Running():
                pass
    resource = BY_ID[receipt.operation].resource
    shown = record is not None and done
    return dict.fromkeys(_MEMBERS) | {
        "trace_id": receipt.trace_id,
        "operation": receipt.operation,
        "state": "done" if done else "running",
        "status": receipt.status if receipt.status is not None or not done else BY_ID[receipt.operation].success,
        "replayed": False,
        "record_id": desk.presenters[resource].record_id(call.actor.tenant, record or 0) if shown else None,
        "received_at": instant_text(receipt.received_at_ms),
        "duration_ms": receipt.duration_ms,
    }
