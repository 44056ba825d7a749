"""Create: a validated body becomes a new record."""

from transcoder.backend.interface import Values
from transcoder.operations.amount_currency import with_currency
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext, collection, dry_run_answer, record_answer, unwrap, write_terms
from transcoder.operations.request_body import require_valid, validated
from transcoder.validation.bodies import validate_create


def check(call: Call) -> Values:
    """The values of the new record."""
    return require_valid(
        validated(call, call.body, lambda body: validate_create(call.operation.resource, body, call.around))
    )


async def run(desk: HandlerContext, call: Call, values: Values) -> Answer:
    """201, with the record and where it is."""
    values = require_valid(await with_currency(desk, call, values, None))
    outcome = await desk.records.create(collection(call), values, write_terms(call), call.actor)
    record = unwrap(desk, call, outcome).record
    if call.parameters.dry_run:
        return await dry_run_answer(desk, call, record)
    return await record_answer(desk, call, record, located=True)
