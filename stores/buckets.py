"""Buckets: what a token family has spent of its policies, charged atomically by any number of processes.

The arithmetic is `contract.limits.spend`; the script below is the same once more, since read-then-write would race.
Knows no token and no HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from contract.limits import Budget, Plan, Policy, spend
from stores.valkey import Scripts, StoreLost


@dataclass(frozen=True, slots=True)
class Charge:
    """Whether a charge passed, and the budgets after it, in the order of the plan's policies."""

    passed: bool
    budgets: tuple[Budget, ...]


class Buckets(Protocol):
    """One bucket per business, rate key and policy."""

    async def charge(self, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
        """Charge `cost` units (1 or more) to all policies of `plan`, or to none where one has no room.

        Raises StoreLost when the store gave no usable answer.
        """
        ...

    def part(self, business: str) -> str:
        """The part of the store that holds a business's buckets: parts are lost one by one."""
        ...


def _key(business: str, policy: Policy, rate_key: str) -> str:
    # The braces are a hash tag: all that is known of a business lies in one slot of a cluster, within reach of one
    # script. A plan's name is not in it: who changes plans keeps the share that is spent.
    return f"limit:{{{business}}}:{policy.name}:{rate_key}"


MOST_IN_MEMORY = 100_000
"""Buckets that one process remembers, some 20 MB of them; beyond that, those longest untouched are forgotten."""


class MemoryBuckets:
    """The twin for one process; the clock gives microseconds."""

    def __init__(self, now_us: Callable[[], int], *, most: int = MOST_IN_MEMORY) -> None:
        self._now_us = now_us
        self._most = most
        # In the order in which they were last charged.
        self._full_at_us: dict[str, int] = {}

    async def charge(self, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
        """See `Buckets`."""
        now_us = self._now_us()
        keys = [_key(business, policy, rate_key) for policy in plan.policies]
        before = [max(self._full_at_us.get(key, 0), now_us) for key in keys]
        spent = [spend(at, policy, cost, now_us=now_us) for at, policy in zip(before, plan.policies, strict=True)]
        passed = all(fits for _, fits in spent)
        after = [at for at, _ in spent] if passed else before
        if passed:
            self._remember(keys, after)
        budgets = (Budget(policy, at - now_us) for at, policy in zip(after, plan.policies, strict=True))
        return Charge(passed, tuple(budgets))

    def part(self, business: str) -> str:
        """The whole."""
        return ""

    def _remember(self, keys: list[str], full_at_us: list[int]) -> None:
        for key, at in zip(keys, full_at_us, strict=True):
            self._full_at_us.pop(key, None)
            self._full_at_us[key] = at
        while len(self._full_at_us) > self._most:
            del self._full_at_us[next(iter(self._full_at_us))]


# KEYS: a bucket per policy. ARGV: the cost, then per policy the interval and the window, in microseconds.
# Answers 1 or 0, then per policy how far it is charged ahead of now.
# Lua's numbers are doubles: microseconds since 1970 are about 2^51 and exact, but `..` and tostring would write 14
# digits of them. A bucket outlives its fullness by up to 2 ms, since Valkey counts expiry in milliseconds.
_CHARGE = """\
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local cost = tonumber(ARGV[1])
local before, after, passed = {}, {}, 1
for i = 1, #KEYS do
  local interval, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  before[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now)
  after[i] = before[i] + cost * interval
  if after[i] - now > window then passed = 0 end
end
local answer = {passed}
for i = 1, #KEYS do
  if passed == 1 then
    local life = math.ceil((after[i] - now) / 1000) + 1
    redis.call('SET', KEYS[i], string.format('%.0f', after[i]), 'PX', string.format('%.0f', life))
    answer[i + 1] = after[i] - now
  else
    answer[i + 1] = before[i] - now
  end
end
return answer
"""


class ValkeyBuckets:
    """The buckets that all processes share; the server's clock is the only one."""

    def __init__(self, valkey: Scripts) -> None:
        self._charge = valkey.script(_CHARGE)
        self._part = valkey.part

    async def charge(self, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
        """See `Buckets`."""
        keys = [_key(business, policy, rate_key) for policy in plan.policies]
        sizes = [size for policy in plan.policies for size in (policy.interval_us, policy.window_us)]
        match await self._charge(keys, [cost, *sizes]):
            case [0 | 1 as passed, *ahead] if len(ahead) == len(keys) and all(isinstance(us, int) for us in ahead):
                budgets = (Budget(policy, us) for policy, us in zip(plan.policies, ahead, strict=True))
                return Charge(bool(passed), tuple(budgets))
        raise StoreLost("the answer is not of the script's form")

    def part(self, business: str) -> str:
        """See `Buckets`."""
        return self._part(f"{{{business}}}")
