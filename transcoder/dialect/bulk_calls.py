"""Many records in one call: split at what the CRM takes, sent side by side, an outcome for each item in order."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import structs

from contract.vocabulary import Json
from transcoder.backend.interface import Actor, Refusal
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.custom_values import CustomFields, UnknownCustomField
from transcoder.dialect.envelope import Envelope, read_envelopes
from transcoder.dialect.error_mapping import RefusalContext
from transcoder.dialect.record_calls import Read, RecordCalls, outcome_unknown
from transcoder.dialect.responses import refusal_of
from transcoder.dialect.transport import CrmRequest, unusable_response
from transcoder.presentation.errors import ApiError

T = TypeVar("T")

MAX_ITEMS_PER_CALL = 50
"""Items that one call may hold."""


async def run_in_bulk(
    calls: RecordCalls,
    asked: RefusalContext,
    ask: Callable[[Sequence[Json]], CrmRequest],
    items: Sequence[Json],
    actor: Actor,
    read: Read[T],
) -> list[T | Refusal]:
    """What `read` makes of each item's answer. A call that fails is its own items' refusal, and no others'."""
    async with asyncio.TaskGroup() as group:
        chunks = [
            group.create_task(_chunk(calls, asked, ask(items[at : at + MAX_ITEMS_PER_CALL]), actor, read))
            for at in range(0, len(items), MAX_ITEMS_PER_CALL)
        ]
    return [outcome for chunk in chunks for outcome in chunk.result()]


async def _chunk(
    calls: RecordCalls, asked: RefusalContext, ask: CrmRequest, actor: Actor, read: Read[T]
) -> list[T | Refusal]:
    count = len(ask.body["items"])

    def answers(answer: Envelope, _: CustomFields) -> list[Envelope]:
        told: list[Envelope] = read_envelopes(answer.result)
        if len(told) != count:
            raise UnreadableResponse("an answer for each item was expected")
        return told

    try:
        told = await calls.send(asked, ask, actor, answers)
    except ApiError as error:
        return [_refusal(error)] * count
    if isinstance(told, Refusal):
        return [told] * count
    return await _read_all(calls, asked, ask, told, actor, read)


async def _read_all(
    calls: RecordCalls, asked: RefusalContext, ask: CrmRequest, answers: list[Envelope], actor: Actor, read: Read[T]
) -> list[T | Refusal]:
    def outward(answer: Envelope, own: CustomFields) -> T | Refusal | UnreadableResponse:
        try:
            return refusal_of(structs.replace(asked, own=own), answer) or read(answer, own)
        except UnreadableResponse as fault:
            return fault

    own = await calls.custom_fields(asked.dialect, actor)
    outcomes = [outward(answer, own) for answer in answers]
    unknown = [at for at, outcome in enumerate(outcomes) if isinstance(outcome, UnknownCustomField)]
    if unknown:
        try:
            own = await calls.custom_fields(asked.dialect, actor, beyond=own)
        except ApiError as error:
            for at in unknown:
                outcomes[at] = _refusal(outcome_unknown(ask, answers[at], error))
        else:
            for at in unknown:
                outcomes[at] = outward(answers[at], own)
    return [
        _refusal(unusable_response(ask, str(outcome))) if isinstance(outcome, UnreadableResponse) else outcome
        for outcome in outcomes
    ]


def _refusal(error: ApiError) -> Refusal:
    errors = None if error.errors is None else tuple(error.errors)
    return Refusal(error.problem, errors, error.members, outcome=error.outcome, cause=error.cause)
