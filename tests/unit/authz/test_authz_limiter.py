"""A lost store costs its deadline three times and then nothing, and is back in use soon."""

import asyncio
from collections.abc import Callable

import pytest

from authz.decide import Lost
from authz.limiter import FAILURES_TO_OPEN, PROBE_EVERY_S, Limiter
from contract.limits import Plan
from stores.buckets import Charge, MemoryBuckets
from stores.valkey import StoreLost
from tests.unit.authz.asking import claims


class Breakable:
    """The memory twin behind a wire that can be cut; counts who came as far as the wire."""

    def __init__(self) -> None:
        self._buckets = MemoryBuckets(lambda: 1_800_000_000_000_000)
        self.tried = 0
        self.cut = False
        self.hangs = False

    async def charge(self, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
        self.tried += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.cut:
            raise StoreLost("cut")
        return await self._buckets.charge(rate_key, business=business, plan=plan, cost=cost)


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
    return Limiter(store, log, clock=clock)


async def ask(limiter: Limiter, times: int = 1) -> list[Charge | Lost]:
    return [await limiter.charge(claims(), 1) for _ in range(times)]


async def test_charges_the_family_in_its_business_by_its_plan(limiter):
    first = await limiter.charge(claims(plan="starter"), 3)
    other_family = await limiter.charge(claims(plan="starter", rate_key="other"), 1)
    other_business = await limiter.charge(claims(plan="starter", business_id="biz_" + "2" * 26), 1)
    assert [charge.budgets[0].remaining for charge in (first, other_family, other_business)] == [47, 49, 49]


async def test_every_call_is_lost_while_the_store_is(limiter, store):
    store.cut = True
    assert await ask(limiter, 10) == [Lost.LIMITS] * 10


async def test_after_a_few_failures_in_a_row_the_store_is_left_alone(limiter, store):
    store.cut = True
    await ask(limiter, 100)
    assert store.tried == FAILURES_TO_OPEN


async def test_single_failures_open_nothing(limiter, store):
    for _ in range(10):
        store.cut = True
        await ask(limiter, FAILURES_TO_OPEN - 1)
        store.cut = False
        assert isinstance((await ask(limiter))[0], Charge)


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
    assert await ask(limiter) == [Lost.LIMITS]
    clock.now_s += PROBE_EVERY_S
    assert [charge.budgets[0].remaining for charge in await ask(limiter, 3)] == [99, 98, 97]


async def test_a_look_that_never_ends_keeps_nobody_from_looking_again(limiter, store, clock):
    store.cut = True
    await ask(limiter, 10)
    store.hangs = True
    clock.now_s += PROBE_EVERY_S
    caller_left = asyncio.ensure_future(limiter.charge(claims(), 1))
    await asyncio.sleep(0)
    caller_left.cancel()
    await asyncio.gather(caller_left, return_exceptions=True)
    store.hangs = store.cut = False
    clock.now_s += PROBE_EVERY_S
    assert isinstance((await ask(limiter))[0], Charge)


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
        {"event": "limits lost", "cause": "cut"},
        {"event": "limits back"},
    ]
