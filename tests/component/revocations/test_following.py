"""A follower of the real feed: what it holds, for how long, and what it says when the feed is away."""

from dataclasses import replace

import pytest

from contract.claims import Claims, parse_claims
from contract.rate_plans import PLANS
from infra.stores.revocations import follower as following_module
from infra.stores.revocations.events import EventKind
from infra.stores.revocations.follower import FeedFollower
from oauth.store import revocations
from tests.component.revocations.conftest import MAX_AGE_S, Place, until
from tests.support.feed import serving_feed
from tests.unit.authz.asking import CLAIMS


def caller(jti: str) -> Claims:
    claims = parse_claims(CLAIMS)
    assert isinstance(claims, Claims)
    return replace(claims, jti=jti)


def revokes(follower: FeedFollower, jti: str) -> bool:
    held = follower.current()
    return held is not None and held.is_revoked(caller(jti))


async def test_what_is_appended_is_held_a_moment_later(place: Place) -> None:
    async with serving_feed(place.folder) as feed, place.following() as follower:
        await follower.wait_until_known()
        await feed.tell(EventKind.TOKEN, "one")
        await feed.tell(EventKind.SUSPEND, "biz_a")
        await feed.tell(EventKind.PLAN, "biz_a", "scale")
        await until(lambda: len(follower.held) == 3)
        assert revokes(follower, "one")
        assert not revokes(follower, "two")
        assert follower.held.plan_of("biz_a") is PLANS["scale"]


async def test_a_long_log_is_known_only_at_its_end(place: Place) -> None:
    async with serving_feed(place.folder, events_a_page=1) as feed:
        for n in range(7):
            await feed.tell(EventKind.TOKEN, str(n))
        async with place.following() as follower:
            assert follower.current() is None
            await follower.wait_until_known()
            assert all(revokes(follower, str(n)) for n in range(7))


async def test_who_has_never_heard_the_feed_holds_nothing_to_lean_on(place: Place) -> None:
    async with place.following() as follower:
        await until(lambda: follower.lost)
        assert follower.current() is None
        async with serving_feed(place.folder):
            await follower.wait_until_known()
            assert follower.current() is not None
    assert "revocation feed awaited" in place.said()


async def test_without_the_feed_it_goes_on_loudly_until_the_age_and_no_longer(place: Place) -> None:
    async with place.following() as follower:
        async with serving_feed(place.folder) as feed:
            await feed.tell(EventKind.TOKEN, "one")
            await until(lambda: revokes(follower, "one"))
        await until(lambda: follower.lost)
        place.clock.ahead_s += MAX_AGE_S - 60
        assert revokes(follower, "one")
        place.clock.ahead_s += 61
        assert follower.current() is None
        async with serving_feed(place.folder):
            await until(lambda: revokes(follower, "one"))
    said = place.said()
    assert said.index("revocation feed lost") < said.index("revocation feed is back")


async def test_it_says_again_that_the_feed_is_lost_but_not_at_every_attempt(place: Place) -> None:
    async with place.following() as follower:
        async with serving_feed(place.folder):
            await follower.wait_until_known()
        await until(lambda: follower.lost)
        tried = place.said().count("revocation feed lost")
        place.clock.ahead_s += following_module.LOG_EVERY_S
        await until(lambda: place.said().count("revocation feed lost") == tried + 1)


async def test_an_event_of_while_it_was_away_arrives_when_the_feed_is_back(place: Place) -> None:
    async with place.following() as follower:
        async with serving_feed(place.folder) as feed:
            await follower.wait_until_known()
        await until(lambda: follower.lost)
        async with serving_feed(place.folder) as feed:
            await feed.tell(EventKind.TOKEN, "one")
            await until(lambda: revokes(follower, "one"))


async def test_a_new_life_begins_with_what_the_last_one_kept_feed_or_not(place: Place) -> None:
    async with serving_feed(place.folder) as feed, place.following() as follower:
        await feed.tell(EventKind.TOKEN, "one")
        await feed.tell(EventKind.SUBJECT, CLAIMS["sub"])
        await feed.tell(EventKind.SUSPEND, "biz_a")
        await feed.tell(EventKind.PLAN, "biz_b", "starter")
        await until(lambda: len(follower.held) == 4 and place.file.exists() and b"biz_b" in place.file.read_bytes())
    async with place.following() as follower:
        await follower.wait_until_known()
        held = follower.current()
        assert held is not None
        assert (len(held), held.is_suspended("biz_a"), held.plan_of("biz_b")) == (4, True, PLANS["starter"])
        assert revokes(follower, "one")
    assert "revocations restored" in place.said()


async def test_a_new_life_hears_what_it_slept_through_before_anybody_leans_on_it(place: Place) -> None:
    async with serving_feed(place.folder) as feed:
        async with place.following():
            await until(place.file.exists)
        await feed.tell(EventKind.TOKEN, "meanwhile")
        async with place.following() as follower:
            await follower.wait_until_known()
            assert revokes(follower, "meanwhile")


async def test_the_age_goes_on_across_lives(place: Place) -> None:
    async with serving_feed(place.folder), place.following():
        await until(place.file.exists)
    place.clock.ahead_s += MAX_AGE_S + 1
    async with place.following() as follower:
        assert follower.current() is None
        assert follower.age_s > MAX_AGE_S


async def test_a_feed_that_has_nothing_to_say_keeps_the_snapshot_fresh(place: Place) -> None:
    async with serving_feed(place.folder), place.following(max_age_s=0.4):
        await until(place.file.exists)
        place.clock.ahead_s += 100
        await until(lambda: place.clock.wall() - place.file.stat().st_mtime < 10)


async def test_a_lost_snapshot_is_written_again(place: Place) -> None:
    async with serving_feed(place.folder), place.following(max_age_s=0.4):
        await until(place.file.exists)
        place.file.unlink()
        await until(place.file.exists)


GARBLED = {
    "is cut short": lambda text: text[:-1],
    "has one bit flipped": lambda text: text[:-2] + bytes([text[-2] ^ 1]) + text[-1:],
    "has another checksum": lambda text: text.replace(text.split()[2][:4], b"0000", 1),
    "is empty": lambda _: b"",
    "is of another form": lambda text: b"revocations 2" + text[len(b"revocations 1") :],
}


@pytest.mark.parametrize("garble", GARBLED.values(), ids=GARBLED.keys())
async def test_nothing_is_taken_from_a_snapshot_that(place: Place, garble) -> None:
    async with serving_feed(place.folder) as feed, place.following():
        await feed.tell(EventKind.TOKEN, "one")
        await until(lambda: place.file.exists() and b"one" in place.file.read_bytes())
    place.file.write_bytes(garble(place.file.read_bytes()))
    async with place.following() as follower:
        await until(lambda: follower.lost)
        assert follower.current() is None
    assert "revocation snapshot refused" in place.said()


async def test_a_disk_that_does_not_take_the_snapshot_is_said_and_nothing_else(place: Place) -> None:
    place.file.mkdir()
    async with serving_feed(place.folder) as feed, place.following() as follower:
        await until(lambda: "revocation snapshot not written" in place.said())
        await feed.tell(EventKind.TOKEN, "one")
        await until(lambda: revokes(follower, "one"))


async def test_another_log_is_read_from_its_beginning_and_takes_no_revocation_back(place: Place) -> None:
    async with place.following() as follower:
        async with serving_feed(place.folder) as feed:
            await feed.tell(EventKind.TOKEN, "one")
            await feed.tell(EventKind.SUSPEND, "biz_a")
            await until(lambda: len(follower.held) == 2)
        async with serving_feed(place.folder, database="restored.db") as feed:
            await feed.tell(EventKind.TOKEN, "two")
            await until(lambda: revokes(follower, "two"))
            assert revokes(follower, "one")
            assert not follower.held.is_suspended("biz_a")
    assert "revocation log is another one" in place.said()


async def test_a_feed_that_nobody_understands_is_a_lost_one(place: Place) -> None:
    async with serving_feed(place.folder) as feed, place.following() as follower:
        await follower.wait_until_known()
        async with feed.database.write() as connection:
            await revocations.append(
                connection, [revocations.NewEntry(EventKind.PLAN, "biz_a", "a test", "free")], now_s=1
            )
        await until(lambda: follower.lost)
        assert follower.current() is not None
