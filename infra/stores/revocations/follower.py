"""Following the feed: what is held is as new as the last page, and how long that may last when no page comes.

Reads by long poll, so that an event arrives as soon as the log has it; keeps the snapshot; says loudly when the feed is
lost. Knows no request and no answer. Nobody waits here on a request's way: `current` looks at a clock and that is all.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlencode

from structlog.typing import FilteringBoundLogger

from contract.failure_modes import REVOCATIONS_STALE, REVOCATIONS_UNAVAILABLE
from infra.stores.revocations import snapshot
from infra.stores.revocations.events import AFTER, FEED_PATH, START, WAIT, EventPage, parse_page
from infra.stores.revocations.revocation_set import RevocationSet

WAIT_S = 5.0
"""How long the feed may have nothing to say."""
STALE_AFTER_S = 2.0
"""After that it is lost."""
FIRST_PAUSE_S = 0.05
MAX_PAUSE_S = 0.5
"""Between attempts: what was revoked while the feed was away arrives within a second of its return."""
SNAPSHOT_EVERY_S = 1.0
"""At most, the snapshot; what a crash loses of it is in the log."""
LOG_EVERY_S = 60.0


class FeedUnavailable(Exception):
    """There was no page, or none that this version understands."""


FetchPage = Callable[[str, float], Awaitable[tuple[int, bytes]]]
"""Asks for a target and waits so many seconds at most: the status and the body, or OSError."""


class Feed:
    """The feed of one authorization server, by a way to ask it."""

    def __init__(self, get: FetchPage) -> None:
        self._get = get

    async def page(self, after: str, wait_s: float) -> EventPage:
        """What follows `after`, at once or as soon as there is something. Raises FeedUnavailable."""
        target = f"{FEED_PATH}?{urlencode({AFTER: after, WAIT: wait_s})}"
        try:
            status, body = await self._get(target, wait_s + STALE_AFTER_S)
            if status != 200:
                raise FeedUnavailable(f"the feed answers {status}")
            return parse_page(body)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            raise FeedUnavailable(f"{type(error).__name__}: {error}") from error


class FeedFollower:
    """What is revoked, kept up to date by `run`.

    `held` is what is known, whether or not it may still be used; `current` is what a decision may lean on.
    """

    def __init__(
        self,
        feed: Feed,
        file: Path,
        log: FilteringBoundLogger,
        *,
        max_age_s: float,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._feed = feed
        self._file = file
        self._log = log
        self._max_age_s = max_age_s
        self._clock = clock
        self._wall_clock = wall_clock
        self.held = RevocationSet()
        self.lost = False
        self._position = START
        self._coming: RevocationSet | None = None
        self._heard_at = float("-inf")
        self._restored = False
        self._known = asyncio.Event()
        self._to_keep = asyncio.Event()
        self._kept: str | None = None
        self._said_at = float("-inf")

    @property
    def age_s(self) -> float:
        """How long ago what is held was known to be all; infinite if never."""
        return self._clock() - self._heard_at

    def current(self) -> RevocationSet | None:
        """What is held, unless the feed has been away for too long, or was never heard."""
        self.held.expire(self._wall_clock())  # an end that was told ahead comes without a page
        return self.held if self._clock() - self._heard_at <= self._max_age_s else None

    async def wait_until_known(self) -> None:
        """Wait until there is something to lean on: the whole feed, or without it the snapshot of an earlier life."""
        await self._known.wait()

    def restore(self) -> None:
        """Begin where an earlier life ended. A garbled snapshot is as good as none."""
        try:
            found = snapshot.load(self._file)
        except (snapshot.CorruptSnapshot, OSError) as error:
            self._log.error("revocation snapshot refused", cause=str(error))
            return
        if found is None:
            return
        kept, heard_at_s = found
        self.held, self._position, self._kept = RevocationSet(kept.entries), kept.position, kept.position
        self.held.expire(self._wall_clock())
        # A clock that was set back meanwhile makes nothing newer than now.
        self._heard_at = self._clock() - max(0.0, self._wall_clock() - heard_at_s)
        self._restored = True
        self._log.info("revocations restored", entries=len(self.held), age_s=round(self.age_s))

    async def run(self) -> None:
        """Follow the feed, and keep what it tells, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._keep())

    async def _follow(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            # At first, and after a silence, what there is is wanted at once.
            wait_s = 0.0 if self.lost or not self._known.is_set() else min(WAIT_S, self._max_age_s / 4)
            try:
                self._take(await self._feed.page(self._position, wait_s))
                pause_s = FIRST_PAUSE_S
            except FeedUnavailable as error:
                self._say_lost(error)
                self.held.expire(self._wall_clock())
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, MAX_PAUSE_S)

    def _take(self, page: EventPage) -> None:
        if page.position_unknown:
            self._begin_again()
            return
        target = self.held if self._coming is None else self._coming
        for event in page.events:
            target.apply(event)
            self._position = event.position
        target.expire(self._wall_clock())
        if page.at_head:
            self.held, self._coming = target, None
            self._heard()

    def _begin_again(self) -> None:
        """Until the other log is read to its end, what is held goes on holding."""
        if self._position == START:
            raise FeedUnavailable("the feed does not know the beginning of its log")
        self._log.warning("revocation log is another one", position=self._position)
        self._coming, self._position = self.held.carry_over(), START

    def _heard(self) -> None:
        self._heard_at = self._clock()
        if not self._known.is_set():
            self._log.info("revocations known", entries=len(self.held))
        elif self.lost:
            self._log.warning("revocation feed is back", entries=len(self.held))
        self.lost = False
        self._known.set()
        self._to_keep.set()

    def _say_lost(self, error: FeedUnavailable) -> None:
        if self._restored:
            self._known.set()
        if not self.lost or self._clock() - self._said_at >= LOG_EVERY_S:
            if self._known.is_set():
                usable = self.current() is not None
                told = {"cause": str(error), "age_s": round(self.age_s, 1)}
                instead = REVOCATIONS_STALE.instead if usable else REVOCATIONS_UNAVAILABLE.problem.code
                self._log.error("revocation feed lost", instead=instead, **told)
            else:
                self._log.warning("revocation feed awaited", cause=str(error))
            self._said_at = self._clock()
        self.lost = True

    async def _keep(self) -> None:
        """The snapshot. A disk that does not take it is said, and nothing else: the feed is still there."""
        while True:
            await self._to_keep.wait()
            self._to_keep.clear()
            try:
                await self._keep_now()
            except OSError as error:
                self._log.error("revocation snapshot not written", cause=str(error))
            await asyncio.sleep(SNAPSHOT_EVERY_S)

    async def _keep_now(self) -> None:
        """In a thread: no decision waits for a disk."""
        if self._coming is not None:
            return
        position, heard_at_s = self._position, self._wall_clock() - self.age_s
        if position == self._kept and await asyncio.to_thread(snapshot.touch, self._file, heard_at_s):
            return
        body = snapshot.encode(snapshot.Snapshot(position, self.held.entries))
        await asyncio.to_thread(snapshot.save, self._file, body, heard_at_s)
        self._kept = position
