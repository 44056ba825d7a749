"""What the supervisor promises, with real processes."""

import asyncio
import dataclasses
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.local.down import running_state, take_down
from deploy.local.process_runner import STABLE_AFTER_S, ProcessRunner
from deploy.local.processes import ProcessIdentity, identify, is_alive, send, wait_for_end
from deploy.local.run_folder import RunFolder, locate, open_folder, prepare_sockets
from deploy.local.stack_plan import Probe, Service, StopOrder, pause_s
from deploy.local.stack_state import ServiceState, StackState, Stage, read_state
from deploy.local.status_file import StatusFile
from deploy.local.user_error import UserError
from tests.local.conftest import plan_of, stand_in
from tests.support.agreement import died

Start = Callable[..., None]
PATIENCE_S = 10.0


def until(true: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up_s, "it did not happen in time"
        time.sleep(0.01)


def state_of(folder: RunFolder) -> StackState:
    state = read_state(folder)
    assert state is not None
    return state


def row(folder: RunFolder, name: str) -> ServiceState:
    return next(row for row in state_of(folder).services if row.name == name)


def process_of(folder: RunFolder, name: str) -> ProcessIdentity:
    process = row(folder, name).process
    assert process is not None
    return process


def test_a_killed_service_is_back_within_a_second(folder: RunFolder, start: Start) -> None:
    start(stand_in(folder, "a"), stand_in(folder, "b"))
    first, other = process_of(folder, "a"), process_of(folder, "b")
    killed_s = time.monotonic()
    send(first, signal.SIGKILL)
    until(lambda: row(folder, "a").restarts == 1 and row(folder, "a").stage is Stage.READY)
    assert time.monotonic() - killed_s < 1.0
    assert process_of(folder, "a") != first
    assert row(folder, "a").last_end == "killed by SIGKILL"
    assert died(folder.logs) == {"a"}
    assert process_of(folder, "b") == other


def test_restarts_begin_at_once_and_slow_down_to_ten_seconds() -> None:
    assert [pause_s(deaths) for deaths in range(1, 9)] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert pause_s(100_000) == 10.0
    after_serving = [pause_s(deaths, had_served=True) for deaths in range(1, 13)]
    assert after_serving == [0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert STABLE_AFTER_S == 10.0


async def paused_for_s(folder: RunFolder, service: Service, *, lives: int) -> list[float]:
    """How long its keeper would have waited after each of so many lives; one that serves is killed for it."""
    plan, paused_s = plan_of(folder, service), list[float]()
    board = StatusFile(folder, plan)

    async def pause(seconds: float) -> None:
        paused_s.append(seconds)

    prepare_sockets(folder)
    board.write()
    kept = asyncio.create_task(ProcessRunner(service, plan, folder, board, pause=pause).run())
    try:
        while len(paused_s) < lives and not kept.done():
            now = row(folder, service.name)
            if now.stage is Stage.READY and now.process is not None and now.restarts == len(paused_s):
                send(now.process, signal.SIGKILL)
            await asyncio.sleep(0.01)
    finally:
        kept.cancel()
        with suppress(asyncio.CancelledError):
            await kept
        folder.state.unlink()  # it says that this process is the supervisor, which would be ended
    return paused_s[:lives]


async def test_a_service_that_had_served_is_replaced_at_once_a_few_times_in_a_row(folder: RunFolder) -> None:
    assert await paused_for_s(folder, stand_in(folder, "a"), lives=6) == [0.0, 0.0, 0.0, 0.0, 0.0, 0.5]


async def test_a_service_that_never_serves_is_not_started_again_and_again(folder: RunFolder) -> None:
    bad = Service("a", "a", ("/bin/sh", "-c", "exit 3"), {}, Probe(f"unix:{folder.root}/a"))
    assert await paused_for_s(folder, bad, lives=4) == [0.0, 0.5, 1.0, 2.0]


def test_down_ends_every_process_and_removes_the_sockets(folder: RunFolder, start: Start) -> None:
    start(stand_in(folder, "a"), stand_in(folder, "b"))
    state = state_of(folder)
    assert take_down(folder)
    assert not any(map(is_alive, [state.supervisor, *state.processes()]))
    assert not list(folder.sockets.glob("*.sock"))
    assert not take_down(folder)


def test_callers_leave_before_whom_they_call(folder: RunFolder, start: Start) -> None:
    names = {"store": StopOrder.LAST, "room": StopOrder.THEN, "edge": StopOrder.FIRST}
    start(*(stand_in(folder, name, leaves=leaves) for name, leaves in names.items()))
    take_down(folder)
    said = folder.log("supervisor").read_text()
    assert [name for line in said.splitlines() for name in names if f"{name}: stopped" in line] == [
        "edge",
        "room",
        "store",
    ]


def test_down_kills_a_service_that_ignores_being_asked(folder: RunFolder, start: Start) -> None:
    start(stand_in(folder, "deaf", "--deaf"))
    deaf = process_of(folder, "deaf")
    take_down(folder)
    assert not is_alive(deaf)


def test_no_service_outlives_a_supervisor_that_was_killed(folder: RunFolder, start: Start) -> None:
    start(stand_in(folder, "a"), stand_in(folder, "b"))
    state = state_of(folder)
    send(state.supervisor, signal.SIGKILL)
    assert not wait_for_end([state.supervisor, *state.processes()], timeout_s=PATIENCE_S)
    assert running_state(folder) is None


def test_down_ends_what_outlived_a_killed_supervisor(folder: RunFolder, start: Start) -> None:
    start(stand_in(folder, "deaf", "--deaf"))
    state, deaf = state_of(folder), process_of(folder, "deaf")
    send(state.supervisor, signal.SIGKILL)
    wait_for_end([state.supervisor], timeout_s=PATIENCE_S)
    assert is_alive(deaf)
    assert take_down(folder)
    assert not is_alive(deaf)


def test_a_recycled_pid_is_left_alone() -> None:
    me = identify(os.getpid())
    assert me is not None
    earlier = ProcessIdentity(me.pid, "1")
    assert not is_alive(earlier)
    send(earlier, signal.SIGKILL)  # we would not see the next line


def test_a_service_that_cannot_start_is_named_with_the_end_of_its_log(folder: RunFolder, start: Start) -> None:
    bad = Service("bad", "bad", ("/bin/sh", "-c", "echo no key found; exit 3"), {}, Probe(f"unix:{folder.root}/bad"))
    with pytest.raises(UserError) as told:
        start(bad, stand_in(folder, "good"))
    assert "bad does not start: it died 3 times, at last with exit code 3." in str(told.value)
    assert "    no key found\n" in str(told.value)
    assert row(folder, "bad").failed_starts >= 3


def test_a_missing_program_is_named(folder: RunFolder, start: Start) -> None:
    with pytest.raises(UserError, match="cannot run /no/such/program: No such file or directory"):
        start(Service("bad", "bad", ("/no/such/program",), {}, Probe(f"unix:{folder.root}/bad")))


def test_a_stack_ends_with_its_run_folder(folder: RunFolder, start: Start) -> None:
    start(stand_in(folder, "a"))
    state = state_of(folder)
    shutil.rmtree(folder.root)
    assert not wait_for_end([state.supervisor, *state.processes()], timeout_s=PATIENCE_S)
    folder.root.mkdir()


def test_an_idle_supervisor_uses_no_processor(folder: RunFolder, start: Start) -> None:
    start(stand_in(folder, "a"))
    stat = Path(f"/proc/{state_of(folder).supervisor.pid}/stat")

    def ticks() -> int:
        return sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13]))

    before, looked_s = ticks(), time.monotonic()
    until(lambda: time.monotonic() - looked_s > 1.0)
    assert ticks() - before <= 1  # of 100 in a second


def test_a_long_run_folder_keeps_its_sockets_in_a_short_private_one(folder: RunFolder, start: Start) -> None:
    long = open_folder(folder.root / ("long" * 30))
    assert len(long.socket("transcoder-1")) <= 107
    start(stand_in(long, "a"), folder=long)
    assert long.sockets.stat().st_mode & 0o777 == 0o700
    take_down(long)
    assert not long.sockets.exists()


def test_a_socket_folder_that_others_may_enter_is_refused(folder: RunFolder, start: Start) -> None:
    long = open_folder(folder.root / ("long" * 30))
    long.sockets.mkdir(mode=0o755)
    try:
        with pytest.raises(UserError, match="only you can enter"):
            start(stand_in(long, "a"), folder=long)
    finally:
        long.sockets.rmdir()


def test_a_run_folder_with_a_blank_in_its_name_keeps_sockets_where_urls_need_no_quotes(folder: RunFolder) -> None:
    assert " " not in locate(folder.root / "my run").socket("a")


def test_a_stale_socket_does_not_stop_a_start(folder: RunFolder, start: Start) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(folder.socket("a"))
    start(stand_in(folder, "a"))
    assert row(folder, "a").restarts == 0


def test_a_service_starts_when_those_that_it_names_are_ready(folder: RunFolder, start: Start) -> None:
    first = stand_in(folder, "first")
    second = dataclasses.replace(stand_in(folder, "second"), starts_after=("first",))
    start(second, first)
    told = folder.log("supervisor").read_text()
    assert told.index("first: ready") < told.index("second: starting")
