"""When personal access tokens were last used, to the minute, told to the authorization server now and then.

Off the request's way: a note is one entry in a dict, and one call tells many. What cannot be told waits for the next
time, and is lost with the process: it is for people to look at, and no decision leans on it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
from structlog.typing import FilteringBoundLogger

from authz.oauth_client import OAuthClient
from contract.claims import Claims, TokenKind
from infra.stores.oauth_admin_messages import USES_PATH, TokenUses

SEND_EVERY_S = 10.0
SEND_TIMEOUT_S = 5.0
MAX_ENTRIES = 50_000
"""Tokens that are remembered between two calls; of more, some look unused until they are used again."""
BATCH_SIZE = 5_000
"""Tokens told at once: the listener takes a body of 1 MiB, and an id has 128 characters at most."""
_MINUTE_S = 60


class TokenUsage:
    """What is to be told."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._coming: dict[str, int] = {}
        self._told: dict[str, int] = {}

    def record(self, caller: Claims, now_s: int) -> None:
        """A token in good standing was used."""
        if caller.kind is not TokenKind.PAT:
            return
        minute_s = now_s - now_s % _MINUTE_S
        if self._told.get(caller.jti) != minute_s and len(self._coming) < MAX_ENTRIES:
            self._coming[caller.jti] = minute_s

    async def send(self, oauth: OAuthClient) -> bool:
        """Tell what there is; whether all of it was taken. What was not, or not yet, is kept, cancelled or not."""
        coming = list(self._coming.items())
        for first in range(0, len(coming), BATCH_SIZE):
            portion = coming[first : first + BATCH_SIZE]
            if not await _send_batch(oauth, dict(portion)):
                return False
            for jti, minute_s in portion:
                if self._coming[jti] == minute_s:  # not used again meanwhile
                    del self._coming[jti]
        if coming:
            self._told = dict(coming)
        return True

    @asynccontextmanager
    async def send_periodically(self, oauth: OAuthClient) -> AsyncIterator[None]:
        """Tell now and then, while the block lasts, and once more at its end."""

        async def again_and_again() -> None:
            lost = False
            while True:
                await asyncio.sleep(SEND_EVERY_S)
                taken = await self.send(oauth)
                if not taken and not lost:
                    self._log.warning("uses of tokens not told")
                lost = not taken

        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(again_and_again())
            try:
                yield
            finally:
                task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self.send(oauth)


async def _send_batch(oauth: OAuthClient, uses: dict[str, int]) -> bool:
    try:
        status, _ = await oauth.post(USES_PATH, msgspec.json.encode(TokenUses(uses=uses)), SEND_TIMEOUT_S)
    except OSError:  # TimeoutError is an OSError
        return False
    return status < 300
