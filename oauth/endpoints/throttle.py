"""How much one caller may ask, counted in this process alone: a guard against floods, not something that was sold.

Knows keys and policies; failures to authenticate are counted for all processes together, in the database.
"""

from collections import OrderedDict
from collections.abc import Callable

from contract.rate_plans import Budget, Policy, charge_bucket

MAX_KEYS = 10_000


class Throttle:
    """Buckets by policy and key; of too many, those that were not used for longest are forgotten."""

    def __init__(self, clock_us: Callable[[], int]) -> None:
        self._clock_us = clock_us
        self._full_at_us: OrderedDict[tuple[str, str], int] = OrderedDict()

    def wait_s(self, policy: Policy, key: str) -> int:
        """Charge one request; after how many seconds one would pass if this one does not, or else 0."""
        now_us, name = self._clock_us(), (policy.name, key)
        full_at_us, passed = charge_bucket(self._full_at_us.get(name, 0), policy, 1, now_us=now_us)
        self._full_at_us[name] = full_at_us
        self._full_at_us.move_to_end(name)
        if len(self._full_at_us) > MAX_KEYS:
            self._full_at_us.popitem(last=False)
        return 0 if passed else max(1, Budget(policy, max(0, full_at_us - now_us)).wait_s(1))
