"""Tells about a stack: its table, its logs, its addresses and a token for it.

Owns what these commands print; must not change anything.
"""

import os
import sys
import time
from collections.abc import Mapping

from contract.versions import LATEST_VERSION
from deploy.local.commands import run_module
from deploy.local.down import running_state
from deploy.local.operator_commands import run_oauth_command
from deploy.local.run_folder import RunFolder
from deploy.local.services import Stack, oauth_settings
from deploy.local.stack_state import StackState
from deploy.local.user_error import UserError

TOKEN_OPTIONS = ("tenant", "subject", "role", "scopes", "plan", "ttl")
LINES_OF_A_LOG = 40


def status(folder: RunFolder) -> str:
    """Returns a table of the services."""
    rows = [("SERVICE", "STATE", "PID", "RESTARTS", "SINCE")]
    for row in _running(folder).services:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.since_s))
        pid = str(row.process.pid) if row.process else "-"
        rows.append((row.name, row.stage, pid, str(row.restarts), since))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def where(folder: RunFolder) -> str:
    """Returns `KEY=VALUE` lines for scripts."""
    state = _running(folder)
    stack = Stack(folder, state.api_port)
    facts = {
        "API_URL": stack.api_url,
        "AUTH_URL": stack.auth_url,
        "CA_FILE": stack.keys.ca,
        "ISSUER": stack.auth_url,
        "AUDIENCE": stack.api_url,
        "SIGNING_KEY_FILE": stack.keys.signing_key,
        "SIGNING_KID": run_module("oauth", ("kid",), oauth_settings(stack)).strip(),
        "RUN_DIR": folder.root,
        "PIDS": " ".join(f"{row.kind}:{row.process.pid}" for row in state.services if row.process),
        "LATEST_VERSION": LATEST_VERSION.date,
    }
    return "\n".join(f"{name}={value}" for name, value in facts.items())


def token(folder: RunFolder, wishes: Mapping[str, str]) -> str:
    """Returns a token for the running stack; of `wishes`, those in `TOKEN_OPTIONS` are passed on."""
    return new_token(Stack(folder, _running(folder).api_port), wishes)


def new_token(stack: Stack, wishes: Mapping[str, str]) -> str:
    """Returns a token of `stack`, by default that of tenant 1's admin with every scope."""
    options = [part for name in TOKEN_OPTIONS if wishes.get(name) for part in (f"--{name}", wishes[name])]
    return run_oauth_command(("token", *options), oauth_settings(stack)).strip()


def show_logs(folder: RunFolder, wanted: str) -> None:
    """Print the ends of the logs of one service, one kind or all, and on a terminal go on following them."""
    paths = sorted(folder.logs.glob("*.log"))
    if wanted:
        names = sorted({path.stem for path in paths} | {path.stem.rpartition("-")[0] for path in paths} - {""})
        paths = [path for path in paths if wanted in (path.stem, path.stem.rpartition("-")[0])]
        if names and not paths:
            raise UserError(f"No log is called {wanted}; there are: {', '.join(names)}.")
    if not paths:
        raise UserError(f"There are no logs in {folder.logs}: `make up` first.")
    follow = ("-F",) if sys.stdout.isatty() else ()
    command = ("tail", "-n", str(LINES_OF_A_LOG), *follow, *map(str, paths))
    os.execvp("tail", command)  # noqa: S606


def _running(folder: RunFolder) -> StackState:
    state = running_state(folder)
    if state is None:
        raise UserError(f"Nothing runs in {folder.root}: `make up` first.")
    return state
