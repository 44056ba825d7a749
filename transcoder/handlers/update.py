"""Update: a merge patch on one record (RFC 7396)."""

from transcoder.bodies import judged, valid
from transcoder.call import Answer, Call
from transcoder.handlers.money import write_priced
from transcoder.handlers.shared import Desk, accepted, expected_revision, own_number, shelf, single, terms, tried
from transcoder.records import Record, Refusal, Values, Written
from transcoder.validate import patch_values


def check(call: Call) -> Values:
    """What changes."""
    return valid(judged(call, call.body, lambda body: patch_values(call.operation.resource, body, call.around)))


async def run(desk: Desk, call: Call, values: Values) -> Answer:
    """200, with the record after the change; an empty patch writes nothing and answers alike."""
    number = own_number(call)
    revision = await expected_revision(desk, call, number)

    async def stored() -> Record:
        return accepted(desk, call, await desk.records.get(shelf(call), number, call.actor))

    async def write(priced: Values, on: int | None) -> Written | Refusal:
        return await desk.records.update(shelf(call), number, priced, terms(call, on), call.actor)

    outcome = await write_priced(desk, call, values, revision, stored, write)
    record = accepted(desk, call, outcome).record
    return await tried(desk, call, record) if call.parameters.dry_run else await single(desk, call, record)
