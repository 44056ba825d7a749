"""Pages behind a place, of a service that only knows offsets: nothing twice, nothing lost, whatever comes and goes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.offsets import Rows, page_behind
from transcoder.records import After, Page, Query, Record, Refusal

UUID_LIKE = 2**127


class Shelf:
    """Records by number; each asked-for slice is counted."""

    def __init__(self, at_ms: dict[int, int], *, descending: bool = False) -> None:
        self.at_ms = at_ms
        self.descending = descending
        self.calls = 0

    def ordered(self) -> list[Record]:
        keys = sorted(((at_ms, number) for number, at_ms in self.at_ms.items()), reverse=self.descending)
        return [Record(number, 1, {"updated_at": at_ms}, None) for at_ms, number in keys]

    async def fetch(self, offset: int, limit: int) -> Rows:
        self.calls += 1
        return Rows(self.ordered()[offset : offset + limit], len(self.at_ms))

    async def page(self, place: str | After | None, limit: int = 3) -> Page:
        query = Query(None, None, "updated_at", self.descending, limit, "exclude", True, place)
        found = await page_behind(query, self.fetch)
        assert isinstance(found, Page)
        return found


def shelf_of(count: int, *, descending: bool = False) -> Shelf:
    """Pairs of records share an instant; ids are as long as those of UUIDs."""
    return Shelf({UUID_LIKE + number: number // 2 for number in range(count)}, descending=descending)


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
    stays = set(shelf.at_ms)
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
            if chance.random() < 0.5 and shelf.at_ms:
                gone = chance.choice(sorted(shelf.at_ms))
                del shelf.at_ms[gone]
                stays.discard(gone)
            else:
                shelf.at_ms[chance.randrange(UUID_LIKE)] = chance.randrange(count)
    assert len(seen) == len(set(seen))
    assert stays <= set(seen)


@given(st.integers(0, 60), st.integers(-1, 31), st.integers(0, 61))
async def test_a_place_without_an_offset_is_found(count: int, at_ms: int, number: int) -> None:
    shelf = shelf_of(count)
    place = After(at_ms, UUID_LIKE + number if number < 61 else 0)
    behind = [
        record for record in shelf.ordered() if (record.values["updated_at"], record.number) > (at_ms, place.number)
    ]
    page = await shelf.page(place, 4)
    assert [record.number for record in page.records] == [record.number for record in behind[:4]]
    assert (page.next_place is None) == (len(behind) <= 4)


async def test_a_place_far_off_is_found_in_few_steps() -> None:
    shelf = Shelf({number: number for number in range(1, 20_001)})
    page = await shelf.page(After(15_000, 15_000))
    assert [record.number for record in page.records] == [15_001, 15_002, 15_003]
    assert shelf.calls < 30


@pytest.mark.parametrize("place", ["", "7", "[]", '["a", 1, "2"]', '[1, 2, "x"]', "null"])
async def test_a_place_of_another_form_has_expired(place: str) -> None:
    query = Query(None, None, "updated_at", False, 3, "exclude", False, place)
    found = await page_behind(query, shelf_of(3).fetch)
    assert isinstance(found, Refusal)
    assert (found.problem.code, found.members) == ("invalid-cursor", {"reason": "expired"})
