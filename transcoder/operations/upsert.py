"""Upsert: create, or change the one live record that the `on` field matches."""

from transcoder.backend.interface import Record, Refusal, Values, WriteResult
from transcoder.operations.amount_currency import find_match, write_with_currency
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext, collection, dry_run_answer, record_answer, unwrap, write_terms
from transcoder.operations.request_body import require_valid, validated
from transcoder.validation.bodies import validate_upsert

CREATED = 201


def check(call: Call) -> Values:
    """What the record is to hold."""
    resource, on = call.operation.resource, str(call.parameters.on)
    return require_valid(validated(call, call.body, lambda body: validate_upsert(resource, on, body, call.around)))


def result(written: WriteResult) -> str:
    """What became of the record."""
    if written.created:
        return "created"
    return "updated" if written.changed else "unchanged"


async def run(desk: HandlerContext, call: Call, values: Values) -> Answer:
    """201 or 200, with the record and the `result`."""
    on = str(call.parameters.on)

    async def stored() -> Record | None:
        return await find_match(desk, call, on, values[on])

    async def write(priced: Values, revision: int | None) -> WriteResult | Refusal:
        return await desk.records.upsert(collection(call), on, priced, write_terms(call, revision), call.actor)

    written = unwrap(desk, call, await write_with_currency(desk, call, values, None, stored, write))
    if call.parameters.dry_run:
        return await dry_run_answer(desk, call, written.record, result=result(written))
    status, meta = CREATED if written.created else call.operation.success_status, {"result": result(written)}
    return await record_answer(desk, call, written.record, status=status, meta=meta, located=written.created)
