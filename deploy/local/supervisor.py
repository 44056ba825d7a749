"""Keeps the services of one plan alive until it is told to stop, and lets each hand over to a new one when asked to.

Owns the order of things; must not know one service by name. It reads the plan as JSON from stdin and, on SIGUSR1, rows
that are to take over from those that run; otherwise it talks to no one, and has nothing to do while nothing changes.
"""

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from deploy.local.process_runner import ProcessRunner
from deploy.local.run_folder import RunFolder
from deploy.local.stack_plan import Service, StackPlan, StopOrder
from deploy.local.status_file import StatusFile, log_line

LOOK_FOR_FOLDER_EVERY_S = 3.0


async def supervise(plan: StackPlan) -> None:
    """Keep every service of `plan` alive until SIGTERM, SIGINT, or until the run folder is gone."""
    folder = RunFolder(Path(plan.run_dir), Path(plan.sockets))
    board = StatusFile(folder, plan)
    stop, wished = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, wished.set)
    board.write()
    keepers = {service.name: ProcessRunner(service, plan, folder, board) for service in plan.services}
    async with asyncio.TaskGroup() as group:
        beside = [
            group.create_task(_stop_without_folder(folder, stop)),
            group.create_task(_replace_when_asked(folder, keepers, wished)),
        ]
        lives = {service.name: group.create_task(_keep_in_order(service, keepers)) for service in plan.services}
        await stop.wait()
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
        for turn in StopOrder:
            leaving = [lives[service.name] for service in plan.services if service.leaves is turn]
            for life in leaving:
                life.cancel()
            if leaving:
                await asyncio.wait(leaving)
    log_line("all services have ended")


async def _keep_in_order(service: Service, keepers: Mapping[str, ProcessRunner]) -> None:
    """Keep a service alive, from when all that it starts after have been ready once."""
    for name in service.starts_after:
        await keepers[name].was_ready.wait()
    await keepers[service.name].run()


async def _replace_when_asked(folder: RunFolder, keepers: Mapping[str, ProcessRunner], wished: asyncio.Event) -> None:
    """One after the other, up to the first that cannot take over. The wish is removed when all is done."""
    while True:
        await wished.wait()
        wished.clear()
        try:
            for service in msgspec.json.decode(folder.handover_request.read_bytes(), type=tuple[Service, ...]):
                if not await keepers[service.name].hand_over(service):
                    break
        except (OSError, KeyError, msgspec.MsgspecError) as fault:
            log_line(f"cannot restart: {fault}")
        folder.handover_request.unlink(missing_ok=True)


async def _stop_without_folder(folder: RunFolder, stop: asyncio.Event) -> None:
    """Someone deleted the checkout or the run folder, or made it anew: `down` could not find us any more."""
    ours = _inode(folder.root)
    while _inode(folder.root) == ours:  # noqa: ASYNC110 (no portable way to be told)
        await asyncio.sleep(LOOK_FOR_FOLDER_EVERY_S)
    log_line(f"{folder.root} is gone")
    stop.set()


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def main() -> int:
    """Read the plan and supervise it."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=StackPlan)
    asyncio.run(supervise(plan))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
