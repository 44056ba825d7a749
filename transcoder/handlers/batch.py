"""Batches: up to 100 items, each with an outcome of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import structs

from contract import ids
from contract.problems import (
    CONFLICT,
    IDEMPOTENCY_KEY_REUSED,
    PRECONDITION_FAILED,
    RESOURCE_NOT_FOUND,
    problem_members,
)
from contract.vocabulary import Json
from transcoder.bodies import invalid, valid
from transcoder.call import Answer, Call
from transcoder.dead_references import as_if_live, comes_earlier, only_dead
from transcoder.errors import ApiError
from transcoder.etags import etag
from transcoder.handlers.batch_bodies import Number, Update, created, updated, upserted
from transcoder.handlers.money import TRIES, matched, priced, unpriced, write_priced
from transcoder.handlers.shared import Desk, accepted, gone, named_revision, refused, shelf, shown, terms
from transcoder.handlers.upsert import CREATED, result
from transcoder.records import Change, Record, Refusal, Terms, Values, Written
from transcoder.to_public import encode
from transcoder.validate import Invalid
from transcoder.values import Known

T = TypeVar("T")
Outcome = Record | Written | Refusal | ApiError | None
"""Of one item; None: done, and there is nothing to show."""
Outcomes = dict[int, Outcome]
"""By the item's index."""


async def run_create(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Answer:
    """One new record an item."""
    return await _answer(desk, call, await _in_turn(desk, call, items, created, _create), status=CREATED)


async def _create(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Outcomes:
    outcomes, ready = _sorted_out(items)
    for index, values in list(ready.items()):
        _put(outcomes, ready, index, await priced(desk, call, values, None))
    done = await desk.records.batch_create(shelf(call), list(ready.values()), _terms(call, ready), call.actor)
    return outcomes | dict(zip(ready, done, strict=True))


async def run_get(desk: Desk, call: Call, numbers: Sequence[Number]) -> Answer:
    """One record an id; a deleted one is the item's 410."""
    outcomes, ready = _known(numbers)
    found = await desk.records.batch_get(shelf(call), list(ready.values()), call.actor)
    for index, record in zip(ready, found, strict=True):
        outcomes[index] = record
        if isinstance(record, Record) and record.deleted_at_ms is not None:
            outcomes[index] = gone(record.deleted_at_ms)
    return await _answer(desk, call, outcomes)


async def run_delete(desk: Desk, call: Call, numbers: Sequence[Number]) -> Answer:
    """204 an id."""
    outcomes, ready = _known(numbers)
    done = await desk.records.batch_delete(shelf(call), list(ready.values()), _terms(call, ready), call.actor)
    return await _answer(desk, call, outcomes | dict(zip(ready, done, strict=True)), ready, status=204)


async def run_update(desk: Desk, call: Call, items: Sequence[Update]) -> Answer:
    """One merge an item."""
    outcomes = await _in_turn(desk, call, items, updated, _update)
    return await _answer(desk, call, outcomes, _known([each.number for each in items])[1])


async def _update(desk: Desk, call: Call, items: Sequence[Update]) -> Outcomes:
    """What needs the stored record (a currency, a list of etags) is read first, all in one call."""
    outcomes, numbers = _known([each.number for each in items])
    for index, each in enumerate(items):
        if isinstance(each.values, Invalid):
            outcomes[index] = invalid(each.values.errors)
            numbers.pop(index, None)
    pending = dict(numbers)
    for _ in range(TRIES):
        changes = await _changes(desk, call, items, pending, outcomes)
        on = _terms(call, changes)
        done = await desk.records.batch_update(shelf(call), list(changes.values()), on, call.actor)
        outcomes |= dict(zip(changes, done, strict=True))
        pending = {
            index: numbers[index]
            for index in changes
            if _stale(outcomes[index]) and items[index].precondition is None and _is_unpriced(call, items[index])
        }
        if not pending:
            break
    outcomes |= {index: ApiError(CONFLICT) for index in pending}
    spent = [index for index in numbers if _is_spent(outcomes[index]) and _is_unpriced(call, items[index])]
    told = await asyncio.gather(*(_update_alone(desk, call, index, numbers[index], items[index]) for index in spent))
    outcomes |= dict(zip(spent, told, strict=True))
    listed = [index for index in numbers if _may_be_done(desk, call, numbers[index], items[index], outcomes[index])]
    told = await asyncio.gather(
        *(_update_listed(desk, call, index, numbers[index], items[index], outcomes[index]) for index in listed)
    )
    return outcomes | dict(zip(listed, told, strict=True))


async def _update_alone(desk: Desk, call: Call, index: int, number: int, each: Update) -> Outcome:
    """An item whose key an earlier run of this batch has used, with the amount as it stood before that run."""

    async def stored() -> Record:
        return accepted(desk, call, await desk.records.get(shelf(call), number, call.actor))

    async def write(priced: Values, revision: int | None) -> Written | Refusal:
        change = Change(number, priced, revision)
        done = await desk.records.batch_update(shelf(call), [change], _terms(call, {index: change}), call.actor)
        return done[0]

    try:
        named = named_revision(desk, call, each.precondition, number)
        revision = named if isinstance(named, int) else None
        return await write_priced(desk, call, valid(each.values), revision, stored, write)
    except ApiError as error:
        return error


def _may_be_done(desk: Desk, call: Call, number: int, each: Update, outcome: Outcome) -> bool:
    """Whether an item with a key and several etags may have been carried out by an earlier run of this batch."""
    if terms(call).dedupe_key is None or isinstance(each.values, Invalid):
        return False
    lists = isinstance(named_revision(desk, call, each.precondition, number), frozenset)
    refused_so = isinstance(outcome, ApiError | Refusal) and outcome.problem
    return lists and refused_so in (PRECONDITION_FAILED, IDEMPOTENCY_KEY_REUSED)


async def _update_listed(desk: Desk, call: Call, index: int, number: int, each: Update, told: Outcome) -> Outcome:
    """What became of an item whose etags name older revisions: an earlier run, whose outcome nobody knew, took one.

    The service has the key then, and tells that outcome where the same revision is named again; where another is, that
    the key is of another body. Without the key it finds the revision gone. So nothing is written now.
    """
    try:
        record = accepted(desk, call, await desk.records.get(shelf(call), number, call.actor))
        named = named_revision(desk, call, each.precondition, number)
        older = sorted((n for n in named if n < record.revision), reverse=True) if isinstance(named, frozenset) else []
        for priced_by in (record, None) if _is_unpriced(call, each) else (record,):
            values = valid(await priced(desk, call, valid(each.values), priced_by))
            for change in (Change(number, values, revision) for revision in older):
                own = _terms(call, {index: change})
                [done] = await desk.records.batch_update(shelf(call), [change], own, call.actor)
                if not _is_spent(done):
                    return done
    except ApiError as error:
        return error
    return told


def _is_unpriced(call: Call, each: Update) -> bool:
    return not isinstance(each.values, Invalid) and unpriced(call, each.values)


async def _changes(
    desk: Desk, call: Call, items: Sequence[Update], pending: Mapping[int, int], outcomes: Outcomes
) -> dict[int, Change]:
    named = {index: named_revision(desk, call, items[index].precondition, number) for index, number in pending.items()}
    unsure = [index for index in pending if isinstance(named[index], frozenset) or _is_unpriced(call, items[index])]
    found = (
        await desk.records.batch_get(shelf(call), [pending[index] for index in unsure], call.actor) if unsure else []
    )
    stored = dict(zip(unsure, found, strict=True))
    changes: dict[int, Change] = {}
    for index, number in pending.items():
        values, revision, record = items[index].values, named[index], stored.get(index)
        if isinstance(values, Invalid):
            continue
        if isinstance(record, Refusal):
            outcomes[index] = record
            continue
        if record is not None:
            if isinstance(revision, frozenset) and record.revision not in revision:
                tag = etag(desk.presenter(call).record_id(call.actor.tenant, number), record.revision, call.version)
                outcomes[index] = ApiError(PRECONDITION_FAILED, current_etag=tag)
                continue
            values = await priced(desk, call, values, record)
            if isinstance(values, Invalid):
                outcomes[index] = invalid(values.errors)
                continue
            revision = revision if isinstance(revision, int) else record.revision
        changes[index] = Change(number, values, revision if isinstance(revision, int) else None)
    return changes


async def run_upsert(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Answer:
    """One upsert an item."""
    return await _answer(desk, call, await _in_turn(desk, call, items, upserted, _upsert))


async def _upsert(desk: Desk, call: Call, items: Sequence[Values | Invalid]) -> Outcomes:
    """Those whose amount needs the stored currency go by themselves, on the revision found."""
    on = str(call.parameters.on)
    outcomes, ready = _sorted_out(items)
    alone = {index: values for index, values in ready.items() if unpriced(call, values)}
    plain = {index: values for index, values in ready.items() if index not in alone}
    done = await desk.records.batch_upsert(shelf(call), on, list(plain.values()), _terms(call, plain), call.actor)
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
    known = Known(await desk.records.definitions(resource, call.actor) if resource.custom else {})
    around = structs.replace(call.around, definitions=known)
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


def _terms(call: Call, items: Mapping[int, object]) -> Terms:
    return structs.replace(terms(call), positions=tuple(items))


def _stale(outcome: Outcome) -> bool:
    return isinstance(outcome, Refusal) and outcome.problem is PRECONDITION_FAILED


def _is_spent(outcome: Outcome) -> bool:
    return isinstance(outcome, Refusal) and outcome.problem is IDEMPOTENCY_KEY_REUSED


def _sorted_out(items: Sequence[Values | Invalid]) -> tuple[Outcomes, dict[int, Values]]:
    outcomes: Outcomes = {}
    ready: dict[int, Values] = {}
    for index, values in enumerate(items):
        _put(outcomes, ready, index, values)
    return outcomes, ready


def _put(outcomes: Outcomes, ready: dict[int, Values], index: int, values: Values | Invalid) -> None:
    if isinstance(values, Invalid):
        outcomes[index] = invalid(values.errors)
        ready.pop(index, None)
    else:
        ready[index] = values


def _known(numbers: Sequence[Number]) -> tuple[Outcomes, dict[int, int]]:
    outcomes: Outcomes = {
        n: ApiError(RESOURCE_NOT_FOUND) for n, each in enumerate(numbers) if isinstance(each, ids.Foreign)
    }
    return outcomes, {n: each for n, each in enumerate(numbers) if not isinstance(each, ids.Foreign)}


async def _answer(
    desk: Desk, call: Call, outcomes: Outcomes, numbers: Mapping[int, int] | None = None, *, status: int = 200
) -> Answer:
    """200 with an entry an item. Where one's outcome is unknown the whole is not settled: its retry asks again.

    Nor is it where one may pass another time: kept for a day, a moment's outage would be what every retry is told.
    """
    done: dict[int, Record] = {}
    for index, outcome in outcomes.items():
        if isinstance(outcome, Written):
            done[index] = outcome.record
        elif isinstance(outcome, Record):
            done[index] = outcome
    public = dict(zip(done, await shown(desk, call, list(done.values())), strict=True))
    entries: list[Json] = []
    failed, settled, asks_again = 0, True, desk.records.capabilities_for(call.operation.of).dedupe
    for index in range(len(outcomes)):
        outcome = outcomes[index]
        if isinstance(outcome, Refusal):
            outcome = refused(desk, call, outcome, (numbers or {}).get(index))
        if isinstance(outcome, ApiError):
            failed += 1
            settled &= not (outcome.may_have_happened or (asks_again and outcome.may_pass))
            entries.append({"status": outcome.problem.status, "error": _error(desk, call, outcome)})
        else:
            entries.append(_entry(call, outcome, public.get(index), status))
    meta: dict[str, Json] = {"succeeded": len(entries) - failed, "failed": failed}
    if call.parameters.dry_run:
        meta["dry_run"] = True
    return Answer(call.operation.success, encode({"data": entries, "meta": meta}), settled=settled)


def _entry(call: Call, outcome: Outcome, public: Json, status: int) -> dict[str, Any]:
    if call.parameters.on is None or not isinstance(outcome, Written):
        return {"status": 200 if call.parameters.dry_run else status, "data": public}
    own = CREATED if outcome.created and not call.parameters.dry_run else 200
    return {"status": own, "data": public, "result": result(outcome)}


def _error(desk: Desk, call: Call, error: ApiError) -> dict[str, Any]:
    return problem_members(
        error.problem,
        api_url=desk.api_url,
        trace_id=call.actor.trace_id,
        detail=error.detail,
        errors=error.errors,
        outcome=error.outcome,
        **error.members,
    )
