"""Delete: softly; the record can be read and restored for 30 days."""

from transcoder.backend.interface import Values
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import (
    HandlerContext,
    collection,
    dry_run_answer,
    expected_revision,
    path_record_number,
    unwrap,
    write_terms,
)


async def run(desk: HandlerContext, call: Call, _: Values) -> Answer:
    """204."""
    number = path_record_number(call)
    on = write_terms(call, await expected_revision(desk, call, number))
    record = unwrap(desk, call, await desk.records.delete(collection(call), number, on, call.actor))
    if call.parameters.dry_run and record is not None:
        return await dry_run_answer(desk, call, record)
    return Answer(call.operation.success_status, None)
