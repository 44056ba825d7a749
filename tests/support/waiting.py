"""Waiting for a condition instead of for a while."""

import asyncio
from collections.abc import Callable

_POLL_S = 0.01


async def until(condition: Callable[[], bool], what: str, *, within_s: float = 15.0) -> None:
    """Return as soon as it holds; it is asked again and again, since what it looks at tells nobody."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise AssertionError(f"waited {within_s} s for {what}") from None
