"""Actions: the verbs of a resource beyond create, update and delete, tags among them."""

from http import HTTPStatus

from contract.resources import Action
from transcoder.backend.interface import Values
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import (
    HandlerContext,
    collection,
    dry_run_answer,
    expected_revision,
    path_record_number,
    record_answer,
    unwrap,
    write_terms,
)
from transcoder.operations.request_body import require_valid, validated
from transcoder.validation.bodies import validate_action


def _action(call: Call) -> Action:
    if call.operation.action is None:
        raise LookupError(f"{call.operation.id} is no action")
    return call.operation.action


def check(call: Call) -> Values:
    """What the action is told."""
    return require_valid(
        validated(call, call.body, lambda body: validate_action(_action(call).fields, body, call.around))
    )


async def run(desk: HandlerContext, call: Call, values: Values) -> Answer:
    """The record after it; 201 and where it is, where the action makes another one."""
    number = path_record_number(call)
    on = write_terms(call, await expected_revision(desk, call, number))
    outcome = await desk.records.act(collection(call), _action(call), number, values, on, call.actor)
    record = unwrap(desk, call, outcome).record
    if call.parameters.dry_run:
        return await dry_run_answer(desk, call, record)
    made = call.operation.success_status == HTTPStatus.CREATED
    return await record_answer(desk, call, record, located=made)
