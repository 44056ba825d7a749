"""Waiting for a condition instead of for a while."""

import asyncio
import time
from collections.abc import Callable

import httpx

_POLL_S = 0.01
_OFTEN_S = 0.005


async def until(condition: Callable[[], bool], what: str, *, within_s: float = 15.0) -> None:
    """Return as soon as it holds; it is asked again and again, since what it looks at tells nobody."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise AssertionError(f"waited {within_s} s for {what}") from None


def waited(condition: Callable[[], bool], what: str, *, within_s: float = 20.0) -> None:
    """The same without a loop; what cannot be asked yet, as its connection is refused, does not hold yet."""
    ends_s = time.monotonic() + within_s
    while time.monotonic() < ends_s:
        try:
            if condition():
                return
        except (httpx.TransportError, OSError):
            pass
        time.sleep(_OFTEN_S)
    raise AssertionError(f"waited {within_s} s for {what}")
