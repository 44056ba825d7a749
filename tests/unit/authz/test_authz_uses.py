"""When tokens were last used: what is not taken is told again, and however long that takes, so much is kept at most."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import msgspec

from authz.oauth_client import OAuthClient
from authz.token_usage import MAX_ENTRIES, TokenUsage
from infra.stores.oauth_admin_messages import TokenUses
from tests.unit.authz.asking import claims

CALLER = claims()
NOON_S = 1_800_000_000
TAKEN_BYTES = 1024 * 1024
"""A longer body is refused by the listener, which is aiohttp's."""


class Office(OAuthClient):
    """The authorization server's side: what it was told, by the call, while it takes anything."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.told: list[dict[str, int]] = []
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    async def post(self, target: str, body: bytes, within_s: float) -> tuple[int, bytes]:
        self.asked.set()
        await self.answers.wait()
        if not self.takes or len(body) > TAKEN_BYTES:
            return 503, b""
        self.told.append(msgspec.json.decode(body, type=TokenUses).uses)
        return 204, b""

    @property
    def known(self) -> dict[str, int]:
        return {jti: at_s for call in self.told for jti, at_s in call.items()}


def use(usage: TokenUsage, first: int, last: int, now_s: int = NOON_S) -> None:
    """The tokens of those numbers are used."""
    for number in range(first, last):
        usage.record(replace(CALLER, jti=f"pat_{number:032x}"), now_s)


async def on_its_way(usage: TokenUsage, office: Office) -> "asyncio.Task[bool]":
    """A delivery that has begun, and hangs until the office answers."""
    office.answers.clear()
    telling = asyncio.create_task(usage.send(office))
    await office.asked.wait()
    return telling


async def test_all_that_is_remembered_is_taken(log):
    usage, office = TokenUsage(log), Office()
    use(usage, 0, MAX_ENTRIES)
    assert await usage.send(office)
    assert len(office.known) == MAX_ENTRIES


async def test_no_more_is_remembered_however_often_nothing_is_taken(log):
    usage, office = TokenUsage(log), Office(takes=False)
    use(usage, 0, MAX_ENTRIES)
    telling = await on_its_way(usage, office)
    use(usage, MAX_ENTRIES, 2 * MAX_ENTRIES)
    office.answers.set()
    assert not await telling
    office.takes = True
    assert await usage.send(office)
    assert len(office.known) == MAX_ENTRIES


async def test_what_is_used_on_the_way_is_told_the_next_time(log):
    usage, office = TokenUsage(log), Office()
    use(usage, 0, 2)
    telling = await on_its_way(usage, office)
    use(usage, 1, 3, NOON_S + 60)
    office.answers.set()
    assert await telling
    assert await usage.send(office)
    first, second = office.told
    assert sorted(first.values()) == [NOON_S, NOON_S]
    assert sorted(second.values()) == [NOON_S + 60, NOON_S + 60]


async def test_what_was_told_is_not_told_twice_in_its_minute(log):
    usage, office = TokenUsage(log), Office()
    use(usage, 0, 2)
    assert await usage.send(office)
    use(usage, 0, 2, NOON_S + 59)
    assert await usage.send(office)
    assert len(office.told) == 1


async def test_what_was_on_its_way_when_the_process_ends_is_told_once_more(log):
    usage, office = TokenUsage(log), Office()
    use(usage, 0, 2)
    telling = await on_its_way(usage, office)
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling
    office.answers.set()
    assert await usage.send(office)
    assert len(office.known) == 2
