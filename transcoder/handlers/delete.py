"""Delete: softly; the record can be read and restored for 30 days."""

from transcoder.call import Answer, Call
from transcoder.handlers.shared import Desk, accepted, expected_revision, own_number, shelf, terms, tried
from transcoder.records import Values


async def run(desk: Desk, call: Call, _: Values) -> Answer:
    """204."""
    number = own_number(call)
    on = terms(call, await expected_revision(desk, call, number))
    record = accepted(desk, call, await desk.records.delete(shelf(call), number, on, call.actor))
    if call.parameters.dry_run and record is not None:
        return await tried(desk, call, record)
    return Answer(call.operation.success, None)
