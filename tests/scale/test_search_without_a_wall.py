"""Paging to the last of very many contacts while others are made, changed and deleted; the last page costs no more."""

import logging
import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from tests.scale.crowd import NEW, Crowd, Walk, Writer, listing, page_medians_s, search

LOG = logging.getLogger(__name__)
WALKS = {
    "list": listing(),
    "search": search(filters=[{"field": "lifecycle_stage", "operator": "neq", "value": "lead"}]),
    "search by name": search(order_by="last_name", sort_direction="asc"),
    "bookmark": listing(
        order_by="updated_at", sort_direction="asc", deleted="include", fields="last_name,job_title,deleted_at"
    ),
}
PAGES_COMPARED, A_PART = 50, 8
"""So many pages at either end; of few pages, no more than such a part."""
RATIO_MAX = 3.0
ROUNDS, READERS = 200, 4


@dataclass(frozen=True)
class Walked:
    """All walks side by side, from end to end, and who wrote meanwhile."""

    walks: dict[str, Walk]
    writer: Writer


@pytest.fixture(scope="module")
def walked(crowd: Crowd) -> Walked:
    """See `Walked`; the bookmark was asked once more when the writer had stopped."""
    walks, writer = {name: Walk(crowd, ask) for name, ask in WALKS.items()}, Writer(crowd)
    with ThreadPoolExecutor(len(walks) + 1) as pool:
        writing = pool.submit(writer.run)
        try:
            list(pool.map(Walk.run, walks.values()))
        finally:
            writer.stopped.set()
        writing.result()
    for name, walk in walks.items():
        LOG.info("%s: %d pages in %.0f s, %.1f a second", name, walk.pages, walk.took_s, walk.pages / walk.took_s)
    LOG.info("beside %d writes", len(writer.written))
    walks["bookmark"].run()
    return Walked(walks, writer)


def test_a_list_shows_every_contact_once(walked: Walked) -> None:
    walk = walked.walks["list"]
    assert walk.strays(lambda times: times == 1, but=walked.writer.deleted) == []
    assert walk.strays(lambda times: times <= 1) == []


def test_a_search_shows_every_contact_that_it_means_once(walked: Walked, crowd: Crowd) -> None:
    walk = walked.walks["search"]
    assert walk.strays(lambda times: times == 1, but=walked.writer.deleted | crowd.leads) == []
    assert walk.strays(lambda times: times == 0, but=crowd.places.keys() - crowd.leads) == []
    assert walk.strays(lambda times: times <= 1) == []


def test_an_order_by_name_shows_every_contact_once_that_keeps_its_name(walked: Walked) -> None:
    walk = walked.walks["search by name"]
    assert walk.strays(lambda times: times == 1, but=walked.writer.deleted | walked.writer.moved) == []
    assert walk.strays(lambda times: times <= 1, but=walked.writer.moved) == []


def test_a_bookmark_misses_no_contact_and_no_change(walked: Walked) -> None:
    walk, writer = walked.walks["bookmark"], walked.writer
    assert walk.strays(lambda times: times >= 1) == []
    assert min(len(writer.made), len(writer.changed), len(writer.moved), len(writer.deleted)) > 0
    assert writer.written - walk.news == set()


@pytest.mark.parametrize("name", WALKS)
def test_the_last_page_costs_no_more_than_the_first(walked: Walked, name: str) -> None:
    walk = walked.walks[name]
    first_s, last_s = page_medians_s(walk, min(PAGES_COMPARED, walk.pages // A_PART))
    LOG.info("%s: page 1 %.1f ms, page %d %.1f ms", name, 1000 * first_s, walk.pages, 1000 * last_s)
    assert max(first_s, last_s) <= RATIO_MAX * min(first_s, last_s)


def test_a_contact_is_found_by_the_very_next_search(crowd: Crowd) -> None:
    def read_own_writes(reader: int) -> list[float]:
        with crowd.stack.caller() as client:
            return [_found_after_s(client, reader + number) for number in range(ROUNDS // READERS)]

    with ThreadPoolExecutor(READERS) as pool:
        took_s = [each for reader in pool.map(read_own_writes, range(READERS)) for each in reader]
    LOG.info("%d searches of what was just made: %.1f ms each", len(took_s), 1000 * statistics.median(took_s))
    assert len(took_s) == ROUNDS


def _found_after_s(client: httpx.Client, number: int) -> float:
    word = uuid.uuid4().hex
    contact = {"last_name": f"{NEW}{word}", "email": f"{word}@example.example", "external_id": f"own:{word}"}
    made = client.post("/v1/contacts", json=contact)
    assert made.status_code == 201, made.text
    ways: list[dict[str, object]] = [
        *({"filters": [{"field": name, "operator": "eq", "value": value}]} for name, value in contact.items()),
        {"search_text": f"new {word}"},
    ]
    begun_s = time.perf_counter()
    found = client.post("/v1/contacts/search", json=ways[number % len(ways)])
    took_s = time.perf_counter() - begun_s
    assert [record["id"] for record in found.json()["data"]] == [made.json()["data"]["id"]]
    return took_s
