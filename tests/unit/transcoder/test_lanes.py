"""Rows of one business are asked for a few at a time, in the order they came; few do not wait for many, nor others."""

import asyncio

import pytest

from contract.size_and_time_limits import MAX_LIMIT
from tests.support.waiting import until
from transcoder.fairness.tenant_queue import MAX_ROWS, SMALL_ROWS, TenantQueues

PAGE, HALF = MAX_ROWS, MAX_ROWS // 2
LANE = 2 * PAGE
"""Wider than at work, so that who leaves first can be told from who leaves next."""
FOR_EVER_S = 1_000_000.0
FOR_EVER = 1e12
"""So many times what anything takes."""
HEARS_WITHIN_S = 15.0
MINE, MY_OTHERS, THEIRS = (1, "contacts"), (1, "deals"), (2, "contacts")


class Service:
    """Notes what it was asked, and answers when it is told to."""

    def __init__(self, patience_s: float = FOR_EVER_S, *, rows_at_once: int = LANE, rest: float = 0.0) -> None:
        self.lanes = TenantQueues(rows_at_once=rows_at_once, rest=rest, patience_s=patience_s)
        self.asked: list[str] = []
        self._came = asyncio.Event()
        self._tasks: list[asyncio.Task[str]] = []
        self._answers: dict[str, asyncio.Future[str]] = {}

    def begin(
        self, name: str, rows: int = PAGE, whose: tuple[int, str] = MINE, until_s: float = FOR_EVER_S
    ) -> "asyncio.Task[str]":
        async def begun() -> str:
            return await self.lanes.run(whose, rows, until_s, self._ask, name)

        self._tasks.append(asyncio.create_task(begun()))
        return self._tasks[-1]

    async def _ask(self, name: str) -> str:
        self.asked.append(name)
        self._came.set()
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._answers[name] = answer
        return await answer

    async def hears_of(self, name: str) -> None:
        async with asyncio.timeout(HEARS_WITHIN_S):
            while name not in self.asked:
                self._came.clear()
                await self._came.wait()

    async def has(self, *names: str) -> None:
        """Exactly these were asked for so far, in this order."""
        for _ in range(20):
            await asyncio.sleep(0)
        assert self.asked == list(names)

    def answer(self, name: str) -> None:
        self._answers[name].set_result(f"{name}'s rows")

    def fail(self, name: str) -> None:
        self._answers[name].set_exception(ConnectionError())


async def test_at_work_one_of_the_largest_pages_goes_at_a_time() -> None:
    service = Service(rows_at_once=MAX_ROWS)
    for name in "ab":
        service.begin(name, MAX_LIMIT)
    await service.has("a")
    service.answer("a")
    await service.has("a", "b")


async def test_where_two_pages_may_go_they_go_in_order() -> None:
    service = Service()
    tasks = [service.begin(name) for name in "abcde"]
    await service.has("a", "b")
    service.answer("b")
    await service.has("a", "b", "c")
    service.answer("a")
    service.answer("c")
    await service.has("a", "b", "c", "d", "e")
    service.answer("d")
    service.answer("e")
    assert await asyncio.gather(*tasks) == [f"{name}'s rows" for name in "abcde"]


async def test_it_is_rows_that_count() -> None:
    service = Service()
    for name in "abcde":
        service.begin(name, HALF)
    await service.has("a", "b", "c", "d")


async def test_what_is_smaller_does_not_overtake() -> None:
    service = Service()
    for name, rows in {"a": PAGE, "b": HALF, "c": PAGE, "d": HALF}.items():
        service.begin(name, rows)
    await service.has("a", "b")
    service.answer("b")
    await service.has("a", "b", "c")


async def test_what_is_larger_than_a_lane_goes_alone() -> None:
    service = Service()
    service.begin("a", LANE + 1)
    service.begin("b")
    await service.has("a")
    service.answer("a")
    await service.has("a", "b")


@pytest.mark.parametrize(
    ("rows", "whose"),
    [(SMALL_ROWS - 1, MINE), (PAGE, MY_OTHERS), (PAGE, THEIRS)],
    ids=["few rows", "another resource", "another business"],
)
async def test_what_does_not_wait_in_a_line_is(rows: int, whose: tuple[int, str]) -> None:
    service = Service()
    for name in "abc":
        service.begin(name)
    service.begin("d", rows, whose)
    await service.has("a", "b", "d")


async def test_short_lists_are_as_many_at_once_as_would_be_a_lane_of_rows_if_each_had_twenty() -> None:
    service = Service()
    names = [str(number) for number in range(LANE // SMALL_ROWS + 1)]
    for name in names:
        service.begin(name, 1)
    await service.has(*names[:-1])
    service.answer("3")
    await service.has(*names)


async def test_a_call_that_fails_makes_room_too() -> None:
    service = Service()
    first, *_ = [service.begin(name) for name in "abc"]
    await service.has("a", "b")
    service.fail("a")
    await service.has("a", "b", "c")
    with pytest.raises(ConnectionError):
        await first


async def test_a_caller_who_goes_while_it_is_asked_makes_room() -> None:
    service = Service()
    first, *_ = [service.begin(name) for name in "abc"]
    await service.has("a", "b")
    first.cancel()
    await service.has("a", "b", "c")


async def test_a_caller_who_goes_while_waiting_is_never_asked_for() -> None:
    service = Service()
    _, _, third, _ = [service.begin(name) for name in "abcd"]
    await service.has("a", "b")
    third.cancel()
    service.answer("a")
    await service.has("a", "b", "d")


async def test_a_caller_who_goes_makes_way_for_one_that_fits() -> None:
    service = Service()
    *_, large, _ = [service.begin(name, rows) for name, rows in {"a": PAGE, "b": HALF, "c": PAGE, "d": HALF}.items()]
    await service.has("a", "b")
    large.cancel()
    await service.has("a", "b", "d")


@pytest.mark.parametrize("steps", range(6))
async def test_who_goes_as_the_turn_comes_passes_it_on(steps: int) -> None:
    service = Service()
    _, _, leaver, _ = [service.begin(name) for name in "abcd"]
    await service.has("a", "b")
    service.answer("a")
    for _ in range(steps):
        await asyncio.sleep(0)
    leaver.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    assert [name for name in service.asked if name != "c"] == ["a", "b", "d"]


async def test_a_slow_service_is_asked_for_more_all_the_same() -> None:
    service = Service(patience_s=0.0)
    for name in "abcde":
        service.begin(name)
    await service.hears_of("e")
    assert service.asked == list("abcde")


async def test_what_was_answered_counts_on_while_somebody_waits() -> None:
    service = Service(rest=FOR_EVER)
    for name in "abcd":
        service.begin(name)
    await service.has("a", "b")
    service.answer("a")
    service.answer("b")
    await service.has("a", "b")


async def test_and_no_longer_than_its_part_of_the_time_that_it_took() -> None:
    service = Service(rest=1.0)
    for name in "abcd":
        service.begin(name)
    await service.has("a", "b")
    service.answer("a")
    await service.hears_of("c")
    service.answer("b")
    await service.hears_of("d")
    assert service.asked == list("abcd")


async def test_nor_longer_than_anybody_has_patience() -> None:
    service = Service(rest=FOR_EVER, rows_at_once=MAX_ROWS, patience_s=0.001)
    for name in "ab":
        service.begin(name)
    for name in "ab":
        await service.hears_of(name)
        service.answer(name)
    await until(lambda: not service.lanes._lanes, "the first call to count no longer")


async def test_who_asks_for_one_after_the_other_waits_for_nothing() -> None:
    service = Service(rest=FOR_EVER, rows_at_once=MAX_ROWS)
    for name in "abc":
        task = service.begin(name)
        await service.hears_of(name)
        service.answer(name)
        await task
    await service.has("a", "b", "c")


async def test_who_has_no_time_left_asks_and_is_told_so() -> None:
    service = Service()
    service.begin("a")
    service.begin("b")
    late = service.begin("c", until_s=asyncio.get_running_loop().time())
    service.begin("d")
    await service.hears_of("c")
    service.answer("c")
    assert await late == "c's rows"
    await service.has("a", "b", "c")
    service.answer("a")
    await service.has("a", "b", "c", "d")


async def test_nothing_is_left_behind() -> None:
    service = Service()
    tasks = [service.begin(name) for name in "abcdef"]
    await service.has("a", "b")
    tasks[4].cancel()
    for name in "abcdf":
        await service.hears_of(name)
        service.answer(name)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not service.lanes._lanes


async def test_nor_when_the_last_who_waits_goes_while_a_call_counts_on() -> None:
    service = Service(rest=1.0, rows_at_once=MAX_ROWS)
    first, second = service.begin("a"), service.begin("b")
    await service.has("a")
    service.answer("a")
    await first
    second.cancel()
    await until(lambda: not service.lanes._lanes, "the call to count no longer")
