"""What the internal services cannot do is said before they are asked, and never guessed around.

A dialect lists its capabilities. Where one is missing the contract stays what it is, and a request that needs it is
refused as `not-supported`; where nobody inside would refuse a write to what others own, it is refused here. Asks
nobody.
"""

from collections.abc import Iterable, Iterator

from contract.headers import IF_MATCH
from contract.operations import Operation
from contract.problems import INSUFFICIENT_PERMISSION, NOT_SUPPORTED, ItemError
from contract.roles import RECORDS_ASSIGN, Permission
from contract.vocabulary import Kind
from transcoder.backend.interface import AllOf, AnyOf, Capabilities, Condition, NotOf, Tree, Values
from transcoder.operations.batch_bodies import UpdateItem
from transcoder.operations.call import Call
from transcoder.operations.context import unsupported_error
from transcoder.operations.paging import PageRequest
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import NamedTags
from transcoder.validation.pointers import pointer

_CHANGES = (Kind.UPDATE, Kind.ACTION, Kind.UPSERT, Kind.BATCH_UPDATE, Kind.BATCH_UPSERT)
_DELETES = (Kind.DELETE, Kind.RESTORE, Kind.BATCH_DELETE)
_ON_A_REVISION = (Kind.UPDATE, Kind.ACTION, Kind.DELETE)
_NEGATING = ("neq", "not_in", "has_none")


def check_operation_supported(capabilities: Capabilities, operation: Operation) -> None:
    """501 for an operation that the internal services do not carry out at all."""
    if (
        capabilities.operations is not None
        and operation.resource_row is not None
        and operation.id not in capabilities.operations
    ):
        raise ApiError(NOT_SUPPORTED, "This operation is not served by this deployment.")


def check_supported(capabilities: Capabilities, call: Call, work: object) -> None:
    """Raises for what a good request asks for and the internal services lack; `work` is what was made of its body."""
    if call.parameters.dry_run and not capabilities.dry_run:
        item = ItemError("not-supported", "A write cannot be tried here without being made.", parameter="dry_run")
        raise ApiError(NOT_SUPPORTED, errors=[item])
    if not capabilities.revision:
        _check_no_revision(call, work)
    if not capabilities.negation and isinstance(work, PageRequest) and work.where is not None:
        places = list(_negations(work.where))
        if places:
            raise unsupported_error(
                call, [ItemError("not-supported", "Nothing can be negated here.", pointer=at) for at in places]
            )
    if not capabilities.record_permission and call.operation.resource_row is not None:
        _check_ownership(call, work)


def _check_no_revision(call: Call, work: object) -> None:
    """`*` needs none: the record only has to be there."""
    detail = "Records have no revisions here that a write could be bound to."
    if isinstance(call.if_match, NamedTags) and call.operation.kind in _ON_A_REVISION:
        raise ApiError(NOT_SUPPORTED, errors=[ItemError("not-supported", detail, header=IF_MATCH.title)])
    bound = [index for index, each in enumerate(_updates(work)) if isinstance(each.precondition, NamedTags)]
    if bound:
        places = [pointer("items", index, "if_match") for index in bound]
        raise unsupported_error(call, [ItemError("not-supported", detail, pointer=at) for at in places])


def _negations(tree: Tree) -> Iterator[str]:
    match tree:
        case NotOf(at=at):
            yield at
        case Condition(operator=operator, at=at) if operator in _NEGATING:
            yield at
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _negations(part)


def _check_ownership(call: Call, work: object) -> None:
    """Whose a record is would have to be judged in one step with the write: only those pass who may change any."""
    access = call.operation.resource.access
    if call.operation.kind in _CHANGES:
        _demand(call, access.write_all)
    if call.operation.kind in _DELETES:
        _demand(call, access.delete_all)
    if any(values.get("owner_id") not in (None, call.actor.user) for values in _values(work)):
        item = ItemError("not-permitted", "Only the token's own user may be set here.", pointer=pointer("owner_id"))
        _demand(call, RECORDS_ASSIGN, [item])


def _demand(call: Call, permission: Permission | None, errors: list[ItemError] | None = None) -> None:
    if permission is not None and permission.name not in call.actor.permissions.split():
        raise ApiError(
            INSUFFICIENT_PERMISSION, errors=errors, required_permission=permission.name, role=call.actor.role
        )


def _updates(work: object) -> Iterable[UpdateItem]:
    return [each for each in work if isinstance(each, UpdateItem)] if isinstance(work, list) else []


def _values(work: object) -> Iterable[Values]:
    parts = work if isinstance(work, list) else [work]
    held = (part.values if isinstance(part, UpdateItem) else part for part in parts)
    return [values for values in held if isinstance(values, dict)]
