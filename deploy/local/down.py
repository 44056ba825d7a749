"""Ends a stack: the supervisor if it lives, and whatever it may have left behind if it does not.

Owns the certainty that nothing is left; must not know what ran.
"""

import signal

from deploy.local.processes import is_alive, send, terminate, terminate_group, wait_for_end
from deploy.local.run_folder import RunFolder, remove_shared_memory, remove_sockets
from deploy.local.stack_state import StackState, read_state

# The supervisor gives each of the three turns 4 s before it kills, and the first another 4 to finish what it has.
SUPERVISOR_TIMEOUT_S = 20.0
LEFTOVERS_TIMEOUT_S = 4.0


def running_state(folder: RunFolder) -> StackState | None:
    """Returns the state of the stack in `folder` if its supervisor lives."""
    state = read_state(folder)
    return state if state and is_alive(state.supervisor) else None


def take_down(folder: RunFolder) -> bool:
    """End every process of the stack in `folder`, and return whether there was one."""
    state = read_state(folder)
    if state is None:
        remove_sockets(folder)
        return False
    there_was = is_alive(state.supervisor)
    if there_was:
        send(state.supervisor, signal.SIGTERM)
        if wait_for_end([state.supervisor], timeout_s=SUPERVISOR_TIMEOUT_S):
            terminate([state.supervisor], grace_s=0.0)
        state = read_state(folder) or state  # it may have restarted a service meanwhile
    left = [process for process in state.processes() if is_alive(process)]
    terminate(left, grace_s=LEFTOVERS_TIMEOUT_S)
    terminate_group(state.supervisor, left)
    remove_sockets(folder)
    remove_shared_memory(state.api_port)
    folder.state.unlink(missing_ok=True)
    return there_was or bool(left)
