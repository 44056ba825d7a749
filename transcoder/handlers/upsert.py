"""Upsert: create, or change the one live record that the `on` field matches."""

from transcoder.bodies import judged, valid
from transcoder.call import Answer, Call
from transcoder.handlers.money import matched, write_priced
from transcoder.handlers.shared import Desk, accepted, shelf, single, terms, tried
from transcoder.records import Record, Refusal, Values, Written
from transcoder.validate import upsert_values

CREATED = 201


def check(call: Call) -> Values:
    """What the record is to hold."""
    resource, on = call.operation.resource, str(call.parameters.on)
    return valid(judged(call, call.body, lambda body: upsert_values(resource, on, body, call.around)))


def result(written: Written) -> str:
    """What became of the record."""
    if written.created:
        return "created"
    return "updated" if written.changed else "unchanged"


async def run(desk: Desk, call: Call, values: Values) -> Answer:
    """201 or 200, with the record and the `result`."""
    on = str(call.parameters.on)

    async def stored() -> Record | None:
        return await matched(desk, call, on, values[on])

    async def write(priced: Values, revision: int | None) -> Written | Refusal:
        return await desk.records.upsert(shelf(call), on, priced, terms(call, revision), call.actor)

    written = accepted(desk, call, await write_priced(desk, call, values, None, stored, write))
    if call.parameters.dry_run:
        return await tried(desk, call, written.record, result=result(written))
    status, meta = CREATED if written.created else call.operation.success, {"result": result(written)}
    return await single(desk, call, written.record, status=status, meta=meta, located=written.created)
