"""Pages behind a place, of a service that only knows offsets: nothing twice, nothing lost, whatever comes and goes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.backend.interface import Page, Query, Record, Refusal, UpdatedAfter
from transcoder.backend.offset_paging import OffsetRows, page_after
from transcoder.presentation.errors import ApiError

UUID_LIKE = 2**127


class Shelf:
    """Records by number, ordered by microseconds; each asked-for slice is counted."""

    def __init__(self, at_us: dict[int, int], *, descending: bool = False) -> None:
        self.at_us = at_us
        self.descending = descending
        self.calls = 0

    def keys(self) -> list[tuple[int, int]]:
        return sorted(((at_us, number) for number, at_us in self.at_us.items()), reverse=self.descending)

    def ordered(self) -> list[Record]:
        return [Record(number, 1, {"updated_at": at_us // 1000}, None) for at_us, number in self.keys()]

    async def fetch(self, offset: int, limit: int) -> OffsetRows:
        self.calls += 1
        cut = slice(offset, offset + limit)
        return OffsetRows(self.ordered()[cut], [at_us for at_us, _ in self.keys()[cut]], len(self.at_us))

    async def page(self, place: str | UpdatedAfter | None, limit: int = 3) -> Page:
        query = Query(None, None, "updated_at", self.descending, limit, "exclude", True, place)
        found = await page_after(query, self.fetch)
        assert isinstance(found, Page)
        return found


def shelf_of(count: int, *, descending: bool = False) -> Shelf:
    """Pairs of records share an instant, and five a millisecond, in which ids fall as instants rise."""
    return Shelf({UUID_LIKE - number: number // 2 * 500 for number in range(count)}, descending=descending)


@pytest.mark.parametrize("descending", [False, True])
async def test_a_quiet_list_is_read_with_one_call_a_page(descending: bool) -> None:
    shelf = shelf_of(10, descending=descending)
    seen: list[int] = []
    place: str | None = None
    for _ in range(4):
        page = await shelf.page(place)
        seen += [record.number for record in page.records]
        place = page.next_place
        assert page.total == 10
    assert place is None
    assert seen == [record.number for record in shelf.ordered()]
    assert shelf.calls == 4


@given(seed=st.integers(0, 10_000), descending=st.booleans(), limit=st.integers(1, 5), count=st.integers(0, 40))
async def test_what_stays_is_shown_exactly_once(seed: int, descending: bool, limit: int, count: int) -> None:
    chance = random.Random(seed)
    shelf = shelf_of(count, descending=descending)
    stays = set(shelf.at_us)
    seen: list[int] = []
    place: str | None = None
    while True:
        page = await shelf.page(place, limit)
        seen += [record.number for record in page.records]
        place = page.next_place
        if place is None:
            break
        assert len(page.records) == limit
        for _ in range(chance.randrange(6)):
            if chance.random() < 0.5 and shelf.at_us:
                gone = chance.choice(sorted(shelf.at_us))
                del shelf.at_us[gone]
                stays.discard(gone)
            else:
                shelf.at_us[chance.randrange(UUID_LIKE)] = chance.randrange(count) * 250
    assert len(seen) == len(set(seen))
    assert stays <= set(seen)


@given(st.integers(0, 60), st.integers(-1, 31), st.integers(0, 61), st.integers(1, 7))
async def test_behind_a_bookmark_nothing_is_missed(count: int, at_ms: int, number: int, limit: int) -> None:
    """What shares the bookmark's millisecond comes again, but for the bookmark's own record."""
    shelf = shelf_of(count)
    known = UUID_LIKE - number
    place: str | UpdatedAfter | None = UpdatedAfter(at_ms, known)
    behind = [record.number for record in shelf.ordered() if record.values["updated_at"] >= at_ms]
    seen: list[int] = []
    while place is not None:
        page = await shelf.page(place, limit)
        seen += [record.number for record in page.records]
        place = page.next_place
    assert seen in (behind, [each for each in behind if each != known])
    assert known in seen or known not in behind or shelf.at_us[known] // 1000 == at_ms


@pytest.mark.parametrize("limit", [1, 3, 7, 200])
@pytest.mark.parametrize("descending", [False, True])
async def test_forty_rows_of_one_millisecond_are_all_shown(limit: int, descending: bool) -> None:
    shelf = Shelf({1_000 - number: 5_000_000 + number * 20 for number in range(40)}, descending=descending)
    seen: list[int] = []
    place: str | None = None
    while True:
        page = await shelf.page(place, limit)
        seen += [record.number for record in page.records]
        if (place := page.next_place) is None:
            break
    assert seen == [record.number for record in shelf.ordered()]


class Disordered(Shelf):
    """Rows that share a key stand in any order."""

    def keys(self) -> list[tuple[int, int]]:
        return sorted(super().keys(), key=lambda row: (row[0], -row[1]), reverse=self.descending)


@given(st.integers(0, 30), st.integers(1, 5), st.booleans())
async def test_rows_out_of_order_are_refused_and_never_passed_over(count: int, limit: int, descending: bool) -> None:
    shelf = Disordered({number: number // 3 for number in range(count)}, descending=descending)
    seen: list[int] = []
    place: str | None = None
    try:
        while True:
            page = await shelf.page(place, limit)
            seen += [record.number for record in page.records]
            if (place := page.next_place) is None:
                break
    except ApiError as refused:
        assert (refused.problem.code, count > 1) == ("upstream-invalid", True)
    else:
        assert seen == [record.number for record in shelf.ordered()]
        assert count <= 1


async def test_a_row_that_stands_twice_is_refused() -> None:
    async def fetch(offset: int, limit: int) -> OffsetRows:
        return OffsetRows([Record(1, 1, {"updated_at": 1}, None)] * 2, [1, 1], 2)

    with pytest.raises(ApiError) as refused:
        await page_after(Query(None, None, "updated_at", False, 3, "exclude", False, None), fetch)
    assert refused.value.problem.code == "upstream-invalid"


async def test_a_place_far_off_is_found_in_few_steps() -> None:
    shelf = Shelf({number: number for number in range(1, 20_001)})
    page = await shelf.page('[0, 15000, "15000"]')
    assert [record.number for record in page.records] == [15_001, 15_002, 15_003]
    assert shelf.calls < 30
    shelf.calls = 0
    page = await shelf.page(UpdatedAfter(15, 15_000))
    assert [record.number for record in page.records] == [15_001, 15_002]
    assert shelf.calls < 30


@pytest.mark.parametrize("place", ["", "7", "[]", '["a", 1, "2"]', '[0, "a", "2"]', '[1, 2, "x"]', "null"])
async def test_a_place_of_another_form_has_expired(place: str) -> None:
    query = Query(None, None, "updated_at", False, 3, "exclude", False, place)
    found = await page_after(query, shelf_of(3).fetch)
    assert isinstance(found, Refusal)
    assert (found.problem.code, found.members) == ("invalid-cursor", {"reason": "expired"})
