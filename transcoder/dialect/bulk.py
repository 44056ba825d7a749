"""Many records in one call: split at what the CRM takes, sent side by side, an outcome for each item in order."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import structs

from contract.vocabulary import Json
from transcoder.dialect.answers import refusal_in
from transcoder.dialect.calls import Calls, Read, after
from transcoder.dialect.conversions import Unreadable
from transcoder.dialect.envelope import Envelope, envelopes
from transcoder.dialect.own_fields import OwnFields, UnknownOwnField
from transcoder.dialect.refusals import Asked
from transcoder.dialect.wire import Ask, unusable
from transcoder.errors import ApiError
from transcoder.records import Actor, Refusal

T = TypeVar("T")

MOST = 50
"""Items that one call may hold."""


async def in_bulk(
    calls: Calls, asked: Asked, ask: Callable[[Sequence[Json]], Ask], items: Sequence[Json], actor: Actor, read: Read[T]
) -> list[T | Refusal]:
    """What `read` makes of each item's answer. A call that fails is its own items' refusal, and no others'."""
    async with asyncio.TaskGroup() as group:
        chunks = [
            group.create_task(_chunk(calls, asked, ask(items[at : at + MOST]), actor, read))
            for at in range(0, len(items), MOST)
        ]
    return [outcome for chunk in chunks for outcome in chunk.result()]


async def _chunk(calls: Calls, asked: Asked, ask: Ask, actor: Actor, read: Read[T]) -> list[T | Refusal]:
    count = len(ask.body["items"])

    def answers(answer: Envelope, _: OwnFields) -> list[Envelope]:
        told: list[Envelope] = envelopes(answer.result)
        if len(told) != count:
            raise Unreadable("an answer for each item was expected")
        return told

    try:
        told = await calls.ask(asked, ask, actor, answers)
    except ApiError as error:
        return [_refusal(error)] * count
    if isinstance(told, Refusal):
        return [told] * count
    return await _read_all(calls, asked, ask, told, actor, read)


async def _read_all(
    calls: Calls, asked: Asked, ask: Ask, answers: list[Envelope], actor: Actor, read: Read[T]
) -> list[T | Refusal]:
    def outward(answer: Envelope, own: OwnFields) -> T | Refusal | Unreadable:
        try:
            return refusal_in(structs.replace(asked, own=own), answer) or read(answer, own)
        except Unreadable as fault:
            return fault

    own = await calls.own_fields(asked.dialect, actor)
    outcomes = [outward(answer, own) for answer in answers]
    unknown = [at for at, outcome in enumerate(outcomes) if isinstance(outcome, UnknownOwnField)]
    if unknown:
        try:
            own = await calls.own_fields(asked.dialect, actor, beyond=own)
        except ApiError as error:
            for at in unknown:
                outcomes[at] = _refusal(after(ask, answers[at], error))
        else:
            for at in unknown:
                outcomes[at] = outward(answers[at], own)
    return [
        _refusal(unusable(ask, str(outcome))) if isinstance(outcome, Unreadable) else outcome for outcome in outcomes
    ]


def _refusal(error: ApiError) -> Refusal:
    errors = None if error.errors is None else tuple(error.errors)
    return Refusal(error.problem, errors, error.members, outcome=error.outcome, cause=error.cause)
