"""Delete: softly; the record can be read and restored for 30 days."""

from transcoder.call import Answer, Call
from transcoder.handlers.shared import Desk, accepted, expected_revision, own_number
from transcoder.records import Values


async def run(desk: Desk, call: Call, _: Values) -> Answer:
    """204."""
    number = own_number(call)
    revision = await expected_revision(desk, call, number)
    accepted(desk, call, await desk.records.delete(call.operation.resource, number, revision, call.actor))
    return Answer(call.operation.success, None)
