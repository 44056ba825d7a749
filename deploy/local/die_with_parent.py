"""Becomes another program that dies with its parent: `python -I -S die_with_parent.py PARENT_PID COMMAND …`.

Owns the last step before exec; must not import anything slow: every service starts through here (20 ms). The
alternative, a preexec_fn in the supervisor, runs Python between fork and exec, which is unsafe beside threads.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2); Linux only. Elsewhere `down` ends the process group.


def main() -> int:
    """Never returns unless the command cannot be run."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked to be told
            return 1
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    raise SystemExit(main())
