"""[pure] References that lead nowhere, told in their turn: behind existence, revision and permission.

That an id opens to nothing is known before anybody is asked, and a body with other faults is refused for all of them
at once. Where it is the only fault, the internal service is asked first what it would say of the write: as a dry run,
in which such an id is that of no record. Knows neither bodies nor services.
"""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from contract import ids
from contract.problems import (
    BUSINESS_SUSPENDED,
    INSUFFICIENT_PERMISSION,
    PRECONDITION_FAILED,
    RESOURCE_DELETED,
    RESOURCE_NOT_FOUND,
    ItemError,
    Problem,
)
from transcoder.backend.interface import NO_RECORD
from transcoder.operations.call import Call

_EARLIER = (RESOURCE_NOT_FOUND, RESOURCE_DELETED, PRECONDITION_FAILED, INSUFFICIENT_PERMISSION, BUSINESS_SUSPENDED)


def only_dangling(errors: Sequence[ItemError] | None) -> bool:
    """Whether nothing else is wrong with a body."""
    return bool(errors) and all(item.code == "reference-not-found" for item in errors or ())


def takes_precedence(problem: Problem) -> bool:
    """Whether a write is refused for this before its references are looked at."""
    return problem in _EARLIER


def as_dry_run(call: Call) -> Call:
    """The call as a dry run, its dead references those of a record that never was."""

    def open_id(prefix: str, text: str) -> int | ids.MalformedId:
        number = call.around.open_id(prefix, text)
        return NO_RECORD if isinstance(number, ids.ForeignId) else number

    around = structs.replace(call.around, open_id=open_id)
    return structs.replace(call, around=around, parameters=replace(call.parameters, dry_run=True))
