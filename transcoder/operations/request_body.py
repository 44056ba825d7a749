"""[pure] A body on its way to a handler: brought up to date, judged in the caller's words, refused with every fault."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from contract.problems import VALIDATION_FAILED, ItemError
from contract.size_and_time_limits import MAX_ERRORS
from contract.vocabulary import Json
from transcoder.backend.interface import Values
from transcoder.operations.call import Call
from transcoder.presentation.errors import ApiError
from transcoder.validation.bodies import InvalidBody

T = TypeVar("T")


def validated(call: Call, body: Json, read: Callable[[Json], Values | InvalidBody]) -> Values | InvalidBody:
    """What `read` makes of a body as today's version has it, its faults in the caller's words and order."""
    today, told = call.translation.upgrade_body(body)
    found = read(today)
    errors = call.translation.to_caller_errors(found.errors if isinstance(found, InvalidBody) else (), told, body)
    return InvalidBody(errors) if errors else found


def require_valid(read: T | InvalidBody) -> T:
    """What a good body holds; raises `validation-failed` with every fault of a bad one."""
    if isinstance(read, InvalidBody):
        raise validation_error(read.errors)
    return read


def validation_error(errors: Sequence[ItemError]) -> ApiError:
    """The problem of a bad body."""
    count = len(errors)
    detail = "1 field needs attention." if count == 1 else f"{count} fields need attention."
    if count >= MAX_ERRORS:
        detail = f"{MAX_ERRORS} fields or more need attention; these are the first."
    return ApiError(VALIDATION_FAILED, detail, errors=errors)
