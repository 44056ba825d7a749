"""What authz shows of the parts that it leans on, as they stand when it is asked."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from authz.limiter import FAILURES_TO_OPEN, Limiter
from authz.metrics import register_state
from infra.process.metrics import new_registry
from infra.stores.receipt import Receipt
from infra.stores.receipts import MAX_QUEUED, MemoryReceipts, ReceiptQueue
from infra.stores.revocations.follower import FeedFollower
from tests.unit.authz.asking import TRACE_ID, claims
from tests.unit.authz.test_authz_limiter import Breakable, Clock, charged

RECEIPT = Receipt(TRACE_ID, "usr_1", "contacts.list", 0)


def watched(limiter: Limiter, outbox: ReceiptQueue, follower: FeedFollower) -> CollectorRegistry:
    registry = new_registry()
    register_state(registry, limiter, outbox, follower)
    return registry


def parts(log, clock: Clock, store: Breakable) -> tuple[Limiter, ReceiptQueue, FeedFollower]:
    follower = FeedFollower(None, Path("none"), log, max_age_s=1.0, clock=clock)  # type: ignore[arg-type]
    return Limiter(store, log, clock=clock), ReceiptQueue(MemoryReceipts(lambda: 0), log), follower


async def test_a_limiter_that_counts_by_itself_is_shown_until_the_store_is_back(log) -> None:
    store, clock = Breakable(), Clock()
    limiter, outbox, follower = parts(log, clock, store)
    registry = watched(limiter, outbox, follower)
    store.cut = True
    for _ in range(FAILURES_TO_OPEN):
        await charged(limiter, claims(), 1)
    assert registry.get_sample_value("authz_limits_local") == 1
    assert registry.get_sample_value("authz_limits_local_charges_total") == FAILURES_TO_OPEN
    store.cut, clock.now_s = False, clock.now_s + 1
    await charged(limiter, claims(), 1)
    assert registry.get_sample_value("authz_limits_local") == 0
    assert registry.get_sample_value("authz_limits_local_charges_total") == FAILURES_TO_OPEN


async def test_a_receipt_that_found_no_room_is_shown(log) -> None:
    limiter, outbox, follower = parts(log, Clock(), Breakable())
    registry = watched(limiter, outbox, follower)
    for _ in range(MAX_QUEUED):
        outbox.put("biz_1", RECEIPT)
    assert registry.get_sample_value("authz_receipts_dropped_total") == 0
    outbox.put("biz_1", RECEIPT)
    assert registry.get_sample_value("authz_receipts_dropped_total") == 1


async def test_a_feed_that_was_never_heard_is_infinitely_old(log) -> None:
    registry = watched(*parts(log, Clock(), Breakable()))
    assert registry.get_sample_value("authz_revocation_feed_age_seconds") == float("inf")
    assert registry.get_sample_value("authz_revocation_entries") == 0
