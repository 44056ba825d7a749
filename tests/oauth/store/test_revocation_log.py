"""The revocation log: numbers in the order in which they are seen, none missing, none twice."""

import asyncio

import pytest
import sqlalchemy as sa

from infra.stores.revocations.events import RETENTION_S, START, EventKind, EventPage
from oauth.store import revocations
from oauth.store.database import Database, database_url
from oauth.store.revocations import IssueBars, NewEntry
from oauth.store.tables import REVOCATION_LOG

NOW_S = 1_800_000_000


async def append(database: Database, *notes: NewEntry, now_s: int = NOW_S) -> int:
    async with database.write() as connection:
        return await revocations.append(connection, notes, now_s=now_s)


async def page(database: Database, after: str = START, limit: int = 1000) -> EventPage:
    async with database.read() as connection:
        return await revocations.page(connection, after, limit=limit)


async def bars(database: Database, **asked: str) -> IssueBars:
    async with database.read() as connection:
        return await revocations.issue_bars(connection, **{"business": "", "subject": "", "kid": ""} | asked)


def token(name: str) -> NewEntry:
    return NewEntry(EventKind.TOKEN, name, "a test")


async def test_an_empty_log_is_at_its_head(database: Database) -> None:
    assert await page(database) == EventPage(at_head=True)


async def test_events_come_in_the_order_in_which_they_were_appended(database: Database) -> None:
    assert await append(database, token("a"), token("b")) == 2
    assert await append(database, NewEntry(EventKind.PLAN, "biz_c", "a test", "scale")) == 3
    found = await page(database)
    assert [(event.sequence, event.kind, event.target, event.value) for event in found.events] == [
        (1, EventKind.TOKEN, "a", None),
        (2, EventKind.TOKEN, "b", None),
        (3, EventKind.PLAN, "biz_c", "scale"),
    ]
    assert (found.at_head, {event.at_s for event in found.events}) == (True, {NOW_S})


async def test_pages_follow_one_another_to_the_head(database: Database) -> None:
    await append(database, *(token(str(n)) for n in range(5)))
    first = await page(database, limit=3)
    assert (len(first.events), first.at_head) == (3, False)
    second = await page(database, first.events[-1].position, limit=3)
    assert ([event.target for event in second.events], second.at_head) == (["3", "4"], True)
    assert await page(database, second.events[-1].position) == EventPage(at_head=True)


async def test_a_position_of_another_log_is_not_known(database: Database) -> None:
    await append(database, token("a"))
    [event] = (await page(database)).events
    assert (await page(database, f"1-{'0' * 16}")).position_unknown
    assert (await page(database, f"2-{event.mark}")).position_unknown
    with pytest.raises(ValueError):
        await page(database, "one")


async def test_without_an_end_of_its_own_a_revocation_is_kept_for_as_long_as_a_token_can_live(
    database: Database,
) -> None:
    await append(
        database,
        token("a"),
        NewEntry(EventKind.SUBJECT, "usr_b", "a test"),
        NewEntry(EventKind.SUSPEND, "biz_c", "a test"),
        NewEntry(EventKind.KEY, "k", "a test"),
        NewEntry(EventKind.TOKEN, "d", "a test", expires_at_s=NOW_S + 1),
    )
    ends = [event.expires_at_s for event in (await page(database)).events]
    assert ends == [NOW_S + RETENTION_S, NOW_S + RETENTION_S, None, None, NOW_S + 1]


async def test_what_is_rolled_back_has_no_number(database: Database) -> None:
    with pytest.raises(KeyError):
        async with database.write() as connection:
            await revocations.append(connection, [token("a")], now_s=NOW_S)
            raise KeyError
    assert await append(database, token("b")) == 1


async def test_a_reader_misses_nothing_of_what_several_append_at_once(database: Database, url: str) -> None:
    """Were numbers given before their turn to be seen, a reader could pass over one that is committed late."""
    writers, each = 4, 10
    seen: list[int] = []

    async def read() -> None:
        after = START
        while len(seen) < writers * each:
            for event in (await page(database, after)).events:
                seen.append(event.sequence)
                after = event.position

    async def write(own: Database) -> None:
        for n in range(each):
            await append(own, token(str(n)))

    others = [Database(database_url(url)) for _ in range(writers)]
    try:
        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            tasks.create_task(read())
            for other in others:
                tasks.create_task(write(other))
    finally:
        for other in others:
            async with other:
                pass
    assert seen == list(range(1, writers * each + 1))


async def test_marks_differ(database: Database) -> None:
    await append(database, *(token(str(n)) for n in range(100)))
    assert len({event.mark for event in (await page(database)).events}) == 100


async def test_a_subjects_new_tokens_are_later_than_its_last_revocation(database: Database) -> None:
    async def not_before_s(subject: str) -> int:
        return (await bars(database, subject=subject)).not_before_s

    await append(database, NewEntry(EventKind.SUBJECT, "usr_a", "a test"), now_s=NOW_S)
    await append(database, NewEntry(EventKind.SUBJECT, "usr_a", "a test"), now_s=NOW_S - 5)
    assert await not_before_s("usr_a") == NOW_S + 1
    assert await not_before_s("usr_b") == 0


async def test_whether_a_business_is_suspended_is_what_was_last_said_of_it(database: Database) -> None:
    async def is_suspended(business: str) -> bool:
        return (await bars(database, business=business)).suspended

    assert not await is_suspended("biz_a")
    await append(database, NewEntry(EventKind.SUSPEND, "biz_a", "a test"))
    assert (await is_suspended("biz_a"), await is_suspended("biz_b")) == (True, False)
    await append(
        database, NewEntry(EventKind.RESUME, "biz_a", "a test"), NewEntry(EventKind.PLAN, "biz_a", "a test", "scale")
    )
    assert not await is_suspended("biz_a")


async def test_a_key_that_was_revoked_signs_nothing_more(database: Database) -> None:
    assert not (await bars(database, kid="k")).key_ended
    await append(database, NewEntry(EventKind.KEY, "k", "a test"))
    assert [(await bars(database, kid=kid)).key_ended for kid in ("k", "l")] == [True, False]


async def test_who_wanted_it_is_kept_and_not_told(database: Database) -> None:
    await append(database, token("a"))
    async with database.read() as connection:
        [entry] = await revocations.entries(connection)
        actors = (await connection.execute(sa.select(REVOCATION_LOG.c.actor))).scalars().all()
    assert (entry.actor, actors) == ("a test", ["a test"])
    assert not hasattr(entry.event, "actor")
