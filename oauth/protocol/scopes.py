"""[pure] Scopes as a client asks for them: which words there are, what is left of them for whom, in one order."""

from collections.abc import Iterable

from contract.operations import PERMISSIONS, SCOPES
from contract.roles import ROLES, effective_permissions

KNOWN_SCOPES = tuple(scope.name for scope in SCOPES)
"""In the order of the consent page and of every `scope` claim."""


def parse_scope(text: str) -> tuple[str, ...] | None:
    """The scopes of a `scope` parameter, each once; None when one is unknown or the text is no list of words."""
    words = text.split(" ")
    return ordered(words) if set(words) <= set(KNOWN_SCOPES) else None


def ordered(words: Iterable[str]) -> tuple[str, ...]:
    """The known ones of these words, each once."""
    wanted = set(words)
    return tuple(name for name in KNOWN_SCOPES if name in wanted)


def permitted_scopes(role: str, permissions: str | None, words: Iterable[str]) -> tuple[str, ...]:
    """Those that the role, or the custom permissions that replace it, can use."""
    claimed = None if permissions is None else frozenset(permissions.split())
    held = effective_permissions(ROLES[role], claimed, PERMISSIONS)
    return ordered(word for word in words if word in held)
