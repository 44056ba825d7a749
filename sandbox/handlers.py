"""One handler per verb, for every resource that has it.

Owns the step from an HTTP request to a transaction. It must not know faults, logs or how a refusal is rendered: those
are laid around it.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

from aiohttp import web

from sandbox import dedupe, directory, records, writes
from sandbox.bodies import LIMIT_MAX, read_creation, read_patch, read_query
from sandbox.calls import Call, admit, read_call, take_turn
from sandbox.database import Database
from sandbox.faults import read_fault
from sandbox.pipeline import BODY, DEADLINE, FAULTS, RUNNING, ok
from sandbox.refusals import Code, Refusal, RefusedError, UnreadableError
from sandbox.resources import Verb
from sandbox.tables import RecordTable
from sandbox.writes import Write

DATABASE = web.AppKey("DATABASE", Database)


def now_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


def _call(request: web.Request) -> Call:
    return read_call(request.match_info["business_id"], request.headers, request[DEADLINE])


def _today() -> date:
    return datetime.now(UTC).date()


def _number(request: web.Request, name: str, default: int | None = None) -> int | None:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise UnreadableError(f"{name}: not a number")
    return int(text)


async def query(request: web.Request, table: RecordTable) -> web.Response:
    """POST …/query: a page by keyset."""
    call = _call(request)
    wanted = read_query(request[BODY], table, call.business_id)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await admit(connection, call)
        found, paging = await records.page(connection, table, call.business_id, wanted)
    return ok(found, paging=paging)


async def listing(request: web.Request, table: RecordTable) -> web.Response:
    """GET …: a page by offset."""
    call = _call(request)
    limit, offset = _number(request, "limit", LIMIT_MAX) or 0, _number(request, "offset", 0) or 0
    if limit not in range(1, LIMIT_MAX + 1):
        raise UnreadableError(f"limit: not one of 1..{LIMIT_MAX}")
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await admit(connection, call)
        found, paging = await records.offset_page(connection, table, call.business_id, limit=limit, offset=offset)
    return ok(found, paging=paging)


async def get(request: web.Request, table: RecordTable) -> web.Response:
    """GET …/{id}, deleted or not."""
    call, record_id = _call(request), int(request.match_info["id"])
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await admit(connection, call)
        record = await records.find(connection, table, call.business_id, record_id)
    if record is None:
        raise RefusedError(Refusal(Code.NOT_FOUND, f"no {table.resource.path} {record_id}"))
    return ok(record)


async def create(request: web.Request, table: RecordTable) -> web.Response:
    """POST …: a record, or the first answer to the same call."""
    call, creation = _call(request), read_creation(request[BODY], table.resource, today=_today())
    key, print_ = creation.dedupe_key, creation.fingerprint
    async with request.app[DATABASE].writing(call.deadline) as connection:
        at_ms = await take_turn(connection, call, now_ms=now_ms())
        first = await dedupe.answer_to(connection, call.business_id, key, print_, now_ms=at_ms) if key else None
        if first is not None:
            return ok(first.pop("result"), **first)
        record = await writes.create(Write(connection, table, call, at_ms), creation)
        if key:
            await dedupe.keep(connection, call.business_id, key, print_, {"result": record}, now_ms=at_ms)
    return ok(record)


async def update(request: web.Request, table: RecordTable) -> web.Response:
    """PUT …/{id}."""
    patch = read_patch(request[BODY], table.resource, today=_today())
    async with _writing(request, table) as write:
        record = await writes.update(write, int(request.match_info["id"]), patch)
    return ok(record)


async def delete(request: web.Request, table: RecordTable) -> web.Response:
    """DELETE …/{id}."""
    revision = _number(request, "expected_revision")
    async with _writing(request, table) as write:
        record = await writes.delete(write, int(request.match_info["id"]), revision)
    return ok(record)


@asynccontextmanager
async def _writing(request: web.Request, table: RecordTable) -> AsyncIterator[Write]:
    call = _call(request)
    async with request.app[DATABASE].writing(call.deadline) as connection:
        yield Write(connection, table, call, await take_turn(connection, call, now_ms=now_ms()))


async def profile(request: web.Request) -> web.Response:
    """GET {B}/profile."""
    call = _call(request)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await admit(connection, call)
        return ok(await directory.profile(connection, call))


async def outcome(request: web.Request) -> web.Response:
    """GET {B}/dedupe/{key}: what became of the call with that key."""
    call, key = _call(request), request.match_info["key"]
    # Asked before the database: a call that ends in between is then found there, and none is called absent that is not.
    is_running = request.app[RUNNING].has(call.business_id, key)
    async with request.app[DATABASE].reading(call.deadline) as connection:
        await admit(connection, call)
        known = await dedupe.kept(connection, call.business_id, key, now_ms=now_ms())
    if known is not None:
        return ok({"state": "done", "answer": {"ok": True, **known[1]}})
    return ok({"state": "running" if is_running else "absent"})


async def set_fault(request: web.Request) -> web.Response:
    """PUT /faults."""
    request.app[FAULTS].set(read_fault(request[BODY]))
    return web.Response(status=204)


async def clear_fault(request: web.Request) -> web.Response:
    """DELETE /faults."""
    request.app[FAULTS].set(None)
    return web.Response(status=204)


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: the process serves."""
    return web.json_response({"ok": True})


HANDLERS = {
    Verb.QUERY: ("POST", "/query", query),
    Verb.LIST: ("GET", "", listing),
    Verb.GET: ("GET", "/{id:[0-9]{1,18}}", get),
    Verb.CREATE: ("POST", "", create),
    Verb.UPDATE: ("PUT", "/{id:[0-9]{1,18}}", update),
    Verb.DELETE: ("DELETE", "/{id:[0-9]{1,18}}", delete),
}
