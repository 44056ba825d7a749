"""The internal service is slow, stops in the middle or says something else, while callers ask for all kinds of things.

Its answers come through a relay. What it was asked for it does all the same, unless it is deaf: then what a caller is
told is not what happened, and the retry with the key has to find out.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from contract.size_and_time_limits import INTERNAL_TIMEOUT_S
from tests.faults.asks import Book
from tests.faults.callers import CALLERS, assert_audited
from tests.faults.matrix import CALLS, IN_FULL, NOBODY, NONSENSE, TOO_LATE, broken
from tests.faults.relay import Lie, Relay
from tests.support.stack import Stack

CUT = 250
"""In the body of any answer."""


def an_answer(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A whole one."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def lying(service: Relay, lie: Lie) -> AsyncIterator[None]:
    with service.lying(lie):
        yield


LIES: dict[str, tuple[Lie, set[str]]] = {
    "says bytes at random": (Lie(instead=bytes(range(255, 127, -1)), closes=True), {NONSENSE}),
    "says HTML": (Lie(instead=an_answer(b"<html>Welcome!</html>", kind="text/html")), {NONSENSE}),
    "says another status": (Lie(instead=an_answer(b"{}", "500 Internal Server Error")), {NONSENSE}),
    "says half a record": (Lie(instead=an_answer(b'{"ok":true,"result":{"id":1}}')), {NONSENSE}),
    "says a 200 with an error": (
        Lie(instead=an_answer(b'{"ok":false,"error_code":"E_BUSY","message":""}'), deaf=True),
        {NOBODY},
    ),
    "ends in the middle": (Lie(at_most=CUT, closes=True), {NONSENSE}),
    "resets": (Lie(drops=True), {NOBODY}),
}
AT_LENGTH: dict[str, tuple[Lie, set[str]]] = {
    "says 17 MiB": (Lie(instead=an_answer(b"x" * 17 * 1024 * 1024), closes=True), {NONSENSE}),
    "hangs in the middle": (Lie(at_most=CUT, hangs=True), {TOO_LATE, NOBODY, NONSENSE}),
    "slow": (Lie(after_s=INTERNAL_TIMEOUT_S + 1), {TOO_LATE, NOBODY}),
}
"""What takes long: asked for once by each caller. Whoever waits when it is over finds the connection torn down."""
CASES = [
    *(pytest.param(name, *case, CALLS, id=name) for name, case in LIES.items()),
    *(pytest.param(name, *case, CALLERS, id=name, marks=IN_FULL) for name, case in AT_LENGTH.items()),
]


@pytest.mark.parametrize(("breaks", "lie", "words", "calls"), CASES)
async def test_callers_hear_what_is_promised_of_a_service_that(
    breakable: Stack, book: Book, service: Relay, breaks: str, lie: Lie, words: set[str], calls: int
) -> None:
    seen = await broken(breakable, book, "internal service", breaks, lying(service, lie), calls=calls)
    assert set(seen.bad()) <= words, seen
    assert seen.bad(), "nobody noticed"


async def test_what_callers_were_told_is_what_there_is(breakable: Stack, book: Book) -> None:
    await assert_audited(breakable, book)
