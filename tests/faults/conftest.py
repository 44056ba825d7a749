"""A stack that may be broken: each test takes a part away, looks, and gives it back."""

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.asks import Book
from tests.faults.relay import Relay, in_place_of
from tests.support.stack import Stack, running_stack
from tests.support.waiting import waited

PATIENT = {"STORE_TIMEOUT_MS": "500"}
"""A machine that runs tests is busy: what is refused here is to be refused for what is broken."""


@pytest.fixture(scope="session")
def breakable() -> Iterator[Stack]:
    """A stack for this folder alone."""
    with running_stack(settings=PATIENT) as running:
        yield running


@pytest.fixture
def parts(breakable: Stack) -> Iterator["Parts"]:
    """The stack's processes, all back when the test ends."""
    parts = Parts(breakable)
    yield parts
    with breakable.client() as client:
        waited(lambda: client.get("/readyz").status_code == 200, "everything to be back")


class Parts:
    """Takes processes of a stack away."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @contextmanager
    def dead(self, kind: str) -> Iterator[None]:
        """All processes of a kind are killed, and nobody restarts them before the end."""
        supervisor = self._supervisor()
        pids = self._stack.pids(kind)
        os.kill(supervisor, signal.SIGSTOP)
        try:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            # Until then its connections stay, and new ones are still taken by its socket.
            waited(lambda: all(map(_is_gone, pids)), f"{kind} to be dead")
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)
        self._replaced(kind, pids)

    @contextmanager
    def hung(self, kind: str, count: int | None = None) -> Iterator[None]:
        """The first `count` processes of a kind (all, without one) stand still."""
        pids = self._stack.pids(kind)[:count]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def kill_one(self, kind: str) -> None:
        """SIGKILL to the first process of a kind."""
        os.kill(self._stack.pids(kind)[0], signal.SIGKILL)

    def _supervisor(self) -> int:
        return int(json.loads((self._stack.folder / "state.json").read_text())["supervisor"]["pid"])

    def _replaced(self, kind: str, pids: list[int]) -> None:
        waited(
            lambda: len(now := self._stack.pids(kind)) == len(pids) and not set(now) & set(pids),
            f"{kind} to be restarted",
        )


def _is_gone(pid: int) -> bool:
    """Whether nothing is left of a process and its threads but an entry for its parent, which is stopped as well."""
    process = Path(f"/proc/{pid}")
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(list((process / "task").iterdir())) == 1
    except FileNotFoundError:
        return True


@pytest.fixture(scope="module")
def book() -> Book:
    """What the callers of one file have asked for."""
    return Book()


@pytest.fixture(scope="module")
async def service(breakable: Stack) -> AsyncIterator[Relay]:
    """What stands between the transcoders and the internal service."""
    from tests.faults.breaking import begun_anew, socket_of

    transcoders = ("transcoder-1", "transcoder-2")
    async with in_place_of(socket_of(breakable, "sandbox")) as relay:
        await begun_anew(breakable, transcoders)
        yield relay
    await begun_anew(breakable, transcoders)
