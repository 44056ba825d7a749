"""One service kept alive: one life after another, and for a while two, when a process hands over to its successor.

Owns the child processes of its service; must not know which service it is.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from deploy.local.probes import until_ready
from deploy.local.run_folder import RunFolder
from deploy.local.stack_plan import LIFETIME, HandoverKind, Service, StackPlan, pause_s
from deploy.local.status_file import StatusFile

STABLE_AFTER_S = 10.0
GRACE_S = 4.0
SUCCESSOR_READY_WITHIN_S = 60.0
PREDECESSOR_GONE_WITHIN_S = 30.0
"""Longer than a service takes to finish what it has: nobody is waiting for the whole stack to end."""
LOOK_EVERY_S = 0.02
LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("die_with_parent.py")))

Process = asyncio.subprocess.Process


class ProcessRunner:
    """Gives `service` one life after another until it is cancelled; then its processes have ended, too."""

    def __init__(
        self,
        service: Service,
        plan: StackPlan,
        folder: RunFolder,
        board: StatusFile,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pause = pause
        self._service = service
        self._plan = plan
        self._folder = folder
        self._board = board
        self._process: Process | None = None
        # Whoever starts a process, or makes another one the current, holds it.
        self._turn = asyncio.Lock()
        self._life = 0
        self._has_served = False
        self.was_ready = asyncio.Event()
        """Set once the service has been ready for the first time."""

    async def run(self) -> None:
        """Start, watch, start again with back-off; ends only by cancellation."""
        clock = asyncio.get_running_loop().time
        quick_deaths = 0
        try:
            while True:
                born_s = clock()
                self._board.died(self._service, await self._live())
                quick_deaths = 1 if clock() - born_s >= STABLE_AFTER_S else quick_deaths + 1
                await self._pause(pause_s(quick_deaths, had_served=self._has_served))
        finally:
            self._board.stopped(self._service)

    async def hand_over(self, service: Service) -> bool:
        """Let `service` take over from what runs, as it says that it can; whether it has. If not, all is as before."""
        if service.hands_over is HandoverKind.NONE or self._process is None:
            self._service, old = service, self._process
            if old is not None:
                await _end(old, GRACE_S)
            while self._process is old is not None:  # noqa: ASYNC110 (`keep` starts the next one)
                await asyncio.sleep(LOOK_EVERY_S)
            return True
        async with self._turn:
            return await self._hand_over(service, self._process)

    async def _hand_over(self, service: Service, old: Process) -> bool:
        successor = await self._start(service, self._life + 1)
        self._board.handing_over(service, successor.pid)
        try:
            end = await self._taken_over(service, old, successor)
            if end:
                self._board.handover_failed(service, end)
                return False
            self._service, self._process, self._life = service, successor, self._life + 1
            self._has_served = True
            self._board.taken_over(service, successor.pid, leaving=old.pid)
            await _end(old, PREDECESSOR_GONE_WITHIN_S)
            self._board.handover_failed(service)
            return True
        finally:
            for process in {old, successor} - {self._process}:
                await _end(process, GRACE_S)

    async def _taken_over(self, service: Service, old: Process, successor: Process) -> str:
        """Wait until the successor serves; returns how it failed, and nothing if it did not."""
        died = asyncio.create_task(successor.wait())
        serves = asyncio.create_task(_serves_instead(service, old))
        try:
            await asyncio.wait({died, serves}, return_when="FIRST_COMPLETED", timeout=SUCCESSOR_READY_WITHIN_S)
            if died.done():
                return _how(died.result())
            return "" if serves.done() else f"not ready within {SUCCESSOR_READY_WITHIN_S:.0f} s"
        finally:
            died.cancel()
            serves.cancel()

    async def _live(self) -> str:
        """One process, or several that took over from each other; returns how the last of them ended."""
        try:
            async with self._turn:
                process = await self._begun()
        except OSError as error:  # no memory, no file descriptors, no disk: it may pass, so it counts as a death
            return f"not started: {error}"
        try:
            async with asyncio.TaskGroup() as group:
                probing = group.create_task(self._announce())
                await process.wait()
                probing.cancel()
            while True:
                async with self._turn:
                    if self._process is process or self._process is None:
                        return _how(process.returncode or 0)
                    process = self._process
                await process.wait()
        finally:
            if self._process is not None:
                await self._farewell(self._process)
                await _end(self._process, GRACE_S)

    async def _farewell(self, process: Process) -> None:
        if process.returncode is not None or not self._service.before_end:
            return
        with self._folder.log(self._service.name).open("ab") as log:
            command = self._service.before_end
            saying = await asyncio.create_subprocess_exec(*LAUNCHER, str(os.getpid()), *command, stdout=log, stderr=log)
        try:
            async with asyncio.timeout(GRACE_S):
                await saying.wait()
        except TimeoutError:
            await _end(saying, GRACE_S)

    async def _begun(self) -> Process:
        """A new process, unless a successor lives that took over from one that died meanwhile."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        _remove_stale_socket(self._service)
        self._has_served = False
        self._process, self._life = await self._start(self._service, 0), 0
        self._board.started(self._service, self._process.pid)
        return self._process

    async def _start(self, service: Service, life: int) -> Process:
        with self._folder.log(service.name).open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *LAUNCHER,
                str(os.getpid()),
                *(str(life) if word == LIFETIME else word for word in service.command),
                cwd=self._plan.working_dir,
                env=service.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )

    async def _announce(self) -> None:
        await until_ready(self._service.ready)
        self._has_served = True
        self.was_ready.set()
        self._board.ready(self._service)


async def _serves_instead(service: Service, old: Process) -> None:
    """Return when the successor is who answers."""
    if service.hands_over is HandoverKind.BY_ITSELF:
        await old.wait()
    else:
        before = _inode(service.socket)
        while _inode(service.socket) == before:  # noqa: ASYNC110 (no portable way to be told)
            await asyncio.sleep(LOOK_EVERY_S)
    await until_ready(service.ready)


def _inode(path: str) -> int:
    try:
        return Path(path).stat().st_ino
    except OSError:
        return 0


def _remove_stale_socket(service: Service) -> None:
    if service.socket:
        Path(service.socket).unlink(missing_ok=True)


async def _end(process: Process, grace_s: float) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(grace_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
