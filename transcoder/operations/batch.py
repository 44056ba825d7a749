"""Batches: up to 100 items, each with an outcome of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec import structs

from transcoder.backend.interface import Record, Refusal, Values, WriteResult
from transcoder.operations.amount_currency import find_match, lacks_currency, with_currency, write_with_currency
from transcoder.operations.batch_bodies import Number, UpdateItem, create_items, update_items, upsert_items
from transcoder.operations.batch_results import Outcome, Outcomes, batch_answer, batch_terms, split_known, split_valid
from transcoder.operations.batch_update import update
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext, collection, gone_error, write_terms
from transcoder.operations.dangling_references import as_dry_run, only_dangling, takes_precedence
from transcoder.operations.upsert import CREATED
from transcoder.presentation.errors import ApiError
from transcoder.validation.bodies import InvalidBody
from transcoder.validation.values import KnownDefinitions

T = TypeVar("T")


async def run_create(desk: HandlerContext, call: Call, items: Sequence[Values | InvalidBody]) -> Answer:
    """One new record an item."""
    return await batch_answer(desk, call, await _in_turn(desk, call, items, create_items, _create), status=CREATED)


async def _create(desk: HandlerContext, call: Call, items: Sequence[Values | InvalidBody]) -> Outcomes:
    outcomes, ready = split_valid(dict(enumerate(items)))
    faulty, ready = split_valid({index: await with_currency(desk, call, each, None) for index, each in ready.items()})
    done = await desk.records.batch_create(collection(call), list(ready.values()), batch_terms(call, ready), call.actor)
    return outcomes | faulty | dict(zip(ready, done, strict=True))


async def run_get(desk: HandlerContext, call: Call, numbers: Sequence[Number]) -> Answer:
    """One record an id; a deleted one is the item's 410."""
    outcomes, ready = split_known(numbers)
    found = await desk.records.batch_get(collection(call), list(ready.values()), call.actor)
    for index, record in zip(ready, found, strict=True):
        outcomes[index] = record
        if isinstance(record, Record) and record.deleted_at_ms is not None:
            outcomes[index] = gone_error(record.deleted_at_ms)
    return await batch_answer(desk, call, outcomes)


async def run_delete(desk: HandlerContext, call: Call, numbers: Sequence[Number]) -> Answer:
    """204 an id."""
    outcomes, ready = split_known(numbers)
    done = await desk.records.batch_delete(collection(call), list(ready.values()), batch_terms(call, ready), call.actor)
    return await batch_answer(desk, call, outcomes | dict(zip(ready, done, strict=True)), ready, status=204)


async def run_update(desk: HandlerContext, call: Call, items: Sequence[UpdateItem]) -> Answer:
    """One merge an item."""
    outcomes = await _in_turn(desk, call, items, update_items, update)
    return await batch_answer(desk, call, outcomes, split_known([each.number for each in items])[1])


async def run_upsert(desk: HandlerContext, call: Call, items: Sequence[Values | InvalidBody]) -> Answer:
    """One upsert an item."""
    return await batch_answer(desk, call, await _in_turn(desk, call, items, upsert_items, _upsert))


async def _upsert(desk: HandlerContext, call: Call, items: Sequence[Values | InvalidBody]) -> Outcomes:
    """Those whose amount needs the stored currency go by themselves, on the revision found."""
    on = str(call.parameters.on)
    outcomes, ready = split_valid(dict(enumerate(items)))
    alone = {index: values for index, values in ready.items() if lacks_currency(call, values)}
    plain = {index: values for index, values in ready.items() if index not in alone}
    done = await desk.records.batch_upsert(
        collection(call), on, list(plain.values()), batch_terms(call, plain), call.actor
    )
    outcomes |= dict(zip(plain, done, strict=True))
    singles = await asyncio.gather(*(_upsert_alone(desk, call, on, *each) for each in alone.items()))
    return outcomes | dict(zip(alone, singles, strict=True))


async def _in_turn(
    desk: HandlerContext,
    call: Call,
    items: Sequence[T],
    check: Callable[[Call], Sequence[T]],
    write: Callable[[HandlerContext, Call, Sequence[T]], Awaitable[Outcomes]],
) -> Outcomes:
    """What becomes of the items; one whose only fault are dead references is refused for what comes earlier."""
    outcomes = await write(desk, call, items)
    dead = [n for n, told in sorted(outcomes.items()) if isinstance(told, ApiError) and only_dangling(told.errors)]
    if (
        not dead
        or not desk.records.capabilities_for(call.operation.resource_row).dry_run
        or not isinstance(call.body, dict)
    ):
        return outcomes
    resource, bodies = call.operation.resource, call.body["items"]
    definitions = KnownDefinitions(
        await desk.records.definitions(resource, call.actor) if resource.has_custom_fields else {}
    )
    around = structs.replace(call.around, definitions=definitions)
    tried = as_dry_run(structs.replace(call, body={"items": [bodies[n] for n in dead]}, around=around))
    for index, told in (await write(desk, tried, check(tried))).items():
        if isinstance(told, ApiError | Refusal) and takes_precedence(told.problem):
            outcomes[dead[index]] = told
    return outcomes


async def _upsert_alone(desk: HandlerContext, call: Call, on: str, index: int, values: Values) -> Outcome:
    async def stored() -> Record | None:
        return await find_match(desk, call, on, values[on])

    async def write(priced: Values, revision: int | None) -> WriteResult | Refusal:
        own = write_terms(call, revision)
        own = structs.replace(own, dedupe_key=own.item_key(index))
        return await desk.records.upsert(collection(call), on, priced, own, call.actor)

    try:
        return await write_with_currency(desk, call, values, None, stored, write)
    except ApiError as error:
        return error
