"""One charge at a time, as most tests ask for it."""

from contract.limits import Plan
from stores.buckets import Ask, Buckets, Charge
from stores.valkey import StoreLost


async def charged(buckets: Buckets, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
    """What came of it; raises StoreLost."""
    [made] = await buckets.charge([Ask(rate_key, business, plan, cost)])
    if isinstance(made, StoreLost):
        raise made
    return made
