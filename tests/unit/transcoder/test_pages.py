"""Pages: what a cursor is bound to and what may change between pages, and where bookmarks lie."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from msgspec.structs import replace

from contract.ids import IdCodec
from contract.resources import RESOURCES
from contract.sealing import parse_key_ring
from contract.vocabulary import TenantId
from infra.stores.idempotency import MemoryIdempotency
from infra.stores.receipts import MemoryReceipts
from tests.support.record_faults import FAULTS
from tests.unit.transcoder.calls import ACTOR, a_call, an_older_call
from tests.unit.transcoder.surroundings import AROUND, NOW_MS, OLDEST
from transcoder.backend.interface import (
    Actor,
    AllOf,
    AnyOf,
    Backend,
    Condition,
    NotOf,
    Page,
    Query,
    Record,
    RecordCollection,
    UpdatedAfter,
)
from transcoder.http.parameters import Parameters
from transcoder.operations.call import Call
from transcoder.operations.context import HandlerContext
from transcoder.operations.paging import PageBody, PageRequest, fetch_page
from transcoder.presentation.errors import ApiError
from transcoder.presentation.to_public import Presenters

KEYS = parse_key_ring("1 " + "ab" * 32)
LEAST = {"last_name": "x", "lifecycle_stage": "lead", "do_not_contact": False, "tags": [], "owner_id": 1}
WISH = PageRequest(Condition("email", "eq", "a@x.example"), None, "created_at", True, 50, None)
CHANGES = PageRequest(None, None, "updated_at", False, 50, None)
CALL = a_call("contacts.search")


@dataclass
class OnePage:
    """The internal service, of which only its pages are asked."""

    told: Page = field(default_factory=lambda: Page((), None, None))
    asked: list[Query] = field(default_factory=list)

    async def page(self, shelf: RecordCollection, query: Query, actor: Actor) -> Page:
        self.asked.append(query)
        return self.told


def a_record(number: int, updated_at_ms: int) -> Record:
    values = LEAST | {"created_by_id": 1, "created_at": 0, "updated_at": updated_at_ms}
    return Record(number, 1, values, None)


def a_desk(*records: Record, place: str | None = None, total: int | None = None) -> tuple[HandlerContext, OnePage]:
    service = OnePage(Page(records, place, total))
    presenters = Presenters(RESOURCES, IdCodec(bytes(range(32))))
    store = MemoryIdempotency(lambda: 0)
    return HandlerContext(
        cast("Backend", service), store, MemoryReceipts(lambda: 0), presenters, KEYS, "https://api.example", FAULTS
    ), service


async def first(wish: PageRequest = WISH, call: Call = CALL, place: str = "place-1") -> str:
    """The cursor to the second page."""
    desk, _ = a_desk(a_record(1, 0), place=place)
    shown = await fetch_page(desk, call, wish)
    assert shown.next is not None
    return shown.next


async def then(cursor: str, wish: PageRequest = WISH, call: Call = CALL) -> str | UpdatedAfter | None:
    """Where the next page is read from."""
    desk, service = a_desk()
    await fetch_page(desk, call, replace(wish, cursor=cursor))
    return service.asked[0].place


async def refusal(cursor: str, wish: PageRequest = WISH, call: Call = CALL) -> Any:
    with pytest.raises(ApiError) as raised:
        await then(cursor, wish, call)
    assert raised.value.problem.code == "invalid-cursor"
    return raised.value.members["reason"]


async def test_the_first_page_has_no_place_and_the_next_one_goes_on_behind_it() -> None:
    desk, service = a_desk(a_record(1, 0), place="place-1")
    shown = await fetch_page(desk, CALL, WISH)
    assert service.asked == [Query(WISH.where, None, "created_at", True, 50, "exclude", False, None)]
    assert shown.body["meta"] == {"cursor": {"next": shown.next, "has_more": True}}
    assert await then(str(shown.next)) == "place-1"


async def test_the_last_page_ends() -> None:
    desk, _ = a_desk(a_record(1, 0))
    shown = await fetch_page(desk, CALL, WISH)
    assert shown.body["meta"] == {"cursor": {"next": None, "has_more": False}}


async def test_the_total_is_told_to_whom_it_was_asked_for() -> None:
    desk, service = a_desk(total=7)
    shown = await fetch_page(desk, replace(CALL, parameters=Parameters(include_total=True)), WISH)
    assert service.asked[0].with_total
    assert shown.body["meta"]["total"] == 7


MAY_CHANGE: dict[str, tuple[PageRequest, Call]] = {
    "the limit": (replace(WISH, limit=7), CALL),
    "the fields": (WISH, replace(CALL, parameters=Parameters(fields=frozenset({"email"})))),
    "the total": (WISH, replace(CALL, parameters=Parameters(include_total=True))),
    "the version": (WISH, an_older_call("contacts.search", version=OLDEST)),
    "the user": (WISH, replace(CALL, actor=replace(ACTOR, user=cast("Any", 12), role="viewer"))),
}


@pytest.mark.parametrize(("wish", "call"), MAY_CHANGE.values(), ids=MAY_CHANGE.keys())
async def test_may_change_between_pages(wish: PageRequest, call: Call) -> None:
    assert await then(await first(), wish, call) == "place-1"


OTHER = Condition("email", "eq", "b@x.example")
OTHER_QUERIES: dict[str, tuple[PageRequest, Call]] = {
    "no filter": (replace(WISH, where=None), CALL),
    "another value": (replace(WISH, where=OTHER), CALL),
    "another operator": (replace(WISH, where=Condition("email", "neq", "a@x.example")), CALL),
    "another field": (replace(WISH, where=Condition("source", "eq", "a@x.example")), CALL),
    "one value of several": (replace(WISH, where=Condition("email", "eq", ["a@x.example"])), CALL),
    "the opposite": (replace(WISH, where=NotOf(WISH.where or OTHER)), CALL),
    "one condition more": (replace(WISH, where=AllOf((WISH.where or OTHER, OTHER))), CALL),
    "any instead of all": (replace(WISH, where=AnyOf((WISH.where or OTHER, OTHER))), CALL),
    "a text": (replace(WISH, text="ada"), CALL),
    "another order": (replace(WISH, order_by="last_name"), CALL),
    "another direction": (replace(WISH, descending=False), CALL),
    "deleted ones too": (WISH, replace(CALL, parameters=Parameters(deleted="include"))),
    "another operation": (WISH, a_call("contacts.list")),
    "another resource": (WISH, a_call("companies.search")),
    "the stages of a pipeline": (WISH, replace(CALL, parent=5)),
}


@pytest.mark.parametrize(("wish", "call"), OTHER_QUERIES.values(), ids=OTHER_QUERIES.keys())
async def test_a_cursor_is_of_no_use_for(wish: PageRequest, call: Call) -> None:
    assert await refusal(await first(), wish, call) == "query-mismatch"


ALL = replace(WISH, where=None)
OTHER_WHOLES: dict[str, tuple[PageRequest, Call]] = {
    "a filter": (WISH, CALL),
    "a text": (replace(ALL, text="ada"), CALL),
    "another order": (replace(ALL, order_by="last_name"), CALL),
    "another direction": (replace(ALL, descending=False), CALL),
    "deleted ones too": (ALL, a_call("contacts.search", parameters=Parameters(deleted="include"))),
    "another operation": (ALL, a_call("contacts.list")),
    "the stages of a pipeline": (ALL, a_call("contacts.search", parent=5)),
}


@pytest.mark.parametrize(("wish", "call"), OTHER_WHOLES.values(), ids=OTHER_WHOLES.keys())
async def test_a_cursor_into_all_records_is_of_no_use_for(wish: PageRequest, call: Call) -> None:
    cursor = await first(ALL)
    assert await then(cursor, ALL) == "place-1"
    assert await refusal(cursor, wish, call) == "query-mismatch"


async def test_a_cursor_of_another_business_does_not_open() -> None:
    stranger = replace(CALL, actor=replace(ACTOR, tenant=TenantId(2)))
    assert await refusal(await first(), call=stranger) == "malformed"


async def test_a_cursor_lives_for_thirty_days() -> None:
    cursor = await first()
    month_ms = 30 * 24 * 3600 * 1000
    on_time = replace(CALL, around=replace(AROUND, now_ms=NOW_MS + month_ms - 1000))
    assert await then(cursor, call=on_time) == "place-1"
    late = replace(CALL, around=replace(AROUND, now_ms=NOW_MS + month_ms))
    assert await refusal(cursor, call=late) == "expired"


@pytest.mark.parametrize("text", ["", "x", "AAAA", "\u00e9", "=" * 40, "A" * 3000])
async def test_what_is_no_cursor_is_malformed(text: str) -> None:
    assert await refusal(text) == "malformed"


# Bookmarks


async def bookmark(*records: Record, now_ms: int = NOW_MS) -> str | UpdatedAfter | None:
    """Where the bookmark of a last page lies."""
    desk, _ = a_desk(*records)
    call = replace(CALL, around=replace(AROUND, now_ms=now_ms))
    shown: PageBody = await fetch_page(desk, call, CHANGES)
    assert shown.body["meta"] == {"cursor": {"next": shown.next, "has_more": False}}
    return await then(str(shown.next), CHANGES, call)


async def test_the_last_page_of_changes_gives_a_bookmark_behind_its_last_record() -> None:
    assert await bookmark(a_record(7, 1000), a_record(5, NOW_MS - 30_001)) == UpdatedAfter(NOW_MS - 30_001, 5)


async def test_a_bookmark_never_lies_closer_to_now_than_thirty_seconds() -> None:
    assert await bookmark(a_record(5, NOW_MS - 29_999)) == UpdatedAfter(NOW_MS - 30_000, 0)
    assert await bookmark(a_record(5, NOW_MS + 9)) == UpdatedAfter(NOW_MS - 30_000, 0)


async def test_a_record_of_the_very_instant_comes_again() -> None:
    assert await bookmark(a_record(5, NOW_MS - 30_000)) == UpdatedAfter(NOW_MS - 30_000, 0)


async def test_a_page_without_changes_goes_on_from_thirty_seconds_ago() -> None:
    assert await bookmark() == UpdatedAfter(NOW_MS - 30_000, 0)


async def test_a_page_of_changes_with_more_behind_it_gives_no_bookmark_yet() -> None:
    assert await then(await first(CHANGES), CHANGES) == "place-1"


@pytest.mark.parametrize(
    "wish",
    [replace(CHANGES, descending=True), replace(CHANGES, order_by="created_at")],
    ids=["newest first", "by another time"],
)
async def test_there_is_no_bookmark(wish: PageRequest) -> None:
    desk, _ = a_desk(a_record(5, 1000))
    assert (await fetch_page(desk, CALL, wish)).next is None


async def test_a_place_that_looks_like_a_bookmark_is_still_a_place() -> None:
    assert await then(await first(place="b1:2")) == "b1:2"
