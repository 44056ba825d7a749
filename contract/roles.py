"""Who may do what: roles, permissions, scopes, and scope ∩ role as one pure function.

Knows nothing of tokens or of operations. Each resource brings its own scopes (`access`); what belongs to none is here.
"""

from collections.abc import Set
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """A user's role in the business. Each role may do all that the ones before it may."""

    VIEWER = 1
    MEMBER = 2
    MANAGER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The role as tokens and answers spell it."""
        return self.name.lower()


ROLES: dict[str, Role] = {role.word: role for role in Role}


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that a role may do; `lowest` is the first role that has it."""

    name: str
    lowest: Role


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may be allowed, and the permission of the same name that its user needs as well."""

    permission: Permission
    description: str
    """The scope on a consent page."""

    @property
    def name(self) -> str:
        """The word in a token's `scope` claim."""
        return self.permission.name


@dataclass(frozen=True, slots=True)
class AccessRule:
    """The scopes and permissions of one resource; None where it cannot be written, or where records have no owner."""

    read: Scope
    write: Scope | None = None
    delete: Scope | None = None
    write_all: Permission | None = None
    delete_all: Permission | None = None

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """All of them, each once."""
        given = [scope for scope in (self.read, self.write, self.delete) if scope is not None]
        return tuple(dict.fromkeys(given))

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """All of them."""
        wider = [permission for permission in (self.write_all, self.delete_all) if permission is not None]
        return (*(scope.permission for scope in self.scopes), *wider)


def full_access(word: str) -> AccessRule:
    """The usual five of a resource whose records have owners; `word` is its word in paths, such as `contacts`."""
    return AccessRule(
        read=Scope(Permission(f"{word}:read", Role.VIEWER), f"See all {word}"),
        write=Scope(Permission(f"{word}:write", Role.MEMBER), f"Create and change {word}"),
        delete=Scope(Permission(f"{word}:delete", Role.MEMBER), f"Delete {word}"),
        write_all=Permission(f"{word}:write_all", Role.MANAGER),
        delete_all=Permission(f"{word}:delete_all", Role.MANAGER),
    )


def read_access(word: str, words: str) -> AccessRule:
    """Of a resource that is only read."""
    return AccessRule(read=Scope(Permission(f"{word}:read", Role.VIEWER), words))


_CONFIGURE = Scope(Permission("pipelines:write", Role.ADMIN), "Change pipelines and their stages")
PIPELINES = AccessRule(
    read=Scope(Permission("pipelines:read", Role.VIEWER), "See pipelines and their stages"),
    write=_CONFIGURE,
    delete=_CONFIGURE,
)
"""Pipelines and stages are configuration: their writers delete and restore them too."""

TOKENS_MANAGE = Scope(Permission("tokens:manage", Role.ADMIN), "Manage tokens and apps")
ADMINISTRATION = AccessRule(read=TOKENS_MANAGE, write=TOKENS_MANAGE, delete=TOKENS_MANAGE)
"""Of what only those administer who may let others in."""

RECORDS_ASSIGN = Permission("records:assign", Role.MANAGER)
"""Setting `owner_id` to another user."""


def effective_permissions(role: Role, claimed: Set[str] | None, known: Set[Permission]) -> frozenset[str]:
    """What the user may do: the role's column, or what a `permissions` claim puts in its place.

    Strings in the claim that are no permission of ours grant nothing.
    """
    if claimed is None:
        return frozenset(permission.name for permission in known if role >= permission.lowest)
    return frozenset(permission.name for permission in known if permission.name in claimed)
