"""Batches: up to 100 items, each with an outcome of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec import structs

from transcoder.call import Answer, Call
from transcoder.dead_references import as_if_live, comes_earlier, only_dead
from transcoder.errors import ApiError
from transcoder.handlers.batch_bodies import Number, Update, created, updated, upserted
from transcoder.handlers.batch_outcomes import Outcome, Outcomes, batch_answer, batch_terms, known, sorted_out
from transcoder.handlers.batch_update import update
from transcoder.handlers.money import matched, priced, unpriced, write_priced
from transcoder.handlers.shared import Desk, gone, shelf, terms
from transcoder.handlers.upsert import CREATED
from transcoder.records import Record, Refusal, Values, Written
from transcoder.validate import Invalid
from transcoder.values import Known

T = TypeVar("T")


async def run_create(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Answer:
    """One new record an item."""
    return await batch_answer(desk, call, await _in_turn(desk, call, items, created, _create), status=CREATED)


async def _create(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Outcomes:
    outcomes, ready = sorted_out(dict(enumerate(items)))
    faulty, ready = sorted_out({index: await priced(desk, call, each, None) for index, each in ready.items()})
    done = await desk.records.batch_create(shelf(call), list(ready.values()), batch_terms(call, ready), call.actor)
    return outcomes | faulty | dict(zip(ready, done, strict=True))


async def run_get(desk: Desk, call: Call, numbers: Sequence[Number]) -> Answer:
    """One record an id; a deleted one is the item's 410."""
    outcomes, ready = known(numbers)
    found = await desk.records.batch_get(shelf(call), list(ready.values()), call.actor)
    for index, record in zip(ready, found, strict=True):
        outcomes[index] = record
        if isinstance(record, Record) and record.deleted_at_ms is not None:
            outcomes[index] = gone(record.deleted_at_ms)
    return await batch_answer(desk, call, outcomes)


async def run_delete(desk: Desk, call: Call, numbers: Sequence[Number]) -> Answer:
    """204 an id."""
    outcomes, ready = known(numbers)
    done = await desk.records.batch_delete(shelf(call), list(ready.values()), batch_terms(call, ready), call.actor)
    return await batch_answer(desk, call, outcomes | dict(zip(ready, done, strict=True)), ready, status=204)


async def run_update(desk: Desk, call: Call, items: Sequence[Update]) -> Answer:
    """One merge an item."""
    outcomes = await _in_turn(desk, call, items, updated, update)
    return await batch_answer(desk, call, outcomes, known([each.number for each in items])[1])


async def run_upsert(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Answer:
    """One upsert an item."""
    return await batch_answer(desk, call, await _in_turn(desk, call, items, upserted, _upsert))


async def _upsert(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Outcomes:
    """Those whose amount needs the stored currency go by themselves, on the revision found."""
    on = str(call.parameters.on)
    outcomes, ready = sorted_out(dict(enumerate(items)))
    alone = {index: values for index, values in ready.items() if unpriced(call, values)}
    plain = {index: values for index, values in ready.items() if index not in alone}
    done = await desk.records.batch_upsert(shelf(call), on, list(plain.values()), batch_terms(call, plain), call.actor)
    outcomes |= dict(zip(plain, done, strict=True))
    singles = await asyncio.gather(*(_upsert_alone(desk, call, on, *each) for each in alone.items()))
    return outcomes | dict(zip(alone, singles, strict=True))


async def _in_turn(
    desk: Desk,
    call: Call,
    items: Sequence[T],
    check: Callable[[Call], Sequence[T]],
    write: Callable[[Desk, Call, Sequence[T]], Awaitable[Outcomes]],
) -> Outcomes:
    """What becomes of the items; one whose only fault are dead references is refused for what comes earlier."""
    outcomes = await write(desk, call, items)
    dead = [n for n, told in sorted(outcomes.items()) if isinstance(told, ApiError) and only_dead(told.errors)]
    if not dead or not desk.records.capabilities_for(call.operation.of).dry_run or not isinstance(call.body, dict):
        return outcomes
    resource, bodies = call.operation.resource, call.body["items"]
    definitions = Known(await desk.records.definitions(resource, call.actor) if resource.custom else {})
    around = structs.replace(call.around, definitions=definitions)
    tried = as_if_live(structs.replace(call, body={"items": [bodies[n] for n in dead]}, around=around))
    for index, told in (await write(desk, tried, check(tried))).items():
        if isinstance(told, ApiError | Refusal) and comes_earlier(told.problem):
            outcomes[dead[index]] = told
    return outcomes


async def _upsert_alone(desk: Desk, call: Call, on: str, index: int, values: Values) -> Outcome:
    async def stored() -> Record | None:
        return await matched(desk, call, on, values[on])

    async def write(priced: Values, revision: int | None) -> Written | Refusal:
        own = terms(call, revision)
        own = structs.replace(own, dedupe_key=own.item_key(index))
        return await desk.records.upsert(shelf(call), on, priced, own, call.actor)

    try:
        return await write_priced(desk, call, values, None, stored, write)
    except ApiError as error:
        return error
