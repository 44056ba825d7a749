"""The items of a batch update: all in one call, and by themselves only those that an earlier run may have written.

A batch whose outcome nobody knew is run again, with the same key for each item. Most items are told the outcome that
the service has kept. Two kinds are not, as what they are made of has changed since: an amount without a currency, and
an item that names several etags.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from contract.problems import CONFLICT, IDEMPOTENCY_KEY_REUSED, PRECONDITION_FAILED
from transcoder.backend.interface import Change, Record, Refusal, Values, WriteResult
from transcoder.operations.amount_currency import MAX_TRIES, lacks_currency, with_currency, write_with_currency
from transcoder.operations.batch_bodies import UpdateItem
from transcoder.operations.batch_results import Outcome, Outcomes, batch_terms, split_known
from transcoder.operations.call import Call
from transcoder.operations.context import HandlerContext, collection, is_refused_as, revision_named, unwrap, write_terms
from transcoder.operations.request_body import require_valid, validation_error
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import Precondition, etag
from transcoder.validation.bodies import InvalidBody


async def update(desk: HandlerContext, call: Call, items: Sequence[UpdateItem]) -> Outcomes:
    """What becomes of each item."""
    outcomes, ready = _sorted_out(items)
    batch = _Batch(desk, call, ready)
    outcomes |= await batch.write_together()
    outcomes |= await _each(batch.retry_unpriced, {n: outcomes[n] for n in ready if batch.key_was_used(n, outcomes[n])})
    outcomes |= await _each(batch.retry_listed, {n: outcomes[n] for n in ready if batch.may_be_written(n, outcomes[n])})
    return outcomes


@dataclass(frozen=True, slots=True)
class _Item:
    number: int
    values: Values
    precondition: Precondition | None


def _sorted_out(items: Sequence[UpdateItem]) -> tuple[Outcomes, dict[int, _Item]]:
    outcomes, numbers = split_known([each.number for each in items])
    ready: dict[int, _Item] = {}
    for index, each in enumerate(items):
        if isinstance(each.values, InvalidBody):
            outcomes[index] = validation_error(each.values.errors)
        elif index in numbers:
            ready[index] = _Item(numbers[index], each.values, each.precondition)
    return outcomes, ready


async def _each(again: Callable[[int, Outcome], Awaitable[Outcome]], told: Outcomes) -> Outcomes:
    return dict(zip(told, await asyncio.gather(*(again(*each) for each in told.items())), strict=True))


@dataclass(frozen=True, slots=True)
class _Batch:
    """The items, by their index, that can be written."""

    desk: HandlerContext
    call: Call
    items: Mapping[int, _Item]

    async def write_together(self) -> Outcomes:
        """All in one call; those whose record changed before an amount had found its currency, again."""
        outcomes: Outcomes = {}
        pending = list(self.items)
        for _ in range(MAX_TRIES):
            prepared = await self._prepared(pending)
            changes = {index: each for index, each in prepared.items() if isinstance(each, Change)}
            outcomes |= {index: each for index, each in prepared.items() if not isinstance(each, Change)}
            outcomes |= dict(zip(changes, await self._write(changes), strict=True))
            pending = [index for index in changes if self._has_moved(index, outcomes[index])]
            if not pending:
                break
        return outcomes | {index: ApiError(CONFLICT) for index in pending}

    async def _prepared(self, pending: Sequence[int]) -> dict[int, Change | Refusal | ApiError]:
        """What needs the stored record (a currency, a list of etags) is read first, all in one call."""
        named = {index: self._named(index) for index in pending}
        unsure = [index for index in pending if isinstance(named[index], frozenset) or self._is_unpriced(index)]
        numbers = [self.items[index].number for index in unsure]
        records = self.desk.records
        found = await records.batch_get(collection(self.call), numbers, self.call.actor) if unsure else []
        stored = dict(zip(unsure, found, strict=True))
        return {index: await self._change(self.items[index], named[index], stored.get(index)) for index in pending}

    async def _change(
        self, each: _Item, named: int | frozenset[int] | None, stored: Record | Refusal | None
    ) -> Change | Refusal | ApiError:
        one = named if isinstance(named, int) else None
        if stored is None:
            return Change(each.number, each.values, one)
        if isinstance(stored, Refusal):
            return stored
        if isinstance(named, frozenset) and stored.revision not in named:
            record_id = self.desk.presenter(self.call).record_id(self.call.actor.tenant, each.number)
            return ApiError(PRECONDITION_FAILED, current_etag=etag(record_id, stored.revision, self.call.version))
        values = await with_currency(self.desk, self.call, each.values, stored)
        if isinstance(values, InvalidBody):
            return validation_error(values.errors)
        return Change(each.number, values, stored.revision if one is None else one)

    def key_was_used(self, index: int, outcome: Outcome) -> bool:
        """Whether an earlier run has used the item's key, with another currency or revision than is stored now."""
        return self._is_unpriced(index) and is_refused_as(IDEMPOTENCY_KEY_REUSED, outcome)

    async def retry_unpriced(self, index: int, _: Outcome) -> Outcome:
        """What became of it, with the amount as it stood before that run."""
        each = self.items[index]

        async def write(priced: Values, revision: int | None) -> WriteResult | Refusal:
            [done] = await self._write({index: Change(each.number, priced, revision)})
            return done

        try:
            named = self._named(index)
            revision = named if isinstance(named, int) else None
            return await write_with_currency(
                self.desk, self.call, each.values, revision, lambda: self._stored(each.number), write
            )
        except ApiError as error:
            return error

    def may_be_written(self, index: int, outcome: Outcome) -> bool:
        """Whether an item with a key and several etags may have been written by an earlier run."""
        if write_terms(self.call).dedupe_key is None or not isinstance(self._named(index), frozenset):
            return False
        return is_refused_as(PRECONDITION_FAILED, outcome) or is_refused_as(IDEMPOTENCY_KEY_REUSED, outcome)

    async def retry_listed(self, index: int, told: Outcome) -> Outcome:
        """What became of it, if that run took one of the older revisions that its etags name; else what was told.

        The service has the key then, and tells that outcome where the same revision is named again; where another is,
        that the key is of another body. Without the key it finds the revision gone. So nothing is written now.
        """
        each, named = self.items[index], self._named(index)
        try:
            record = await self._stored(each.number)
            older = (
                sorted((n for n in named if n < record.revision), reverse=True) if isinstance(named, frozenset) else []
            )
            for priced_by in (record, None) if self._is_unpriced(index) else (record,):
                values = require_valid(await with_currency(self.desk, self.call, each.values, priced_by))
                for revision in older:
                    [done] = await self._write({index: Change(each.number, values, revision)})
                    if not is_refused_as(IDEMPOTENCY_KEY_REUSED, done):
                        return done
        except ApiError as error:
            return error
        return told

    async def _write(self, changes: Mapping[int, Change]) -> list[WriteResult | Refusal]:
        on = batch_terms(self.call, changes)
        return await self.desk.records.batch_update(collection(self.call), list(changes.values()), on, self.call.actor)

    async def _stored(self, number: int) -> Record:
        found = await self.desk.records.get(collection(self.call), number, self.call.actor)
        return unwrap(self.desk, self.call, found)

    def _named(self, index: int) -> int | frozenset[int] | None:
        each = self.items[index]
        return revision_named(self.desk, self.call, each.precondition, each.number)

    def _is_unpriced(self, index: int) -> bool:
        return lacks_currency(self.call, self.items[index].values)

    def _has_moved(self, index: int, outcome: Outcome) -> bool:
        mine = self.items[index].precondition is None and self._is_unpriced(index)
        return mine and is_refused_as(PRECONDITION_FAILED, outcome)
