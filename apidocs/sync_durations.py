"""[pure] How long work takes on a plan, by arithmetic: budgets begin full and refill continuously."""

from contract.rate_plans import Plan

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def sync_seconds(plan: Plan, units: int) -> int:
    """Seconds until the last of so many cost units has been spent, rounded up."""
    return max(-(-max(0, units - policy.limit) * policy.window_s // policy.limit) for policy in plan.policies)


def format_duration(seconds: int) -> str:
    """The two largest parts: `2 h 46 min`."""
    words: list[str] = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2]) or "at once"
