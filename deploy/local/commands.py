"""Runs the other rooms as programs: where the checkout is, the environment they get, and short questions to them.

Owns what every child process has in common; must not import a service or know what its answer means.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.user_error import UserError

ROOT = Path(__file__).resolve().parents[2]
COMMAND_TIMEOUT_S = 30.0

# Children get this much of our environment and no more: a stray LISTEN or PYTHONPATH in someone's shell, or a setting
# of another project, must not change what runs here.
INHERITED = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "TZ",
    "LOG_LEVEL",
    "LIMITS_TIMEOUT_MS",
    "STORE_TIMEOUT_MS",
    "GRPC_FRONT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Returns the whole environment of a child whose own settings are `own`."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # Unbuffered, so that the last words of a dying service reach its log.
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(own)


def module_command(room: str, *arguments: str) -> tuple[str, ...]:
    """Returns the command line of a room; it is to run with `ROOT` as its working directory."""
    return (sys.executable, "-m", room, *arguments)


def run_module(room: str, arguments: Sequence[str], own: Mapping[str, str]) -> str:
    """Run a room's command to its end and return what it printed.

    Raises `Trouble` with the end of its error output when it fails or takes longer than `ANSWER_WITHIN_S`.
    """
    name = " ".join(("python -m", room, *arguments[:1]))
    try:
        done = subprocess.run(
            module_command(room, *arguments),
            cwd=ROOT,
            env=environment(own),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"`{name}` did not end within {COMMAND_TIMEOUT_S:.0f} s.") from None
    said = (done.stderr or done.stdout).strip()
    if done.returncode and said and "\n" not in said:  # it has told its own mistake in a line
        raise UserError(said)
    if done.returncode:
        raise UserError(f"`{name}` failed with exit code {done.returncode}:\n{last_lines(said)}")
    return done.stdout


def last_lines(text: str, count: int = 8) -> str:
    """Returns the end of a log, indented, as it goes into a `Trouble`."""
    lines = text.rstrip().splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines) or "    (it said nothing)"
