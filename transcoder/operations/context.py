"""What handlers have in common: the desk they work at, showing records, preconditions, refusals told to the caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from contract import headers
from contract.problems import (
    INSUFFICIENT_PERMISSION,
    NOT_SUPPORTED,
    PRECONDITION_FAILED,
    RESOURCE_DELETED,
    RESOURCE_NOT_FOUND,
    ItemError,
    Problem,
)
from contract.sealing import KeyRing
from contract.vocabulary import READ_KINDS, Json, Kind
from infra.stores.idempotency import Idempotency
from infra.stores.receipts import Receipts
from transcoder.backend.interface import Backend, Definitions, Record, RecordCollection, Refusal, WriteTerms
from transcoder.backend.json_calls import unusable_response
from transcoder.operations.call import Answer, Call, Number
from transcoder.operations.idempotency import dedupe_key
from transcoder.operations.request_body import validation_error
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import AnyRevision, Precondition, etag, revisions
from transcoder.presentation.invalid_record_log import InvalidRecordLog
from transcoder.presentation.record_checks import InvalidRecord
from transcoder.presentation.to_public import (
    PresentationContext,
    Presenter,
    Presenters,
    PublicRecord,
    encode,
    instant_text,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """What every handler may use."""

    records: Backend
    requests: Idempotency
    receipts: Receipts
    presenters: Presenters
    cursor_keys: KeyRing
    api_url: str
    faults: InvalidRecordLog

    def presenter(self, call: Call) -> Presenter:
        """How records of the call's resource look outside."""
        return self.presenters[call.operation.resource]


def _known(number: Number) -> int:
    if not isinstance(number, int):
        raise ApiError(RESOURCE_NOT_FOUND)
    return number


def path_record_number(call: Call) -> int:
    """The record that the path names; an id of nobody is the same 404 as one that never existed."""
    return _known(call.number)


def collection(call: Call) -> RecordCollection:
    """Where the call's records stand."""
    return RecordCollection(call.operation.resource, None if call.parent is None else _known(call.parent))


def write_terms(call: Call, revision: int | None = None) -> WriteTerms:
    """How the call's write is made."""
    dry = call.parameters.dry_run
    return WriteTerms(revision, None if dry else dedupe_key(call), dry)


def gone_error(deleted_at_ms: int) -> ApiError:
    """What is said of a record that was deleted then."""
    return ApiError(RESOURCE_DELETED, deleted_at=instant_text(deleted_at_ms), merged_into=None)


def to_api_error(desk: HandlerContext, call: Call, refusal: Refusal, number: int | None) -> ApiError:
    """The service's refusal as the problem that it is, ids sealed, in the caller's names."""
    members: dict[str, Json] = dict(refusal.members)
    tenant = call.actor.tenant
    presenter = desk.presenter(call)
    if refusal.existing is not None and call.may(call.operation.resource.access.read):
        members["existing_id"] = presenter.record_id(tenant, refusal.existing)
    if refusal.revision is not None and number is not None:
        members["current_etag"] = etag(presenter.record_id(tenant, number), refusal.revision, call.version)
    if refusal.problem is INSUFFICIENT_PERMISSION:
        members["role"] = call.actor.role
    extra = {} if refusal.retry_after_s is None else {headers.RETRY_AFTER: str(refusal.retry_after_s)}
    errors = None if refusal.errors is None else [call.translation.to_caller_error(item) for item in refusal.errors]
    if refusal.problem is NOT_SUPPORTED and errors:
        return unsupported_error(call, errors)
    return ApiError(
        refusal.problem,
        refusal.detail,
        errors=errors,
        outcome=refusal.outcome,
        headers=extra,
        cause=refusal.cause,
        **members,
    )


def unsupported_error(call: Call, errors: Sequence[ItemError]) -> ApiError:
    """What these services cannot do. In a body it is a fault of the body; what stands in a list's query is told by the
    name of its parameter.
    """
    if call.operation.kind is Kind.LIST:
        errors = [replace(item, pointer=None, parameter=(item.pointer or "/")[1:] or item.parameter) for item in errors]
    in_body = all(item.pointer is not None for item in errors)
    return validation_error(errors) if in_body else ApiError(NOT_SUPPORTED, errors=errors)


def unwrap(desk: HandlerContext, call: Call, outcome: T | Refusal) -> T:
    """What the internal service gave; its refusal is raised."""
    if isinstance(outcome, Refusal):
        raise to_api_error(desk, call, outcome, call.number if isinstance(call.number, int) else None)
    return outcome


def is_refused_as(problem: Problem, outcome: object) -> bool:
    """Whether that became of a write, as the service told it or as it was found here."""
    return isinstance(outcome, Refusal | ApiError) and outcome.problem is problem


def revision_named(
    desk: HandlerContext, call: Call, precondition: Precondition | None, number: int
) -> int | frozenset[int] | None:
    """The one revision that a precondition names, the several (or none), or None when any will do."""
    if precondition is None or isinstance(precondition, AnyRevision):
        return None
    named = revisions(precondition, desk.presenter(call).record_id(call.actor.tenant, number))
    return next(iter(named)) if len(named) == 1 else named


async def expected_revision(desk: HandlerContext, call: Call, number: int) -> int | None:
    """The revision that `If-Match` asks for; None when any will do.

    A list is settled against the record as it is now: the write then names that one revision, so nothing slips in.
    """
    named = revision_named(desk, call, call.if_match, number)
    if named is None or isinstance(named, int):
        return named
    record = unwrap(desk, call, await desk.records.get(collection(call), number, call.actor))
    if record.deleted_at_ms is None and record.revision not in named:
        record_id = desk.presenter(call).record_id(call.actor.tenant, number)
        raise ApiError(PRECONDITION_FAILED, current_etag=etag(record_id, record.revision, call.version))
    return record.revision


async def present(desk: HandlerContext, call: Call, records: Sequence[Record]) -> list[Json | ApiError]:
    """Records as the caller sees them; in the place of one that cannot be shown, why."""
    presenter = desk.presenter(call)
    found = presenter.present_all(await _around(desk, call, records), records)
    if _is_as_it_is(call):
        return [_invalid(call, each) if isinstance(each, InvalidRecord) else each for each in found]
    return [
        _invalid(call, each) if isinstance(each, InvalidRecord) else _as_asked(call, presenter, each) for each in found
    ]


def _invalid(call: Call, record: InvalidRecord) -> ApiError:
    """What is said of a record that the contract excludes; after a write nobody is told what was made."""
    wrote = call.operation.kind not in READ_KINDS and not call.parameters.dry_run
    return unusable_response(f"{call.operation.resource.name}: the contract excludes its {record}", writes=wrote)


async def _around(desk: HandlerContext, call: Call, records: Sequence[Record]) -> PresentationContext:
    resource, definitions = call.operation.resource, _NO_DEFINITIONS
    if resource.has_custom_fields:
        for record in records:
            if record.values.get("custom_fields"):
                definitions = await desk.records.definitions(resource, call.actor)
                break
    return PresentationContext(call.actor.tenant, call.version, definitions)


_NO_DEFINITIONS: Definitions = {}


def _is_as_it_is(call: Call) -> bool:
    """Whether the caller sees records whole, and as today's version has them."""
    return call.parameters.fields is None and not call.translation.changes


def _as_asked(call: Call, presenter: Presenter, whole: PublicRecord) -> Json:
    if _is_as_it_is(call):
        return whole
    return call.translation.downgrade_record(presenter.select_fields(presenter.to_dict(whole), call.parameters.fields))


async def record_answer(
    desk: HandlerContext,
    call: Call,
    record: Record,
    *,
    status: int | None = None,
    meta: Mapping[str, Json] | None = None,
    located: bool = False,
) -> Answer:
    """`{"data": {…}, "meta"?}` with its ETag; `located`: and where the record is."""
    presenter = desk.presenter(call)
    try:
        whole = presenter.present(await _around(desk, call, (record,)), record)
    except InvalidRecord as invalid:
        raise _invalid(call, invalid) from None
    told = {headers.ETAG: f'"{whole.etag}"'}
    if located:
        told[headers.LOCATION] = _location(desk, call, whole.id)
    body: dict[str, Json] = {"data": _as_asked(call, presenter, whole)}
    if meta:
        body["meta"] = meta
    return Answer(status or call.operation.success_status, encode(body), told, record=record.number)


async def dry_run_answer(desk: HandlerContext, call: Call, record: Record, **meta: Json) -> Answer:
    """The answer to a dry run: the record as it would be."""
    answer = await record_answer(desk, call, record, status=200, meta={"dry_run": True, **meta})
    return Answer(answer.status, answer.body)


def _location(desk: HandlerContext, call: Call, record_id: str) -> str:
    """The public URL of a record."""
    collection = f"/{call.operation.resource.name}"
    path = call.path[: call.path.rindex(collection)] + collection
    return f"{desk.api_url}{path}/{record_id}"
