"""Get: one record, or 304 when the caller has it."""

from contract import headers
from transcoder.call import Answer, Call
from transcoder.etags import AnyRevision, Named
from transcoder.handlers.shared import Desk, accepted, gone, own_number, shelf, single
from transcoder.records import Record, Values


async def run(desk: Desk, call: Call, _: Values) -> Answer:
    """200 with the record; a deleted one only when it was asked for."""
    number = own_number(call)
    record = accepted(desk, call, await desk.records.get(shelf(call), number, call.actor))
    if record.deleted_at_ms is not None and call.parameters.deleted == "exclude":
        raise gone(record.deleted_at_ms)
    answer = await single(desk, call, record)
    if _known(desk, call, record):
        return Answer(304, None, {headers.ETAG: answer.headers[headers.ETAG]})
    return answer


def _known(desk: Desk, call: Call, record: Record) -> bool:
    match call.if_none_match:
        case AnyRevision():
            return True
        case Named() as named:
            tag = desk.presenter(call).etag(call.actor.tenant, record, call.version)
            return tag in named.tags
    return False
