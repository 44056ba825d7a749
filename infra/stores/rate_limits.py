"""Buckets: what a token family has spent of its policies, charged atomically by any number of processes.

The arithmetic is `contract.rate_plans.charge_bucket`; the script below is the same once more, since read-then-write
would race. Knows no token and no HTTP.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from contract.rate_plans import Budget, Plan, charge_bucket
from infra.stores.valkey import Call, Scripts, StoreUnavailable


@dataclass(slots=True, eq=False)
class ChargeRequest:
    """That `cost` units (1 or more) be charged to a family. Whoever asks the same again keeps it: that is cheaper."""

    rate_key: str
    business: str
    plan: Plan
    cost: int
    call: Call | None = field(default=None, repr=False)
    """How the store's script is called for it, once it was."""


class ChargeResult(NamedTuple):
    """Whether a charge passed, and the budgets after it, in the order of the plan's policies."""

    passed: bool
    budgets: tuple[Budget, ...]


class Buckets(Protocol):
    """One bucket per business, rate key and policy."""

    async def charge(self, asks: Sequence[ChargeRequest]) -> Sequence[ChargeResult | StoreUnavailable]:
        """Charge each to all policies of its plan, or to none where one has no room; one after the other, in order.

        StoreLost stands where the store gave no usable answer.
        """
        ...

    def partition(self, business: str) -> str:
        """The part of the store that holds a business's buckets: parts are lost one by one."""
        ...


def _keys(ask: ChargeRequest) -> list[str]:
    # The braces are a hash tag: all that is known of a business lies in one slot of a cluster, within reach of one
    # script. A plan's name is not in it: who changes plans keeps the share that is spent.
    return [f"limit:{{{ask.business}}}:{policy.name}:{ask.rate_key}" for policy in ask.plan.policies]


MAX_IN_MEMORY = 100_000
"""Buckets that one process remembers, some 20 MB of them; beyond that, those longest untouched are forgotten."""


class MemoryBuckets:
    """The twin for one process; the clock gives microseconds."""

    def __init__(self, now_us: Callable[[], int], *, most: int = MAX_IN_MEMORY) -> None:
        self._now_us = now_us
        self._most = most
        # In the order in which they were last charged.
        self._full_at_us: dict[str, int] = {}

    async def charge(self, asks: Sequence[ChargeRequest]) -> Sequence[ChargeResult | StoreUnavailable]:
        """See `Buckets`."""
        return [self.charge_one(ask) for ask in asks]

    def charge_one(self, ask: ChargeRequest) -> ChargeResult:
        """One of them, at once."""
        now_us, policies = self._now_us(), ask.plan.policies
        keys = _keys(ask)
        before = [max(self._full_at_us.get(key, 0), now_us) for key in keys]
        spent = [
            charge_bucket(at, policy, ask.cost, now_us=now_us) for at, policy in zip(before, policies, strict=True)
        ]
        passed = all(fits for _, fits in spent)
        after = [at for at, _ in spent] if passed else before
        if passed:
            self._remember(keys, after)
        budgets = (Budget(policy, at - now_us) for at, policy in zip(after, policies, strict=True))
        return ChargeResult(passed, tuple(budgets))

    def partition(self, business: str) -> str:
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
_FORM = (int, int, int)


class ValkeyBuckets:
    """The buckets that all processes share; the server's clock is the only one."""

    def __init__(self, valkey: Scripts) -> None:
        self._script = valkey.script(_CHARGE)
        self._part = valkey.partition

    async def charge(self, asks: Sequence[ChargeRequest]) -> Sequence[ChargeResult | StoreUnavailable]:
        """See `Buckets`."""
        answers = await self._script.call_many([ask.call or _called(ask) for ask in asks])
        return [_charge(ask.plan, answer) for ask, answer in zip(asks, answers, strict=True)]

    def partition(self, business: str) -> str:
        """See `Buckets`."""
        return self._part(f"{{{business}}}")


def _called(ask: ChargeRequest) -> Call:
    sizes = (size for policy in ask.plan.policies for size in (policy.interval_us, policy.window_us))
    ask.call = Call(_keys(ask), (ask.cost, *sizes))
    return ask.call


def _charge(plan: Plan, answer: Any) -> ChargeResult | StoreUnavailable:
    if (
        isinstance(answer, list)
        and len(answer) == len(_FORM)
        and (*map(type, answer),) == _FORM
        and answer[0] in (0, 1)
    ):
        passed, ahead_us, ahead_today_us = answer
        return ChargeResult(passed == 1, (Budget(plan.burst, ahead_us), Budget(plan.daily, ahead_today_us)))
    return (
        answer if isinstance(answer, StoreUnavailable) else StoreUnavailable("the answer is not of the script's form")
    )
