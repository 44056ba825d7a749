"""A stack that may be broken: each test takes a part away, looks, and gives it back."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.support.stack import Stack, running_stack

WITHIN_S = 20.0
_POLL_S = 0.02


@pytest.fixture(scope="session")
def breakable() -> Iterator[Stack]:
    """A stack for this folder alone."""
    with running_stack() as running:
        yield running


@pytest.fixture
def parts(breakable: Stack) -> Iterator["Parts"]:
    """The stack's processes, all back when the test ends."""
    parts = Parts(breakable)
    yield parts
    with breakable.client() as client:
        until(lambda: client.get("/readyz").status_code == 200, "everything to be back")


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, a connection that is refused meanwhile included."""
    ends_s = time.monotonic() + WITHIN_S
    while time.monotonic() < ends_s:
        try:
            if condition():
                return
        except httpx.TransportError:
            pass
        time.sleep(_POLL_S)
    raise AssertionError(f"waited {WITHIN_S} s for {what}")


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
        until(
            lambda: len(now := self._stack.pids(kind)) == len(pids) and not set(now) & set(pids),
            f"{kind} to be restarted",
        )
