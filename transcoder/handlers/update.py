"""Update: a merge patch on one record (RFC 7396)."""

from transcoder.call import Answer, Call
from transcoder.handlers.shared import Desk, accepted, expected_revision, own_number, single, valid
from transcoder.records import Values
from transcoder.validate import patch_values


def check(call: Call) -> Values:
    """What changes."""
    return valid(patch_values(call.operation.resource, call.body, call.around))


async def run(desk: Desk, call: Call, values: Values) -> Answer:
    """200, with the record after the change; an empty patch writes nothing and answers alike."""
    number = own_number(call)
    revision = await expected_revision(desk, call, number)
    outcome = await desk.records.update(call.operation.resource, number, values, revision, call.actor)
    return single(desk, call, accepted(desk, call, outcome))
