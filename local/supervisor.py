"""Keeps the services of one plan alive until it is told to stop: starts, watches, restarts with back-off, ends.

Owns its child processes and `state.json`; must not know one service by name. It reads the plan as JSON from stdin,
talks to no one, and has nothing to do while nothing changes.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from local.folder import RunFolder
from local.plan import Leaves, Plan, Service, pause_s
from local.probes import until_ready
from local.processes import identify
from local.state import Stage, State, Watched, write_state

STABLE_AFTER_S = 10.0
GRACE_S = 4.0
LOOK_FOR_FOLDER_EVERY_S = 3.0
SHIM = (sys.executable, "-I", "-S", str(Path(__file__).with_name("child.py")))


class Board:
    """The state of all services, written to the run folder at every change."""

    def __init__(self, folder: RunFolder, plan: Plan) -> None:
        me = identify(os.getpid())
        if me is None:
            raise RuntimeError("this process cannot see itself: is /proc mounted?")
        self._folder = folder
        self._state = State(me, plan.api_port, [Watched(service.name, service.kind) for service in plan.services])
        self._rows = {row.name: row for row in self._state.services}

    def started(self, service: Service, pid: int) -> None:
        """A new process of `service` runs."""
        self._rows[service.name].process = identify(pid)
        self._move(service, Stage.STARTING)

    def ready(self, service: Service) -> None:
        """It answered its probe."""
        self._rows[service.name].failed_starts = 0
        self._move(service, Stage.READY)

    def died(self, service: Service, end: str) -> None:
        """It ended without having been asked to."""
        row = self._rows[service.name]
        row.failed_starts += row.stage is Stage.STARTING
        row.restarts += 1
        row.process, row.last_end = None, end
        self._move(service, Stage.PAUSED)

    def stopped(self, service: Service) -> None:
        """It was asked to end and has."""
        self._rows[service.name].process = None
        self._move(service, Stage.STOPPED)

    def _move(self, service: Service, stage: Stage) -> None:
        row = self._rows[service.name]
        row.stage, row.since_s = stage, time.time()
        say(f"{service.name}: {stage}{f' ({row.last_end})' if stage is Stage.PAUSED else ''}")
        self.write()

    def write(self) -> None:
        """A full disk must not take the services down: the state is then old, and the log says so."""
        try:
            write_state(self._folder, self._state)
        except OSError as error:
            say(f"cannot write {self._folder.state}: {error.strerror}")


async def supervise(plan: Plan) -> None:
    """Keep every service of `plan` alive until SIGTERM, SIGINT, or until the run folder is gone."""
    folder = RunFolder(Path(plan.run_dir), Path(plan.sockets))
    board = Board(folder, plan)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    board.write()
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_stop_without_folder(folder, stop))
        keepers = {service.name: group.create_task(_keep(service, plan, folder, board)) for service in plan.services}
        await stop.wait()
        watch.cancel()
        for turn in Leaves:
            leaving = [keepers[service.name] for service in plan.services if service.leaves is turn]
            for keeper in leaving:
                keeper.cancel()
            if leaving:
                await asyncio.wait(leaving)
    say("all services have ended")


async def _stop_without_folder(folder: RunFolder, stop: asyncio.Event) -> None:
    """Someone deleted the checkout or the run folder, or made it anew: `down` could not find us any more."""
    ours = _inode(folder.root)
    while _inode(folder.root) == ours:  # noqa: ASYNC110 (no portable way to be told)
        await asyncio.sleep(LOOK_FOR_FOLDER_EVERY_S)
    say(f"{folder.root} is gone")
    stop.set()


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


async def _keep(service: Service, plan: Plan, folder: RunFolder, board: Board) -> None:
    """Give `service` one life after another; ends only by cancellation, and then its process has ended too."""
    clock = asyncio.get_running_loop().time
    quick_deaths = 0
    try:
        while True:
            born_s = clock()
            end = await _live(service, plan, folder, board)
            board.died(service, end)
            quick_deaths = 1 if clock() - born_s >= STABLE_AFTER_S else quick_deaths + 1
            await asyncio.sleep(pause_s(quick_deaths))
    finally:
        board.stopped(service)


async def _live(service: Service, plan: Plan, folder: RunFolder, board: Board) -> str:
    """Run `service` once; returns how it ended."""
    try:
        _remove_stale_socket(service)
        with folder.log(service.name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *SHIM,
                str(os.getpid()),
                *service.command,
                cwd=plan.working_dir,
                env=service.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
    except OSError as error:  # no memory, no file descriptors, no disk: it may pass, so it counts as a death
        return f"not started: {error}"
    try:
        board.started(service, process.pid)
        async with asyncio.TaskGroup() as group:
            probing = group.create_task(_announce(service, board))
            code = await process.wait()
            probing.cancel()
    finally:
        await _end(process)
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _remove_stale_socket(service: Service) -> None:
    if service.socket:
        Path(service.socket).unlink(missing_ok=True)


async def _announce(service: Service, board: Board) -> None:
    await until_ready(service.ready)
    board.ready(service)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def say(line: str) -> None:
    """Write one line to the supervisor's own log, which is its stdout."""
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {line}", flush=True)


def main() -> int:
    """Read the plan and supervise it."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    asyncio.run(supervise(plan))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
