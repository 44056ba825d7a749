"""One handler per way of asking, for every resource that has it.

Owns the step from an HTTP request to a transaction. It must not know faults, logs or how a refusal is rendered: those
are laid around it.
"""

import time

from aiohttp import web

from sandbox import checks, custom_fields, directory, idempotency, records, stages
from sandbox.bodies import LIMIT_MAX, BodyContext, members, parse_query
from sandbox.caller_context import Call, check_caller, lock_business, read_call
from sandbox.checks import Write
from sandbox.custom_fields import CustomFields
from sandbox.database import Database
from sandbox.declarations import Verb
from sandbox.faults import read_fault
from sandbox.pipeline import BODY, DEADLINE, FAULTS, RUNNING, no_answer, ok
from sandbox.purge import purge
from sandbox.query_strategy import Ways, choices
from sandbox.records import WITH_DELETED, Record
from sandbox.refusals import Code, Refusal, RefusedError, UnreadableError
from sandbox.tables import RecordTable
from sandbox.write_operations import WriteOperation, parse_bulk_item, parse_write, record_id_of

DATABASE = web.AppKey("DATABASE", Database)
BULK_MAX = 50
BULK_VERBS = {verb.value: verb for verb in (Verb.CREATE, Verb.GET, Verb.UPDATE, Verb.UPSERT, Verb.DELETE)}


def now_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


def _call(request: web.Request) -> Call:
    return read_call(request.match_info["business_id"], request.headers, request[DEADLINE])


def _body(request: web.Request) -> object:
    if BODY not in request:
        raise UnreadableError("there is no body")
    return request[BODY]


def _number(request: web.Request, name: str, default: int | None = None) -> int | None:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise UnreadableError(f"{name}: not a number")
    return int(text)


def _parent_id(request: web.Request) -> int | None:
    parent = request.match_info.get("parent_id")
    return None if parent is None else int(parent)


async def query(request: web.Request, table: RecordTable) -> web.Response:
    """POST …/query: a page by keyset."""
    call, body = _call(request), _body(request)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)
        named = table.custom is not None and custom_fields.mentions_custom_fields(body)
        own = (
            await custom_fields.read(connection, call.business_id, table.resource.path) if named else custom_fields.NONE
        )
        ways = Ways()
        wanted = parse_query(body, table, call.business_id, own, ways)
        if ways.asked:
            chosen = Ways(await choices(connection, ways.asked))
            wanted = parse_query(body, table, call.business_id, own, chosen)
        found, paging = await records.page(connection, table, call.business_id, wanted)
    return ok(found, paging=paging)


async def listing(request: web.Request, table: RecordTable) -> web.Response:
    """GET …: a page by offset."""
    call = _call(request)
    limit, offset = _number(request, "limit", LIMIT_MAX) or 0, _number(request, "offset", 0) or 0
    which = _number(request, "with_deleted", 0) or 0
    if limit not in range(1, LIMIT_MAX + 1) or which not in range(len(WITH_DELETED)):
        raise UnreadableError(f"limit: not one of 1..{LIMIT_MAX}, or with_deleted: not one of 0..2")
    columns, resource = table.table.c, table.resource
    wanted = [columns.business_id == call.business_id, *(WITH_DELETED[which] if resource.is_deletable else ())]
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)
        if resource.parent:
            write = Write(connection, table, call, 0, parent_id=_parent_id(request))
            wanted.append(columns[resource.parent.field] == (await stages.check_parent(write))["id"])
        found, paging = await records.offset_page(connection, table, wanted, limit=limit, offset=offset)
        found = await records.with_children(connection, table, found)
    return ok(found, paging=paging)


async def get(request: web.Request, table: RecordTable) -> web.Response:
    """GET …/{id}, deleted or not."""
    call, record_id = _call(request), int(request.match_info["id"])
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)
        write = Write(connection, table, call, 0, parent_id=_parent_id(request))
        if table.resource.parent:
            await stages.check_parent(write)
        found = await checks.load(write, record_id)
        (record,) = await records.with_children(connection, table, [found])
    return ok(record)


async def change(request: web.Request, table: RecordTable, verb: Verb, *, is_dry: bool) -> web.Response:
    """Any write of one record."""
    call, asking = _call(request), await _asking(request, table)
    match verb:
        case Verb.DELETE:
            body: object = {"expected_revision": _number(request, "expected_revision")}
        case Verb.UNDELETE:
            body = {}
        case _:
            body = _body(request)
    act = parse_write(verb, body, asking, int(request.match_info.get("id", 0)))
    return ok(**await _carried_out(request, call, table, act, asking.own, is_dry=is_dry))


async def bulk(request: web.Request, table: RecordTable, verb: Verb, *, is_dry: bool) -> web.Response:
    """POST …/bulk: up to 50 calls in one, each for itself."""
    call, asking = _call(request), await _asking(request, table)
    wish = members(_body(request), frozenset({"op", "items", "match"}))
    op, items = BULK_VERBS.get(str(wish.get("op"))), wish.get("items")
    if op is None or not isinstance(items, list) or len(items) > BULK_MAX:
        raise UnreadableError(f"op: unknown, or items: not a list of at most {BULK_MAX}")
    if op is Verb.GET:
        return ok(await _got(request, call, table, [record_id_of(item) for item in items]))
    acts: list[WriteOperation | Refusal] = []
    for item in items:
        try:
            acts.append(parse_bulk_item(op, item, asking, wish.get("match")))
        except RefusedError as refused:
            acts.append(refused.refusal)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)  # who is refused is refused once, not by every item
    return ok([await _item(request, call, table, act, asking.own, is_dry=is_dry) for act in acts])


async def _item(
    request: web.Request,
    call: Call,
    table: RecordTable,
    act: WriteOperation | Refusal,
    own: CustomFields,
    *,
    is_dry: bool,
) -> dict[str, object]:
    if isinstance(act, Refusal):
        return no_answer(act)
    try:
        return {"ok": True, **await _carried_out(request, call, table, act, own, is_dry=is_dry)}
    except RefusedError as refused:
        return no_answer(refused.refusal)


async def _got(request: web.Request, call: Call, table: RecordTable, ids: list[int]) -> list[dict[str, object]]:
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)
        found = await records.find_all(connection, table, call.business_id, ids)
    unknown = {number: no_answer(Refusal(Code.NOT_FOUND, f"no {table.resource.path} {number}")) for number in ids}
    return [{"ok": True, "result": found[number]} if number in found else unknown[number] for number in ids]


async def _asking(request: web.Request, table: RecordTable) -> BodyContext:
    """What a body is read for; own fields only if it speaks of them."""
    if table.custom is None or not custom_fields.mentions_custom_fields(request.get(BODY)):
        return BodyContext(table.resource, custom_fields.NONE, now_ms(), _parent_id(request))
    call = _call(request)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)
        own = await custom_fields.read(connection, call.business_id, table.resource.path)
    return BodyContext(table.resource, own, now_ms(), _parent_id(request))


async def _carried_out(
    request: web.Request, call: Call, table: RecordTable, act: WriteOperation, own: CustomFields, *, is_dry: bool
) -> dict[str, object]:
    """The answer to a write: in a transaction of its own, once for its key; dry, nothing of it stays."""
    key = None if is_dry else act.key
    async with request.app[DATABASE].writing(call.deadline) as connection:
        at_ms = await lock_business(connection, call, now_ms=now_ms())
        await directory.enter_service(connection, call, now_ms=at_ms)
        if key:
            first = await idempotency.replay(connection, call.business_id, key.text, key.fingerprint, now_ms=at_ms)
            if first is not None:
                return first
        done = await act.perform(Write(connection, table, call, at_ms, own, _parent_id(request)))
        (record,) = await records.with_children(connection, table, [done.record])
        if is_dry:
            await connection.rollback()
            return {"result": _unnumbered(record, table) if done.is_new else record, **done.beside}
        answer = {"result": record, **done.beside}
        if key:
            await idempotency.save(connection, call.business_id, key.text, key.fingerprint, answer, now_ms=at_ms)
    return answer


def _unnumbered(record: Record, table: RecordTable) -> Record:
    """A record that does not come to be, nor its children."""
    children = table.resource.children
    if children is None:
        return {**record, "id": 0}
    theirs = record[children.path]
    shown = [{**child, "id": 0, children.field: 0} for child in theirs] if isinstance(theirs, list) else []
    return {**record, "id": 0, children.path: shown}


async def profile(request: web.Request) -> web.Response:
    """GET {B}/profile."""
    call = _call(request)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)
        return ok(await directory.profile(connection, call))


async def outcome(request: web.Request) -> web.Response:
    """GET {B}/dedupe/{key}: what became of the call with that key."""
    call, key = _call(request), request.match_info["key"]
    # Asked before the database: a call that ends in between is then found there, and none is called absent that is not.
    is_running = request.app[RUNNING].has(call.business_id, key)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await check_caller(connection, call)
        known = await idempotency.find_answer(connection, call.business_id, key, now_ms=now_ms())
    if known is not None:
        return ok({"state": "done", "answer": {"ok": True, **known[1]}})
    return ok({"state": "running" if is_running else "absent"})


async def set_fault(request: web.Request) -> web.Response:
    """PUT /faults."""
    request.app[FAULTS].set(read_fault(_body(request)))
    return web.Response(status=204)


async def clear_fault(request: web.Request) -> web.Response:
    """DELETE /faults."""
    request.app[FAULTS].set(None)
    return web.Response(status=204)


async def purge_as_of(request: web.Request) -> web.Response:
    """POST /purge: what the CRM does by itself, as it will do it at another time."""
    wish = members(_body(request), frozenset({"now_ms"}))
    at_ms = wish.get("now_ms")
    if not isinstance(at_ms, int):
        raise UnreadableError("now_ms: not a number")
    return web.json_response({"purged": await purge(request.app[DATABASE], due_at_ms=at_ms, now_ms=now_ms())})


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: the process serves."""
    return web.json_response({"ok": True})
