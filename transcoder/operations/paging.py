"""What list and search share: a page of records, a sealed cursor to the next one, and the bookmark at the end."""

from functools import lru_cache

import msgspec

from contract.cursor import CursorError, Position, open_cursor, query_hash, seal_cursor
from contract.problems import INVALID_CURSOR
from contract.size_and_time_limits import CURSOR_LIFETIME_S
from contract.vocabulary import Json
from transcoder.backend.interface import (
    AllOf,
    AnyOf,
    Condition,
    NotOf,
    Page,
    Query,
    Record,
    Tree,
    UnreadableRecord,
    UpdatedAfter,
)
from transcoder.operations.call import Call
from transcoder.operations.context import HandlerContext, collection, present, unwrap
from transcoder.presentation.errors import ApiError

BOOKMARK_DELAY_MS = 30_000
"""A bookmark never lies closer to now: what is being written may still be given an earlier instant."""
_BEHIND_KEY = "k"
_BEHIND_BOOKMARK = "b"


class PageRequest(msgspec.Struct, frozen=True):
    """What a caller wants to page through."""

    where: Tree | None
    text: str | None
    order_by: str
    descending: bool
    limit: int
    cursor: str | None


class PageBody(msgspec.Struct, frozen=True):
    """The body of a page, and the cursor in it."""

    body: dict[str, Json]
    next: str | None


async def fetch_page(desk: HandlerContext, call: Call, wish: PageRequest) -> PageBody:
    """The page that was wished for."""
    asked = call.parameters
    bound = _hash(call, wish)
    query = Query(
        where=wish.where,
        text=wish.text,
        order_by=wish.order_by,
        descending=wish.descending,
        limit=wish.limit,
        deleted=asked.deleted,
        with_total=asked.include_total,
        place=_place(desk, call, wish, bound),
    )
    found: Page = unwrap(desk, call, await desk.records.page(collection(call), query, call.actor))
    following = _following(call, wish, found)
    cursor = None if following is None else _sealed(desk, call, bound, following)
    meta: dict[str, Json] = {"cursor": {"next": cursor, "has_more": found.next_place is not None}}
    if asked.include_total:
        meta["total"] = found.total
    data, unreadable = await _told(desk, call, found)
    if unreadable:
        meta["unreadable"] = unreadable
    return PageBody({"data": data, "meta": meta}, cursor)


async def _told(desk: HandlerContext, call: Call, found: Page) -> tuple[list[Json], list[Json]]:
    """The records that can be shown, and the ids of the others."""
    records = [each for each in found.records if isinstance(each, Record)]
    public = await present(desk, call, records)
    lost = [(each.number, each.cause) for each in found.records if isinstance(each, UnreadableRecord)]
    for record, each in zip(records, public, strict=True):
        if isinstance(each, ApiError):
            lost.append((record.number, str(each.cause)))
    if not lost:
        return public, []
    presenter, tenant = desk.presenter(call), call.actor.tenant
    named = [(presenter.record_id(tenant, number), cause) for number, cause in lost]
    desk.faults.note_omitted(call.operation.resource, call.actor.trace_id, named)
    return [each for each in public if not isinstance(each, ApiError)], [record_id for record_id, _ in named]


def _hash(call: Call, wish: PageRequest) -> bytes:
    """What a cursor is bound to: the same records in the same order; not the limit, the fields or the version."""
    parent = call.parent if isinstance(call.parent, int) else None
    asked = (call.operation.id, parent, wish.order_by, wish.descending, call.parameters.deleted)
    if wish.where is None and wish.text is None:
        return _hash_of_all(*asked)
    return query_hash([*asked, None if wish.where is None else _plain(wish.where), wish.text])


@lru_cache(maxsize=1024)
def _hash_of_all(*asked: Json) -> bytes:
    """Of the records that nothing narrows down: most pages are of those, and one hash is that of everybody's."""
    return query_hash([*asked, None, None])


def _plain(tree: Tree) -> Json:
    match tree:
        case Condition(field, operator, value):
            return [field, operator, [str(part) for part in value] if isinstance(value, list) else str(value)]
        case AllOf(parts):
            return {"all": [_plain(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [_plain(part) for part in parts]}
        case NotOf(part):
            return {"not": _plain(part)}


def _place(desk: HandlerContext, call: Call, wish: PageRequest, bound: bytes) -> str | UpdatedAfter | None:
    if wish.cursor is None:
        return None
    now_s = call.around.now_ms // 1000
    opened = open_cursor(wish.cursor, desk.cursor_keys, tenant=call.actor.tenant, query=bound, now_s=now_s)
    if isinstance(opened, CursorError):
        raise ApiError(INVALID_CURSOR, reason=opened.value)
    kind, place = opened.place[:1], opened.place[1:]
    if kind == _BEHIND_KEY:
        return place
    at_ms, _, number = place.partition(":")
    return UpdatedAfter(int(at_ms), int(number))


def _following(call: Call, wish: PageRequest, found: Page) -> str | None:
    if found.next_place is not None:
        return _BEHIND_KEY + found.next_place
    if wish.order_by != "updated_at" or wish.descending:
        return None
    edge = UpdatedAfter(call.around.now_ms - BOOKMARK_DELAY_MS, 0)
    last = next((each for each in reversed(found.records) if _has_its_instant(each)), None)
    if isinstance(last, Record):
        edge = min(
            edge, UpdatedAfter(last.values["updated_at"], last.number), key=lambda at: (at.updated_at_ms, at.number)
        )
    return f"{_BEHIND_BOOKMARK}{edge.updated_at_ms}:{edge.number}"


def _has_its_instant(each: Record | UnreadableRecord) -> bool:
    return isinstance(each, Record) and isinstance(each.values.get("updated_at"), int)


def _sealed(desk: HandlerContext, call: Call, bound: bytes, place: str) -> str:
    expires_at_s = call.around.now_ms // 1000 + CURSOR_LIFETIME_S
    return seal_cursor(Position(bound, place, expires_at_s), desk.cursor_keys, tenant=call.actor.tenant)
