"""Update: a merge patch on one record (RFC 7396)."""

from transcoder.backend.interface import Record, Refusal, Values, WriteResult
from transcoder.operations.amount_currency import write_with_currency
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import (
    HandlerContext,
    collection,
    dry_run_answer,
    expected_revision,
    path_record_number,
    record_answer,
    unwrap,
    write_terms,
)
from transcoder.operations.request_body import require_valid, validated
from transcoder.validation.bodies import validate_patch


def check(call: Call) -> Values:
    """What changes."""
    return require_valid(
        validated(call, call.body, lambda body: validate_patch(call.operation.resource, body, call.around))
    )


async def run(desk: HandlerContext, call: Call, values: Values) -> Answer:
    """200, with the record after the change; an empty patch writes nothing and answers alike."""
    number = path_record_number(call)
    revision = await expected_revision(desk, call, number)

    async def stored() -> Record:
        return unwrap(desk, call, await desk.records.get(collection(call), number, call.actor))

    async def write(priced: Values, on: int | None) -> WriteResult | Refusal:
        return await desk.records.update(collection(call), number, priced, write_terms(call, on), call.actor)

    outcome = await write_with_currency(desk, call, values, revision, stored, write)
    record = unwrap(desk, call, outcome).record
    return (
        await dry_run_answer(desk, call, record) if call.parameters.dry_run else await record_answer(desk, call, record)
    )
