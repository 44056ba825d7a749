"""How many requests of one business may be under way in this process at once. Knows no request; the edge bounds all."""

from collections import defaultdict

from contract.failure_modes import TENANT_SHARE_EXHAUSTED
from contract.size_and_time_limits import MAX_IN_FLIGHT_PER_TRANSCODER
from transcoder.presentation.errors import ApiError

MAX_PER_BUSINESS = MAX_IN_FLIGHT_PER_TRANSCODER * 3 // 4
"""Whoever sends bodies slowly, or asks for what takes long, leaves the rest to everybody else. More than a resource may
have, so that the edge refuses first, which is cheaper, where all ask for the same."""
_DETAIL = "Too many requests of this business are under way. Nothing was written. Retry after `Retry-After` seconds."


class TenantConcurrency:
    """Counts what is under way, by business."""

    def __init__(self, most: int = MAX_PER_BUSINESS) -> None:
        self._most = most
        self._under_way: defaultdict[str, int] = defaultdict(int)

    def acquire(self, business: str) -> None:
        """One more is under way, until it is given back; ApiError where that is too many."""
        if self._under_way[business] >= self._most:
            raise ApiError(TENANT_SHARE_EXHAUSTED.problem, _DETAIL, cause="its business has its share in flight")
        self._under_way[business] += 1

    def release(self, business: str) -> None:
        """One has ended."""
        self._under_way[business] -= 1
        if not self._under_way[business]:
            del self._under_way[business]
