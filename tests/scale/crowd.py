"""Very many contacts: what there were at first, somebody who changes them, and walks from page to page through them."""

import random
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import httpx

from contract.vocabulary import TenantId
from tests.support.stack import Stack

PAGE = 200
LEAD = 1
NEW, CHANGED, MOVED = "New ", "Changed ", "Moved "


@dataclass(frozen=True)
class Crowd:
    """The contacts of business 1 that there were at first: their ids, each with its place in the tallies."""

    stack: Stack
    places: dict[str, int]
    leads: frozenset[str]

    @classmethod
    def of(cls, stack: Stack, rows: Sequence[tuple[int, int]]) -> "Crowd":
        """Those with these internal numbers, beside each the code of its stage."""
        ids = [stack.codec.seal("con", TenantId(1), number) for number, _ in rows]
        leads = frozenset(record_id for record_id, (_, code) in zip(ids, rows, strict=True) if code == LEAD)
        return cls(stack, {record_id: place for place, record_id in enumerate(ids)}, leads)


@dataclass
class Writer:
    """Makes, changes, moves and deletes contacts one after the other, until it is stopped. Each is touched once."""

    crowd: Crowd
    made: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def written(self) -> set[str]:
        """All of them."""
        return self.made | self.changed | self.moved | self.deleted

    def run(self) -> None:
        """Write on and on."""
        chance = random.Random(1)
        untouched = list(self.crowd.places)
        chance.shuffle(untouched)
        with self.crowd.stack.caller() as client:
            while not self.stopped.is_set():
                record_id = untouched.pop()
                url = f"/v1/contacts/{record_id}"
                match chance.randrange(4):
                    case 0:
                        made = _good(client.post("/v1/contacts", json={"last_name": f"{NEW}{uuid.uuid4().hex}"}))
                        self.made.add(made.json()["data"]["id"])
                    case 1:
                        _good(client.patch(url, json={"job_title": f"{CHANGED}{uuid.uuid4().hex}"}))
                        self.changed.add(record_id)
                    case 2:
                        _good(client.patch(url, json={"last_name": f"{MOVED}{uuid.uuid4().hex}"}))
                        self.moved.add(record_id)
                    case _:
                        _good(client.delete(url))
                        self.deleted.add(record_id)


def _good(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer


Ask = Callable[[httpx.Client, str | None], httpx.Response]
"""Asks for the page behind a cursor; for the first one, behind None."""


def listing(**query: Any) -> Ask:
    """A list."""

    def ask(client: httpx.Client, cursor: str | None) -> httpx.Response:
        params = {"limit": PAGE, "fields": "id", **query} | ({} if cursor is None else {"cursor": cursor})
        return client.get("/v1/contacts", params=params)

    return ask


def search(**body: Any) -> Ask:
    """A search."""

    def ask(client: httpx.Client, cursor: str | None) -> httpx.Response:
        wanted = {"limit": PAGE, **body} | ({} if cursor is None else {"cursor": cursor})
        return client.post("/v1/contacts/search", params={"fields": "id"}, json=wanted)

    return ask


@dataclass
class Walk:
    """From the first page to the last: how often each contact came, and where each page began."""

    crowd: Crowd
    ask: Ask
    times: bytearray = field(init=False)
    others: dict[str, int] = field(default_factory=dict)
    """How often those came that were not there at first."""
    cursors: list[str | None] = field(default_factory=lambda: [None])
    """Where each page began; behind the last one, where the next would."""
    news: set[str] = field(default_factory=set)
    """Those that came as what the writer has made of them."""
    took_s: float = 0.0

    def __post_init__(self) -> None:
        """Nobody has come yet."""
        self.times = bytearray(len(self.crowd.places))

    @property
    def pages(self) -> int:
        """How many there were."""
        return len(self.cursors) - 1

    def run(self) -> None:
        """Go on, from the beginning or from where it ended before, until there is no more."""
        begun_s = time.monotonic()
        with self.crowd.stack.caller() as client:
            has_more = True
            while has_more:
                body = _good(self.ask(client, self.cursors[-1])).json()
                self._count(body["data"])
                self.cursors.append(body["meta"]["cursor"]["next"])
                has_more = body["meta"]["cursor"]["has_more"]
        self.took_s += time.monotonic() - begun_s

    def _count(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            place = self.crowd.places.get(record["id"])
            if place is None:
                self.others[record["id"]] = self.others.get(record["id"], 0) + 1
            else:
                self.times[place] += 1
            if _is_news(record):
                self.news.add(record["id"])

    def strays(self, may: Callable[[int], bool], *, but: Set[str] = frozenset()) -> list[tuple[str, int]]:
        """Contacts that were there at first and came as often as they may not, some left out."""
        came = ((record_id, self.times[place]) for record_id, place in self.crowd.places.items())
        return [(record_id, times) for record_id, times in came if not may(times) and record_id not in but]


def _is_news(record: dict[str, Any]) -> bool:
    names = (record.get("last_name") or "", record.get("job_title") or "")
    return record.get("deleted_at") is not None or any(name.startswith((NEW, CHANGED, MOVED)) for name in names)


def page_medians_s(walk: Walk, pages: int) -> tuple[float, float]:
    """What one of the first and one of the last pages takes: asked for in turn, so that both meet the same noise."""
    first, last = list[float](), list[float]()
    with walk.crowd.stack.caller() as client:
        for number in range(pages):
            for times, place in ((first, number), (last, walk.pages - pages + number)):
                begun_s = time.perf_counter()
                _good(walk.ask(client, walk.cursors[place]))
                times.append(time.perf_counter() - begun_s)
    return statistics.median(first), statistics.median(last)
