"""What is remembered of a business: for five seconds, by one reader at a time, and not of more businesses than fit."""

import asyncio

import pytest

from contract.vocabulary import TenantId
from transcoder.dialect.ttl_cache import TtlCache
from transcoder.presentation.errors import ApiError

ACME, BIRCH, CEDAR = TenantId(1), TenantId(2), TenantId(3)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Source:
    """Counts its readings; each takes until `go` is set."""

    def __init__(self) -> None:
        self.readings = 0
        self.started = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.fails = False

    async def __call__(self) -> int:
        self.readings += 1
        reading = self.readings
        self.started.set()
        await self.go.wait()
        if self.fails:
            raise LookupError("the service is away")
        return reading


def later(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def source() -> Source:
    return Source()


@pytest.fixture
def remembered(clock: Clock) -> TtlCache[int]:
    return TtlCache(clock, life_s=5, size=2)


async def test_a_value_is_read_once_in_five_seconds(remembered: TtlCache[int], source: Source, clock: Clock) -> None:
    assert [await remembered.get(ACME, source, deadline_s=later(1)) for _ in range(3)] == [1, 1, 1]
    clock.now_s += 5
    assert (await remembered.get(ACME, source, deadline_s=later(1)), remembered.cached(ACME)) == (1, 1)
    clock.now_s += 0.001
    assert remembered.cached(ACME) is None
    assert await remembered.get(ACME, source, deadline_s=later(1)) == 2


async def test_a_fresh_value_is_never_an_old_one(remembered: TtlCache[int], source: Source, clock: Clock) -> None:
    await remembered.get(ACME, source, deadline_s=later(1))
    clock.now_s += 0.001
    assert await remembered.get(ACME, source, deadline_s=later(1), fresh=True) == 2
    assert await remembered.get(ACME, source, deadline_s=later(1)) == 2


async def test_many_who_ask_at_once_share_one_reading(remembered: TtlCache[int], source: Source) -> None:
    source.go.clear()
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(remembered.get(ACME, source, deadline_s=later(5))) for _ in range(20)]
        await source.started.wait()
        source.go.set()
    assert {task.result() for task in asking} == {1}
    assert source.readings == 1


async def test_who_asks_for_a_fresh_one_during_a_reading_gets_the_next(
    remembered: TtlCache[int], source: Source, clock: Clock
) -> None:
    source.go.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(remembered.get(ACME, source, deadline_s=later(5)))
        await source.started.wait()
        clock.now_s += 1
        second = group.create_task(remembered.get(ACME, source, deadline_s=later(5), fresh=True))
        third = group.create_task(remembered.get(ACME, source, deadline_s=later(5), fresh=True))
        await asyncio.sleep(0)
        source.go.set()
    assert (first.result(), second.result(), third.result()) == (1, 2, 2)


async def test_businesses_do_not_wait_for_each_other(remembered: TtlCache[int], source: Source) -> None:
    slow = Source()
    slow.go.clear()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(remembered.get(ACME, slow, deadline_s=later(5)))
        assert await remembered.get(BIRCH, source, deadline_s=later(1)) == 1
        assert not waiting.done()
        slow.go.set()


async def test_a_failure_is_not_remembered_and_the_next_one_tries(remembered: TtlCache[int], source: Source) -> None:
    source.fails = True
    with pytest.raises(LookupError):
        await remembered.get(ACME, source, deadline_s=later(1))
    source.fails = False
    assert await remembered.get(ACME, source, deadline_s=later(1)) == 2


async def test_a_reader_who_goes_away_leaves_the_reading_to_the_next(remembered: TtlCache[int], source: Source) -> None:
    source.go.clear()
    first = asyncio.create_task(remembered.get(ACME, source, deadline_s=later(5)))
    await source.started.wait()
    second = asyncio.create_task(remembered.get(ACME, source, deadline_s=later(5)))
    await asyncio.sleep(0)
    first.cancel()
    source.go.set()
    assert await second == 2
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_who_waits_waits_until_the_own_deadline(remembered: TtlCache[int], source: Source) -> None:
    source.go.clear()
    first = asyncio.create_task(remembered.get(ACME, source, deadline_s=later(5)))
    await source.started.wait()
    with pytest.raises(ApiError) as late:
        await remembered.get(ACME, source, deadline_s=later(0.01))
    assert (late.value.problem.code, late.value.outcome) == ("upstream-timeout", "not-applied")
    source.go.set()
    assert await first == 1


async def test_the_business_that_was_not_asked_for_longest_is_forgotten(
    remembered: TtlCache[int], source: Source
) -> None:
    for tenant in (ACME, BIRCH, ACME, CEDAR):
        await remembered.get(tenant, source, deadline_s=later(1))
    assert [remembered.cached(tenant) is not None for tenant in (ACME, BIRCH, CEDAR)] == [True, False, True]
