"""One timer for all that waits: each is told when its own time is up, and nobody else."""

import asyncio

from infra.httpclient.deadline_timer import DeadlineTimer

SOON_S = 0.02
WITHIN_S = 5.0


class Waiting:
    """Something that is told."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    def on_timeout(self) -> None:
        self.told.set()


def in_s(seconds: float) -> float:
    """An instant, in loop time."""
    return asyncio.get_running_loop().time() + seconds


async def until_told(waiting: Waiting) -> None:
    async with asyncio.timeout(WITHIN_S):
        await waiting.told.wait()


async def test_whoever_is_due_is_told_and_not_before() -> None:
    alarm, waiting = DeadlineTimer(), Waiting()
    due_s = in_s(SOON_S)
    alarm.watch(waiting, due_s)
    await until_told(waiting)
    assert asyncio.get_running_loop().time() >= due_s - 0.001  # uvloop counts in milliseconds


async def test_what_is_due_earlier_does_not_wait_for_what_is_due_later() -> None:
    alarm, later, earlier = DeadlineTimer(), Waiting(), Waiting()
    alarm.watch(later, in_s(WITHIN_S))
    alarm.watch(earlier, in_s(SOON_S))
    await until_told(earlier)
    assert not later.told.is_set()
    alarm.stop()


async def test_after_it_has_rung_the_next_is_told() -> None:
    alarm, first, second = DeadlineTimer(), Waiting(), Waiting()
    alarm.watch(first, in_s(SOON_S))
    alarm.watch(second, in_s(2 * SOON_S))
    await until_told(second)
    assert first.told.is_set()


async def test_what_is_forgotten_is_not_told() -> None:
    alarm, forgotten, last = DeadlineTimer(), Waiting(), Waiting()
    alarm.watch(forgotten, in_s(SOON_S))
    alarm.cancel(forgotten)
    alarm.watch(last, in_s(2 * SOON_S))
    await until_told(last)
    assert not forgotten.told.is_set()


async def test_once_stopped_it_tells_nobody() -> None:
    stopped, other = DeadlineTimer(), DeadlineTimer()
    left, last = Waiting(), Waiting()
    stopped.watch(left, in_s(SOON_S))
    stopped.stop()
    other.watch(last, in_s(2 * SOON_S))
    await until_told(last)
    assert not left.told.is_set()
