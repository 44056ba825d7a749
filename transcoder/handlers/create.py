"""Create: a validated body becomes a new record."""

from contract import headers
from transcoder.call import Answer, Call
from transcoder.handlers.shared import Desk, accepted, location, single, valid
from transcoder.idempotency import dedupe_key
from transcoder.records import Values
from transcoder.validate import create_values


def check(call: Call) -> Values:
    """The values of the new record."""
    return valid(create_values(call.operation.resource, call.body, call.around))


async def run(desk: Desk, call: Call, values: Values) -> Answer:
    """201, with the record and where it is."""
    outcome = await desk.records.create(call.operation.resource, values, dedupe_key(call), call.actor)
    record = accepted(desk, call, outcome)
    return single(desk, call, record, {headers.LOCATION: location(desk, call, record)})
