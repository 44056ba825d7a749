"""Each part is broken in each way while callers ask for all kinds of things: they hear what is promised, and no more.

What they were told holds in the end: the last test settles what nobody knew, and looks at everything that there is.
FAULTS_CALLS makes each row long: `make test-faults`.
"""

import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults import breaking
from tests.faults.asks import Book
from tests.faults.callers import CALLERS, assert_audited
from tests.faults.matrix import IN_FULL, KEYED, KEYLESS, NO_DECISION, NO_KEYS, NOBODY, READS, broken
from tests.faults.relay import Lie
from tests.support.stack import Stack

Break = Callable[[Stack, Path], AbstractAsyncContextManager[object]]


@dataclass(frozen=True)
class Row:
    """One way to break a part. While it is broken, each kind of caller may hear its word and nothing else that is not a
    success; `must` hear it: the breaking that nobody notices is no test of that row.
    """

    part: str
    breaks: str
    how: Break
    reads: str = ""
    keyless: str = ""
    keyed: str = ""
    must: bool = True
    in_flight: bool = False
    """Only those that were under way at that instant."""
    by_itself: bool = False


VALKEY = [
    Row("Valkey", "dead", lambda stack, _: breaking.dead(stack, "valkey"), keyed=NO_KEYS),
    Row("Valkey", "refused", lambda stack, _: breaking.valkey_refusing(stack), keyed=NO_KEYS),
    Row("Valkey", "black-holed", lambda stack, _: breaking.valkey_lying(stack, Lie(instead=b"")), keyed=NO_KEYS),
    Row("Valkey", "slow 2 s", lambda stack, _: breaking.valkey_lying(stack, Lie(after_s=2)), keyed=NO_KEYS),
    Row(
        "Valkey", "loading", lambda stack, folder: breaking.valkey_following(stack, folder, slowly=True), keyed=NO_KEYS
    ),
    Row(
        "Valkey",
        "read-only replica",
        lambda stack, folder: breaking.valkey_following(stack, folder, slowly=False),
        keyed=NO_KEYS,
    ),
    Row("Valkey", "scripts flushed", lambda stack, _: breaking.scripts_flushed(stack), must=False),
    Row("Valkey", "memory full", lambda stack, _: breaking.valkey_told(stack, "maxmemory", "1", "0"), keyed=NO_KEYS),
]


def one_of(kind: str, word: str) -> list[Row]:
    """Those of a kind that there are several of."""
    told: dict[str, Any] = {"reads": word, "keyless": word, "keyed": word, "must": False}
    instant: dict[str, Any] = {"must": False, "by_itself": True}
    return [
        Row(
            f"one {kind}",
            "killed",
            lambda stack, _: breaking.signalled(stack, kind, signal.SIGKILL),
            **{**told, **instant, "in_flight": True},
        ),
        Row(
            f"one {kind}",
            "told to end",
            lambda stack, _: breaking.signalled(stack, kind, signal.SIGTERM),
            **{**told, **instant, "in_flight": True},
        ),
        Row(f"one {kind}", "crash-looping", lambda stack, _: breaking.crash_looping(stack, kind), **told),
    ]


def dead(part: str, kind: str, word: str) -> Row:
    """All of a kind are gone: everybody hears that word."""
    return Row(part, "dead", lambda stack, _: breaking.dead(stack, kind), word, word, word)


PROCESSES = [
    *one_of("authz", NO_DECISION),
    Row(
        "one authz",
        "hung",
        lambda stack, _: breaking.hung(stack, "authz", 1),
        *(NO_DECISION, NO_DECISION, NO_DECISION),
        must=False,
        in_flight=True,
    ),
    dead("all authz", "authz", NO_DECISION),
    Row(
        "all authz",
        "killed",
        lambda stack, _: breaking.signalled(stack, "authz", signal.SIGKILL, None),
        *(NO_DECISION, NO_DECISION, NO_DECISION),
        by_itself=True,
    ),
    *one_of("transcoder", NOBODY),
    dead("all transcoders", "transcoder", NOBODY),
    Row("authorization server", "dead", lambda stack, _: breaking.dead(stack, "oauth"), must=False),
    dead("internal service", "sandbox", NOBODY),
]
ROWS = {f"{row.part} {row.breaks}": row for row in (*VALKEY, *PROCESSES)}


SHORTLY = {
    *("Valkey refused", "Valkey loading", "Valkey read-only replica", "Valkey scripts flushed", "Valkey memory full"),
    *("one authz told to end", "one transcoder told to end", "authorization server dead"),
}
"""What nothing else in this folder breaks is broken in the short form, too."""


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=name, marks=() if name in SHORTLY else IN_FULL) for name, row in ROWS.items()]
)
async def test_callers_hear_what_is_promised_of(row: Row, breakable: Stack, book: Book, tmp_path: Path) -> None:
    how = row.how(breakable, tmp_path)
    seen = await broken(breakable, book, row.part, row.breaks, how, by_itself=row.by_itself)
    for kinds, word in ((READS, row.reads), (KEYLESS, row.keyless), (KEYED, row.keyed)):
        bad = seen.bad(kinds)
        assert set(bad) <= {word}, seen
        assert not row.must or not word or bad, f"nobody noticed: {seen}"
    if row.in_flight:
        assert seen.bad().total() <= CALLERS, seen


async def test_what_callers_were_told_is_what_there_is(breakable: Stack, book: Book) -> None:
    await assert_audited(breakable, book)
