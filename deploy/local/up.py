"""Brings a stack up: keys, configuration, a supervisor, and the wait until a client would be served.

Owns the order of these steps and what is told while they run; must not know what a service needs (`services` does).
"""

import asyncio
import contextlib
import datetime as dt
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO, cast

import msgspec

from deploy.local.commands import ROOT, environment, last_lines, module_command, run_module
from deploy.local.down import running_state, take_down
from deploy.local.ports import Claim, claim_ports
from deploy.local.probes import until_ready
from deploy.local.processes import is_alive
from deploy.local.run_folder import RunFolder, exclusive_lock, prepare_sockets, remove_sockets
from deploy.local.services import Stack, envoy_config_arguments, oauth_settings, stack_plan
from deploy.local.stack_plan import Probe, StackPlan
from deploy.local.stack_state import ServiceState, StackState, Stage, read_state
from deploy.local.user_error import UserError
from infra.process.keys import create_missing

READY_WITHIN_S = 60.0
SUPERVISOR_TELLS_WITHIN_S = 10.0
LOOK_EVERY_S = 0.02
GIVES_UP_AFTER_FAILED_STARTS = 3
_AS_USUAL = '"level":"info"'


def start_or_join(folder: RunFolder, api_port: int) -> tuple[Stack, bool]:
    """Start the stack of `folder` unless it runs. Returns it, and whether it ran already.

    Raises `Trouble` when it cannot be started; then nothing is left.
    """
    with exclusive_lock(folder):
        state = running_state(folder)
        if state is not None:
            return Stack(folder, state.api_port), True
        take_down(folder)  # what a crash may have left
        return _start(folder, api_port), False


def _start(folder: RunFolder, api_port: int) -> Stack:
    claim = claim_ports(api_port)
    try:
        prepare_sockets(folder)
        stack = Stack(folder, claim.api_port)
        create_missing(stack.keys, now=dt.datetime.now(dt.UTC))
        services = stack_plan(stack)
        with ThreadPoolExecutor(max_workers=1) as beside:
            rendered = beside.submit(run_module, "envoy_config", envoy_config_arguments(stack), {})
            run_module("oauth", ("migrate",), oauth_settings(stack))
            rendered.result()
        folder.port.write_text(f"{claim.api_port}\n")
        launch(folder, services, claim)
    except BaseException:
        remove_sockets(folder)
        raise
    finally:
        claim.close()
    return stack


def launch(folder: RunFolder, services: StackPlan, claim: Claim | None = None) -> subprocess.Popen[bytes]:
    """Start a supervisor for `services` in a session of its own; returns once it has told its first state."""
    _keep_one_older_log(folder)
    with folder.log("supervisor").open("ab") as log:
        supervisor = subprocess.Popen(
            module_command("deploy.local.supervisor"),
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=claim.handles() if claim else (),
        )
    try:
        _hand_over(supervisor, services, folder)
    except BaseException:
        supervisor.kill()
        supervisor.wait()
        raise
    return supervisor


def _hand_over(supervisor: subprocess.Popen[bytes], services: StackPlan, folder: RunFolder) -> None:
    with contextlib.suppress(BrokenPipeError), cast("IO[bytes]", supervisor.stdin) as plan_in:
        plan_in.write(msgspec.json.encode(services))
    give_up_s = time.monotonic() + SUPERVISOR_TELLS_WITHIN_S
    while not ((state := read_state(folder)) and state.supervisor.pid == supervisor.pid and is_alive(state.supervisor)):
        if supervisor.poll() is not None or time.monotonic() > give_up_s:
            raise UserError(f"The supervisor did not start. {end_of_log(folder, 'supervisor')}")
        time.sleep(LOOK_EVERY_S)


def await_ready(folder: RunFolder, at_last: Probe, *, told: set[str]) -> None:
    """Wait until every service and then `at_last` are ready, telling of each that is not in `told`.

    Raises `Trouble` when a service does not start, or not in time; whoever started the stack is to end it then.
    """
    asyncio.run(_follow(folder, at_last, told=told))


async def _follow(folder: RunFolder, at_last: Probe, *, told: set[str]) -> None:
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            while waiting := _unready(folder, told, began_s):
                for row in waiting:
                    if row.failed_starts >= GIVES_UP_AFTER_FAILED_STARTS:
                        raise UserError(_cannot_start(folder, row))
                await asyncio.sleep(LOOK_EVERY_S)
            await until_ready(at_last)
    except TimeoutError:
        raise UserError(_too_late(folder, at_last)) from None


def _unready(folder: RunFolder, told: set[str], began_s: float) -> list[ServiceState]:
    """Tell of services that have become ready, and return those that have not."""
    state = running_state(folder)
    if state is None:
        raise UserError(f"The stack was stopped while it started. {end_of_log(folder, 'supervisor')}")
    for row in state.services:
        if row.stage is Stage.READY and row.name not in told:
            told.add(row.name)
            show_progress(f"  {row.name:<14} ready after {time.monotonic() - began_s:.1f} s")
    return [row for row in state.services if row.stage is not Stage.READY]


def ready_now(folder: RunFolder) -> set[str]:
    """Returns the names of the services that are ready."""
    state = running_state(folder)
    return {row.name for row in state.services if row.stage is Stage.READY} if state else set()


def _cannot_start(folder: RunFolder, row: ServiceState) -> str:
    return (
        f"{row.name} does not start: it died {row.failed_starts} times, at last with {row.last_end}. "
        f"{end_of_log(folder, row.name)}\nPut right what its log says, then `make up` again."
    )


def _too_late(folder: RunFolder, at_last: Probe) -> str:
    state: StackState | None = read_state(folder)
    late = [row.name for row in state.services if row.stage is not Stage.READY] if state else []
    if not late:
        question = at_last.send.partition("\r\n")[0] or "a connection"
        return f"All services run, but {at_last.address} gave no good answer to `{question}` in {READY_WITHIN_S:.0f} s."
    return f"{' and '.join(late)} not ready after {READY_WITHIN_S:.0f} s. {end_of_log(folder, late[0])}"


def end_of_log(folder: RunFolder, name: str) -> str:
    """Returns the last lines of a log, as they go into a `Trouble`; what a process that serves says of every request
    would hide why another one of the same name could not start.
    """
    path = folder.log(name)
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    told = "\n".join([line for line in lines if _AS_USUAL not in line] or lines)
    return f"The end of {path}:\n{last_lines(told)}"


def _keep_one_older_log(folder: RunFolder) -> None:
    for path in folder.logs.glob("*.log"):
        path.replace(path.with_suffix(".log.1"))


def show_progress(line: str) -> None:
    """Show progress on stdout at once, also when that is a pipe."""
    print(line, flush=True)
