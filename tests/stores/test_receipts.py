"""All stores of receipts keep the same promises; the way there waits for nobody and drops what nobody takes."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
from msgspec.structs import replace
from redis.asyncio import Redis
from structlog.testing import CapturingLogger

from infra.stores.receipt import Receipt
from infra.stores.receipts import MAX_BATCH, MAX_QUEUED, MemoryReceipts, ReceiptQueue, Receipts, ValkeyReceipts
from infra.stores.valkey import StoreUnavailable
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.shelves import KINDS, Shelf, shelf_of
from tests.stores.valkey_process import valkey_at
from tests.support.waiting import until

TIMEOUT_S = 5.0
DAY_S = 24 * 3600
MOST = 10_000
RECEIPT = Receipt(
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    "usr_one",
    "contacts.create",
    1_800_000_000_123,
    status=201,
    replayed=True,
    record=str(2**127),
    duration_ms=41,
    upstream_duration_ms=33,
)


@pytest.fixture(params=KINDS)
async def shelf(request: pytest.FixtureRequest, places: dict[str, str]) -> AsyncIterator[Shelf[Receipts]]:
    async with shelf_of(request.param, places, MemoryReceipts, ValkeyReceipts, keys="receipt*") as made:
        yield made


@pytest.fixture
async def store(shelf: Shelf[Receipts]) -> Receipts:
    return shelf.store


_numbers = itertools.count()


@pytest.fixture
def business() -> str:
    return f"biz_{next(_numbers)}"


def numbered(*numbers: int) -> list[Receipt]:
    return [replace(RECEIPT, trace_id=f"{number:036}") for number in numbers]


async def test_what_was_kept_is_found_member_for_member(store: Receipts, business: str) -> None:
    bare = replace(RECEIPT, trace_id="another", operation=None, status=404, problem="route-not-found", record=None)
    await store.save(business, [RECEIPT, bare])
    assert await store.find(business, RECEIPT.trace_id) == RECEIPT
    assert await store.find(business, "another") == bare
    assert await store.find(business, "a third") is None


async def test_businesses_do_not_see_each_other_s(store: Receipts, business: str) -> None:
    await store.save(business, [RECEIPT])
    assert await store.find(f"{business}0", RECEIPT.trace_id) is None
    assert await store.find(business[:-1], RECEIPT.trace_id) is None


async def test_of_a_request_that_was_tried_twice_the_later_receipt_is_kept(store: Receipts, business: str) -> None:
    for status in (502, 200):
        await store.save(business, [replace(RECEIPT, status=status)])
    found = await store.find(business, RECEIPT.trace_id)
    assert found is not None
    assert found.status == 200


async def test_a_receipt_is_kept_for_a_day_and_not_longer(shelf: Shelf[Receipts], business: str) -> None:
    await shelf.store.save(business, [RECEIPT])
    await shelf.pass_time(DAY_S - 60)
    assert await shelf.store.find(business, RECEIPT.trace_id) == RECEIPT
    await shelf.pass_time(60)
    assert await shelf.store.find(business, RECEIPT.trace_id) is None


async def test_the_oldest_make_room_in_a_business_that_is_never_silent(store: Receipts, business: str) -> None:
    for first in range(0, MOST, 1000):
        await store.save(business, numbered(*range(first, first + 1000)))
    oldest, second, third = numbered(0, 1, 2)
    assert await store.find(business, oldest.trace_id) == oldest
    await store.save(business, numbered(MOST, MOST + 1))
    assert await store.find(business, oldest.trace_id) is None
    assert await store.find(business, second.trace_id) is None
    assert await store.find(business, third.trace_id) == third


async def test_all_receipts_of_a_business_lie_in_one_slot_are_bounded_and_end_by_themselves(valkey_url: str) -> None:
    valkey = PipelinedClient(valkey_url, timeout_s=TIMEOUT_S)
    store = ValkeyReceipts(valkey)
    for first in range(0, MOST + 2000, 1000):
        await store.save("biz_77", numbered(*range(first, first + 1000)))
    async with Redis.from_url(valkey_url) as redis:
        keys = [key.decode() for key in await redis.keys("*{biz_77}*")]
        assert len(keys) == MOST + 1
        assert {key[key.index("{") : key.index("}") + 1] for key in keys} == {"{biz_77}"}
        for key in (*keys[:10], "receipts:{biz_77}"):
            assert DAY_S - 60 < await redis.ttl(key) <= DAY_S
    await valkey.close()


async def test_a_store_that_is_away_is_lost_whatever_is_asked_of_it() -> None:
    with TemporaryDirectory() as folder:
        async with valkey_at(Path(folder)) as (url, process):
            valkey = PipelinedClient(url, timeout_s=TIMEOUT_S)
            store = ValkeyReceipts(valkey)
            await store.save("biz", [RECEIPT])
            process.kill()
            await process.wait()
            with pytest.raises(StoreUnavailable):
                await store.save("biz", [RECEIPT])
            with pytest.raises(StoreUnavailable):
                await store.find("biz", RECEIPT.trace_id)
            await valkey.close()


async def test_what_somebody_else_wrote_is_no_receipt(valkey_url: str) -> None:
    valkey = PipelinedClient(valkey_url, timeout_s=TIMEOUT_S)
    async with Redis.from_url(valkey_url) as redis:
        for other in (b"\xc1", b"\x91\x01", b"\x01"):
            await redis.set("receipt:{biz_78}:x", other)
            with pytest.raises(StoreUnavailable):
                await ValkeyReceipts(valkey).find("biz_78", "x")
    await valkey.close()


class Moody:
    """A store that is away, or broken, when told so, and remembers how it was asked."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.asked: list[tuple[str, int]] = []
        self.saved: list[Receipt] = []

    async def save(self, business: str, receipts: Sequence[Receipt]) -> None:
        self.asked.append((business, len(receipts)))
        if self.trouble:
            raise self.trouble
        self.saved += receipts

    async def find(self, business: str, trace_id: str) -> Receipt | None:
        raise AssertionError("nobody asks")


@pytest.fixture
def logged() -> CapturingLogger:
    return CapturingLogger()


@pytest.fixture
def log(logged: CapturingLogger) -> Any:
    return structlog.wrap_logger(logged, processors=[], wrapper_class=structlog.make_filtering_bound_logger(0))


async def test_a_receipt_gets_there_by_itself_and_many_go_together(log: Any) -> None:
    store = Moody()
    outbox = ReceiptQueue(store, log)
    async with outbox.deliver_in_background():
        for receipt in numbered(*range(10)):
            outbox.put("one", receipt)
            await asyncio.sleep(0)  # those of several turns of the loop
        outbox.put("two", RECEIPT)
        await until(lambda: len(store.saved) == 11, "the delivery")
        assert store.asked == [("one", 10), ("two", 1)]
        outbox.put("one", RECEIPT)
        await until(lambda: len(store.saved) == 12, "the delivery")
    assert outbox.dropped == 0


async def test_what_waits_when_the_process_ends_is_delivered_first(log: Any) -> None:
    store = Moody()
    outbox = ReceiptQueue(store, log)
    async with outbox.deliver_in_background():
        for receipt in numbered(*range(2 * MAX_BATCH + 1)):
            outbox.put("one", receipt)
    assert store.saved == numbered(*range(2 * MAX_BATCH + 1))


async def test_a_delivery_that_the_end_cuts_off_is_made_again(log: Any) -> None:
    class Slow(Moody):
        async def save(self, business: str, receipts: Sequence[Receipt]) -> None:
            await super().save(business, receipts)
            if len(self.asked) == 1:
                await asyncio.Event().wait()

    store = Slow()
    outbox = ReceiptQueue(store, log)
    async with outbox.deliver_in_background():
        outbox.put("one", RECEIPT)
        await until(lambda: bool(store.asked), "the delivery")
    assert store.asked == [("one", 1), ("one", 1)]


async def test_a_full_queue_loses_its_oldest_and_counts_them(log: Any) -> None:
    store = Moody()
    outbox = ReceiptQueue(store, log)
    for receipt in numbered(*range(MAX_QUEUED + 3)):
        outbox.put("one", receipt)
    assert outbox.dropped == 3
    async with outbox.deliver_in_background():
        await until(lambda: len(store.saved) == MAX_QUEUED, "the delivery")
    assert store.saved == numbered(*range(3, MAX_QUEUED + 3))


@pytest.mark.parametrize("trouble", [StoreUnavailable("away"), KeyError("a bug")], ids=["away", "a bug"])
async def test_a_store_that_takes_nothing_is_not_asked_often_and_used_again_when_it_is_back(
    log: Any, logged: CapturingLogger, trouble: Exception
) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    store = Moody()
    outbox = ReceiptQueue(store, log, pause=pause)
    store.trouble = trouble
    async with outbox.deliver_in_background():
        for receipt in numbered(*range(MAX_BATCH + 5)):
            outbox.put("one", receipt)
        await until(lambda: outbox.dropped == MAX_BATCH + 5, "the delivery")
        assert [seconds for seconds in pauses if seconds > 0.1] == [0.2, 0.2]
        store.trouble = None
        outbox.put("one", RECEIPT)
        await until(lambda: store.saved == [RECEIPT], "the delivery")
    lines = [(line.method_name, line.kwargs["event"]) for line in logged.calls]
    told = "receipts lost" if isinstance(trouble, StoreUnavailable) else "receipts not understood"
    assert lines[0] == ("error", told)
    assert lines[-1] == ("warning", "receipts back")
    assert logged.calls[-1].kwargs["dropped"] == MAX_BATCH + 5
