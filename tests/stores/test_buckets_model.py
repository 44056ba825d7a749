"""Both stores against a model that was written another way: a bucket that holds a fraction and fills with time.

Time is simulated. The script reads the server's clock, which nobody can set: here it reads a key in its place, and that
is all that is changed of it.
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from redis.asyncio import Redis

from contract.rate_plans import Plan, Policy, share
from infra.stores.rate_limits import Buckets, ChargeResult, MemoryBuckets, ValkeyBuckets
from infra.stores.valkey import Script
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.charging import charged

SMALL = Plan("small", Policy("burst", 10, 1_000), Policy("daily", 40, 86_400))
WIDE = Plan("wide", Policy("burst", 50, 1_000), Policy("daily", 60, 86_400))
PLANS = (SMALL, WIDE, share(WIDE, 2, at_least=10))
FAMILIES = ("one", "other")
START_US = 1_800_000_000_000_000
_numbers = itertools.count()


@dataclass
class Model:
    """A bucket: how much of it is there, as a fraction of the whole; it fills evenly, wholly in a window."""

    level: Fraction = Fraction(1)
    looked_at_us: int = START_US

    def fill(self, policy: Policy, now_us: int) -> None:
        grown = Fraction(now_us - self.looked_at_us, policy.window_s * 1_000_000)
        self.level, self.looked_at_us = min(Fraction(1), self.level + grown), now_us

    def units(self, policy: Policy) -> Fraction:
        return self.level * policy.limit

    def seconds_until(self, level: Fraction, policy: Policy) -> int:
        return max(0, ceil((level - self.level) * policy.window_s))


class Store:
    """What a machine needs of a store, asynchronous or not."""

    now_us = START_US

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.business = f"model-{next(_numbers)}"
        self.buckets = self._made()

    def _made(self) -> Buckets:
        return MemoryBuckets(lambda: self.now_us)

    def charge(self, family: str, plan: Plan, cost: int) -> ChargeResult:
        return self._runner.run(charged(self.buckets, family, business=self.business, plan=plan, cost=cost))

    def close(self) -> None:
        self._runner.close()


class ScriptStore(Store):
    """The script, with a clock that can be set."""

    def __init__(self, url: str) -> None:
        self._pipelined = PipelinedClient(url, timeout_s=5.0)
        self._redis = Redis.from_url(url)
        super().__init__()

    def _made(self) -> Buckets:
        return ValkeyBuckets(self)

    def script(self, text: str) -> Script:
        assert text.count("redis.call('TIME')") == 1
        return self._pipelined.script(text.replace("redis.call('TIME')", "redis.call('MGET', 'seconds', 'micros')"))

    def partition(self, key: str) -> str:
        return self._pipelined.partition(key)

    def charge(self, family: str, plan: Plan, cost: int) -> ChargeResult:
        seconds, micros = divmod(self.now_us, 1_000_000)
        self._runner.run(self._set({"seconds": seconds, "micros": micros}))
        return super().charge(family, plan, cost)

    async def _set(self, values: dict[Any, Any]) -> None:
        await self._redis.mset(values)

    def close(self) -> None:
        self._runner.run(self._redis.aclose())
        self._runner.run(self._pipelined.close())
        super().close()


def machine_of(open_store: Callable[[], Store]) -> type[RuleBasedStateMachine]:
    class Limited(RuleBasedStateMachine):
        """Charges and time, in any order; after each charge both must say the same."""

        @initialize()
        def open(self) -> None:
            self.store = open_store()
            self.models = {(family, name): Model() for family in FAMILIES for name in ("burst", "daily")}
            self.waits: tuple[str, Plan, int, int] | None = None

        def teardown(self) -> None:
            if hasattr(self, "store"):
                self.store.close()

        @rule(family=st.sampled_from(FAMILIES), plan=st.sampled_from(PLANS), cost=st.integers(1, 10))
        def charge(self, family: str, plan: Plan, cost: int) -> None:
            made = self.store.charge(family, plan, cost)
            self._compare(family, plan, cost, made)
            self.waits = None if made.passed else (family, plan, cost, max(b.wait_s(cost) for b in made.budgets))

        @rule(us=st.one_of(st.integers(0, 10**7), st.integers(0, 10**11)))
        def pass_time(self, us: int) -> None:
            self.store.now_us += us
            self.waits = None

        @precondition(lambda self: self.waits)
        @rule(knocks=st.integers(0, 3))
        def wait_as_told_and_knock_meanwhile(self, knocks: int) -> None:
            assert self.waits
            family, plan, cost, wait_s = self.waits
            assert wait_s >= 1
            until_us = self.store.now_us + wait_s * 1_000_000
            for _ in range(knocks):
                # In time for the first of them to be too early: the wait is rounded up by less than a second.
                self.store.now_us += (until_us - self.store.now_us - 1_000_000) // (knocks + 1)
                made = self.store.charge(family, plan, cost)
                assert not made.passed
                self._compare(family, plan, cost, made)
            self.store.now_us = until_us
            self._compare(family, plan, cost, made := self.store.charge(family, plan, cost))
            assert made.passed
            self.waits = None

        def _compare(self, family: str, plan: Plan, cost: int, made: ChargeResult) -> None:
            models: Sequence[tuple[Policy, Model]] = [(p, self.models[family, p.name]) for p in plan.policies]
            for policy, model in models:
                model.fill(policy, self.store.now_us)
            passes = all(model.units(policy) >= cost for policy, model in models)
            if passes:
                for policy, model in models:
                    model.level -= Fraction(cost, policy.limit)
            assert made.passed is passes
            for budget, (policy, model) in zip(made.budgets, models, strict=True):
                assert budget.policy == policy
                assert budget.remaining == floor(model.units(policy))
                assert budget.reset_s == model.seconds_until(Fraction(1), policy)
                assert budget.wait_s(cost) == model.seconds_until(Fraction(cost, policy.limit), policy)

    return Limited


def test_the_twin_is_the_model_whatever_comes() -> None:
    run_state_machine_as_test(machine_of(Store), settings=settings(max_examples=300, deadline=None))


@pytest.fixture(scope="module")
def scripts(valkey_url: str) -> Callable[[], Store]:
    return lambda: ScriptStore(valkey_url)


def test_the_script_is_the_model_whatever_comes(scripts: Callable[[], Store]) -> None:
    run_state_machine_as_test(machine_of(scripts), settings=settings(max_examples=100, deadline=None))
