"""Create: a validated body becomes a new record."""

from transcoder.bodies import judged, valid
from transcoder.call import Answer, Call
from transcoder.handlers.money import priced
from transcoder.handlers.shared import Desk, accepted, shelf, single, terms, tried
from transcoder.records import Values
from transcoder.validate import create_values


def check(call: Call) -> Values:
    """The values of the new record."""
    return valid(judged(call, call.body, lambda body: create_values(call.operation.resource, body, call.around)))


async def run(desk: Desk, call: Call, values: Values) -> Answer:
    """201, with the record and where it is."""
    values = valid(await priced(desk, call, values, None))
    outcome = await desk.records.create(shelf(call), values, terms(call), call.actor)
    record = accepted(desk, call, outcome).record
    if call.parameters.dry_run:
        return await tried(desk, call, record)
    return await single(desk, call, record, located=True)
