"""[pure] Saying where something is, and what may have been meant."""

import difflib
from collections.abc import Sequence

_SIMILAR = 0.6


def pointer(*segments: str | int) -> str:
    """The JSON Pointer of a place (RFC 6901 §3)."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)


def did_you_mean(name: str, known: Sequence[str]) -> str | None:
    """The known name that a caller may have meant."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=_SIMILAR)
    return close[0] if close else None
