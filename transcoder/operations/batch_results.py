"""What a batch's items came to, and how it is told: an entry an item."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from contract import ids
from contract.problems import RESOURCE_NOT_FOUND, problem_members
from contract.vocabulary import Json
from transcoder.backend.interface import Record, Refusal, Values, WriteResult, WriteTerms
from transcoder.operations.batch_bodies import Number
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext, present, to_api_error, write_terms
from transcoder.operations.idempotency import is_keyed, mark_unsettleable
from transcoder.operations.request_body import validation_error
from transcoder.operations.upsert import CREATED, result
from transcoder.presentation.errors import ApiError
from transcoder.presentation.to_public import encode
from transcoder.validation.bodies import InvalidBody

Outcome = Record | WriteResult | Refusal | ApiError | None
"""Of one item; None: done, and there is nothing to show."""
Outcomes = dict[int, Outcome]
"""By the item's index."""


def split_known(numbers: Sequence[Number]) -> tuple[Outcomes, dict[int, int]]:
    """What is said of ids of nobody, and the records behind the others."""
    outcomes: Outcomes = {
        n: ApiError(RESOURCE_NOT_FOUND) for n, each in enumerate(numbers) if isinstance(each, ids.ForeignId)
    }
    return outcomes, {n: each for n, each in enumerate(numbers) if not isinstance(each, ids.ForeignId)}


def split_valid(items: Mapping[int, Values | InvalidBody]) -> tuple[Outcomes, dict[int, Values]]:
    """What is said of invalid items, and the values of the others."""
    faulty: Outcomes = {n: validation_error(each.errors) for n, each in items.items() if isinstance(each, InvalidBody)}
    return faulty, {n: each for n, each in items.items() if not isinstance(each, InvalidBody)}


def batch_terms(call: Call, items: Mapping[int, object]) -> WriteTerms:
    """How these items of the call are written."""
    return structs.replace(write_terms(call), positions=tuple(items))


async def batch_answer(
    desk: HandlerContext, call: Call, outcomes: Outcomes, numbers: Mapping[int, int] | None = None, *, status: int = 200
) -> Answer:
    """200 with an entry an item. Where one's outcome is unknown the whole is not settled: its retry asks again.

    Nor is it where one may pass another time: kept for a day, a moment's outage would be what every retry is told.
    """
    done: dict[int, Record] = {}
    for index, outcome in outcomes.items():
        if isinstance(outcome, WriteResult):
            done[index] = outcome.record
        elif isinstance(outcome, Record):
            done[index] = outcome
    public = dict(zip(done, await present(desk, call, list(done.values())), strict=True))
    outcomes = outcomes | {index: each for index, each in public.items() if isinstance(each, ApiError)}
    entries: list[Json] = []
    failed, settled, asks_again = 0, True, desk.records.capabilities_for(call.operation.resource_row).dedupe
    for index in range(len(outcomes)):
        outcome = outcomes[index]
        if isinstance(outcome, Refusal):
            outcome = to_api_error(desk, call, outcome, (numbers or {}).get(index))
        if isinstance(outcome, ApiError):
            failed += 1
            settled &= not (outcome.may_have_happened or (asks_again and outcome.is_retryable))
            if outcome.may_have_happened and not asks_again and is_keyed(call):
                outcome = mark_unsettleable(outcome)
            entries.append({"status": outcome.problem.status, "error": _error(desk, call, outcome)})
        else:
            entries.append(_entry(call, outcome, public.get(index), status))
    meta: dict[str, Json] = {"succeeded": len(entries) - failed, "failed": failed}
    if call.parameters.dry_run:
        meta["dry_run"] = True
    return Answer(call.operation.success_status, encode({"data": entries, "meta": meta}), settled=settled)


def _entry(call: Call, outcome: Outcome, public: Json, status: int) -> dict[str, Any]:
    if call.parameters.on is None or not isinstance(outcome, WriteResult):
        return {"status": 200 if call.parameters.dry_run else status, "data": public}
    own = CREATED if outcome.created and not call.parameters.dry_run else 200
    return {"status": own, "data": public, "result": result(outcome)}


def _error(desk: HandlerContext, call: Call, error: ApiError) -> dict[str, Any]:
    return problem_members(
        error.problem,
        api_url=desk.api_url,
        trace_id=call.actor.trace_id,
        detail=error.detail,
        errors=error.errors,
        outcome=error.outcome,
        **error.members,
    )
