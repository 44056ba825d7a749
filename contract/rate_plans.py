"""Plans and their policies, and GCRA as arithmetic.

The same charge exists as a script beside the store that shares it between processes; one suite holds both to this file.
Times are integer microseconds: every interval of every plan is then a whole number. That of a share is rounded down.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """`limit` cost units in any `window_s`, refilled continuously. A row, equal to itself alone."""

    name: str
    limit: int
    window_s: int
    window_us: int = field(init=False, repr=False)
    """How far ahead of now a bucket may be charged."""
    interval_us: int = field(init=False, repr=False)
    """The time that one unit takes to refill."""
    label: bytes = field(init=False, repr=False)
    """Its name, for who writes bytes."""

    def __post_init__(self) -> None:
        # Every request asks for both, several times.
        object.__setattr__(self, "window_us", self.window_s * 1_000_000)
        object.__setattr__(self, "interval_us", self.window_us // self.limit)
        object.__setattr__(self, "label", self.name.encode())


@dataclass(frozen=True, slots=True)
class Plan:
    """What a token family may spend: both policies must have room."""

    name: str
    burst: Policy
    daily: Policy

    @property
    def policies(self) -> tuple[Policy, Policy]:
        """Both, in the order of headers and scripts."""
        return self.burst, self.daily


def _plan(name: str, burst: int, daily: int) -> Plan:
    return Plan(name, Policy("burst", burst, 10), Policy("daily", daily, 86_400))


STARTER = _plan("starter", 50, 20_000)
GROWTH = _plan("growth", 100, 200_000)
SCALE = _plan("scale", 200, 1_000_000)
PLANS: dict[str, Plan] = {plan.name: plan for plan in (STARTER, GROWTH, SCALE)}
DEFAULT_PLAN = GROWTH


def share(plan: Plan, processes: int, *, at_least: int) -> Plan:
    """What each of `processes` grants while it cannot know of the others: together about the plan's own limits.

    `at_least`: the cost of the dearest operation, which must not become impossible however many processes there are.
    """

    def of(policy: Policy) -> Policy:
        return replace(policy, limit=max(at_least, policy.limit // processes))

    return Plan(plan.name, of(plan.burst), of(plan.daily))


class Budget(NamedTuple):
    """A bucket after a charge (or a refused one): how far it is charged ahead of now."""

    policy: Policy
    ahead_us: int

    @property
    def remaining(self) -> int:
        """Units that could be spent at once."""
        left = (self.policy.window_us - self.ahead_us) // self.policy.interval_us
        return left if left > 0 else 0

    @property
    def reset_s(self) -> int:
        """Seconds until the bucket is full again, rounded up."""
        return -(-self.ahead_us // 1_000_000) if self.ahead_us > 0 else 0

    @property
    def header_values(self) -> tuple[int, int, int]:
        """What every answer tells: `remaining`, `reset_s`, and the seconds until more than that remains."""
        policy, ahead_us = self
        room_us = policy.window_us - ahead_us
        left = room_us // policy.interval_us if room_us > 0 else 0
        full_s = -(-ahead_us // 1_000_000) if ahead_us > 0 else 0
        more_us = (left + 1) * policy.interval_us - room_us
        return left, full_s, -(-more_us // 1_000_000) if left < policy.limit else 0

    def wait_s(self, cost: int) -> int:
        """Seconds until `cost` units can be spent, rounded up; 0 when they can be now."""
        over_us = self.ahead_us + cost * self.policy.interval_us - self.policy.window_us
        return -(-over_us // 1_000_000) if over_us > 0 else 0


def charge_bucket(full_at_us: int, policy: Policy, cost: int, *, now_us: int) -> tuple[int, bool]:
    """Charge `cost` units to a bucket that is full again at `full_at_us`; returns the new instant, and if it passed.

    A refusal is free: the bucket stays as it was.
    """
    charged_us = max(full_at_us, now_us) + cost * policy.interval_us
    if charged_us - now_us > policy.window_us:
        return max(full_at_us, now_us), False
    return charged_us, True
