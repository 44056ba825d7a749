"""One charge at a time, as most tests ask for it."""

from contract.rate_plans import Plan
from infra.stores.rate_limits import Buckets, ChargeRequest, ChargeResult
from infra.stores.valkey import StoreUnavailable


async def charged(buckets: Buckets, rate_key: str, *, business: str, plan: Plan, cost: int) -> ChargeResult:
    """What came of it; raises StoreUnavailable."""
    [made] = await buckets.charge([ChargeRequest(rate_key, business, plan, cost)])
    if isinstance(made, StoreUnavailable):
        raise made
    return made
