"""What handlers have in common: the desk they work at, single answers, preconditions, refusals told to the caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from contract import headers
from contract.bounds import MAX_ERRORS
from contract.problems import INSUFFICIENT_PERMISSION, PRECONDITION_FAILED, RESOURCE_NOT_FOUND, VALIDATION_FAILED
from contract.resources import Resource
from contract.sealing import KeyRing
from contract.vocabulary import Json
from transcoder.call import Answer, Call
from transcoder.errors import ApiError
from transcoder.etags import AnyRevision, etag, revisions
from transcoder.records import Record, Records, Refusal, Values
from transcoder.to_public import Presenter, encode
from transcoder.validate import Invalid

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every handler may use."""

    records: Records
    presenters: Mapping[Resource, Presenter]
    cursor_keys: KeyRing
    api_url: str

    def presenter(self, call: Call) -> Presenter:
        """How records of the call's resource look outside."""
        return self.presenters[call.operation.resource]


def valid(read: Values | Invalid) -> Values:
    """The values of a good body; raises `validation-failed` with every fault of a bad one."""
    if isinstance(read, Invalid):
        count = len(read.errors)
        detail = "1 field needs attention." if count == 1 else f"{count} fields need attention."
        if count == MAX_ERRORS:
            detail = f"{count} fields or more need attention; these are the first."
        raise ApiError(VALIDATION_FAILED, detail, errors=read.errors)
    return read


def own_number(call: Call) -> int:
    """The record that the path names; an id of nobody is the same 404 as one that never existed."""
    if not isinstance(call.number, int):
        raise ApiError(RESOURCE_NOT_FOUND)
    return call.number


def accepted(desk: Desk, call: Call, outcome: T | Refusal) -> T:
    """What the internal service gave; its refusal is raised as the problem that it is, with ids sealed."""
    if not isinstance(outcome, Refusal):
        return outcome
    members: dict[str, Json] = dict(outcome.members)
    presenter = desk.presenter(call)
    if outcome.existing is not None and call.operation.resource.access.read.name in call.actor.permissions.split():
        members["existing_id"] = presenter.record_id(call.actor.tenant, outcome.existing)
    if outcome.revision is not None and isinstance(call.number, int):
        record_id = presenter.record_id(call.actor.tenant, call.number)
        members["current_etag"] = etag(record_id, outcome.revision, call.version)
    if outcome.problem is INSUFFICIENT_PERMISSION:
        members["role"] = call.actor.role
    extra = {} if outcome.retry_after_s is None else {headers.RETRY_AFTER: str(outcome.retry_after_s)}
    raise ApiError(outcome.problem, errors=outcome.errors, headers=extra, cause=outcome.cause, **members)


async def expected_revision(desk: Desk, call: Call, number: int) -> int | None:
    """The revision that `If-Match` asks for; None when any will do.

    A list is settled against the record as it is now: the write then names that one revision, so nothing slips in.
    """
    if call.if_match is None or isinstance(call.if_match, AnyRevision):
        return None
    record_id = desk.presenter(call).record_id(call.actor.tenant, number)
    named = revisions(call.if_match, record_id)
    if len(named) == 1:
        return next(iter(named))
    record = accepted(desk, call, await desk.records.get(call.operation.resource, number, call.actor))
    if record.deleted_at_ms is None and record.revision not in named:
        raise ApiError(PRECONDITION_FAILED, current_etag=etag(record_id, record.revision, call.version))
    return record.revision


def single(desk: Desk, call: Call, record: Record, extra: Mapping[str, str] | None = None) -> Answer:
    """`{"data": {…}}` with its ETag."""
    presenter, tenant = desk.presenter(call), call.actor.tenant
    public = presenter.public(tenant, record, call.version, call.parameters.fields)
    tag = {headers.ETAG: f'"{presenter.etag(tenant, record, call.version)}"'}
    return Answer(call.operation.success, encode({"data": public}), {**tag, **(extra or {})})


def location(desk: Desk, call: Call, record: Record) -> str:
    """The public URL of a record."""
    return f"{desk.api_url}{call.operation.path}/{desk.presenter(call).record_id(call.actor.tenant, record.number)}"
