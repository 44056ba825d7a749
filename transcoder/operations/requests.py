"""What became of requests: of one by its trace id, and of those that were sent under an Idempotency-Key."""

import asyncio
import re

from msgspec import MsgspecError, structs

from contract.failure_modes import IDEMPOTENCY_STORE_UNAVAILABLE, RECEIPTS_UNAVAILABLE
from contract.operations import BY_ID
from contract.problems import RESOURCE_NOT_FOUND
from contract.vocabulary import BATCH_KINDS, Json
from infra.stores.idempotency import PastUse, UseState
from infra.stores.receipt import Receipt
from infra.stores.receipts import unpack
from infra.stores.valkey import StoreUnavailable
from transcoder.backend.interface import Values, WriteAbsent, WriteDone, WriteRunning
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext
from transcoder.operations.receipts import ABSENT, key_digest, may_see, present
from transcoder.presentation.errors import ApiError
from transcoder.presentation.to_public import encode

_ONE_PAGE: Json = {"cursor": {"next": None, "has_more": False}}
_TRACE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOOKED_AGAIN_S = (0.05, 0.2)
"""A receipt is written just after its answer: who asks at once is let wait for it."""


async def run_get(desk: HandlerContext, call: Call, _: Values) -> Answer:
    """200 with the receipt of a request that its caller may know of."""
    trace_id = call.path.rpartition("/")[2]
    receipt = await _found(desk, call, trace_id) if _TRACE_ID.fullmatch(trace_id) else None
    if receipt is None or not may_see(receipt, call):
        raise ApiError(RESOURCE_NOT_FOUND, "No request of the last 24 hours that you may know of has this id.")
    record_id = _sealed(desk, call, receipt, None if receipt.record is None else int(receipt.record))
    return Answer(call.operation.success_status, encode({"data": present(receipt, "done", record_id)}))


async def _found(desk: HandlerContext, call: Call, trace_id: str) -> Receipt | None:
    try:
        for pause_s in (*_LOOKED_AGAIN_S, None):
            receipt = await desk.receipts.find(call.token.business, trace_id)
            if receipt is not None or pause_s is None:
                break
            await asyncio.sleep(pause_s)
    except StoreUnavailable as lost:
        raise ApiError(RECEIPTS_UNAVAILABLE.problem, cause=str(lost)) from None
    return receipt


def _sealed(desk: HandlerContext, call: Call, receipt: Receipt, record: int | None) -> str | None:
    row = BY_ID.get(receipt.operation or "")
    if record is None or row is None:
        return None
    return desk.presenters[row.resource].record_id(call.actor.tenant, record)


async def run_list(desk: HandlerContext, call: Call, _: Values) -> Answer:
    """200 with an entry for each operation that the key was used on, newest first; one `absent` entry for none."""
    try:
        uses = await desk.requests.uses(call.actor.tenant, key_digest(str(call.parameters.idempotency_key)))
        mine = [(used, receipt) for used in uses if may_see(receipt := unpack(used.note), call)]
    except (StoreUnavailable, MsgspecError) as lost:
        raise ApiError(IDEMPOTENCY_STORE_UNAVAILABLE.problem, cause=str(lost)) from None
    entries = await asyncio.gather(*(_entry(desk, call, used, receipt) for used, receipt in mine))
    known = [entry for entry in entries if entry is not None]
    known.sort(key=lambda entry: str(entry["received_at"]), reverse=True)
    return Answer(call.operation.success_status, encode({"data": known or [ABSENT], "meta": _ONE_PAGE}))


async def _entry(desk: HandlerContext, call: Call, used: PastUse, receipt: Receipt) -> dict[str, Json] | None:
    """The entry of a use; None when it turns out that nothing was written. An unknown outcome is settled by asking."""
    row = BY_ID.get(receipt.operation or "")  # None: another version of this gateway serves it
    record, done = None if receipt.record is None else int(receipt.record), used.state is UseState.DONE
    # Of a batch, only its retry can tell: it holds the items, each of which has a key of its own inside.
    asks = row is not None and row.kind not in BATCH_KINDS and desk.records.capabilities_for(row.resource_row).dedupe
    if row is not None and used.state is UseState.ABANDONED and asks:
        match await desk.records.owner_of(row.resource_row).outcome(used.name, call.actor):
            case WriteDone(number):
                record, done = number, True
            case WriteAbsent():
                return None
            case WriteRunning():
                pass
    if not done:
        return present(receipt, "running", None)
    told = (
        structs.replace(receipt, status=row.success_status) if row is not None and receipt.status is None else receipt
    )
    return present(told, "done", _sealed(desk, call, receipt, record))
