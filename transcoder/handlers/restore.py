"""Restore: undo a delete, within 30 days."""

from transcoder.call import Answer, Call
from transcoder.handlers.shared import Desk, accepted, own_number, shelf, single, terms, tried
from transcoder.records import Values


async def run(desk: Desk, call: Call, _: Values) -> Answer:
    """200, with the live record; one that is alive stays as it is."""
    number = own_number(call)
    outcome = await desk.records.restore(shelf(call), number, terms(call), call.actor)
    record = accepted(desk, call, outcome).record
    return await tried(desk, call, record) if call.parameters.dry_run else await single(desk, call, record)
