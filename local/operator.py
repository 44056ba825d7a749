"""The operator's commands against a local stack: revoke, suspend, resume, plan, and what is in force.

Owns which variables are handed on; what they mean is for `python -m oauth`. Only its database has to be there.
"""

from collections.abc import Mapping

from local.folder import RunFolder
from local.rooms import ask
from local.services import Stack, oauth_settings
from local.trouble import Trouble

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
    """Returns what the command said."""
    options = [part for name in OPTIONS[command] if wishes.get(name) for part in (f"--{name}", wishes[name])]
    return _ask(folder, command, *options)


def in_force(folder: RunFolder, *, everything: bool) -> str:
    """Returns what is revoked, suspended or on another plan now, or everything that ever was."""
    return _ask(folder, "list", *(("--all",) if everything else ()))


def _ask(folder: RunFolder, *words: str) -> str:
    if not folder.store.is_dir():
        raise Trouble(f"Nothing is kept in {folder.root}: `make up` first.")
    return ask("oauth", words, oauth_settings(Stack(folder, api_port=0))).rstrip()
