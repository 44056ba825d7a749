"""Get: one record, or 304 when the caller has it."""

from contract import headers
from transcoder.backend.interface import Record, Values
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import (
    HandlerContext,
    collection,
    gone_error,
    path_record_number,
    record_answer,
    unwrap,
)
from transcoder.presentation.etags import AnyRevision, NamedTags


async def run(desk: HandlerContext, call: Call, _: Values) -> Answer:
    """200 with the record; a deleted one only when it was asked for."""
    number = path_record_number(call)
    record = unwrap(desk, call, await desk.records.get(collection(call), number, call.actor))
    if record.deleted_at_ms is not None and call.parameters.deleted == "exclude":
        raise gone_error(record.deleted_at_ms)
    answer = await record_answer(desk, call, record)
    if _known(desk, call, record):
        return Answer(304, None, {headers.ETAG: answer.headers[headers.ETAG]})
    return answer


def _known(desk: HandlerContext, call: Call, record: Record) -> bool:
    match call.if_none_match:
        case AnyRevision():
            return True
        case NamedTags() as named:
            tag = desk.presenter(call).etag(call.actor.tenant, record, call.version)
            return tag in named.tags
    return False
