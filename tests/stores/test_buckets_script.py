"""The script in Valkey against the arithmetic that it repeats, and what it leaves behind."""

import itertools
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from contract.rate_plans import GROWTH, PLANS, Plan, Policy, charge_bucket
from infra.stores.rate_limits import ValkeyBuckets
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.charging import charged

_numbers = itertools.count()
FAR_US = 3600 * 1_000_000


@pytest.fixture(scope="module")
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(valkey_url) as client:
        yield client


@pytest.fixture(scope="module")
async def buckets(valkey_url: str) -> AsyncIterator[ValkeyBuckets]:
    valkey = PipelinedClient(valkey_url, timeout_s=5.0)
    yield ValkeyBuckets(valkey)
    await valkey.close()


def keys_of(business: str, plan: Plan) -> list[str]:
    return [f"limit:{{{business}}}:{policy.name}:family" for policy in plan.policies]


@st.composite
def policies(draw: st.DrawFn, name: str) -> Policy:
    window_s = draw(st.integers(1, 100_000))
    divisors = [n for n in (1, 2, 5, 10, 20, 50, 100, 1000, 20_000, 1_000_000) if window_s * 1_000_000 % n == 0]
    return Policy(name, draw(st.sampled_from(divisors)), window_s)


PLANNED = st.builds(Plan, st.just("drawn"), policies("burst"), policies("daily"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(plan=st.one_of(PLANNED, st.sampled_from(list(PLANS.values()))), data=st.data())
async def test_the_script_is_spend_for_any_plan_cost_and_state(
    redis: Redis, buckets: ValkeyBuckets, plan: Plan, data: st.DataObject
) -> None:
    business = f"script-{next(_numbers)}"
    keys = keys_of(business, plan)
    cost = data.draw(st.integers(1, min(policy.limit for policy in plan.policies)))
    seconds, micros = await redis.time()
    before = []
    for key, policy in zip(keys, plan.policies, strict=True):
        ahead_us = data.draw(st.none() | st.integers(1, policy.window_us + FAR_US))
        before.append(0 if ahead_us is None else seconds * 1_000_000 + micros + ahead_us)
        if ahead_us is not None:
            await redis.set(key, before[-1])

    charge = await charged(buckets, "family", business=business, plan=plan, cost=cost)

    # The clock that the script read: where a bucket is charged ahead of now, now is what it is ahead of.
    stored = [int(value) if value else 0 for value in await redis.mget(keys)]
    # A bucket of some microseconds may be full, and so forgotten, before it is looked at: it says nothing then.
    assume(all(at or not budget.ahead_us for at, budget in zip(stored, charge.budgets, strict=True)))
    clocks = {at - budget.ahead_us for at, budget in zip(stored, charge.budgets, strict=True) if budget.ahead_us}
    assert len(clocks) == 1
    now_us = clocks.pop()
    expected = [
        charge_bucket(at, policy, cost, now_us=now_us) for at, policy in zip(before, plan.policies, strict=True)
    ]
    assert charge.passed == all(fits for _, fits in expected)
    if charge.passed:
        assert stored == [at for at, _ in expected]
    else:
        assert stored == before
    full_at_us = [at if charge.passed else max(was, now_us) for (at, _), was in zip(expected, before, strict=True)]
    assert [budget.ahead_us for budget in charge.budgets] == [at - now_us for at in full_at_us]


async def test_a_bucket_is_forgotten_when_it_is_full_and_not_before(redis: Redis, buckets: ValkeyBuckets) -> None:
    charge = await charged(buckets, "family", business="expiry", plan=GROWTH, cost=50)
    for key, budget in zip(keys_of("expiry", GROWTH), charge.budgets, strict=True):
        forgotten_us = await redis.pexpiretime(key) * 1000
        full_at_us = int(await redis.get(key))
        assert full_at_us <= forgotten_us <= full_at_us + 3000, budget.policy.name


async def test_all_buckets_of_a_business_lie_in_one_slot(redis: Redis, buckets: ValkeyBuckets) -> None:
    for family in ("a", "b"):
        await charged(buckets, family, business="slots", plan=GROWTH, cost=1)
    keys = [key.decode() for key in await redis.keys("*{slots}*")]
    assert len(keys) == 4
    assert {key[key.index("{") + 1 : key.index("}")] for key in keys} == {"slots"}


async def test_a_server_that_forgot_the_script_is_taught_it_again(redis: Redis, buckets: ValkeyBuckets) -> None:
    await charged(buckets, "family", business="flushed", plan=GROWTH, cost=1)
    await redis.script_flush()
    charge = await charged(buckets, "family", business="flushed", plan=GROWTH, cost=1)
    assert charge.passed
    assert charge.budgets[0].remaining == 98
