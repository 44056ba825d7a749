"""What the pipeline hands to a handler, and what a handler hands back. Each step has parsed its part once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract import ids
from contract.operations import Operation
from contract.versions import Version
from contract.vocabulary import Json
from transcoder.etags import Precondition
from transcoder.parameters import Parameters
from transcoder.records import Actor
from transcoder.values import Surroundings


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the checks before its body."""

    operation: Operation
    version: Version
    actor: Actor
    path: str
    query: str
    number: int | ids.Foreign | None
    """The record that the path names; Foreign when it is nobody's here, None when the path names none."""
    parameters: Parameters
    body: Json
    if_match: Precondition | None
    if_none_match: Precondition | None
    idempotency_key: str | None
    around: Surroundings


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of what goes back."""

    status: int
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
