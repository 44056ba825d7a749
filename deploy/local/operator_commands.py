"""The operator's commands against a local stack: revoke, suspend, resume, plan, and what is in force.

Owns which variables are handed on; what they mean is for `python -m oauth`. Only its database has to be there.
"""

import re
from collections.abc import Mapping, Sequence

from deploy.local.backend import business_names, has_demo_login
from deploy.local.commands import run_module
from deploy.local.run_folder import RunFolder
from deploy.local.services import Stack, oauth_settings
from deploy.local.user_error import UserError

OPTIONS: dict[str, tuple[str, ...]] = {
    "revoke": ("jti", "subject", "tenant", "key", "business"),
    "suspend": ("business",),
    "resume": ("business",),
    "plan": ("business", "plan"),
}
"""By command, the variables that it takes."""
ABOUT = {
    "revoke": "end a token (JTI=), all of a user's (SUBJECT=) or a key's (KEY=), or suspend a business (BUSINESS=)",
    "suspend": "refuse all tokens of a business until it is resumed",
    "resume": "take a suspension back",
    "plan": "put a business on a plan, whatever its tokens say",
    "revocations": "show what is revoked, suspended or on another plan",
}


def operate(folder: RunFolder, command: str, wishes: Mapping[str, str]) -> str:
    """Returns what the command said.

    Raises `Trouble` for the number of a business that the directory does not have, except for `resume`, which takes
    back what was done before the business went.
    """
    business = wishes.get("business", "")
    is_number = command != "resume" and business.isdecimal()
    if is_number and has_demo_login() and business not in (known := business_names()):
        listed = ", ".join(f"{number} ({name})" for number, name in known.items())
        raise UserError(f"There is no business {business}: BUSINESS= is one of {listed}.")
    options = [part for name in OPTIONS[command] if wishes.get(name) for part in (f"--{name}", wishes[name])]
    return _ask(folder, command, *options)


def run_oauth_command(words: Sequence[str], settings: Mapping[str, str]) -> str:
    """Returns what a command of the authorization server printed.

    Raises `Trouble` with its complaint, in the words that were typed: `BUSINESS=` where the command says `--business`.
    """
    try:
        return run_module("oauth", words, settings)
    except UserError as trouble:
        raise UserError(in_make_variables(str(trouble))) from None


def in_make_variables(complaint: str) -> str:
    """Returns the complaint of a command with the variables of `make` instead of the command's name and options."""
    text = complaint.removeprefix("oauth: ").removeprefix("argument ")
    text = re.sub(r"^the following arguments are required: (.*)$", r"\1 is missing", text)
    text = re.sub(r"^one of the arguments (.*) is required$", r"one of \1 is needed", text)
    text = re.sub(r"^(--\w+): ", lambda found: f"{found[1]} ", text)
    return re.sub(r"--([a-z]+)\b", lambda found: f"{found[1].upper()}=", text)


def in_force(folder: RunFolder, *, everything: bool) -> str:
    """Returns what is revoked, suspended or on another plan now, or everything that ever was."""
    return _ask(folder, "list", *(("--all",) if everything else ()))


def _ask(folder: RunFolder, *words: str) -> str:
    if not folder.store.is_dir():
        raise UserError(f"Nothing is kept in {folder.root}: `make up` first.")
    return run_oauth_command(words, oauth_settings(Stack(folder, api_port=0))).rstrip()
