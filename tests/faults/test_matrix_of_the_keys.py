"""Signing keys change, and nobody can fetch them for longer than they are fresh: no good token is refused.

All of it waits for the edge, which fetches keys once a minute: `make test-faults` does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from deploy.local.run_folder import locate
from tests.faults import breaking
from tests.faults.asks import Book
from tests.faults.callers import assert_audited
from tests.faults.matrix import IN_FULL, broken
from tests.oauth.test_key_files import grow_old, keys
from tests.support.stack import Stack
from tests.support.waiting import waited

pytestmark = IN_FULL
FETCHED_WITHIN_S = 75.0
STALE_S = 130.0
"""Two fetches have failed by then."""


def by_the_new_key(stack: Stack) -> Stack:
    """The same stack, with tokens of a key that is staged."""
    folder = locate(stack.own_folder).signing_keys
    done = keys(folder, "stage", "access")
    assert done.returncode == 0, done.stderr
    kid = done.stdout.split()[0]
    return replace(stack, facts={**stack.facts, "SIGNING_KEY_FILE": str(folder / f"{kid}.pem"), "SIGNING_KID": kid})


def is_good(stack: Stack) -> bool:
    """Whether a token of that stack's key is."""
    with stack.client(stack.token()) as client:
        return client.get("/v1/me").status_code == 200


@asynccontextmanager
async def rotating(stack: Stack, folder: Path) -> AsyncIterator[None]:
    """A new key is staged, and signs once the edge knows it; tokens of the old one go on. Over when that is done."""
    yield
    new = await asyncio.to_thread(by_the_new_key, stack)
    await asyncio.to_thread(waited, lambda: is_good(new), "the edge to know the new key", within_s=FETCHED_WITHIN_S)
    await asyncio.to_thread(grow_old, folder)
    done = await asyncio.to_thread(keys, folder, "rotate", "access")
    assert done.returncode == 0, done.stderr
    assert await asyncio.to_thread(is_good, new)


async def test_no_token_is_refused_while_keys_turn(breakable: Stack, book: Book) -> None:
    folder = locate(breakable.own_folder).signing_keys
    seen = await broken(breakable, book, "signing keys", "rotated", rotating(breakable, folder), by_itself=True)
    assert not seen.bad(), seen


async def test_no_token_is_refused_while_keys_cannot_be_fetched(breakable: Stack, book: Book) -> None:
    dead = breaking.dead(breakable, "oauth")
    seen = await broken(breakable, book, "key set", f"out of reach for {STALE_S:.0f} s", dead, for_s=STALE_S)
    assert not seen.bad(), seen


async def test_what_callers_were_told_is_what_there_is(breakable: Stack, book: Book) -> None:
    await assert_audited(breakable, book)
