"""Ends a stack: the supervisor if it lives, and whatever it may have left behind if it does not.

Owns the certainty that nothing is left; must not know what ran.
"""

import signal

from local.folder import RunFolder, drop_memory, drop_sockets
from local.processes import end, end_group, lives, send, wait_for_end
from local.state import State, read_state

# The supervisor gives each of the three turns 4 s before it kills, and the first another 4 to finish what it has.
SUPERVISOR_WITHIN_S = 20.0
LEFTOVERS_WITHIN_S = 4.0


def running(folder: RunFolder) -> State | None:
    """Returns the state of the stack in `folder` if its supervisor lives."""
    state = read_state(folder)
    return state if state and lives(state.supervisor) else None


def take_down(folder: RunFolder) -> bool:
    """End every process of the stack in `folder`, and return whether there was one."""
    state = read_state(folder)
    if state is None:
        drop_sockets(folder)
        return False
    there_was = lives(state.supervisor)
    if there_was:
        send(state.supervisor, signal.SIGTERM)
        if wait_for_end([state.supervisor], timeout_s=SUPERVISOR_WITHIN_S):
            end([state.supervisor], grace_s=0.0)
        state = read_state(folder) or state  # it may have restarted a service meanwhile
    left = [process for process in state.processes() if lives(process)]
    end(left, grace_s=LEFTOVERS_WITHIN_S)
    end_group(state.supervisor, left)
    drop_sockets(folder)
    drop_memory(state.api_port)
    folder.state.unlink(missing_ok=True)
    return there_was or bool(left)
