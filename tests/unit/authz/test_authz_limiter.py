"""A lost store costs its deadline three times and then nothing, and is back in use soon; meanwhile the process
counts by itself.
"""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from authz.limiter import FAILURES_TO_OPEN, PROBE_EVERY_S, Limiter
from contract.claims import Claims
from contract.failure_modes import LIMITS_UNAVAILABLE
from contract.operations import MAX_COST
from contract.rate_plans import STARTER
from infra.stores.rate_limits import ChargeRequest, ChargeResult, MemoryBuckets
from infra.stores.valkey import StoreUnavailable
from tests.unit.authz.asking import claims


class Breakable:
    """The memory twin behind a wire that can be cut; counts who came as far as the wire."""

    def __init__(self) -> None:
        self._buckets = MemoryBuckets(lambda: 1_800_000_000_000_000)
        self.tried = 0
        self.cut = False
        self.hangs = False
        self.released = asyncio.Event()
        self.cut_part: str | None = None

    def partition(self, business: str) -> str:
        return business[-1]

    async def charge(self, asks: Sequence[ChargeRequest]) -> Sequence[ChargeResult | StoreUnavailable]:
        self.tried += len(asks)
        # As on a wire: all that was asked in one turn is on its way before the first answer.
        await asyncio.sleep(0)
        if self.hangs:
            await self.released.wait()
        return [
            StoreUnavailable("cut")
            if self.cut or self.cut_part == self.partition(ask.business)
            else self._buckets.charge_one(ask)
            for ask in asks
        ]


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def store() -> Breakable:
    return Breakable()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(store: Breakable, clock: Callable[[], float], log) -> Limiter:
    return Limiter(store, log, processes=4, clock=clock)


async def charged(limiter: Limiter, caller: Claims, cost: int) -> ChargeResult:
    [made] = await limiter.charge([ChargeRequest(caller.rate_key, caller.business, caller.plan, cost)])
    return made


async def ask(limiter: Limiter, times: int = 1) -> list[ChargeResult]:
    return [await charged(limiter, claims(), 1) for _ in range(times)]


async def test_charges_the_family_in_its_business_by_its_plan(limiter):
    first = await charged(limiter, claims(plan="starter"), 3)
    other_family = await charged(limiter, claims(plan="starter", rate_key="other"), 1)
    other_business = await charged(limiter, claims(plan="starter", business_id="biz_" + "2" * 26), 1)
    assert [charge.budgets[0].remaining for charge in (first, other_family, other_business)] == [47, 49, 49]


def limits(charge: ChargeResult) -> list[int]:
    return [budget.policy.limit for budget in charge.budgets]


async def test_who_gets_another_plan_keeps_the_share_that_is_spent(limiter):
    await charged(limiter, claims(plan="starter"), 25)
    assert (await charged(limiter, claims(plan="scale"), 1)).budgets[0].remaining == 99


async def test_without_the_store_each_of_all_processes_grants_its_part(limiter, store):
    store.cut = True
    charges = await ask(limiter, 26)
    assert [charge.passed for charge in charges] == [True] * 25 + [False]
    assert [charge.budgets[0].remaining for charge in charges] == [*range(24, -1, -1), 0]
    assert limits(charges[0]) == [25, 50_000]


@pytest.mark.parametrize(("processes", "burst"), [(1, 100), (3, 33), (10, 10), (11, 10), (1000, 10)])
async def test_however_many_processes_there_are_the_dearest_operation_stays_possible(store, log, processes, burst):
    store.cut = True
    charge = await charged(Limiter(store, log, processes=processes), claims(), MAX_COST)
    assert charge.passed
    assert limits(charge)[0] == burst


async def test_every_plan_is_shared_out(limiter, store):
    store.cut = True
    assert limits(await charged(limiter, claims(plan="scale"), 1)) == [50, 250_000]


async def test_its_own_count_refills_and_its_wait_is_honest(limiter, store, clock):
    store.cut = True
    await ask(limiter, 25)
    refused = (await ask(limiter))[0]
    clock.now_s += refused.budgets[0].wait_s(1)
    assert [charge.passed for charge in await ask(limiter, 2)] == [True, True]


async def test_nobody_waits_for_the_store_once_it_is_known_to_be_away(limiter, store):
    store.cut = True
    await ask(limiter, FAILURES_TO_OPEN)
    store.hangs = True
    assert len(await ask(limiter, 10)) == 10


async def test_a_single_failure_counts_that_call_alone(limiter, store):
    await ask(limiter)
    store.cut = True
    alone = await ask(limiter)
    store.cut = False
    assert limits(alone[0]) == [25, 50_000]
    assert not limiter.counts_locally
    assert (await ask(limiter))[0].budgets[0].remaining == 98


async def test_after_a_few_failures_in_a_row_the_store_is_left_alone(limiter, store):
    store.cut = True
    await ask(limiter, 100)
    assert store.tried == FAILURES_TO_OPEN


async def test_single_failures_open_nothing(limiter, store):
    for _ in range(10):
        store.cut = True
        await ask(limiter, FAILURES_TO_OPEN - 1)
        store.cut = False
        assert limits((await ask(limiter))[0])[0] == 100


async def test_all_calls_that_one_stall_has_ended_are_one_failure(limiter, store):
    store.cut = True
    await asyncio.gather(*(charged(limiter, claims(), 1) for _ in range(20)))
    assert not limiter.counts_locally
    await ask(limiter, FAILURES_TO_OPEN - 1)
    assert limiter.counts_locally


async def test_what_is_lost_of_several_that_are_asked_together_is_that_alone(limiter, store):
    store.cut_part = "2"
    asks = [ChargeRequest(f"family-{n}", f"biz_{n}", STARTER, 1) for n in (1, 2, 3)]
    assert [limits(charge)[0] for charge in await limiter.charge(asks)] == [50, 12, 50]
    assert store.tried == 3


async def test_a_failure_from_before_a_success_is_old_news(limiter, store):
    store.cut = True
    await ask(limiter, FAILURES_TO_OPEN - 1)
    store.hangs = True
    late = asyncio.ensure_future(charged(limiter, claims(), 1))
    await asyncio.sleep(0)
    store.hangs = store.cut = False
    await ask(limiter)
    store.cut = True
    store.released.set()
    await late
    await ask(limiter, FAILURES_TO_OPEN - 1)
    assert not limiter.counts_locally


async def test_one_call_in_a_while_looks_whether_it_is_back(limiter, store, clock):
    store.cut = True
    await ask(limiter, 10)
    for _ in range(5):
        clock.now_s += PROBE_EVERY_S
        await ask(limiter, 10)
    assert store.tried == FAILURES_TO_OPEN + 5


async def test_the_first_look_that_succeeds_is_a_charge_and_closes_it(limiter, store, clock):
    store.cut = True
    await ask(limiter, 10)
    store.cut = False
    assert [limits(charge) for charge in await ask(limiter)] == [[25, 50_000]]
    clock.now_s += PROBE_EVERY_S
    assert [charge.budgets[0].remaining for charge in await ask(limiter, 3)] == [99, 98, 97]


async def test_a_look_that_never_ends_keeps_nobody_from_looking_again(limiter, store, clock):
    store.cut = True
    await ask(limiter, 10)
    store.hangs = True
    clock.now_s += PROBE_EVERY_S
    caller_left = asyncio.ensure_future(charged(limiter, claims(), 1))
    await asyncio.sleep(0)
    caller_left.cancel()
    await asyncio.gather(caller_left, return_exceptions=True)
    store.hangs = store.cut = False
    clock.now_s += PROBE_EVERY_S
    assert limits((await ask(limiter))[0])[0] == 100


async def test_it_is_back_in_use_within_a_second():
    assert PROBE_EVERY_S < 0.5


async def test_losing_and_finding_it_is_logged_once_each(limiter, store, clock, logged):
    store.cut = True
    await ask(limiter, 50)
    clock.now_s += PROBE_EVERY_S
    await ask(limiter, 50)
    store.cut = False
    clock.now_s += PROBE_EVERY_S
    await ask(limiter, 50)
    assert [call.kwargs for call in logged.calls] == [
        {"event": "limits lost", "cause": "cut", "instead": LIMITS_UNAVAILABLE.instead},
        {"event": "limits back", "was_open": True, "counted_alone": 100},
    ]


async def test_a_part_of_the_store_that_is_lost_is_counted_here_alone_and_the_others_by_all(limiter, store):
    store.cut_part = "2"
    there, gone = (claims(plan="starter", business_id=f"biz_{end * 26}") for end in "12")
    for _ in range(FAILURES_TO_OPEN + 1):
        [alone], [shared] = limits(await charged(limiter, gone, 1))[:1], limits(await charged(limiter, there, 1))[:1]
        assert alone < shared
    tried = store.tried
    await charged(limiter, gone, 1)
    assert store.tried == tried
    assert (await charged(limiter, there, 1)).budgets[0].policy.limit == 50
    assert store.tried == tried + 1
    assert limiter.counts_locally


async def test_a_part_that_has_given_what_it_held_to_another_one_is_forgotten(limiter, store, clock, monkeypatch):
    store.cut_part = "2"
    gone = claims(plan="starter", business_id=f"biz_{'2' * 26}")
    for _ in range(FAILURES_TO_OPEN):
        await charged(limiter, gone, 1)
    monkeypatch.setattr(store, "partition", lambda _: "1")
    await charged(limiter, gone, 1)
    assert limiter.counts_locally, "it may be back any moment"
    clock.now_s += 11
    await charged(limiter, gone, 1)
    assert not limiter.counts_locally
