"""Large answers have turns; small ones pass between them, and nobody who leaves holds the others up."""

import asyncio

import pytest

from transcoder.fairness.large_answers import LARGE_BYTES, LargeAnswerQueue

SMALL, LARGE = LARGE_BYTES - 1, LARGE_BYTES


async def worked_on(turns: LargeAnswerQueue, answer_bytes: int, name: str, done: list[str]) -> None:
    await turns.wait_turn(answer_bytes)
    done.append(name)


async def test_a_small_answer_that_comes_late_does_not_wait_for_all_large_ones() -> None:
    turns, done = LargeAnswerQueue(), list[str]()
    large = [asyncio.create_task(worked_on(turns, LARGE, f"large {number}", done)) for number in range(5)]
    await asyncio.sleep(0)
    small = asyncio.create_task(worked_on(turns, SMALL, "small", done))
    await asyncio.gather(*large, small)
    assert done.index("small") < 3
    assert [name for name in done if name != "small"] == [f"large {number}" for number in range(5)]


async def test_there_is_one_turn_at_a_time() -> None:
    turns, done = LargeAnswerQueue(), list[str]()
    tasks = [asyncio.create_task(worked_on(turns, LARGE, str(number), done)) for number in range(3)]
    before = 0
    for _ in range(20):
        await asyncio.sleep(0)
        assert len(done) - before <= 1
        before = len(done)
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("steps", range(6))
async def test_who_leaves_at_any_time_passes_the_turn_on(steps: int) -> None:
    turns, done = LargeAnswerQueue(), list[str]()
    first, leaver, last = (
        asyncio.create_task(worked_on(turns, LARGE, name, done)) for name in ("first", "leaver", "last")
    )
    for _ in range(steps):
        await asyncio.sleep(0)
    leaver.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(first, last)
        await worked_on(turns, LARGE, "later", done)
    assert [name for name in done if name != "leaver"] == ["first", "last", "later"]
