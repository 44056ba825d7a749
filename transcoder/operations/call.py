"""What the pipeline hands to a handler, and what a handler hands back. Each step has parsed its part once."""

from collections.abc import Mapping

import msgspec

from contract import ids
from contract.operations import Operation
from contract.roles import Scope
from contract.versions import Version
from contract.vocabulary import Json
from transcoder.backend.interface import Actor
from transcoder.http.parameters import Parameters
from transcoder.presentation.etags import Precondition
from transcoder.presentation.versioning import Translation
from transcoder.validation.values import ValidationContext

Number = int | ids.ForeignId | None
"""A record that a path names; Foreign when it is nobody's here, None when the path names none."""


class Token(msgspec.Struct, frozen=True, gc=False):
    """What authz tells of the caller's token: scopes as words, the plan that applies, its kind, client and end, and the
    public ids of its business and its user.
    """

    scopes: str
    plan: str
    kind: str
    client: str
    expires_at_s: int
    business: str
    subject: str


class Call(msgspec.Struct, frozen=True):
    """A request that passed the checks before its body. `parent`: the record that the path names before its own."""

    operation: Operation
    version: Version
    translation: Translation
    actor: Actor
    token: Token
    path: str
    query: str
    parent: Number
    number: Number
    parameters: Parameters
    body: Json
    if_match: Precondition | None
    if_none_match: Precondition | None
    idempotency_key: str | None
    around: ValidationContext

    def may(self, scope: Scope) -> bool:
        """Whether the caller could do what a scope is for: by the token's scopes and by the user's permissions."""
        return scope.name in self.token.scopes.split() and scope.permission.name in self.actor.permissions.split()


class Answer(msgspec.Struct, frozen=True, gc=False):
    """Status, headers and body of what goes back. `settled`: False where the outcome of a part is not known.

    `record`: the number of the one record that it shows.
    """

    status: int
    body: bytes | None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    settled: bool = True
    record: int | None = None
