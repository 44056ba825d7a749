"""The feed, as our own services ask it: over HTTP, by long poll."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import structlog
from aiohttp import web

from infra.process.shared_secret import SharedSecret
from infra.stores.revocations.events import EventKind, parse_page
from oauth.endpoints.internal_api import build_internal_api
from oauth.store.database import Database, database_url
from tests.component.revocations.conftest import WITHIN_S, Place
from tests.support.feed import FeedProcess, feed_socket, serving_feed

SECRET, FORMER, NO_LONGER = "s" * 32, "f" * 32, "n" * 32
WHILE_IT_IS_CHANGED = SharedSecret((SECRET, FORMER))
FEED = "http://oauth/revocations"


@pytest.fixture
async def feed(place: Place) -> AsyncIterator[FeedProcess]:
    async with serving_feed(place.folder, place.log) as serving:
        yield serving


@pytest.fixture
async def client(place: Place, feed: FeedProcess) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(feed_socket(place.folder)))) as session:
        yield session


async def test_it_answers_at_once_when_there_is_something(feed: FeedProcess, client: aiohttp.ClientSession) -> None:
    await feed.tell(EventKind.TOKEN, "one")
    async with asyncio.timeout(WITHIN_S), client.get(FEED, params={"after": "0-", "wait_s": "30"}) as answer:
        page = parse_page(await answer.read())
    assert ([event.target for event in page.events], page.at_head) == (["one"], True)


async def test_it_answers_as_soon_as_there_is_something(feed: FeedProcess, client: aiohttp.ClientSession) -> None:
    async def ask() -> list[str]:
        async with client.get(FEED, params={"after": "0-", "wait_s": "30"}) as answer:
            return [event.target for event in parse_page(await answer.read()).events]

    asked = [asyncio.create_task(ask()) for _ in range(5)]
    done, _ = await asyncio.wait(asked, timeout=0.2)
    assert not done
    await feed.tell(EventKind.TOKEN, "one")
    async with asyncio.timeout(WITHIN_S):
        assert await asyncio.gather(*asked) == [["one"]] * 5


async def test_it_says_that_nothing_came_when_time_is_over(client: aiohttp.ClientSession, feed: FeedProcess) -> None:
    began_s = time.monotonic()
    async with client.get(FEED, params={"after": "0-", "wait_s": "0.2"}) as answer:
        page = parse_page(await answer.read())
    assert (page.events, page.at_head) == ((), True)
    assert time.monotonic() - began_s >= 0.2


@pytest.mark.parametrize(
    "query",
    [{}, {"after": "x"}, {"after": "0-", "wait_s": "x"}, {"after": "0-", "wait_s": "-1"}]
    + [{"after": "0-", "wait_s": text} for text in ("31", "nan", "inf")],
    ids=str,
)
async def test_a_question_that_is_none_is_refused(client: aiohttp.ClientSession, query: dict[str, str]) -> None:
    async with client.get(FEED, params=query) as answer:
        assert answer.status == 400


async def test_who_waits_is_let_go_when_the_process_ends(place: Place) -> None:
    async with serving_feed(place.folder) as feed:
        connector = aiohttp.UnixConnector(str(feed_socket(place.folder)))
        session = aiohttp.ClientSession(connector=connector)
        waiting = asyncio.create_task(session.get(FEED, params={"after": "0-", "wait_s": "30"}))
        await feed.tell(EventKind.TOKEN, "noise")  # the question is there: it is asked for longer than this takes
        first = parse_page(await (await waiting).read()).events[0].position
        waiting = asyncio.create_task(session.get(FEED, params={"after": first, "wait_s": "30"}))
        await asyncio.wait([waiting], timeout=0.1)
    async with session, asyncio.timeout(WITHIN_S):
        assert (await waiting).status == 200


async def test_a_lost_database_is_503_and_not_an_empty_page(place: Place) -> None:
    database = Database(database_url("sqlite:////no/such/folder/oauth.db"))
    async with database, served(place, database, None) as session, session.get(FEED, params={"after": "0-"}) as answer:
        assert answer.status == 503


SHOWN = {
    "nothing": {},
    "another word": {"Authorization": f"Bearer {'t' * 32}"},
    "the bare word": {"Authorization": SECRET},
    "a word that no longer counts": {"Authorization": f"Bearer {NO_LONGER}"},
    "both words": {"Authorization": f"Bearer {SECRET} {FORMER}"},
    "bytes that are no text": {"Authorization": "Bearer \udcff"},
}


@pytest.mark.parametrize("headers", SHOWN.values(), ids=SHOWN.keys())
async def test_where_a_secret_is_asked_for_nobody_is_told_anything_who_shows(
    place: Place, feed: FeedProcess, headers: dict[str, str]
) -> None:
    async with served(place, feed.database, WHILE_IT_IS_CHANGED) as session:
        async with session.get(FEED, params={"after": "0-"}, headers=headers) as refused:
            assert refused.status == 401
        for word in (SECRET, FORMER):
            good = {"Authorization": f"Bearer {word}"}
            async with session.get(FEED, params={"after": "0-"}, headers=good) as answer:
                assert answer.status == 200


@asynccontextmanager
async def served(place: Place, database: Database, secret: SharedSecret | None) -> AsyncIterator[aiohttp.ClientSession]:
    """The internal application over any database, on a socket of its own."""
    path = str(place.folder / "aside.sock")
    runner = web.AppRunner(build_internal_api(database, secret, structlog.get_logger()), shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.UnixSite(runner, path).start()
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path)) as session:
            yield session
    finally:
        await runner.cleanup()
