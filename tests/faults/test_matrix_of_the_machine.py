"""The machine has no more room for logs, for open files or for time: serving goes on, and somebody is told."""

import sys
import time
from collections.abc import Callable

import httpx
import pytest

from tests.faults import breaking
from tests.faults.asks import Book
from tests.faults.callers import assert_audited
from tests.faults.matrix import NO_DECISION, NOBODY, broken
from tests.support.stack import Stack
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is done to processes and pipes is Linux's")
OURS = ("authz-1", "authz-2", "transcoder-1", "transcoder-2")
ODD_S = 4
"""Less than the five seconds that are granted to clocks, and a second to ask in."""


@pytest.mark.parametrize(("breaks", "make"), [("on a full disk", "full"), ("into a pipe that nobody reads", "stuck")])
async def test_nobody_notices_logs(breaks: str, make: str, breakable: Stack, book: Book) -> None:
    async with breaking.logging_into(breakable, OURS, make):

        def dropped() -> bool:
            return all(breaking.told(breakable, name, "log_lines_dropped_total") for name in OURS)

        with breakable.client(breakable.token(scope="contacts:read")) as client:
            # Each refusal has a line of authz's, each answer one of the transcoder's.
            await until(lambda: client.delete("/v1/contacts/x") and client.get("/v1/me") and dropped(), "lost lines")
        seen = await broken(breakable, book, "logs", breaks, breaking.nothing())
        assert dropped()
    assert not seen.bad(), seen


FULL = {
    "transcoders": ("transcoder", {NOBODY}),
    "authz": ("authz", {NO_DECISION}),
    "Envoy": ("envoy", set[str]()),
}


@pytest.mark.parametrize(("part", "kind", "words"), [(part, *case) for part, case in FULL.items()], ids=FULL)
async def test_serving_goes_on_where_no_file_can_be_opened_by(
    part: str, kind: str, words: set[str], breakable: Stack, book: Book
) -> None:
    """On the connections that there are: none can be added."""
    seen = await broken(breakable, book, part, "without descriptors", breaking.without_descriptors(breakable, kind))
    assert set(seen.bad()) <= words, seen
    assert seen.bad().total() <= seen.calls / 2, seen


async def test_what_callers_were_told_is_what_there_is(breakable: Stack, book: Book) -> None:
    await assert_audited(breakable, book)


CLOCKS: dict[str, Callable[[int], dict[str, int]]] = {
    "that is ahead": lambda now_s: {"iat": now_s + ODD_S, "exp": now_s + ODD_S + 60},
    "that is behind": lambda now_s: {"iat": now_s - 60, "exp": now_s - ODD_S},
}


@pytest.mark.parametrize("claims", CLOCKS.values(), ids=CLOCKS)
def test_a_token_is_good_by_a_clock(breakable: Stack, claims: Callable[[int], dict[str, int]]) -> None:
    def ask() -> httpx.Response:
        with breakable.client(breakable.token(**claims(int(time.time())))) as client:
            return client.get("/v1/me")

    # A machine that is busy for more than a second makes another question of it.
    assert 200 in {ask().status_code for _ in range(5)}
