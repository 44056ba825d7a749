"""Restore: undo a delete, within 30 days."""

from transcoder.backend.interface import Values
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import (
    HandlerContext,
    collection,
    dry_run_answer,
    path_record_number,
    record_answer,
    unwrap,
    write_terms,
)


async def run(desk: HandlerContext, call: Call, _: Values) -> Answer:
    """200, with the live record; one that is alive stays as it is."""
    number = path_record_number(call)
    outcome = await desk.records.restore(collection(call), number, write_terms(call), call.actor)
    record = unwrap(desk, call, outcome).record
    return (
        await dry_run_answer(desk, call, record) if call.parameters.dry_run else await record_answer(desk, call, record)
    )
