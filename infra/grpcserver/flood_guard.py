"""[pure] How much a peer may ask of us that leads nowhere: pings, settings, resets, priorities, empty frames.

A honest peer sends some of all of them, a flood (CVE-2019-9512 to 9518, rapid reset, CONTINUATION without end)
nothing else: each of them costs one, and so does each setting in a frame; an answered call and time give back.
"""

from infra.grpcserver.errors import ErrorCode, ProtocolError

MAX_BUDGET = 2_000.0
"""Envoy resets what it has in flight when a process stalls: 256 calls on a connection, five times a second."""
REFILL_PER_S = 1_000.0
REFILL_PER_CALL = 4.0


class FloodGuard:
    """What is left of it."""

    def __init__(self) -> None:
        self._left = MAX_BUDGET
        self._at_s = 0.0

    def charge(self, now_s: float) -> None:
        """One more frame that does nothing for anybody; ConnectionFault when it was one too many."""
        self._left = min(MAX_BUDGET, self._left + (now_s - self._at_s) * REFILL_PER_S) - 1
        self._at_s = now_s
        if self._left < 0:
            raise ProtocolError(ErrorCode.ENHANCE_YOUR_CALM, "frames that lead nowhere")

    def refund(self) -> None:
        """A call was answered."""
        self._left += REFILL_PER_CALL
