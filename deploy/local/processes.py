"""Processes by identity: a pid together with the moment it was born, so that a recycled pid is never taken for ours.

Owns looking at and signalling processes that are not our children; must not know what they run.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process for all time."""

    pid: int
    born: str
    """The kernel's own words for when: clock ticks since boot on Linux, a date elsewhere."""


def identify(pid: int) -> ProcessIdentity | None:
    """Returns the identity of a live process; None when there is none, or only its zombie."""
    born = _born_linux(pid) if sys.platform == "linux" else _born_elsewhere(pid)
    return ProcessIdentity(pid, born) if born else None


def is_alive(process: ProcessIdentity) -> bool:
    """Whether this very process still runs."""
    return identify(process.pid) == process


def send(process: ProcessIdentity, number: signal.Signals) -> None:
    """Signal this very process, or nobody."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform != "linux":
            if is_alive(process):
                os.kill(process.pid, number)
            return
        # The handle is opened before the look: if the look still sees the same birth, the handle is of that process.
        handle = os.pidfd_open(process.pid)
        try:
            if is_alive(process):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def wait_for_end(processes: Iterable[ProcessIdentity], *, timeout_s: float) -> list[ProcessIdentity]:
    """Wait until all have ended; returns those that still live after `timeout_s`."""
    left = list(processes)
    give_up_s = time.monotonic() + timeout_s
    while (left := [process for process in left if is_alive(process)]) and time.monotonic() < give_up_s:
        time.sleep(LOOK_EVERY_S)
    return left


def terminate(processes: Iterable[ProcessIdentity], *, grace_s: float) -> None:
    """Ask all to end, and kill those that have not after `grace_s`; returns when none is left."""
    left = [process for process in processes if is_alive(process)]
    for process in left:
        send(process, signal.SIGTERM)
    for process in (left := wait_for_end(left, timeout_s=grace_s)):
        send(process, signal.SIGKILL)
    wait_for_end(left, timeout_s=grace_s)


def terminate_group(leader: ProcessIdentity, members: Iterable[ProcessIdentity]) -> None:
    """Kill what is left of a dead leader's process group, if a known member proves that the group is still its own."""
    for member in members:
        with contextlib.suppress(ProcessLookupError):
            if is_alive(member) and os.getpgid(member.pid) == leader.pid:
                os.killpg(leader.pid, signal.SIGKILL)
                return


def _born_linux(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # proc_pid_stat(5): the name (field 2) may hold anything, so count from behind its last bracket; 3 is the state, 22
    # the start time.
    fields = text[text.rindex(")") + 2 :].split()
    return "" if fields[0] in "ZX" else fields[22 - 3]


def _born_elsewhere(pid: int) -> str:
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, timeout=5.0, check=False
    )
    state, _, born = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else born.strip()
