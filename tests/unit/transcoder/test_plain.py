"""What a plain service's dialect inherits: batches one by one, each item with a key and an outcome of its own."""

import asyncio

import pytest

from contract.problems import RESOURCE_NOT_FOUND, UPSTREAM_TIMEOUT
from contract.resources import CONTACT
from tests.unit.transcoder.calls import ACTOR
from transcoder.backend.interface import Change, Record, RecordCollection, Refusal, Values, WriteResult, WriteTerms
from transcoder.backend.simple_backend import MAX_PARALLEL, SimpleBackend, each_item, missing_fields, to_record
from transcoder.presentation.errors import ApiError

SHELF = RecordCollection(CONTACT)
GONE = Refusal(RESOURCE_NOT_FOUND)


async def test_outcomes_keep_their_order_and_a_failure_is_its_own_items() -> None:
    async def ask(item: int, _: int) -> int | Refusal:
        await asyncio.sleep(0)
        if item == 3:
            raise ApiError(UPSTREAM_TIMEOUT, outcome="not-applied", cause="no time was left to ask")
        return GONE if item == 5 else item * 10

    outcomes = await each_item(range(20), ask)
    late = Refusal(UPSTREAM_TIMEOUT, outcome="not-applied", cause="no time was left to ask")
    assert outcomes == [{3: late, 5: GONE}.get(item, item * 10) for item in range(20)]


async def test_only_so_many_are_under_way_at_once() -> None:
    under_way = most = 0

    async def ask(_: int, __: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _step in range(3):
            await asyncio.sleep(0)
        under_way -= 1

    await each_item(range(50), ask)
    assert most == MAX_PARALLEL


async def test_what_nobody_expected_is_no_items_outcome() -> None:
    async def ask(_: int, __: int) -> None:
        raise LookupError

    with pytest.raises(ExceptionGroup):
        await each_item([1], ask)


class Keyed(SimpleBackend):
    """Remembers on which terms it was asked to write."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, WriteTerms]] = []

    async def create(self, shelf: RecordCollection, values: Values, terms: WriteTerms, actor: object) -> WriteResult:
        self.asked.append((values["first_name"], terms))
        return WriteResult(to_record(1, values))

    async def update(
        self, shelf: RecordCollection, number: int, values: Values, terms: WriteTerms, actor: object
    ) -> WriteResult:
        self.asked.append((number, terms))
        return WriteResult(to_record(number, values))


async def test_each_item_has_a_key_of_its_own_made_of_its_place_in_the_callers_batch() -> None:
    service = Keyed()
    items = [{"first_name": "A"}, {"first_name": "B"}]
    await service.batch_create(SHELF, items, WriteTerms(dedupe_key="k", positions=(4, 9)), ACTOR)
    assert service.asked == [("A", WriteTerms(dedupe_key="k.4")), ("B", WriteTerms(dedupe_key="k.9"))]


async def test_each_change_is_made_on_its_own_revision() -> None:
    service = Keyed()
    await service.batch_update(SHELF, [Change(7, {}, 3), Change(8, {}, None)], WriteTerms(), ACTOR)
    assert service.asked == [(7, WriteTerms(revision=3)), (8, WriteTerms())]


def test_a_revision_stands_for_what_a_record_holds() -> None:
    one, same, other = (to_record(1, {"first_name": name, "updated_at": 5}) for name in ("A", "A", "B"))
    assert one.revision == same.revision != other.revision
    assert 1 <= one.revision < 10**18
    assert isinstance(one, Record)
    assert one.values == {"first_name": "A", "updated_at": 5}, "no default is made up"


def test_what_says_nothing_is_missed_by_nobody() -> None:
    silent = {"source": None, "tags": [], "address": {}, "do_not_contact": False, "lifecycle_stage": "lead"}
    assert missing_fields(CONTACT, silent, ()) is None
    lost = missing_fields(CONTACT, silent | {"do_not_contact": True, "first_name": "Ada"}, ("first_name",))
    assert lost is not None
    assert [item.pointer for item in lost.errors or ()] == ["/do_not_contact"]
