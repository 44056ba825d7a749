"""List: a page of records, and a sealed cursor to the next one."""

from urllib.parse import parse_qsl, urlencode

from contract import headers
from contract.bounds import CURSOR_LIFE_S
from contract.cursor import CursorRefusal, Position, open_cursor, query_hash, seal_cursor
from contract.problems import INVALID_CURSOR
from contract.vocabulary import Json
from transcoder.call import Answer, Call
from transcoder.errors import ApiError
from transcoder.handlers.shared import Desk, accepted
from transcoder.records import Page, Query, Values
from transcoder.to_public import encode

_NOTHING = Page((), None, 0)


async def run(desk: Desk, call: Call, _: Values) -> Answer:
    """200 with `data` and `meta`."""
    asked = call.parameters
    query = Query(
        conditions=asked.conditions,
        order_by=asked.order_by,
        descending=asked.descending,
        limit=asked.limit,
        deleted=asked.deleted,
        with_total=asked.include_total,
        place=_place(desk, call),
    )
    page = (
        _NOTHING
        if asked.nothing
        else accepted(desk, call, await desk.records.page(call.operation.resource, query, call.actor))
    )
    presenter, tenant = desk.presenter(call), call.actor.tenant
    cursor = None if page.next_place is None else _next(desk, call, page.next_place)
    meta: dict[str, Json] = {"cursor": {"next": cursor, "has_more": cursor is not None}}
    if asked.include_total:
        meta["total"] = page.total
    rows = [presenter.public(tenant, record, call.version, asked.fields) for record in page.records]
    links = {} if cursor is None else {headers.LINK: _link(desk, call, cursor)}
    return Answer(call.operation.success, encode({"data": rows, "meta": meta}), links)


def _hash(call: Call) -> bytes:
    """What a cursor is bound to: the same records in the same order; not the limit, the fields or the version."""
    asked = call.parameters
    conditions = sorted((test.field, test.operator, str(test.value)) for test in asked.conditions)
    return query_hash([call.operation.id, asked.order_by, asked.descending, asked.deleted, conditions])


def _place(desk: Desk, call: Call) -> str | None:
    text = call.parameters.cursor
    if text is None:
        return None
    now_s = call.around.now_ms // 1000
    opened = open_cursor(text, desk.cursor_keys, tenant=call.actor.tenant, query=_hash(call), now_s=now_s)
    if isinstance(opened, CursorRefusal):
        raise ApiError(INVALID_CURSOR, reason=opened.value)
    return opened.place


def _next(desk: Desk, call: Call, place: str) -> str:
    expires_at_s = call.around.now_ms // 1000 + CURSOR_LIFE_S
    return seal_cursor(Position(_hash(call), place, expires_at_s), desk.cursor_keys, tenant=call.actor.tenant)


def _link(desk: Desk, call: Call, cursor: str) -> str:
    """The next page as a Link (RFC 8288), made from the public URL and never from the request's Host."""
    pairs = [pair for pair in parse_qsl(call.query, keep_blank_values=True) if pair[0] != "cursor"]
    return f'<{desk.api_url}{call.path}?{urlencode([*pairs, ("cursor", cursor)])}>; rel="next"'
