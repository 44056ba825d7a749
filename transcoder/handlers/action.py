"""Actions: the verbs of a resource beyond create, update and delete, tags among them."""

from http import HTTPStatus

from contract.resources import Action
from transcoder.bodies import judged, valid
from transcoder.call import Answer, Call
from transcoder.handlers.shared import (
    Desk,
    accepted,
    expected_revision,
    own_number,
    shelf,
    single,
    terms,
    tried,
)
from transcoder.records import Values
from transcoder.validate import action_values


def _action(call: Call) -> Action:
    if call.operation.action is None:
        raise LookupError(f"{call.operation.id} is no action")
    return call.operation.action


def check(call: Call) -> Values:
    """What the action is told."""
    return valid(judged(call, call.body, lambda body: action_values(_action(call).fields, body, call.around)))


async def run(desk: Desk, call: Call, values: Values) -> Answer:
    """The record after it; 201 and where it is, where the action makes another one."""
    number = own_number(call)
    on = terms(call, await expected_revision(desk, call, number))
    outcome = await desk.records.act(shelf(call), _action(call), number, values, on, call.actor)
    record = accepted(desk, call, outcome).record
    if call.parameters.dry_run:
        return await tried(desk, call, record)
    made = call.operation.success == HTTPStatus.CREATED
    return await single(desk, call, record, located=made)
