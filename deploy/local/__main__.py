"""The runner's commands: `python -m deploy.local up|down|restart|doctor|status|logs|where|token|…`; the Makefile calls
these.

Owns arguments, exit codes and the text that greets; must not know how anything is done. Options default to the
variables of the same name, because `make up PORT=9443` hands them over that way.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract.documents import DOCS_PAGE
from contract.headers import VERSION
from contract.oauth import LOGIN
from contract.versions import LATEST_VERSION
from deploy.local.backend import demo_users
from deploy.local.commands import ROOT
from deploy.local.down import take_down
from deploy.local.operator_commands import ABOUT, OPTIONS, in_force, operate
from deploy.local.ports import DEFAULT_API_PORT, HIGHEST_API_PORT
from deploy.local.run_folder import RunFolder, exclusive_lock, locate, open_folder
from deploy.local.services import CREATE_CONTACT, Stack, anonymous_probe, authenticated_probe
from deploy.local.show import TOKEN_OPTIONS, new_token, show_logs, status, token, where
from deploy.local.user_error import UserError

Asked = argparse.Namespace


def main(words: Sequence[str]) -> int:
    """Run one command; whatever the operator can put right is told in a line, without a traceback."""
    asked = _parser().parse_args(words)
    command: Callable[[RunFolder, Asked], str] = asked.command
    try:
        print(command(locate(Path(asked.run_dir)), asked), flush=True)
    except UserError as trouble:
        print(trouble, file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"The Python module {error.name} is missing: `make up` installs what is needed.", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `make status | head` is no mistake
        return 0
    except OSError as error:
        print(f"{error.filename or 'The system'}: {error.strerror or error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    else:
        return 0
    return 1


def _up(folder: RunFolder, asked: Asked) -> str:
    from deploy.local.up import await_ready, ready_now, show_progress, start_or_join

    port = _port(asked.port, folder)
    folder = open_folder(folder.root)
    stack, joined = start_or_join(folder, port)
    if joined and asked.port and port not in (0, stack.api_port):
        raise UserError(f"Already up, on port {stack.api_port}: `make down` first, or RUN_DIR= for a stack beside it.")
    show_progress(
        f"Already up; `make down` ends it. Run folder: {folder.root}" if joined else f"Starting in {folder.root}"
    )
    try:
        with ThreadPoolExecutor(max_workers=1) as beside:
            asked_token = beside.submit(new_token, stack, {})
            await_ready(folder, anonymous_probe(stack), told=ready_now(folder) if joined else set())
            ready_token = asked_token.result()
        await_ready(folder, authenticated_probe(stack, ready_token), told=ready_now(folder))
    except BaseException:
        if not joined:
            take_down(folder)
        raise
    return _greeting(stack, ready_token)


def _down(folder: RunFolder, _: Asked) -> str:
    there_was = False
    if folder.root.is_dir():
        with exclusive_lock(folder):
            there_was = take_down(folder)
    return "Everything has ended." if there_was else f"Nothing ran in {folder.root}."


def _restart(folder: RunFolder, asked: Asked) -> str:
    from deploy.local.restart import restart

    return restart(folder, asked.service)


def _doctor(folder: RunFolder, asked: Asked) -> str:
    from deploy.local.doctor import examine

    return examine(folder, _port(asked.port, folder))


def _operate(folder: RunFolder, asked: Asked) -> str:
    return operate(folder, asked.name, vars(asked))


def _logs(folder: RunFolder, asked: Asked) -> str:
    show_logs(folder, asked.service)
    return ""


def _greeting(stack: Stack, ready_token: str) -> str:
    ca = shlex.quote(str(stack.keys.ca))
    users = "".join(f"\n            {user}" for user in demo_users())
    log_in = f"{stack.auth_url}{LOGIN.path}{f'  (the page shows the password of these users){users}' if users else ''}"
    return f"""
Up:         {stack.api_url}  (auth host: {stack.auth_url})
Reference:  {stack.api_url}{DOCS_PAGE.path}
Log in:     {log_in}
CA file:    {stack.keys.ca}

Create a contact, with a token of an admin:

TOKEN={ready_token}
curl --cacert {ca} {stack.api_url}{CREATE_CONTACT.path} \\
  -H "Authorization: Bearer $TOKEN" \\
  -H '{VERSION.name.title()}: {LATEST_VERSION.date}' -H 'Content-Type: application/json' \\
  -d '{{"first_name": "Ada", "last_name": "Lovelace"}}'
"""


def _port(asked: str, folder: RunFolder) -> int:
    """The port that was asked for, else the one of the last start in this run folder, else the default."""
    if not asked:
        return _remembered(folder) or DEFAULT_API_PORT
    return _typed_port(asked)


def _remembered(folder: RunFolder) -> int:
    try:
        return _typed_port(folder.port.read_text().strip())
    except (OSError, UserError):
        return 0


def _typed_port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= HIGHEST_API_PORT:
        return int(text)
    raise UserError(f"PORT is {text!r}; it must be a number from 1 to {HIGHEST_API_PORT}, or 0 for any two free ports.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description="The whole gateway on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[RunFolder, Asked], str], about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(command=run)
        command.add_argument("--run-dir", default=os.environ.get("RUN_DIR") or str(ROOT / ".run"))
        return command

    starts = add("up", _up, "start everything, wait until it serves, and return")
    starts.add_argument("--port", default=os.environ.get("PORT", ""), help="of the API; 0: any two free ports")
    looks = add("doctor", _doctor, "say what is wrong with this installation, and the cure")
    looks.add_argument("--port", default=os.environ.get("PORT", ""), help="that `up` is to use")
    add("down", _down, "end everything, also what a crash has left")
    add("status", lambda folder, _: status(folder), "show the services")
    again = add("restart", _restart, "let services hand over to new ones, one after the other, without a lost request")
    again.add_argument("service", nargs="?", default=os.environ.get("S", ""), help="such as authz or transcoder-1")
    reads = add("logs", _logs, "show the ends of the logs; follow them on a terminal")
    reads.add_argument("service", nargs="?", default=os.environ.get("S", ""), help="such as authz or transcoder-1")
    add("where", lambda folder, _: where(folder), "print addresses and files as KEY=VALUE lines")
    mints = add("token", lambda folder, asked: token(folder, vars(asked)), "print a token")
    for name in TOKEN_OPTIONS:
        mints.add_argument(f"--{name}", default=os.environ.get(name.upper(), ""))
    for name, options in OPTIONS.items():
        does = add(name, _operate, ABOUT[name])
        does.set_defaults(name=name)
        for option in options:
            does.add_argument(f"--{option}", default=os.environ.get(option.upper(), ""))
    lists = add("revocations", lambda folder, asked: in_force(folder, everything=bool(asked.all)), ABOUT["revocations"])
    lists.add_argument("--all", default=os.environ.get("ALL", ""), help="anything: the whole log")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
