"""Callers over TLS who ask for all kinds of things, one after the other, and remember what they were told and when.

Four persons of two businesses, over HTTP/1.1 and HTTP/2; each token is soon followed by another with a budget of its
own. Owns the traffic, the retries that settle it and the look at what it has left; must not know what is broken.
"""

import asyncio
import itertools
import json
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.asks import Ask, Book, Person, a_list, a_look
from tests.faults.ledger import Changes, Found, totals, violations
from tests.spec.operations import CURRENT
from tests.support.lines import Got, Http1, Http2, Lost, Sent
from tests.support.problems import assert_every_answer, assert_problem, assert_rate_headers
from tests.support.stack import Stack
from tests.support.waiting import until

PERSONS = (Person(1, 11), Person(2, 21), Person(1, 12), Person(2, 22))
CALLERS = 8
ANSWER_S = 40.0
ASKS_A_TOKEN = 8
"""Far less than its budget, also where each process counts by itself."""
PATIENCE_S = 60.0
AFTER_A_REFUSAL_S = 0.02
KINDS = {"list": 3, "get": 3, "change": 2, "create": 2, "keyed create": 3, "upsert": 2, "batch": 1}
"""What is asked for, and how often of sixteen times."""
PAGE = 200
CAME_LATE = "412, as the change before came late"
"""One whose outcome nobody knew was made after all, when its caller had looked: this is how that is to be told."""


def is_good(word: str) -> bool:
    """Whether a caller can be content with what was heard."""
    return word[0] == "2" or word == CAME_LATE


@dataclass(frozen=True)
class Called:
    """One call that is over."""

    kind: str
    began_s: float
    ended_s: float
    word: str
    """The status, and the code of a problem; or how the answer was lost."""

    @property
    def good(self) -> bool:
        return is_good(self.word)


@dataclass
class Own:
    """The record of one caller. Without an ETag it has to be looked at first."""

    changes: Changes
    etag: str | None = None


@dataclass
class Callers:
    """Their calls, as long as the block lasts."""

    stack: Stack
    book: Book
    count: int = CALLERS
    calls: list[Called] = field(default_factory=list)

    async def __aenter__(self) -> "Callers":
        port = int(self.stack.api_url.rpartition(":")[2])
        self._lines: tuple[Http1 | Http2, ...] = (
            Http1(port, _speaking(self.stack, "http/1.1")),
            Http2(port, _speaking(self.stack, "h2")),
        )
        self._numbers, self._tokens = itertools.count(), dict[Person, tuple[str, int]]()
        self._over = asyncio.Event()
        self._tasks = [asyncio.create_task(self._ask_on(number)) for number in range(self.count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await asyncio.gather(*self._tasks)
        for line in self._lines:
            line.close()

    async def _ask_on(self, number: int) -> None:
        person, chance = PERSONS[number % len(PERSONS)], random.Random(number)
        own: Own | None = None
        while not self._over.is_set():
            if own is None:
                own = await self._own(person)
                continue
            [kind] = chance.choices(list(KINDS), list(KINDS.values()))
            called = await self._one(kind, person, own)
            if not called.good:
                await asyncio.sleep(AFTER_A_REFUSAL_S)

    async def _own(self, person: Person) -> Own | None:
        ask = self.book.create(person, keyed=True)
        called, got = await self.ask(ask)
        if not called.good:
            return None
        changes = Changes(json.loads(got.body)["data"]["id"], person.business, "")
        self.book.changed.append(changes)
        return Own(changes, got.headers["etag"])

    async def _one(self, kind: str, person: Person, own: Own) -> Called:
        match kind:
            case "list":
                return (await self.ask(a_list(person)))[0]
            case "create" | "keyed create":
                return (await self.ask(self.book.create(person, keyed=kind != "create")))[0]
            case "upsert":
                return (await self.ask(self.book.upsert(person)))[0]
            case "batch":
                return (await self.ask(self.book.batch(person)))[0]
            case "change" if own.etag is not None:
                return await self._changed(person, own, own.etag)
        return await self._looked(person, own)

    async def _changed(self, person: Person, own: Own, etag: str) -> Called:
        called, got = await self.ask(self.book.change(person, own.changes, etag))
        own.etag = got.headers.get("etag") if called.good else None
        return called

    async def _looked(self, person: Person, own: Own) -> Called:
        called, got = await self.ask(a_look(person, own.changes.id))
        if called.good:
            own.etag = got.headers["etag"]
            self._complain(own.changes.is_found(json.loads(got.body)["data"]["first_name"] or ""))
        return called

    async def ask(self, ask: Ask) -> tuple[Called, Got]:
        """Ask once, and tell the book."""
        loop = asyncio.get_running_loop()
        line, began_s, got = self._lines[next(self._numbers) % len(self._lines)], loop.time(), Got()
        try:
            async with asyncio.timeout(ANSWER_S):
                got = await line.ask(Sent(ask.method, ask.path, self._headers(ask), ask.content))
        except (OSError, Lost) as fault:
            ask.hears_nothing()
            word = f"lost: {type(fault).__name__}"
        else:
            body = json.loads(got.body)
            word = f"{got.status} {body['code']}" if got.status >= 400 else str(got.status)
            if got.status == 412 and ask.change and ask.change.open:
                word = CAME_LATE
            self._complain(_complaint(got, body, self.stack.api_url))
            ask.hears(got.status, body)
        called = Called(ask.kind, began_s, loop.time(), word)
        self.calls.append(called)
        return called, got

    def _complain(self, about: str | None) -> None:
        if about is not None:
            self.book.wrong.append(about)

    def _headers(self, ask: Ask) -> dict[str, str]:
        token, left = self._tokens.get(ask.person, ("", 0))
        if not left:
            token, left = self.stack.token(tenant=ask.person.business, user=ask.person.user), ASKS_A_TOKEN
        self._tokens[ask.person] = token, left - 1
        return {"authorization": f"Bearer {token}", "version": CURRENT, **ask.headers}

    async def until(self, condition: Callable[[], bool], what: str, *, within_s: float = PATIENCE_S) -> None:
        """Wait for it; a caller that has failed says so at once."""

        def holds() -> bool:
            for task in self._tasks:
                if task.done() and task.exception():
                    task.result()
            return condition()

        await until(holds, what, within_s=within_s)

    async def more(self, count: int, *, since_s: float, what: Callable[[Called], bool] = lambda _: True) -> None:
        """Wait for so many calls that began after an instant and are over."""
        await self.until(
            lambda: sum(call.began_s >= since_s and what(call) for call in self.calls) >= count, f"{count} calls"
        )

    async def settle(self) -> None:
        """Retry, with its key, whatever may or may not have happened, until it has; once nothing is broken any more."""
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
            for ask in self.book.asks:
                if ask.unsettled:
                    tasks.create_task(self._settle(ask))

    async def _settle(self, ask: Ask) -> None:
        while ask.unsettled:
            _, got = await self.ask(ask)
            await asyncio.sleep(float(got.headers.get("retry-after", "0.1")) if ask.unsettled else 0)


async def audit(callers: Callers) -> tuple[list[str], list[Found]]:
    """What is there, as the API shows it, and everything about it that callers were not told so."""
    book, found = callers.book, list[Found]()
    for person in PERSONS[:2]:
        found += await _found(callers, person)
    wrong = book.wrong + violations(book.writes, found)
    for record in book.changed:
        person = next(each for each in PERSONS if each.business == record.business)
        _, got = await callers.ask(a_look(person, record.id))
        told = record.is_found(json.loads(got.body)["data"]["first_name"] or "")
        wrong += [told] if told else []
    return wrong, found


async def assert_audited(stack: Stack, book: Book) -> dict[str, int]:
    """Once nothing is broken: what nobody knew is settled, and what everybody was told is so. Returns the totals."""
    async with Callers(stack, book, count=0) as callers:
        await callers.settle()
        wrong, found = await audit(callers)
    counts = totals(book.writes, found)
    assert counts["done"]
    assert wrong == []
    return counts


async def _found(callers: Callers, person: Person) -> list[Found]:
    """Every record of a business whose mark begins as the run's do, a deleted one included."""
    path, cursor, found = "/v1/contacts/search?deleted=include&fields=id,last_name", None, list[Found]()
    condition = {"field": "last_name", "operator": "starts_with", "value": f"{callers.book.run}-"}
    while True:
        body = {"filters": [condition], "limit": PAGE, **({"cursor": cursor} if cursor else {})}
        _, got = await callers.ask(Ask("search", person, "POST", path, body))
        assert got.status == 200, got.body
        page: dict[str, Any] = json.loads(got.body)
        found += [Found(record["last_name"], person.business, record["id"]) for record in page["data"]]
        cursor = page["meta"]["cursor"]["next"]
        if cursor is None:
            return found


def _complaint(got: Got, body: dict[str, Any], api_url: str) -> str | None:
    """What is wrong with the form of an answer, whatever it says."""
    headers = [(name, value) for name, value in got.headers.items() if not name.startswith(":")]
    answer = httpx.Response(got.status, headers=headers, content=got.body)
    try:
        assert_every_answer(answer)
        if got.status >= 400:
            assert_problem(answer, body["code"], decided="instance" in body, api_url=api_url)
        if "instance" in body or body.get("code") != "overloaded":
            assert_rate_headers(answer)
    except AssertionError as error:
        return f"{got.status} {got.body[:300]!r}: {error}"
    return None


def _speaking(stack: Stack, protocol: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    context.set_alpn_protocols([protocol])
    return context
