"""All stores of buckets keep the same promises: memory, one server by either client, and a cluster."""

import asyncio
import itertools
import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Protocol

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from contract.rate_plans import SCALE, Plan, Policy
from infra.stores.rate_limits import Buckets, MemoryBuckets, ValkeyBuckets
from infra.stores.valkey import Scripts
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.charging import charged
from tests.stores.conftest import opened

# A unit takes 1,000 s to come back: what the test itself takes does not matter.
SLOW = Plan("slow", Policy("burst", 10, 10_000), Policy("daily", 20, 86_400))
TIMEOUT_S = 5.0


class Shop(Protocol):
    """Buckets whose time can be moved on."""

    buckets: Buckets

    async def pass_time(self, business: str, seconds: int) -> None: ...


class MemoryShop:
    def __init__(self) -> None:
        self._now_us = 1_800_000_000_000_000
        self.buckets: Buckets = MemoryBuckets(lambda: self._now_us)

    async def pass_time(self, business: str, seconds: int) -> None:
        self._now_us += seconds * 1_000_000


class ValkeyShop:
    """The server's clock cannot be moved: that a bucket is full earlier is the same as that it is later."""

    def __init__(self, valkey: Scripts, redis: Redis | RedisCluster) -> None:
        self.buckets: Buckets = ValkeyBuckets(valkey)
        self._redis = redis

    async def pass_time(self, business: str, seconds: int) -> None:
        async for key in self._redis.scan_iter(f"limit:{{{business}}}:*"):
            await self._redis.decrby(key, seconds * 1_000_000)


@pytest.fixture(params=["memory", "valkey", "valkey, pipelined", "cluster"])
async def shop(request: pytest.FixtureRequest, places: dict[str, str]) -> AsyncIterator[Shop]:
    if request.param == "memory":
        yield MemoryShop()
        return
    async with opened(request.param, places[request.param]) as (valkey, redis):
        yield ValkeyShop(valkey, redis)


_numbers = itertools.count()


@pytest.fixture
def business() -> str:
    return f"biz_{next(_numbers):026d}"


async def test_a_charge_takes_its_cost_from_every_policy(shop: Shop, business: str) -> None:
    charge = await charged(shop.buckets, "family", business=business, plan=SLOW, cost=3)
    assert charge.passed
    assert [(budget.policy.name, budget.remaining) for budget in charge.budgets] == [("burst", 7), ("daily", 17)]


async def test_the_whole_limit_can_be_spent_at_once_and_not_a_unit_more(shop: Shop, business: str) -> None:
    spent = [await charged(shop.buckets, "family", business=business, plan=SLOW, cost=1) for _ in range(11)]
    assert [charge.passed for charge in spent] == [True] * 10 + [False]
    assert [charge.budgets[0].remaining for charge in spent] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]


async def test_a_refused_charge_is_free(shop: Shop, business: str) -> None:
    await charged(shop.buckets, "family", business=business, plan=SLOW, cost=8)
    refused = await charged(shop.buckets, "family", business=business, plan=SLOW, cost=3)
    assert not refused.passed
    assert [budget.remaining for budget in refused.budgets] == [2, 12]
    assert (await charged(shop.buckets, "family", business=business, plan=SLOW, cost=2)).passed


async def test_what_one_policy_refuses_costs_the_other_nothing(shop: Shop, business: str) -> None:
    for _ in range(2):
        await charged(shop.buckets, "family", business=business, plan=SLOW, cost=10)
        await shop.pass_time(business, 10_000)
    refused = await charged(shop.buckets, "family", business=business, plan=SLOW, cost=8)
    assert not refused.passed
    burst, daily = refused.budgets
    assert (burst.remaining, daily.remaining) == (10, 4)


async def test_after_the_announced_wait_the_same_charge_passes_and_a_second_earlier_it_does_not(
    shop: Shop, business: str
) -> None:
    await charged(shop.buckets, "family", business=business, plan=SLOW, cost=10)
    refused = await charged(shop.buckets, "family", business=business, plan=SLOW, cost=4)
    wait_s = max(budget.wait_s(4) for budget in refused.budgets)
    await shop.pass_time(business, wait_s - 1)
    assert not (await charged(shop.buckets, "family", business=business, plan=SLOW, cost=4)).passed
    await shop.pass_time(business, 1)
    assert (await charged(shop.buckets, "family", business=business, plan=SLOW, cost=4)).passed


async def test_a_bucket_is_full_again_when_its_reset_has_passed(shop: Shop, business: str) -> None:
    charge = await charged(shop.buckets, "family", business=business, plan=SLOW, cost=7)
    await shop.pass_time(business, max(budget.reset_s for budget in charge.budgets))
    again = await charged(shop.buckets, "family", business=business, plan=SLOW, cost=1)
    assert [budget.remaining for budget in again.budgets] == [9, 19]


async def test_families_of_one_business_do_not_share(shop: Shop, business: str) -> None:
    await charged(shop.buckets, "one", business=business, plan=SLOW, cost=10)
    assert (await charged(shop.buckets, "other", business=business, plan=SLOW, cost=10)).passed


async def test_businesses_with_one_family_name_do_not_share(shop: Shop, business: str) -> None:
    await charged(shop.buckets, "family", business=business, plan=SLOW, cost=10)
    assert (await charged(shop.buckets, "family", business=f"{business}x", plan=SLOW, cost=10)).passed


async def test_who_changes_plans_keeps_the_share_that_is_spent(shop: Shop, business: str) -> None:
    wide = Plan("wide", Policy("burst", 100, 10_000), Policy("daily", 200, 86_400))
    await charged(shop.buckets, "family", business=business, plan=SLOW, cost=5)
    charge = await charged(shop.buckets, "family", business=business, plan=wide, cost=1)
    assert [budget.remaining for budget in charge.budgets] == [49, 149]


async def test_of_twice_the_limit_in_parallel_exactly_the_limit_passes(shop: Shop, business: str) -> None:
    charges = await asyncio.gather(
        *(charged(shop.buckets, "family", business=business, plan=SLOW, cost=1) for _ in range(20))
    )
    assert Counter(charge.passed for charge in charges) == {True: 10, False: 10}
    assert sorted(charge.budgets[0].remaining for charge in charges if charge.passed) == list(range(10))


async def test_two_processes_pass_the_limit_and_what_refilled_between_them(valkey_url: str, business: str) -> None:
    valkeys = [PipelinedClient(valkey_url, timeout_s=TIMEOUT_S) for _ in range(2)]
    stores = [ValkeyBuckets(valkey) for valkey in valkeys]
    limit = SCALE.burst.limit
    began_s = time.monotonic()
    charges = await asyncio.gather(
        *(charged(stores[n % 2], "family", business=business, plan=SCALE, cost=1) for n in range(2 * limit))
    )
    refilled = math.ceil((time.monotonic() - began_s) * 1_000_000 / SCALE.burst.interval_us)
    passed = sum(charge.passed for charge in charges)
    assert limit <= passed <= limit + refilled
    for valkey in valkeys:
        await valkey.close()


async def test_memory_forgets_whoever_was_away_longest_and_never_holds_more_than_it_may() -> None:
    buckets = MemoryBuckets(lambda: 1_800_000_000_000_000, most=4)
    for family in ("first", "second", "first", "third"):
        charge = await charged(buckets, family, business="biz", plan=SLOW, cost=1)
    again = [
        await charged(buckets, family, business="biz", plan=SLOW, cost=1) for family in ("first", "third", "second")
    ]
    assert charge.budgets[0].remaining == 9
    assert [charge.budgets[0].remaining for charge in again] == [7, 8, 9]
