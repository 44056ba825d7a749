"""[pure] How long calls wait for an internal service to which no connection can be made.

Owns these times. Knows no service: the caller says when it could not connect, waits, and tries again.
"""

MAX_WAIT_S = 4.0
"""How long an outage is waited out, from its first failed connection: a service that is rolled out is back by then.
After that calls fail at once, so that a long outage holds nobody's place."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.25


class Outage:
    """Whether the service can be reached, and since when it cannot."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    def note_connected(self) -> None:
        """Note that a connection was made."""
        self._since_s = None

    def note_failure(self, tries: int, *, now_s: float, until_s: float) -> float | None:
        """Note that a connection could not be made, for the `tries`th time of this call. Return how long to wait before
        the next try; None: give up. `until_s`: by when the last try has to begin.
        """
        if self._since_s is None:
            self._since_s = now_s
        pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(tries - 1, 8))
        next_s = now_s + pause_s
        return pause_s if next_s < min(self._since_s + MAX_WAIT_S, until_s) else None
