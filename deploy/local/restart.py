"""Lets services of a running stack hand over to new ones, one after the other: new code, settings and configuration.

Owns the wish and the wait for its fulfilment; must not know how a service hands over (its row says that).
"""

import signal
import time

import msgspec

from deploy.local.commands import run_module
from deploy.local.down import running_state
from deploy.local.processes import ProcessIdentity, is_alive, send
from deploy.local.run_folder import RunFolder, exclusive_lock
from deploy.local.services import Stack, envoy_config_arguments, stack_plan
from deploy.local.stack_plan import HandoverKind, Service
from deploy.local.stack_state import ServiceState, read_state
from deploy.local.up import end_of_log, show_progress
from deploy.local.user_error import UserError

LOOK_EVERY_S = 0.05


def restart(folder: RunFolder, wanted: str) -> str:
    """Restart one service, one kind or, without a name, all that hand over. Raises `Trouble` where one does not."""
    state = running_state(folder)
    if state is None:
        raise UserError(f"Nothing runs in {folder.root}: `make up` first.")
    stack = Stack(folder, state.api_port)
    with exclusive_lock(folder):
        chosen = _chosen(stack_plan(stack).services, wanted)
        run_module("envoy_config", envoy_config_arguments(stack), {})
        before = {row.name: row for row in state.services}
        began_s = time.monotonic()
        folder.handover_request.write_bytes(msgspec.json.encode(chosen))
        send(state.supervisor, signal.SIGUSR1)
        follow(folder, state.supervisor, [before[service.name] for service in chosen])
    return f"Restarted in {time.monotonic() - began_s:.1f} s: {', '.join(service.name for service in chosen)}."


def _chosen(services: tuple[Service, ...], wanted: str) -> tuple[Service, ...]:
    if not wanted:
        return tuple(service for service in services if service.hands_over is not HandoverKind.NONE)
    chosen = tuple(service for service in services if wanted in (service.name, service.kind))
    if not chosen:
        names = ", ".join(service.name for service in services)
        raise UserError(f"No service is called {wanted}; there are: {names}.")
    return chosen


def follow(folder: RunFolder, supervisor: ProcessIdentity, before: list[ServiceState]) -> None:
    """Tell of each when only its new process is left. Raises `Trouble` at the first that fails."""
    began_s = time.monotonic()
    for old in before:
        while not _is_new(row := _row(folder, old.name), old):
            if not folder.handover_request.exists() and not _is_new(row := _row(folder, old.name), old):
                raise UserError(
                    f"{old.name} goes on as it was: a new one did not start ({row.last_end}). "
                    f"{end_of_log(folder, old.name)}"
                )
            if not is_alive(supervisor):
                raise UserError(f"The stack was stopped meanwhile. {end_of_log(folder, 'supervisor')}")
            time.sleep(LOOK_EVERY_S)
        show_progress(f"  {old.name:<14} restarted in {time.monotonic() - began_s:.1f} s")
        began_s = time.monotonic()


def _is_new(row: ServiceState, old: ServiceState) -> bool:
    return row.process not in (None, old.process) and row.beside is None


def _row(folder: RunFolder, name: str) -> ServiceState:
    state = read_state(folder)
    found = [row for row in state.services if row.name == name] if state else []
    if not found:
        raise UserError(f"The stack was stopped meanwhile. {end_of_log(folder, 'supervisor')}")
    return found[0]
