"""Amounts that come without a currency: it is the stored one, else the business's default.

What was read to find it is what the write then names as its revision, so that no other currency slips in between.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from contract.problems import CONFLICT, IDEMPOTENCY_KEY_REUSED, PRECONDITION_FAILED
from transcoder.backend.interface import Condition, Page, Query, Record, Refusal, UnreadableRecord, Values, WriteResult
from transcoder.backend.json_calls import unusable_response
from transcoder.operations.call import Call
from transcoder.operations.context import HandlerContext, collection, is_refused_as, unwrap
from transcoder.operations.request_body import require_valid
from transcoder.presentation.errors import ApiError
from transcoder.validation.bodies import InvalidBody, to_smallest_units

MAX_TRIES = 3

Write = Callable[[Values, int | None], Awaitable[WriteResult | Refusal]]
"""Makes the write with these values on that revision (0: where no record matches)."""


def lacks_currency(call: Call, values: Values) -> bool:
    """Whether the values hold an amount whose currency is not known yet."""
    money = call.operation.resource.money
    return money is not None and isinstance(values.get(money.amount), Decimal)


async def with_currency(
    desk: HandlerContext, call: Call, values: Values, stored: Record | None
) -> Values | InvalidBody:
    """The values with amount and currency, given the record that they change."""
    money = call.operation.resource.money
    if money is None or not lacks_currency(call, values):
        return values
    currency = None if stored is None else stored.values.get(money.currency)
    if currency is None:
        currency = unwrap(desk, call, await desk.records.default_currency(call.actor))
    read = to_smallest_units(call.operation.resource, money, values, currency)
    if isinstance(read, InvalidBody):
        return InvalidBody(tuple(call.translation.to_caller_error(item) for item in read.errors))
    return read


async def find_match(desk: HandlerContext, call: Call, on: str, value: object) -> Record | None:
    """The live record that an upsert would change; None where none, or more than one, matches."""
    query = Query(Condition(on, "eq", value), None, "created_at", False, 2, "exclude", False, None)
    page: Page = unwrap(desk, call, await desk.records.page(collection(call), query, call.actor))
    if len(page.records) != 1:
        return None
    [found] = page.records
    if isinstance(found, UnreadableRecord):
        raise unusable_response(found.cause, writes=False)
    return found


async def write_with_currency(
    desk: HandlerContext,
    call: Call,
    values: Values,
    revision: int | None,
    find: Callable[[], Awaitable[Record | None]],
    write: Write,
) -> WriteResult | Refusal:
    """Write values that may need a currency; again when the record changed meanwhile, unless the caller named it."""
    if not lacks_currency(call, values):
        return await write(values, revision)
    for _ in range(MAX_TRIES):
        stored = await find()
        found = 0 if stored is None else stored.revision
        outcome = await write(
            require_valid(await with_currency(desk, call, values, stored)), found if revision is None else revision
        )
        if stored is not None and is_refused_as(IDEMPOTENCY_KEY_REUSED, outcome):
            return await _written_before(desk, call, values, stored, write)
        if revision is not None or not is_refused_as(PRECONDITION_FAILED, outcome):
            return outcome
    raise ApiError(CONFLICT)


async def _written_before(
    desk: HandlerContext, call: Call, values: Values, stored: Record, write: Write
) -> WriteResult | Refusal:
    """What an earlier run of this request left, whose outcome nobody knew: it named the revision before the stored one.

    The service has the key, so nothing is written now: it tells that outcome, or that the key is of another body.
    """
    outcome = await write(require_valid(await with_currency(desk, call, values, stored)), stored.revision - 1)
    if is_refused_as(IDEMPOTENCY_KEY_REUSED, outcome):
        outcome = await write(require_valid(await with_currency(desk, call, values, None)), 0)
    return outcome
